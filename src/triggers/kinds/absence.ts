import { timeOf } from '../order.ts'
import type { RuleKind } from '../rule-kind.ts'

/** Bits of an entry's value: it begins a wait, it ends one. */
export const STARTS = 1
export const ENDS = 2

/**
 * Fires at t + within when the event that begins a wait at t is followed, in [t, t + within), neither by one that ends
 * it nor by a newer beginning. The state is the place and reference of the event whose wait runs, NaN when none does.
 * Either the subscriber's next event shows that it ran out, or the clock.
 */
export function absenceKind(withinMs: number): RuleKind {
  return {
    shape: 'absence',
    stateWords: 2,
    values: 1,
    begin(words, state) {
      words[state] = Number.NaN
    },
    step(fold) {
      const { words, state, entry } = fold
      const waiting = words[state]!
      const reference = words[state + 1]!
      const starts = (words[entry + 2]! & STARTS) !== 0
      words[state] = starts ? words[entry]! : Number.NaN
      words[state + 1] = words[entry + 1]!
      if (Number.isNaN(waiting)) return false
      const deadlineMs = timeOf(waiting) + withinMs
      if (timeOf(words[entry]!) < deadlineMs) return false
      fold.causePlace = waiting
      fold.causeRef = reference
      fold.firedAtMs = deadlineMs
      return true
    },
    neededFrom: (_fold, settled) => settled,
    fade: ({ words, state }) => Number.isNaN(words[state]!),
    deadlineMs: (words, state) => {
      const waiting = words[state]!
      return Number.isNaN(waiting) ? Number.NaN : timeOf(waiting) + withinMs
    },
    expire(fold) {
      fold.causePlace = fold.words[fold.state]!
      fold.causeRef = fold.words[fold.state + 1]!
      fold.firedAtMs = timeOf(fold.causePlace) + withinMs
    },
  }
}
