import type { CalendarPeriod } from './contract.ts'

/** A calendar period in epoch ms: [fromMs, toMs). */
export type Period = { fromMs: number; toMs: number }

/** The calendar period of a moment in a time zone; weeks begin on Monday (ISO 8601). */
export function periodAt(atMs: number, zone: string, unit: CalendarPeriod): Period {
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone)
  if (unit === 'hour') {
    // Minutes since the hour struck are the same in a zone of half hours, and a repeated hour is another hour.
    const fromMs = atMs - (local.minute * 60_000 + local.second * 1_000 + local.millisecond)
    return { fromMs, toMs: fromMs + 3_600_000 }
  }
  const day = local.toPlainDate()
  const first =
    unit === 'day' ? day : unit === 'week' ? day.subtract({ days: day.dayOfWeek - 1 }) : day.with({ day: 1 })
  const next = first.add(unit === 'day' ? { days: 1 } : unit === 'week' ? { weeks: 1 } : { months: 1 })
  return { fromMs: startOf(first, zone), toMs: startOf(next, zone) }
}

/** The first moment of a local day, also where a clock change takes midnight away. */
const startOf = (day: Temporal.PlainDate, zone: string): number => day.toZonedDateTime(zone).epochMilliseconds

/** The zone of a subscriber. */
export type ZoneOf = (subscriberId: number) => string

/** Periods that are kept for each unit and zone. */
const KEPT = 8

type ZonedPeriod = Period & { zone: string }

const none = (): ZonedPeriod => ({ zone: '', fromMs: 0, toMs: 0 })

/**
 * Calendar periods of subscribers. Events come nearly in order of time, so the periods asked for last are almost always
 * the ones asked for next: they are kept for each zone, and the calendar itself is asked a few times a day.
 */
export class Calendar {
  readonly #zoneOf: ZoneOf
  readonly #kept = new Map<CalendarPeriod, Map<string, Period[]>>()
  /** What was asked for last. */
  readonly #last = { hour: none(), day: none(), week: none(), month: none() }

  constructor(zoneOf: ZoneOf) {
    this.#zoneOf = zoneOf
  }

  /** When the subscriber's period that holds `atMs` began, epoch ms. */
  startMs(subscriberId: number, unit: CalendarPeriod, atMs: number): number {
    const zone = this.#zoneOf(subscriberId)
    const last = this.#last[unit]
    if (atMs >= last.fromMs && atMs < last.toMs && last.zone === zone) return last.fromMs
    const { fromMs, toMs } = this.#find(zone, unit, atMs)
    this.#last[unit] = { zone, fromMs, toMs }
    return fromMs
  }

  #find(zone: string, unit: CalendarPeriod, atMs: number): Period {
    let zones = this.#kept.get(unit)
    if (!zones) this.#kept.set(unit, (zones = new Map()))
    let periods = zones.get(zone)
    if (!periods) zones.set(zone, (periods = []))
    const kept = periods.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)
    if (kept) return kept
    const period = periodAt(atMs, zone, unit)
    periods.unshift(period)
    if (periods.length > KEPT) periods.pop()
    return period
  }
}
