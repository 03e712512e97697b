import type { Behaviour } from './behaviour.ts'

const hourMs = 3_600_000
const dayMs = 86_400_000

/**
 * Local time and the weekly rhythm. Offsets are looked up once for each zone and UTC day; on the two days a year
 * when a zone changes its clocks, the change counts from midnight UTC, which moves habits by an hour for an hour.
 */
export class Calendar {
  readonly #zones: readonly string[]
  readonly #offsets: Map<number, number>[]
  /** Running sum of the weekly intensity, Monday 0:00 first, mean 1 an hour: 169 values from 0 to 168. */
  readonly #sums = new Float64Array(169)
  readonly #intensity = new Float64Array(168)

  /** `zones[i]` is the IANA name that subscribers refer to by i. */
  constructor(zones: readonly string[], b: Behaviour) {
    this.#zones = zones
    this.#offsets = zones.map(() => new Map())
    let total = 0
    for (let hour = 0; hour < 168; hour++) {
      this.#intensity[hour] = b.need.hours[hour % 24]! * b.need.weekdays[Math.floor(hour / 24)]!
      total += this.#intensity[hour]!
    }
    for (let hour = 0; hour < 168; hour++) {
      this.#intensity[hour]! *= 168 / total
      this.#sums[hour + 1] = this.#sums[hour]! + this.#intensity[hour]!
    }
  }

  /** The moment as if the local wall clock were UTC. */
  localMs(zone: number, ms: number): number {
    return ms + this.#offset(zone, ms)
  }

  /** Local hour of the day with its fraction, 0 … 24. */
  localHour(zone: number, ms: number): number {
    return (this.localMs(zone, ms) % dayMs) / hourMs
  }

  /**
   * The moment at which `hours` hours of average activity have passed since `ms`: the inversion of the weekly
   * intensity, so that exponential gaps make a Poisson process with the weekly rhythm (Çinlar 1975).
   */
  afterActivity(zone: number, ms: number, hours: number): number {
    const local = this.localMs(zone, ms)
    // 1 January 1970 was a Thursday: 72 hours after a Monday.
    const sinceMonday = local / hourMs + 72
    const week = Math.floor(sinceMonday / 168)
    const position = sinceMonday - week * 168
    const hour = Math.floor(position)
    let goal = this.#sums[hour]! + (position - hour) * this.#intensity[hour]! + hours
    const weeks = Math.floor(goal / 168)
    goal -= weeks * 168
    let low = 0
    let high = 167
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#sums[middle]! <= goal) low = middle
      else high = middle - 1
    }
    const inHour = (goal - this.#sums[low]!) / this.#intensity[low]!
    return Math.max(ms + 1, Math.round(ms + ((week + weeks) * 168 + low + inHour - sinceMonday) * hourMs))
  }

  /** The next moment when the local clock shows `hour` (with fraction), strictly after `ms`. */
  nextLocalHour(zone: number, ms: number, hour: number): number {
    const local = this.localMs(zone, ms)
    const midnight = Math.floor(local / dayMs) * dayMs
    const today = midnight + hour * hourMs
    return Math.round(ms + (today > local ? today - local : today + dayMs - local))
  }

  /** The next local midnight that begins day `day` (1–28) of a month, strictly after `ms`, plus `minutes`. */
  nextMonthDay(zone: number, ms: number, day: number, minutes: number): number {
    const local = new Date(this.localMs(zone, ms))
    for (let month = local.getUTCMonth(); ; month++) {
      const at = Date.UTC(local.getUTCFullYear(), month, day) + minutes * 60_000
      if (at > local.getTime()) return at - this.#offset(zone, at)
    }
  }

  #offset(zone: number, ms: number): number {
    const day = Math.floor(ms / dayMs)
    const known = this.#offsets[zone]!
    let offset = known.get(day)
    if (offset === undefined) {
      const noon = Temporal.Instant.fromEpochMilliseconds(day * dayMs + dayMs / 2)
      offset = noon.toZonedDateTimeISO(this.#zones[zone]!).offsetNanoseconds / 1_000_000
      known.set(day, offset)
    }
    return offset
  }
}
