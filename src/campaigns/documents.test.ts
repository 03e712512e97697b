import { describe, expect, test } from 'vitest'
import type { DocumentReader, Problem } from '../platform/index.ts'
import { type Campaign, campaign } from './contract.ts'
import { campaignDocuments } from './documents.ts'

const same = (text: string) => ({ en: text, ru: text, uk: text })
const end = { id: 'end', type: 'exit', reason: 'done' }
const armWith = (steps: object[], rest: object = {}) => ({
  id: 'a',
  name: same('a'),
  share: 50,
  entry: { trigger: 'exists' },
  journey: { start: (steps[0] as { id: string }).id, steps },
  ...rest,
})
const documentOf = (rest: object = {}): unknown => ({
  kind: 'Campaign',
  id: 'c',
  name: same('c'),
  state: 'live',
  population: { trigger: 'exists' },
  control: { share: 50, name: same('control') },
  arms: [armWith([end])],
  ...rest,
})
const known: Record<string, object> = {
  'Trigger/exists': {},
  'Menu/exists': {},
  'Cascade/exists': { steps: [] },
  'Attributes/subscriber': {
    kind: 'Attributes',
    id: 'subscriber',
    attributes: { months: 'int', plan: 'string' },
  },
}
const reader: DocumentReader = {
  tenantId: 'alpha',
  get: (kind, id) => known[`${kind}/${id}`],
  list: (kind) => Object.entries(known).flatMap(([key, body]) => (key.startsWith(`${kind}/`) ? [body] : [])),
}
const check = campaignDocuments[0]!.check as (document: Campaign, from: DocumentReader) => Problem[]
const problemsOf = (rest: object): Problem[] => check(campaign.parse(documentOf(rest)), reader)
const stepProblems = (...steps: object[]): Problem[] => problemsOf({ arms: [armWith([...steps, end])] })

test('a good campaign has no problem, with every kind of step', () => {
  const steps = [
    {
      id: 'fork',
      type: 'split',
      parts: [
        { share: 40, next: 'choose' },
        { share: 60, next: 'pause' },
      ],
    },
    { id: 'pause', type: 'delay', time: 'PT1H', next: 'choose' },
    { id: 'choose', type: 'offer', menu: 'exists', next: 'sort', empty: 'end' },
    {
      id: 'sort',
      type: 'branch',
      cases: [{ when: 'offer.items > 1 && subscriber.months < 3', next: 'tell' }],
      else: 'tell',
    },
    { id: 'tell', type: 'send', cascade: 'exists', next: 'listen' },
    { id: 'listen', type: 'wait', timeout: 'PT24H', next: 'sell', else: 'end' },
    { id: 'sell', type: 'activate', next: 'thank', else: 'end' },
    { id: 'thank', type: 'award', next: 'end' },
  ]
  expect(stepProblems(...steps)).toEqual([])
})

describe('problems', () => {
  test('shares that do not sum to 100', () => {
    expect(problemsOf({ control: { share: 49, name: same('x') } })).toMatchObject([
      { code: 'shares_wrong', field: 'arms', found: 99, expected: '100' },
    ])
  })

  test('two arms of one id, and an arm that calls itself control', () => {
    const half = { share: 25 }
    expect(problemsOf({ arms: [armWith([end], half), armWith([end], half)] })).toMatchObject([
      { code: 'id_repeated', field: 'arms', found: 'a' },
    ])
    expect(problemsOf({ arms: [armWith([end], { id: 'control' })] })).toMatchObject([
      { code: 'id_repeated', found: 'control' },
    ])
  })

  test('references to nothing, each at its place', () => {
    const steps = [
      { id: 'choose', type: 'offer', menu: 'gone', next: 'tell', empty: 'end' },
      { id: 'tell', type: 'send', cascade: 'gone', next: 'end' },
      end,
    ]
    const arms = [armWith(steps, { entry: { trigger: 'gone' } })]
    const found = problemsOf({ population: { trigger: 'gone' }, arms })
    expect(found.map(({ code, field }) => [code, field])).toEqual([
      ['reference_missing', 'population.trigger'],
      ['reference_missing', 'arms.0.entry.trigger'],
      ['reference_missing', 'arms.0.journey.steps.0.menu'],
      ['reference_missing', 'arms.0.journey.steps.1.cascade'],
    ])
  })

  test('steps that are missing or stand twice', () => {
    expect(
      problemsOf({ arms: [armWith([end], { journey: { start: 'nowhere', steps: [end] } })] }),
    ).toMatchObject([{ code: 'step_missing', field: 'arms.0.journey.start', found: 'nowhere' }])
    expect(
      stepProblems({ id: 'w', type: 'wait', timeout: 'PT1H', next: 'end', else: 'nowhere' }),
    ).toMatchObject([{ code: 'step_missing', field: 'arms.0.journey.steps.0', found: 'nowhere' }])
    expect(stepProblems({ id: 'end', type: 'award', next: 'end' }).map(({ code }) => code)).toContain(
      'id_repeated',
    )
  })

  test('every way out of every step is looked at', () => {
    const nowhere = [
      { id: 's', type: 'offer', menu: 'exists', next: 'x1', empty: 'x2' },
      { id: 's', type: 'activate', next: 'x1', else: 'x2' },
      { id: 's', type: 'branch', cases: [{ when: 'true', next: 'x1' }], else: 'x2' },
      {
        id: 's',
        type: 'split',
        parts: [
          { share: 50, next: 'x1' },
          { share: 50, next: 'x2' },
        ],
      },
    ]
    for (const step of nowhere) expect(stepProblems(step).map(({ found }) => found)).toEqual(['x1', 'x2'])
  })

  test('parts of a split that do not sum to 100', () => {
    const parts = [
      { share: 50, next: 'end' },
      { share: 40, next: 'end' },
    ]
    expect(stepProblems({ id: 'fork', type: 'split', parts })).toMatchObject([
      { code: 'shares_wrong', field: 'arms.0.journey.steps.0', found: [50, 40] },
    ])
  })

  test('conditions with errors, with their position', () => {
    const cases = [
      { when: 'subscriber.moths > 3', next: 'end' },
      { when: 'offer.items', next: 'end' },
    ]
    const found = stepProblems({ id: 'sort', type: 'branch', cases, else: 'end' })
    expect(found.map(({ field }) => field)).toEqual([
      'arms.0.journey.steps.0.cases.0.when',
      'arms.0.journey.steps.0.cases.1.when',
    ])
    expect(found[0]).toMatchObject({ line: 1, column: expect.any(Number) as number })
    expect(problemsOf({ population: { trigger: 'exists', where: 'subscriber.plan > 1' } })).toMatchObject([
      { field: 'population.where' },
    ])
  })

  test('any circle, because a step taken twice would do nothing the second time', () => {
    const again = { id: 'again', type: 'wait', timeout: 'PT1H', next: 'end', else: 'tell' }
    expect(stepProblems({ id: 'tell', type: 'send', cascade: 'exists', next: 'again' }, again)).toMatchObject(
      [{ code: 'circle', field: 'arms.0.journey' }],
    )
    expect(
      stepProblems({ id: 'self', type: 'offer', menu: 'exists', next: 'end', empty: 'self' }),
    ).toMatchObject([{ code: 'circle', found: 'self' }])
  })

  test('many ways that meet again are no circle, and are found out quickly', () => {
    const diamonds = Array.from({ length: 200 }, (_, i) => {
      const next = i === 199 ? 'end' : `s${i + 1}`
      return {
        id: `s${i}`,
        type: 'split',
        parts: [
          { share: 50, next },
          { share: 50, next },
        ],
      }
    })
    expect(stepProblems(...diamonds)).toEqual([])
  })

  test.for(['P1M', 'P1Y', 'P1W', 'PT0S', '-PT1H', 'a day'])('a wait of %s has no length', (timeout) => {
    const wait = { id: 'w', type: 'wait', timeout, next: 'end', else: 'end' }
    const parsed = campaign.safeParse(documentOf({ arms: [armWith([wait, end])] }))
    expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([
      'arms.0.journey.steps.0.timeout',
    ])
  })
})
