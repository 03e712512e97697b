/**
 * The one source of time. Rules, waits and quiet hours read this clock and nothing else, so that a simulated
 * month can pass in a minute and a test can stand still.
 */
export interface Clock {
  /** The present moment. */
  now(): Temporal.Instant
  /** The present moment in epoch milliseconds, for hot paths. */
  nowMs(): number
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Temporal.Now.instant(),
  nowMs: () => Date.now(),
}

/** A clock that moves only when told to: the simulated world's clock, and the tests'. */
export class ManualClock implements Clock {
  #nowMs: number

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  now(): Temporal.Instant {
    return Temporal.Instant.fromEpochMilliseconds(this.#nowMs)
  }

  nowMs(): number {
    return this.#nowMs
  }

  /** Moves to `ms` (epoch milliseconds). Time never goes back: an earlier moment leaves the clock where it is. */
  setMs(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms)
  }
}

/** Epoch milliseconds to an instant. */
export function instantOf(ms: number): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(ms)
}
