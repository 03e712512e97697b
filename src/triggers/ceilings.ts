import type { Decision } from './decision.ts'

const HOUR_MS = 3_600_000

/**
 * Counts each rule's firings by hour of event time in one partition. A rule that fires beyond its ceiling is stopped
 * from that firing's moment on: a condition that is true of everybody must not reach everybody.
 */
export class Ceilings {
  readonly #counts = new Map<number, { hour: number; count: number; stoppedFromMs: number | undefined }>()

  /** The decisions that may be stored, and the rules that must be stopped, from which moment on. */
  check(decisions: Decision[]): { passed: Decision[]; stopped: { ruleId: string; fromMs: number }[] } {
    const stopped: { ruleId: string; fromMs: number }[] = []
    const passed = decisions.filter(({ rule, firedAtMs, stands }) => {
      if (!stands) return true
      const hour = Math.floor(firedAtMs / HOUR_MS)
      let counter = this.#counts.get(rule.number)
      if (counter === undefined || hour > counter.hour) {
        counter = { hour, count: 0, stoppedFromMs: undefined }
        this.#counts.set(rule.number, counter)
      }
      if (hour < counter.hour) return true
      counter.count++
      if (counter.count <= rule.ceilingPerHour) return true
      if (counter.stoppedFromMs === undefined) {
        counter.stoppedFromMs = firedAtMs
        stopped.push({ ruleId: rule.id, fromMs: firedAtMs })
      }
      return firedAtMs < counter.stoppedFromMs
    })
    return { passed, stopped }
  }
}
