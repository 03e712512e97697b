import type { CompiledRule } from './compile.ts'
import { Deadlines } from './deadlines.ts'
import type { LogEvent } from './event-record.ts'
import { forget, type History, place } from './history.ts'
import type { Fire } from './rule-kind.ts'

/** A firing as the engine finds it: its cause is a place in the log. */
export type FoundFiring = {
  rule: CompiledRule
  subscriberId: number
  firedAtMs: number
  causeOffset: number
  /** The cause itself where it is at hand. */
  cause: LogEvent | undefined
  /** How far the log had been read, when the clock and not an event made the rule fire. */
  readTo: number | null
}

/** A firing by the clock from before a crash, to be repeated when the log has been read as far as then. */
export type ClockFiring = { subscriberId: number; firedAtMs: number; readTo: number }

/** What one rule remembers of all subscribers, and the folding of an event into it. */
export class RuleState {
  rule: CompiledRule
  readonly histories: Map<number, History>
  /** Time of the newest firing of a subscriber, kept only while the rule has a cool-down. */
  readonly lastFiredMs: Map<number, number>
  readonly deadlines = new Deadlines()
  /** Clock firings to repeat, the next one last. */
  repeats: ClockFiring[] = []
  tooLate = 0
  readonly #latenessMs: number
  readonly #sink: (firing: FoundFiring) => void

  constructor(
    rule: CompiledRule,
    latenessMs: number,
    sink: (firing: FoundFiring) => void,
    known?: { histories: Map<number, History>; lastFiredMs: Map<number, number> },
  ) {
    this.rule = rule
    this.histories = known?.histories ?? new Map<number, History>()
    this.lastFiredMs = known?.lastFiredMs ?? new Map<number, number>()
    this.#latenessMs = latenessMs
    this.#sink = sink
    for (const [subscriberId, history] of this.histories) {
      this.deadlines.set(subscriberId, rule.kind.deadlineMs(history))
    }
  }

  /** Folds the event at log place `offset`. */
  fold(event: LogEvent, offset: number): void {
    const { kind } = this.rule
    const value = kind.observe(event)
    if (value === undefined) return
    const { subscriberId, atMs } = event
    if (kind.memory === null) return this.#fire(subscriberId, atMs, offset, event, null)
    let history = this.histories.get(subscriberId)
    if (!history) this.histories.set(subscriberId, (history = []))
    const index = place(history, atMs, offset, value, this.#latenessMs)
    if (index < 0) {
      this.tooLate++
      return
    }
    kind.settle(history, index, (causeOffset, firedAtMs) =>
      this.#fire(subscriberId, firedAtMs, causeOffset, causeOffset === offset ? event : undefined, null),
    )
    forget(history, kind.memory.keepMs, kind.memory.keepOneBefore)
    this.deadlines.set(subscriberId, kind.deadlineMs(history))
  }

  /**
   * Fires the deadlines that the clock has reached, at most `limit` of them; returns how many there were.
   * The whole log must have been read; `readTo` is its end.
   */
  expireUntil(nowMs: number, readTo: number, limit: number): number {
    let count = 0
    while (count < limit && (this.deadlines.nextMs ?? Infinity) <= nowMs) {
      this.#expire(this.deadlines.nextSubscriber!, readTo)
      count++
    }
    return count
  }

  /** Repeats the clock's firings from before a crash that belong before log place `offset`. */
  repeatUntil(offset: number): void {
    for (let next = this.repeats.at(-1); next && next.readTo <= offset; next = this.repeats.at(-1)) {
      this.repeats.pop()
      const history = this.histories.get(next.subscriberId)
      // The memory may be younger than this firing, and then the wait is settled already.
      if (history && this.rule.kind.deadlineMs(history) === next.firedAtMs) {
        this.#expire(next.subscriberId, next.readTo)
      }
    }
  }

  #expire(subscriberId: number, readTo: number): void {
    const history = this.histories.get(subscriberId)!
    const fire: Fire = (causeOffset, firedAtMs) =>
      this.#fire(subscriberId, firedAtMs, causeOffset, undefined, readTo)
    this.rule.kind.expire(history, fire)
    this.deadlines.set(subscriberId, this.rule.kind.deadlineMs(history))
  }

  #fire(
    subscriberId: number,
    firedAtMs: number,
    causeOffset: number,
    cause: LogEvent | undefined,
    readTo: number | null,
  ): void {
    const { cooldownMs, validFromMs, validToMs } = this.rule
    if (firedAtMs < validFromMs || firedAtMs >= validToMs) return
    if (cooldownMs > 0) {
      const lastMs = this.lastFiredMs.get(subscriberId)
      if (lastMs !== undefined && Math.abs(firedAtMs - lastMs) < cooldownMs) return
      this.lastFiredMs.set(subscriberId, Math.max(lastMs ?? firedAtMs, firedAtMs))
    }
    this.#sink({ rule: this.rule, subscriberId, firedAtMs, causeOffset, cause, readTo })
  }
}
