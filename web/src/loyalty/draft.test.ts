import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  earnRule,
  periods,
  programmeSchema,
  tierLadder,
  type EarnRule,
  type Programme,
  type TierLadder,
} from '../../../src/loyalty/contract.ts'
import { parsedYaml, yamlOf } from '../documents/yaml.ts'
import {
  blankLadder,
  blankProgramme,
  blankRule,
  expiryKindOf,
  expiryOf,
  freshId,
  groupedWith,
  inAmountDecimals,
  inPending,
  inPointDecimals,
  inWay,
  lasting,
  ofDecimals,
  onReturnOf,
  pendingOf,
  wayOf,
  withOnReturn,
} from './draft.ts'
import { askedDecimals, measuredBy, newTier, spentIn } from './ladder-draft.ts'

const words = { en: 'a', ru: 'б', uk: 'в' }

const id = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/)
const text = fc.string({ minLength: 1, maxLength: 60 })
const points = fc.bigInt(1n, 999_999_999_999n).map(String)
const decimal = fc.stringMatching(/^\d{1,9}(\.\d{1,6})?$/)
const days = fc.integer({ min: 1, max: 3_650 })
const decimals = fc.integer({ min: 0, max: 4 })
/** Some of the fields, none of them undefined. */
const some = <Fields extends object>(fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) =>
  fc.record(fields, { requiredKeys: [] })
const rate = fc.oneof(fc.record({ perMajorUnit: decimal }), fc.record({ fixed: points }))
const moment = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString())

/** Any earn rule, as it stands when it is saved. */
const rules: fc.Arbitrary<EarnRule> = fc
  .tuple(
    fc.record({
      kind: fc.constant('EarnRule' as const),
      id,
      programme: id,
      on: text,
      points: fc.oneof(
        rate,
        fc.record({
          steps: fc.array(
            fc.tuple(fc.nat().map(String), rate).map(([fromMinor, given]) => ({ fromMinor, ...given })),
            { minLength: 1, maxLength: 4 },
          ),
          marginal: fc.boolean(),
        }),
      ),
      rounding: fc.constantFrom('down' as const, 'half_up' as const),
      multipliers: fc.array(fc.record({ id, when: text, times: decimal, best: fc.boolean() }), {
        maxLength: 3,
      }),
      caps: fc.array(
        fc
          .tuple(
            fc.record({
              per: fc.constantFrom('member' as const, 'rule' as const),
              period: fc.constantFrom(...periods),
            }),
            fc.oneof(fc.record({ points }), fc.record({ times: days }), fc.record({ points, times: days })),
          )
          .map(([cap, most]) => ({ ...cap, ...most })),
        { maxLength: 3 },
      ),
    }),
    some({
      name: fc.constant(words),
      where: text,
      amount: text,
      currency: fc.stringMatching(/^[A-Z]{3}$/),
      amountDecimals: fc.integer({ min: 0, max: 4 }),
      budget: id,
      bestOf: id,
      pending: fc.oneof(
        fc.record({ days }),
        fc.record({ until: text }),
        fc
          .tuple(fc.record({ event: text, days }), some({ where: text, key: text, eventKey: text }))
          .map(([one, more]) => ({ ...one, ...more })),
      ),
      expiry: fc.oneof(
        fc.constant('never' as const),
        fc
          .tuple(
            fc.record({
              after: fc.constantFrom('earn' as const, 'activity' as const),
              endOf: fc.constantFrom('day' as const, 'month' as const, 'year' as const),
              noticeDays: fc.array(fc.integer({ min: 1, max: 365 }), { maxLength: 3 }),
            }),
            fc.oneof(fc.record({ months: fc.integer({ min: 1, max: 1_200 }) }), fc.record({ days })),
          )
          .map(([one, length]) => ({ ...one, ...length })),
      ),
      validFrom: moment,
      validTo: moment,
      reference: text,
      returns: fc
        .tuple(fc.record({ on: text, reference: text }), some({ where: text, amount: text }))
        .map(([one, more]) => ({ ...one, ...more })),
    }),
  )
  .map(([whole, more]) => ({ ...whole, ...more }))

/** The expiry with the length that it has. */
function lastingAsBefore(expiry: EarnRule['expiry']): EarnRule['expiry'] {
  if (expiry === undefined || expiry === 'never') return expiry
  const { months, days } = expiry
  return days === undefined ? lasting(expiry, 'months', months!) : lasting(expiry, 'days', days)
}

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
    expect(inWay(points, 'rate', 0)).toBe(points)
    for (const way of ['rate', 'fixed', 'steps'] as const) {
      const other = inWay({ fixed: '5' }, way, 2)
      expect(wayOf(other)).toBe(way)
      expect(earnRule.safeParse({ ...blankRule('r', 'main'), on: 'a', points: other }).success).toBe(true)
    }
  })

  it('keeps what its points and amounts read in a programme or a currency of other decimals, and is the same with its own again', () => {
    const rule: EarnRule = {
      ...blankRule('r', 'main'),
      points: { steps: [{ fromMinor: '10000', fixed: '250' }], marginal: false },
      caps: [{ per: 'member', period: 'month', points: '100', times: 3 }],
    }
    expect(inPointDecimals(rule, 0, 2)).toEqual({
      ...rule,
      points: { steps: [{ fromMinor: '10000', fixed: '25000' }], marginal: false },
      caps: [{ per: 'member', period: 'month', points: '10000', times: 3 }],
    })
    expect(inAmountDecimals(rule, 2, 0).points).toEqual({
      steps: [{ fromMinor: '100', fixed: '250' }],
      marginal: false,
    })
    // Two and a half points are no points of a programme of whole ones, and nobody can save them there.
    const finer = inPointDecimals(rule, 2, 0)
    expect(finer.points).toMatchObject({ steps: [{ fixed: '2.50' }] })
    expect(earnRule.safeParse({ ...finer, on: 'a' }).success).toBe(false)
    fc.assert(
      fc.property(rules, decimals, decimals, (one, from, to) => {
        expect(inPointDecimals(inPointDecimals(one, from, to), to, from)).toEqual(one)
        expect(inAmountDecimals(inAmountDecimals(one, from, to), to, from)).toEqual(one)
      }),
    )
  })

  it('may be spent later in a way that is a whole document, but for what must be filled in', () => {
    const rule = blankRule('r', 'main')
    expect(inPending({ ...rule, pending: { days: 5 } }, 'none')).toBeUndefined()
    expect(inPending(rule, 'days')).toEqual({ days: 14 })
    expect(inPending(rule, 'event')).toEqual({ event: '', days: 90 })
  })

  it('takes points back by a return that must be filled in, and forgets it when they are kept', () => {
    const rule = blankRule('r', 'main')
    const takenBack = withOnReturn(rule, 'takenBack')
    expect(takenBack).toEqual({ ...rule, returns: { on: '', reference: '' } })
    expect(withOnReturn({ ...takenBack, reference: 'event.orderId' }, 'kept')).toEqual(rule)
  })

  it('stands in a group with the rules of its programme on the same events', () => {
    const rule = { ...blankRule('r', 'main'), on: 'order.paid', bestOf: 'food' }
    const other = { ...rule, id: 'other' }
    const apart = [
      { ...other, programme: 'cashback' },
      { ...other, on: 'topup' },
      { ...other, bestOf: 'drinks' },
    ]
    expect(groupedWith(rule, [rule, other, ...apart])).toEqual([other])
    expect(groupedWith(blankRule('r', 'main'), [blankRule('other', 'main')])).toEqual([])
  })

  it('of any kind stays as it is when each field writes what it shows, and when it is written as YAML and read', async () => {
    await fc.assert(
      fc.asyncProperty(rules, async (rule) => {
        expect(earnRule.parse(rule)).toEqual(rule)
        expect(inWay(rule.points, wayOf(rule.points), 2)).toEqual(rule.points)
        expect(inPending(rule, pendingOf(rule))).toEqual(rule.pending)
        expect(withOnReturn(rule, onReturnOf(rule))).toEqual(rule)
        const { expiry } = rule
        expect(expiryOf(expiryKindOf(expiry), expiry)).toEqual(expiry)
        expect(lastingAsBefore(expiry)).toEqual(expiry)
        expect(earnRule.parse(await parsedYaml(await yamlOf(rule)))).toEqual(rule)
      }),
    )
  })
})

describe('a programme', () => {
  it('keeps what all its points read when their decimals change', () => {
    const programme: Programme = {
      ...blankProgramme('p'),
      welcome: { points: '50' },
      returns: { onSpent: 'limit', limit: '7' },
      budgets: [{ id: 'b', points: '1000', period: 'month' }],
    }
    const finer = ofDecimals(programme, 2)
    expect(finer).toEqual({
      ...programme,
      decimals: 2,
      welcome: { points: '5000' },
      returns: { onSpent: 'limit', limit: '700' },
      budgets: [{ id: 'b', points: '100000', period: 'month' }],
    })
    expect(ofDecimals(finer, 0)).toEqual(programme)
    expect(ofDecimals(blankProgramme('p'), 4)).toEqual({ ...blankProgramme('p'), decimals: 4 })
  })
})

describe('expiry', () => {
  it('has one length, in months or in days', () => {
    const after = expiryOf('earn', undefined)
    if (after === undefined || after === 'never') throw new Error('no length')
    expect(expiryOf('earn', 'never')).toEqual(after)
    expect(lasting(after, 'days', 90)).toEqual({
      after: 'earn',
      days: 90,
      endOf: 'day',
      noticeDays: [30, 7],
    })
    expect(expiryOf('activity', after)).toEqual({ ...after, after: 'activity' })
    expect(expiryOf('never', after)).toBe('never')
    expect(expiryOf('programme', after)).toBeUndefined()
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
      const ladder = measuredBy(blankLadder('l', 'main'), measure, { points: 0, money: 2 })
      const asked = askedDecimals(ladder, 0)
      const tiers = [...ladder.tiers, newTier(ladder, 'more', asked)]
      const twice = { ...ladder, tiers: [...tiers, newTier({ ...ladder, tiers }, 'most', asked)] }
      expect(tierLadder.safeParse(named(twice)).error).toBeUndefined()
    }
  })

  it('asks for as much as is read, whatever it counts and in whichever currency', () => {
    const points = blankLadder('l', 'main')
    const asks = ({ tiers }: TierLadder): (string | undefined)[] => tiers.map(({ at }) => at)
    const two = { ...points, tiers: [...points.tiers, newTier(points, 'more', 1)] }
    expect(asks(two)).toEqual(['0', '10000'])
    const spend = measuredBy(two, 'spend', { points: 1, money: 2 })
    expect([asks(spend), askedDecimals(spend, 1)]).toEqual([['0', '100000'], 2])
    if (spend.by.measure !== 'spend') throw new Error('counts no spend')
    const yen = spentIn(spend, spend.by, 'JPY', 0)
    expect([asks(yen), yen.by]).toEqual([['0', '1000'], { ...spend.by, currency: 'JPY', amountDecimals: 0 }])
    expect(measuredBy(yen, 'points', { points: 1, money: 2 }).tiers).toEqual(two.tiers)
  })

  it('names a new tier as no other is named', () => {
    expect(freshId('tier', [{ id: 'tier-2' }])).toBe('tier-3')
    expect(freshId('tier', [{ id: 'a' }])).toBe('tier-2')
  })
})
