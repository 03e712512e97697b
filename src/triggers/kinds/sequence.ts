import { isBefore, timeOf } from '../order.ts'
import type { EventFields, Fold, RuleKind } from '../rule-kind.ts'

/** A step: the bit that its entries carry, and its condition on the events before it; null when it has none. */
export type SequenceStep = {
  bit: number
  holds: ((event: EventFields, first: EventFields, previous: EventFields) => boolean) | null
}

/**
 * Fires on the event that completes a chain of steps, each behind the one before it, the last at most `withinMs` after
 * the first. The chain may use no event up to the one that completed the chain before: the state is that one's place
 * and reference. `fieldsOf` gives back the fields that entries keep for conditions between steps.
 */
export function sequenceKind(
  steps: SequenceStep[],
  withinMs: number,
  values: number,
  fieldsOf: (words: Float64Array, entry: number) => EventFields,
): RuleKind {
  const last = steps.length - 1
  // A chain is looked for from its last event backwards; the conditions may need the first, so it is chosen first.
  const reaches = (
    fold: Fold,
    step: number,
    index: number,
    firstIndex: number,
    first: EventFields,
  ): boolean => {
    const { words, entries, stride } = fold
    const { bit, holds } = steps[step]!
    const entry = entries + index * stride
    if ((words[entry + 2]! & bit) === 0) return false
    if (step === 1) return holds === null || holds(fieldsOf(words, entry), first, first)
    for (let i = index - 1; i > firstIndex; i--) {
      if (!reaches(fold, step - 1, i, firstIndex, first)) continue
      if (holds === null || holds(fieldsOf(words, entry), first, fieldsOf(words, entries + i * stride)))
        return true
    }
    return false
  }
  return {
    shape: 'sequence',
    stateWords: 2,
    values,
    begin(words, state) {
      words[state] = Number.NEGATIVE_INFINITY
    },
    step(fold) {
      const { words, state, entry, index, entries, stride } = fold
      if ((words[entry + 2]! & steps[last]!.bit) === 0) return false
      const fromMs = timeOf(words[entry]!) - withinMs
      for (let i = index - 1; i >= 0; i--) {
        const at = entries + i * stride
        if (timeOf(words[at]!) < fromMs) break
        if (!isBefore(words[state]!, words[state + 1]!, words[at]!, words[at + 1]!)) break
        if ((words[at + 2]! & steps[0]!.bit) === 0) continue
        if (!reaches(fold, last, index, i, fieldsOf(words, at))) continue
        words[state] = words[entry]!
        words[state + 1] = words[entry + 1]!
        fold.causePlace = words[entry]!
        fold.causeRef = words[entry + 1]!
        fold.firedAtMs = timeOf(fold.causePlace)
        return true
      }
      return false
    },
    // Without entries behind it, the end of the last chain stands before everything that can still come.
    fade: () => true,
    neededFrom(fold, settled, horizonMs) {
      let first = 0
      while (
        first < settled &&
        timeOf(fold.words[fold.entries + first * fold.stride]!) < horizonMs - withinMs
      )
        first++
      return first
    },
  }
}
