import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Campaign, campaign } from './contract.ts'
import { armOf } from './experiment.ts'

const same = (text: string) => ({ en: text, ru: text, uk: text })
const campaignOf = (control: number, shares: Record<string, number>, rest: object = {}): Campaign =>
  campaign.parse({
    kind: 'Campaign',
    id: 'c',
    name: same('c'),
    state: 'live',
    population: { trigger: 't' },
    control: { share: control, name: same('control') },
    arms: Object.entries(shares).map(([id, share]) => ({
      id,
      name: same(id),
      share,
      entry: { trigger: 't' },
      journey: { start: 'end', steps: [{ id: 'end', type: 'exit', reason: 'done' }] },
    })),
    ...rest,
  })
const people = 100_000
const assign = (document: Campaign): string[] =>
  Array.from({ length: people }, (_, subscriberId) => armOf(document, subscriberId))

test('shares are honoured within four standard errors', () => {
  const arms = assign(campaignOf(10, { a: 5, b: 35, c: 50 }))
  for (const [id, share] of Object.entries({ control: 0.1, a: 0.05, b: 0.35, c: 0.5 })) {
    const seen = arms.filter((arm) => arm === id).length / people
    expect(Math.abs(seen - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / people))
  }
})

test('an arm without a share gets nobody, all or nothing gets everybody', () => {
  expect(assign(campaignOf(50, { a: 0, b: 50 }))).not.toContain('a')
  expect(new Set(assign(campaignOf(0, { a: 100 })))).toEqual(new Set(['a']))
  expect(new Set(assign(campaignOf(100, { a: 0 })))).toEqual(new Set(['control']))
})

test('the same salt gives the same split, another one is independent of it', () => {
  const first = assign(campaignOf(50, { a: 50 }))
  expect(assign(campaignOf(50, { a: 50 }))).toEqual(first)
  expect(assign(campaignOf(50, { a: 50 }, { id: 'other', salt: 'c' }))).toEqual(first)
  const other = assign(campaignOf(50, { a: 50 }, { id: 'other' }))
  const agree = first.filter((arm, i) => arm === other[i]).length / people
  expect(Math.abs(agree - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / people))
})

test('the order in which the document lists its arms does not matter', () => {
  const forward = campaignOf(20, { a: 10, b: 30, c: 40 })
  const backward = campaignOf(20, { c: 40, b: 30, a: 10 })
  fc.assert(
    fc.property(fc.nat(), (subscriberId) => {
      expect(armOf(backward, subscriberId)).toBe(armOf(forward, subscriberId))
    }),
  )
})
