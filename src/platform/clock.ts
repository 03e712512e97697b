import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

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

/**
 * A simulated clock that a killed process leaves standing where it was. After a restart receipts and answers come in
 * before the world's driver moves time again, and they must bear the moment at which they were sent first.
 */
export class KeptClock extends ManualClock {
  readonly #file: string

  /** `file` holds the moment in epoch milliseconds; without it the clock begins at zero, so that nothing is due. */
  constructor(file: string) {
    super(existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0)
    this.#file = file
  }

  override setMs(ms: number): void {
    if (ms <= this.nowMs()) return
    // Renaming is one step for whoever reads; a simulated moment need not survive the loss of power.
    writeFileSync(`${this.#file}.new`, String(ms))
    renameSync(`${this.#file}.new`, this.#file)
    super.setMs(ms)
  }
}

/** Epoch milliseconds to an instant. */
export function instantOf(ms: number): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(ms)
}
