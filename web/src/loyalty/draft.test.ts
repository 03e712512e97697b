import { describe, expect, it } from 'vitest'
import { earnRule, programmeSchema, tierLadder } from '../../../src/loyalty/contract.ts'
import {
  blankLadder,
  blankProgramme,
  blankRule,
  expiryOf,
  freshId,
  inWay,
  lasting,
  wayOf,
  withPending,
} from './draft.ts'
import { measuredBy, newTier } from './ladder-draft.ts'

const words = { en: 'a', ru: 'б', uk: 'в' }

describe('blank documents', () => {
  it('lack nothing but names and event types', () => {
    expect(programmeSchema.parse({ ...blankProgramme('p'), name: words })).toEqual({
      ...blankProgramme('p'),
      name: words,
    })
    expect(earnRule.safeParse({ ...blankRule('r', 'main'), on: 'a' }).success).toBe(true)
  })
})

describe('a rule', () => {
  it('keeps its points in the way that they are counted already, and begins anew in another', () => {
    const points = { perMajorUnit: '0.3' }
    expect(inWay(points, 'rate')).toBe(points)
    for (const way of ['rate', 'fixed', 'steps'] as const) {
      const other = inWay({ fixed: '5' }, way)
      expect(wayOf(other)).toBe(way)
      expect(earnRule.safeParse({ ...blankRule('r', 'main'), on: 'a', points: other }).success).toBe(true)
    }
  })

  it('may be spent later in a way that is a whole document, but for what must be filled in', () => {
    expect(withPending('none')).toBeUndefined()
    expect(withPending('days')).toEqual({ days: 14 })
    expect(withPending('event')).toEqual({ event: '', days: 90 })
  })
})

describe('expiry', () => {
  it('has one length, in months or in days', () => {
    const after = expiryOf('earn', 'never')
    if (after === 'never') throw new Error('never')
    expect(lasting(after, 'days', 90)).toEqual({
      after: 'earn',
      days: 90,
      endOf: 'day',
      noticeDays: [30, 7],
    })
    expect(expiryOf('activity', after)).toEqual({ ...after, after: 'activity' })
    expect(expiryOf('never', after)).toBe('never')
  })
})

describe('a ladder', () => {
  const named = (ladder: ReturnType<typeof blankLadder>) => ({
    ...ladder,
    name: words,
    by: ladder.by.measure === 'spend' ? { ...ladder.by, adds: [{ on: 'topup' }] } : ladder.by,
    tiers: ladder.tiers.map((tier) => ({ ...tier, name: words })),
  })

  it('is whole whatever it counts, with one tier more than before', () => {
    for (const measure of ['points', 'spend', 'tenure'] as const) {
      const ladder = measuredBy(blankLadder('l', 'main'), measure)
      const tiers = [...ladder.tiers, newTier(ladder, 'more')]
      const twice = { ...ladder, tiers: [...tiers, newTier({ ...ladder, tiers }, 'most')] }
      expect(tierLadder.safeParse(named(twice)).error).toBeUndefined()
    }
  })

  it('names a new tier as no other is named', () => {
    expect(freshId('tier', [{ id: 'tier-2' }])).toBe('tier-3')
    expect(freshId('tier', [{ id: 'a' }])).toBe('tier-2')
  })
})
