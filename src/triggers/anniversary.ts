import type { Trigger } from './contract.ts'

export type Every = NonNullable<Trigger['date']>['every']

/** A local day on which a date rule fires, and when. */
export type Moment = { day: Temporal.PlainDate; atMs: number }

/** After a standstill no more than so many days are made up for. */
export const caughtUpDays = 3

/**
 * When a local day's time `at` comes in a zone, epoch ms. A time that a clock change skips comes with the first moment
 * after it, one that comes twice comes the first time.
 */
export function momentOf(day: Temporal.PlainDate, at: string, zone: string): number {
  const local = day.toPlainDateTime(at)
  const moment = local.toZonedDateTime(zone, { disambiguation: 'compatible' })
  if (moment.toPlainDateTime().equals(local)) return moment.epochMilliseconds
  // "Compatible" goes on by the length of the gap; the gap's end is the clock change just before, or then.
  return moment.add({ nanoseconds: 1 }).getTimeZoneTransition('previous')!.epochMilliseconds
}

/** The first moment behind `afterMs` at which a local day's time `at` comes. */
export function nextMomentMs(at: string, zone: string, afterMs: number): number {
  for (let day = dayAt(afterMs, zone).subtract({ days: 1 }); ; day = day.add({ days: 1 })) {
    const atMs = momentOf(day, at, zone)
    if (atMs > afterMs) return atMs
  }
}

/**
 * The latest moments behind `fromMs` up to `toMs`, three at most, in order of time; `skipped` is how many days were
 * before them.
 */
export function momentsBetween(
  at: string,
  zone: string,
  fromMs: number,
  toMs: number,
): { moments: Moment[]; skipped: number } {
  const begin = dayAt(fromMs, zone).subtract({ days: 1 })
  const last = dayAt(toMs, zone)
  const first = last.subtract({ days: caughtUpDays + 2 })
  const isLong = Temporal.PlainDate.compare(begin, first) < 0
  const moments: Moment[] = []
  for (
    let day = isLong ? first : begin;
    Temporal.PlainDate.compare(day, last) <= 0;
    day = day.add({ days: 1 })
  ) {
    const atMs = momentOf(day, at, zone)
    if (atMs > fromMs && atMs <= toMs) moments.push({ day, atMs })
  }
  const kept = moments.slice(-caughtUpDays)
  const unread = isLong ? begin.add({ days: 1 }).until(first).days : 0
  return { moments: kept, skipped: unread + moments.length - kept.length }
}

/**
 * Whether a date comes round on a day: `once` on the day itself, `year` and `month` on every later day of the same
 * name. The 29th of February and the 31st fall on the last day of a year or a month that has none.
 */
export function occursOn(date: Temporal.PlainDate, every: Every, day: Temporal.PlainDate): boolean {
  if (every === 'once') return date.equals(day)
  if (every === 'year') return day.year > date.year && date.with({ year: day.year }).equals(day)
  const isLater = day.year > date.year || (day.year === date.year && day.month > date.month)
  return isLater && day.day === Math.min(date.day, day.daysInMonth)
}

/**
 * The date in an attribute: the beginning of a text, `YYYY-MM-DD…`, or the local day of an instant in epoch ms.
 * Undefined when it is none, or outside the years 1 to 9999.
 */
export function dateOf(value: unknown, zone: string): Temporal.PlainDate | undefined {
  if (typeof value === 'string') {
    const [text] = /^\d{4}-\d{2}-\d{2}/.exec(value) ?? []
    if (text === undefined || text.startsWith('0000')) return undefined
    try {
      return Temporal.PlainDate.from(text)
    } catch {
      return undefined
    }
  }
  if (typeof value !== 'number' || !(value >= FIRST_MS && value <= LAST_MS)) return undefined
  return dayAt(Math.floor(value), zone)
}

/** First and last instant that is taken for a date. */
export const FIRST_MS = Date.parse('0001-01-01T00:00:00Z')
export const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** Which part of `YYYY-MM-DD` to compare, counted from 1, and with what. */
export type DatePattern = { from: number; length: number; texts: string[]; textsOfInstants: string[] }

/**
 * A coarse sieve for the database: every date that occurs on one of the days passes it. An instant is compared as its
 * day in UTC, which in its own zone may be the day before or after.
 */
export function patternOf(every: Every, days: Temporal.PlainDate[]): DatePattern {
  const [from, length] = { once: [1, 10], year: [6, 5], month: [9, 2] }[every] as [number, number]
  const part = (day: Temporal.PlainDate): string => day.toString().slice(from - 1)
  const texts = new Set<string>()
  const instants = new Set<string>()
  for (const day of days) {
    for (const date of datesComingRoundOn(every, day)) {
      texts.add(part(date))
      for (const shift of [-1, 0, 1]) instants.add(part(date.add({ days: shift })))
    }
  }
  return { from, length, texts: [...texts], textsOfInstants: [...instants] }
}

/** Dates of every name that comes round on a day, each in every length of the month or the year around it. */
function datesComingRoundOn(every: Every, day: Temporal.PlainDate): Temporal.PlainDate[] {
  if (every === 'once') return [day]
  // A leap year and one that is none, and all lengths of a month, show every neighbour that a date can have.
  const dates = [2023, 2024].flatMap((year) =>
    Array.from({ length: new Temporal.PlainDate(year, 1, 1).daysInYear }, (_, n) =>
      new Temporal.PlainDate(year, 1, 1).add({ days: n }),
    ),
  )
  return dates.filter((date) =>
    every === 'year'
      ? date.with({ year: day.year }).equals(day)
      : day.day === Math.min(date.day, day.daysInMonth),
  )
}

const dayAt = (atMs: number, zone: string): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone).toPlainDate()
