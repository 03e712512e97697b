import { timeOf } from '../order.ts'
import { codeOf, type RuleKind, type Scalar } from '../rule-kind.ts'

/**
 * Fires when a field differs from its value at the event before, from and to given values if the rule names some. The
 * state is the code of the last value, NaN before the first.
 */
export function changeKind(from: Scalar[] | undefined, to: Scalar[] | undefined): RuleKind {
  const before = from && new Set(from.map(codeOf))
  const after = to && new Set(to.map(codeOf))
  return {
    shape: 'change',
    stateWords: 1,
    values: 1,
    begin(words, state) {
      words[state] = Number.NaN
    },
    step(fold) {
      const { words, state, entry } = fold
      const old = words[state]!
      const now = words[entry + 2]!
      words[state] = now
      if (old === now || Number.isNaN(old)) return false
      if (before !== undefined && !before.has(old)) return false
      if (after !== undefined && !after.has(now)) return false
      fold.causePlace = words[entry]!
      fold.causeRef = words[entry + 1]!
      fold.firedAtMs = timeOf(fold.causePlace)
      return true
    },
    neededFrom: (_fold, settled) => settled,
    fade: ({ words, state }) => Number.isNaN(words[state]!),
  }
}
