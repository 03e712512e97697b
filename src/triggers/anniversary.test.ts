import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dateOf, momentOf, momentsBetween, nextMomentMs, occursOn, patternOf } from './anniversary.ts'

const day = (text: string): Temporal.PlainDate => Temporal.PlainDate.from(text)
const moment = (text: string, at: string, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(momentOf(day(text), at, zone)).toString()

test.for([
  ['an ordinary day', '2026-01-15', '10:00', 'Europe/Moscow', '2026-01-15T07:00:00Z'],
  ['a skipped hour: the first moment after', '2026-03-29', '02:30', 'Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['the first minute of a skipped hour', '2026-03-29', '02:00', 'Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['the end of a skipped hour', '2026-03-29', '03:00', 'Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['an hour that comes twice: the first', '2026-10-25', '02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
  ['half an hour skipped', '2026-10-04', '02:10', 'Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['a skipped midnight', '2026-09-06', '00:00', 'America/Santiago', '2026-09-06T04:00:00Z'],
  ['a day that never was', '2011-12-30', '10:00', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['a zone of three quarters', '2026-05-01', '09:00', 'Asia/Kathmandu', '2026-05-01T03:15:00Z'],
])('%s', ([, date, at, zone, expected]) => {
  expect(moment(date!, at!, zone!)).toBe(expected)
})

const zones = [
  'Europe/Berlin',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Asia/Tokyo',
  'Pacific/Apia',
  'America/St_Johns',
]
const anyZone = fc.constantFrom(...zones)
const anyQuarter = fc.integer({ min: 0, max: 95 }).map((n) => {
  const [hour, minute] = [Math.floor(n / 4), (n % 4) * 15]
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
})
const anyDay = fc
  .integer({ min: 0, max: 366 * 20 })
  .map((n) => new Temporal.PlainDate(2008, 1, 1).add({ days: n }))

test('a moment is the first at which the local clock shows the time or a later one', () => {
  fc.assert(
    fc.property(anyDay, anyQuarter, anyZone, (date, at, zone) => {
      const wanted = date.toPlainDateTime(at)
      let atMs = Date.parse(`${date.toString()}T00:00:00Z`) - 16 * 3_600_000
      const local = (): Temporal.PlainDateTime =>
        Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone).toPlainDateTime()
      while (Temporal.PlainDateTime.compare(local(), wanted) < 0) atMs += 900_000
      expect(momentOf(date, at, zone)).toBe(atMs)
    }),
    { numRuns: 300 },
  )
})

test('moments follow each other without a gap, and the latest three of a long time are kept', () => {
  fc.assert(
    fc.property(
      anyDay,
      anyQuarter,
      anyZone,
      fc.integer({ min: 0, max: 20 * 24 }),
      (date, at, zone, hours) => {
        const fromMs = Date.parse(`${date.toString()}T00:00:00Z`)
        const toMs = fromMs + hours * 3_600_000
        const all: number[] = []
        for (let atMs = nextMomentMs(at, zone, fromMs); atMs <= toMs; atMs = nextMomentMs(at, zone, atMs))
          all.push(atMs)
        const { moments, skipped } = momentsBetween(at, zone, fromMs, toMs)
        // Where a day never was, two days share one moment.
        const distinct = [...new Set(moments.map(({ atMs }) => atMs))]
        expect(distinct).toEqual(all.slice(-distinct.length || all.length))
        expect(moments.length).toBeGreaterThanOrEqual(Math.min(3, all.length))
        expect(moments.length + skipped).toBeGreaterThanOrEqual(all.length)
        expect(moments.length + skipped).toBeLessThanOrEqual(all.length + 1)
      },
    ),
    { numRuns: 300 },
  )
})

test.for<[string, 'once' | 'year' | 'month', string, boolean]>([
  ['2000-05-10', 'once', '2000-05-10', true],
  ['2000-05-10', 'once', '2001-05-10', false],
  ['2000-05-10', 'year', '2000-05-10', false],
  ['2000-05-10', 'year', '2001-05-10', true],
  ['2000-05-10', 'year', '1999-05-10', false],
  ['2000-02-29', 'year', '2001-02-28', true],
  ['2000-02-29', 'year', '2004-02-28', false],
  ['2000-02-29', 'year', '2004-02-29', true],
  ['2000-01-31', 'month', '2000-01-31', false],
  ['2000-01-31', 'month', '2000-02-29', true],
  ['2000-01-31', 'month', '2000-04-30', true],
  ['2000-01-30', 'month', '2001-02-28', true],
  ['2000-01-30', 'month', '2000-03-31', false],
  ['2000-01-30', 'month', '1999-12-30', false],
])('%s every %s on %s: %s', ([date, every, on, expected]) => {
  expect(occursOn(day(date), every, day(on))).toBe(expected)
})

test('what occurs on a day passes the sieve of the database, as a text and as an instant of any zone', () => {
  const every = fc.constantFrom('once', 'year', 'month')
  fc.assert(
    fc.property(
      anyDay,
      every,
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: -14, max: 14 }),
      (date, unit, n, offset) => {
        const on = unit === 'once' ? date : date.add(unit === 'year' ? { years: n + 1 } : { months: n + 1 })
        expect(occursOn(date, unit, on)).toBe(true)
        const { from, length, texts, textsOfInstants } = patternOf(unit, [on])
        const part = (other: Temporal.PlainDate): string =>
          other.toString().slice(from - 1, from - 1 + length)
        expect(texts).toContain(part(date))
        const utc = date
          .toPlainDateTime('12:00')
          .subtract({ hours: offset + Math.sign(offset) })
          .toPlainDate()
        expect(textsOfInstants).toContain(part(utc))
      },
    ),
    { numRuns: 300 },
  )
})

test('a date is read from the beginning of a text, and from an instant where the subscriber lives', () => {
  const read = (value: unknown, zone = 'UTC'): string | undefined => dateOf(value, zone)?.toString()
  expect(read('1990-02-03T23:00:00Z', 'Asia/Tokyo')).toBe('1990-02-03')
  expect(read(Date.parse('1990-02-03T23:00:00Z'), 'Asia/Tokyo')).toBe('1990-02-04')
  for (const none of ['1990-02-30', '03.02.1990', '', '0000-01-01', 9e15, Number.NaN, null, true, {}]) {
    expect(read(none)).toBeUndefined()
  }
})
