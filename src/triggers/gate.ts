import type { Calendar } from './calendar.ts'
import type { CalendarPeriod } from './contract.ts'

/** Why a candidate does not become a firing. */
export type GateRefusal = 'not_valid' | 'paused' | 'subscriber' | 'cooling' | 'limited'

/** What stands between a candidate and a firing. */
export type GateRule = {
  cooldownMs: number
  limit: { times: number; per: CalendarPeriod | 'ever' } | undefined
  validFromMs: number
  validToMs: number
  /** Intervals of event time, [fromMs, toMs), in which a person or the ceiling had stopped the rule. */
  pauses: { fromMs: number; toMs: number }[]
  /** Whether a subscriber satisfies the rule's condition now; undefined when it has none. */
  admits: ((subscriberId: number) => boolean) | undefined
}

/**
 * Passes candidates of one track in the order of their time. The state is the time of the last one that passed (only
 * with a cool-down), then the start of the limit's period and how many passed in it (only with a limit).
 */
export class Gate {
  readonly stateWords: number
  readonly #rule: GateRule
  readonly #limitAt: number

  constructor(rule: GateRule) {
    this.#rule = rule
    this.#limitAt = rule.cooldownMs > 0 ? 1 : 0
    this.stateWords = this.#limitAt + (rule.limit ? 2 : 0)
  }

  begin(words: Float64Array, state: number): void {
    if (this.#limitAt === 1) words[state] = Number.NEGATIVE_INFINITY
  }

  /** Takes out what no candidate at or after `horizonMs` can still see; true when nothing is left. */
  fade(
    words: Float64Array,
    state: number,
    horizonMs: number,
    subscriberId: number,
    calendar: Calendar,
  ): boolean {
    const { cooldownMs, limit } = this.#rule
    if (cooldownMs > 0 && words[state]! + cooldownMs <= horizonMs) words[state] = Number.NEGATIVE_INFINITY
    const isCool = cooldownMs === 0 || words[state] === Number.NEGATIVE_INFINITY
    if (limit === undefined) return isCool
    const at = state + this.#limitAt
    if (limit.per !== 'ever' && words[at] !== calendar.startMs(subscriberId, limit.per, horizonMs)) {
      // A later period has begun; one that is yet to come cannot have been counted at the horizon.
      if (words[at]! < horizonMs) words[at + 1] = 0
    }
    return isCool && words[at + 1] === 0
  }

  /** True when a candidate that fires at this time passes; it is then counted. */
  pass(
    words: Float64Array,
    state: number,
    firedAtMs: number,
    subscriberId: number,
    calendar: Calendar,
  ): boolean {
    return this.refusal(words, state, firedAtMs, subscriberId, calendar, true) === null
  }

  /** Why a candidate would not pass, null when it would; with `count` one that passes is counted. */
  refusal(
    words: Float64Array,
    state: number,
    firedAtMs: number,
    subscriberId: number,
    calendar: Calendar,
    count = false,
  ): GateRefusal | null {
    const { validFromMs, validToMs, pauses, admits, cooldownMs, limit } = this.#rule
    if (firedAtMs < validFromMs || firedAtMs >= validToMs) return 'not_valid'
    for (const { fromMs, toMs } of pauses) if (firedAtMs >= fromMs && firedAtMs < toMs) return 'paused'
    if (admits !== undefined && !admits(subscriberId)) return 'subscriber'
    if (cooldownMs > 0 && firedAtMs - words[state]! < cooldownMs) return 'cooling'
    if (limit !== undefined) {
      const at = state + this.#limitAt
      const startMs = limit.per === 'ever' ? 0 : calendar.startMs(subscriberId, limit.per, firedAtMs)
      const passed = words[at] === startMs ? words[at + 1]! : 0
      if (passed >= limit.times) return 'limited'
      if (count) {
        words[at] = startMs
        words[at + 1] = passed + 1
      }
    }
    if (count && cooldownMs > 0) words[state] = firedAtMs
    return null
  }
}
