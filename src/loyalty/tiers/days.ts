import { instantOf } from '../../platform/index.ts'
import type { Length } from './tier-ladder.ts'

/** Days are counted from 1 January 1970 on. */
export type Day = number

const EPOCH = Temporal.PlainDate.from('1970-01-01')
/** All time zones differ from UTC by whole quarters of an hour nowadays. */
const QUARTER_MS = 900_000
const KEPT = 100_000

/** Remembers what was computed; forgets all when there is too much of it. */
function kept<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  let value = known.get(key)
  if (value === undefined) {
    if (known.size >= KEPT) known.clear()
    known.set(key, (value = make()))
  }
  return value
}

const dates = new Map<Day, Temporal.PlainDate>()

/** The date of a day. */
export const dateOf = (day: Day): Temporal.PlainDate => kept(dates, day, () => EPOCH.add({ days: day }))

/** The day of a date. */
export const dayOfDate = (date: Temporal.PlainDate): Day => EPOCH.until(date, { largestUnit: 'days' }).days

/** A day after a length of time; a month that is too short ends at its last day. */
export function plus(day: Day, { months, days }: Length): Day {
  return months === 0 ? day + days : dayOfDate(dateOf(day).add({ months, days }))
}

/** 1 January of the day's year. */
export const yearStart = (day: Day): Day => dayOfDate(dateOf(day).with({ month: 1, day: 1 }))

/** 1 January of the year after the day's. */
export const nextYearStart = (day: Day): Day =>
  dayOfDate(dateOf(day).with({ month: 1, day: 1 }).add({ years: 1 }))

/** Days of a time zone. */
export class LocalDays {
  readonly #timeZone: string
  readonly #days = new Map<number, Day>()
  readonly #starts = new Map<Day, number>()

  constructor(timeZone: string) {
    this.#timeZone = timeZone
  }

  /** The local day of a moment. */
  dayOf(atMs: number): Day {
    const quarter = Math.floor(atMs / QUARTER_MS)
    return kept(this.#days, quarter, () => {
      const at = instantOf(quarter * QUARTER_MS)
      return dayOfDate(at.toZonedDateTimeISO(this.#timeZone).toPlainDate())
    })
  }

  /** The moment at which a day begins. */
  startMs(day: Day): number {
    return kept(this.#starts, day, () => dateOf(day).toZonedDateTime(this.#timeZone).epochMilliseconds)
  }
}
