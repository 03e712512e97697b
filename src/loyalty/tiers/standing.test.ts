import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Day, dateOf, dayOfDate, LocalDays } from './days.ts'
import { countedOn, count, type LadderRules, lookAt, newStanding, prune, takeBack } from './standing.ts'
import { type TierLadder, tierLadder } from './tier-ladder.ts'

const name = { en: 'x', ru: 'x', uk: 'x' }
const ladderOf = (rest: object): TierLadder =>
  tierLadder.parse({
    kind: 'TierLadder',
    id: 'l',
    name,
    by: { measure: 'points' },
    tiers: [
      { id: 'base', name, at: '0' },
      { id: 'silver', name, at: '100' },
      { id: 'gold', name, at: '250' },
    ],
    ...rest,
  })

type Happening = { day: Day; amount: bigint }

/**
 * The slow and obvious way: for each day of the past, does it qualify by all that is known now, and how long does that
 * hold? What was taken back undoes the latest amounts.
 */
function oracle(
  { document: { period, grace, tiers } }: LadderRules,
  happened: Happening[],
  today: Day,
): string | null {
  const left: Happening[] = []
  for (const { day, amount } of happened) {
    if (amount > 0n) left.push({ day, amount })
    let undo = amount < 0n ? -amount : 0n
    for (const one of left.toReversed()) {
      const part = one.amount < undo ? one.amount : undo
      one.amount -= part
      undo -= part
    }
  }
  const year = (day: Day): number => dateOf(day).year
  const within = (day: Day, asOf: Day): boolean => {
    if (period === 'ever') return true
    if (period === 'calendar_year') return year(day) === year(asOf)
    return Temporal.PlainDate.compare(dateOf(day).add({ months: period.rollingMonths }), dateOf(asOf)) > 0
  }
  const sumOn = (asOf: Day): bigint =>
    left.filter(({ day }) => day <= asOf && within(day, asOf)).reduce((sum, { amount }) => sum + amount, 0n)
  const first = Math.min(today, ...left.map(({ day }) => day))
  for (const tier of tiers.toReversed()) {
    for (let day = first; day <= today; day++) {
      if (sumOn(day) < BigInt(tier.at!)) continue
      const lastOfPeriod =
        period === 'calendar_year'
          ? dayOfDate(Temporal.PlainDate.from({ year: year(day), month: 12, day: 31 }))
          : day
      const until = dateOf(lastOfPeriod).add({ days: 1 }).add(grace)
      // The last day of a calendar year may lie ahead; the tier is kept up to it at least.
      if (day === today || Temporal.PlainDate.compare(dateOf(today), until) < 0) return tier.id
    }
  }
  return null
}

const anyPeriod = fc.oneof(
  fc.constant('ever' as const),
  fc.constant('calendar_year' as const),
  fc.integer({ min: 1, max: 14 }).map((rollingMonths) => ({ rollingMonths })),
)
const START = dayOfDate(Temporal.PlainDate.from('2025-01-20'))

describe('a standing', () => {
  test('is on every day on the tier that a day-by-day recount gives, looked at only when something counts or it is due', () => {
    const history = fc.array(
      fc.record({ after: fc.integer({ min: 0, max: 70 }), amount: fc.integer({ min: -120, max: 160 }) }),
      { maxLength: 14 },
    )
    const anyGrace = fc.record({
      months: fc.integer({ min: 0, max: 13 }),
      days: fc.integer({ min: 0, max: 40 }),
    })
    const zone = fc.constantFrom('UTC', 'Europe/Kyiv', 'Asia/Kolkata')
    fc.assert(
      fc.property(anyPeriod, anyGrace, history, zone, (period, grace, given, timeZone) => {
        const document = ladderOf({ period, grace: period === 'ever' ? { months: 0, days: 0 } : grace })
        const ladder: LadderRules = { document, days: new LocalDays(timeZone) }
        let day = START
        const happened = given.map(({ after, amount }) => ({ day: (day += after), amount: BigInt(amount) }))
        const standing = newStanding(ladder, 1, ladder.days.startMs(START))
        let looks = 0
        let tier: string | null = null
        const look = (atMs: number): void => {
          looks++
          prune(ladder, standing, ladder.days.dayOf(atMs))
          const found = lookAt(ladder, standing, atMs)
          expect(found.dueMs === null || found.dueMs > atMs).toBe(true)
          standing.dueMs = found.dueMs
          tier = document.tiers[found.index]?.id ?? null
        }
        look(ladder.days.startMs(START))
        let next = 0
        const seen: [string, string | null, string | null][] = []
        for (let today = START; today <= day + 800; today++) {
          const noon = ladder.days.startMs(today) + 43_200_000
          while (standing.dueMs !== null && standing.dueMs <= noon) look(standing.dueMs)
          for (; happened[next]?.day === today; next++) {
            const { amount } = happened[next]!
            if (amount > 0n) count(ladder, standing, today, amount)
            else takeBack(standing, -amount)
            look(noon)
          }
          // The recount is slow: ask it around what happened, and now and then.
          const isNear = happened.some((one) => Math.abs(one.day - today) < 2) || today % 23 === 0
          if (isNear)
            seen.push([dateOf(today).toString(), tier, oracle(ladder, happened.slice(0, next), today)])
        }
        expect(seen.filter(([, found, recounted]) => found !== recounted)).toEqual([])
        expect(looks).toBeLessThan(8 + 6 * happened.length + 12)
      }),
      { numRuns: 60 },
    )
  }, 240_000)

  test('what rolls out of the months ends the tier to the day, and grace comes on top', () => {
    const rolling = ladderOf({ period: { rollingMonths: 12 }, grace: { months: 1 } })
    const ladder: LadderRules = { document: rolling, days: new LocalDays('UTC') }
    const day = (text: string): Day => dayOfDate(Temporal.PlainDate.from(text))
    const standing = newStanding(ladder, 1, 0)
    count(ladder, standing, day('2026-01-31'), 60n)
    count(ladder, standing, day('2026-05-10'), 60n)
    const tierOn = (text: string): string =>
      rolling.tiers[lookAt(ladder, standing, ladder.days.startMs(day(text))).index]!.id
    expect(countedOn(ladder, standing, day('2026-05-10'))).toBe(120n)
    expect([tierOn('2026-05-10'), tierOn('2027-02-27'), tierOn('2027-02-28')]).toEqual([
      'silver',
      'silver',
      'base',
    ])
    expect(countedOn(ladder, standing, day('2027-01-31'))).toBe(60n)
  })

  test('tenure goes up on the anniversary and never down', () => {
    const tenure = ladderOf({
      by: { measure: 'tenure' },
      tiers: [
        { id: 'new', name, after: {} },
        { id: 'year', name, after: { months: 12 } },
        { id: 'three', name, after: { months: 36 } },
      ],
    })
    const ladder: LadderRules = { document: tenure, days: new LocalDays('Europe/Kyiv') }
    const standing = {
      ...newStanding(ladder, 1, 0),
      startDay: dayOfDate(Temporal.PlainDate.from('2024-02-29')),
    }
    const at = (text: string) => lookAt(ladder, standing, Date.parse(text))
    expect(tenure.tiers[at('2025-02-27T21:59:59Z').index]!.id).toBe('new')
    expect(new Date(at('2025-02-27T21:59:59Z').dueMs!).toISOString()).toBe('2025-02-27T22:00:00.000Z')
    expect(tenure.tiers[at('2025-02-27T22:00:00Z').index]!.id).toBe('year')
    expect(tenure.tiers[at('2027-03-01T00:00:00Z').index]!.id).toBe('three')
    expect(at('2027-03-01T00:00:00Z').dueMs).toBeNull()
  })

  test('an override is a floor or the very tier, and ends by itself', () => {
    const ladder: LadderRules = { document: ladderOf({}), days: new LocalDays('UTC') }
    const standing = newStanding(ladder, 1, 0)
    const override = { tier: 'silver', isFloor: true, reason: 'vip', by: 'k', untilMs: 5_000 }
    standing.override = override
    expect(lookAt(ladder, standing, 4_999)).toMatchObject({ index: 1, isOverridden: true, dueMs: 5_000 })
    expect(lookAt(ladder, standing, 5_000)).toMatchObject({ index: 0, isOverridden: false, dueMs: null })
    count(ladder, standing, 0, 300n)
    expect(lookAt(ladder, standing, 4_999).index).toBe(2)
    standing.override = { ...override, isFloor: false }
    expect(lookAt(ladder, standing, 4_999).index).toBe(1)
  })
})

describe('a ladder', () => {
  test('is refused when a tier asks for less than the one before, or measures what it cannot', () => {
    const bad = [
      {
        tiers: [
          { id: 'a', name, at: '10' },
          { id: 'b', name, at: '10' },
        ],
      },
      {
        tiers: [
          { id: 'a', name, at: '1' },
          { id: 'a', name, at: '2' },
        ],
      },
      { tiers: [{ id: 'a', name, after: { months: 1 } }] },
      { by: { measure: 'tenure' } },
      { by: { measure: 'tenure' }, period: 'calendar_year', tiers: [{ id: 'a', name, after: {} }] },
      {
        by: { measure: 'tenure' },
        tiers: [
          { id: 'a', name, after: { days: 40 } },
          { id: 'b', name, after: { months: 1 } },
        ],
      },
      { grace: { days: 3 } },
    ]
    for (const rest of bad) expect(() => ladderOf(rest)).toThrow(/each tier|period|grace/)
    expect(ladderOf({ period: 'calendar_year', grace: { days: 90 } }).tiers).toHaveLength(3)
  })
})
