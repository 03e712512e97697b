import { constants, openSync, readFileSync, writeSync } from 'node:fs'

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

/** Enough for every moment that `Temporal.Instant` knows, in milliseconds. */
const DIGITS = 17

/**
 * A simulated clock that a killed process leaves standing where it was. After a restart receipts and answers come in
 * before the world's driver moves time again, and they must bear the moment at which they were sent first.
 */
export class KeptClock extends ManualClock {
  readonly #file: number

  /** `file` holds the moment in epoch milliseconds; without it the clock begins at zero, so that nothing is due. */
  constructor(file: string) {
    const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT)
    super(Number(readFileSync(descriptor, 'utf8')))
    this.#file = descriptor
  }

  override setMs(ms: number): void {
    if (ms <= this.nowMs()) return
    // One short write of one length cannot be cut in two by a kill; the loss of power it need not survive.
    writeSync(this.#file, String(ms).padStart(DIGITS, '0'), 0)
    super.setMs(ms)
  }
}

/** Epoch milliseconds to an instant. */
export function instantOf(ms: number): Temporal.Instant
export function instantOf(ms: number | null): Temporal.Instant | null
export function instantOf(ms: number | null): Temporal.Instant | null {
  return ms === null ? null : Temporal.Instant.fromEpochMilliseconds(ms)
}

/** Epoch milliseconds to a moment of ISO 8601 in UTC, such as `2026-03-01T12:00:00Z`. */
export function isoOf(ms: number): string
export function isoOf(ms: number | null): string | null
export function isoOf(ms: number | null): string | null {
  return ms === null ? null : instantOf(ms).toString()
}
