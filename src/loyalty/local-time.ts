import type { CelType } from '../expressions/index.ts'
import type { Expiry } from './programmes.ts'
import { expiryAfter } from '../ledger/index.ts'

/** A moment by the calendar of a time zone. */
export type LocalTime = {
  /** `2026-03-01` */
  date: string
  /** `03-01` */
  monthDay: string
  /** 1 is Monday, 7 is Sunday. */
  weekday: number
  hour: number
  /** `2026-W09`, by ISO 8601. */
  week: string
}

/** What conditions may read of `local`. */
export const localDeclarations: Record<string, CelType> = {
  date: 'string',
  monthDay: 'string',
  weekday: 'int',
  hour: 'int',
}

/** All time zones differ from UTC by whole quarters of an hour nowadays, so within one nothing here changes. */
const QUARTER_MS = 900_000
const KEPT = 10_000

/** Local times by zone; events come nearly in order, so most are known already. */
export class LocalTimes {
  readonly #known = new Map<string, Map<number, LocalTime>>()

  at(atMs: number, timeZone: string): LocalTime {
    const quarter = Math.floor(atMs / QUARTER_MS)
    let zone = this.#known.get(timeZone)
    if (!zone) this.#known.set(timeZone, (zone = new Map()))
    let local = zone.get(quarter)
    if (!local) {
      if (zone.size >= KEPT) zone.clear()
      zone.set(quarter, (local = localTime(quarter * QUARTER_MS, timeZone)))
    }
    return local
  }
}

function localTime(atMs: number, timeZone: string): LocalTime {
  const zoned = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone)
  const date = zoned.toPlainDate().toString()
  return {
    date,
    monthDay: date.slice(-5),
    weekday: zoned.dayOfWeek,
    hour: zoned.hour,
    week: `${zoned.yearOfWeek}-W${String(zoned.weekOfYear).padStart(2, '0')}`,
  }
}

/** The day of a moment by the calendar of a zone, such as `2026-03-01`. */
export const localDay = (atMs: number, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate().toString()

/** The period that holds a local time, as a text that differs from that of every other period. */
export function periodOf(period: 'day' | 'week' | 'month' | 'year' | 'ever', local: LocalTime): string {
  switch (period) {
    case 'day':
      return local.date
    case 'week':
      return local.week
    case 'month':
      return local.date.slice(0, -3)
    case 'year':
      return local.date.slice(0, -6)
    case 'ever':
      return ''
  }
}

/** Expiries by lifetime and zone, for each quarter of an hour asked for: within one the day is the same. */
const expiries = new Map<string, Map<number, number>>()

/** When points expire that were earned, or a member who was active, at a moment; null: never. */
export function expiryMs(expiry: Expiry, fromMs: number, timeZone: string): number | null {
  if (expiry === 'never') return null
  const { days = 0, months = 0, endOf } = expiry
  const lifetime = `${days} ${months} ${endOf} ${timeZone}`
  let known = expiries.get(lifetime)
  if (!known) expiries.set(lifetime, (known = new Map()))
  const quarter = Math.floor(fromMs / QUARTER_MS)
  let expiresMs = known.get(quarter)
  if (expiresMs === undefined) {
    const from = Temporal.Instant.fromEpochMilliseconds(quarter * QUARTER_MS)
    expiresMs = expiryAfter(from, { days, months, endOf }, timeZone).epochMilliseconds
    if (known.size >= KEPT) known.clear()
    known.set(quarter, expiresMs)
  }
  return expiresMs
}
