const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Gaps before the next attempt at one letter. */
const gaps = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  6 * HOUR,
]
/** Gaps before somebody who takes nothing at all is asked again. */
const pauses = [SECOND, 2 * SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE]

/** How long to wait after so many failures (from 1) of one letter; the last gap goes on. */
export const gapAfter = (attempts: number): number => at(gaps, attempts)

/** How long a target that took nothing is left alone after so many tries in vain (from 1). */
export const pauseAfter = (failures: number): number => at(pauses, failures)

const at = (list: readonly number[], nth: number): number =>
  list[Math.min(Math.max(nth, 1), list.length) - 1]!
