import { timeOf } from '../order.ts'
import type { RuleKind } from '../rule-kind.ts'

/** Fires on each event that the rule sees. */
export const matchKind: RuleKind = {
  shape: 'match',
  stateWords: 0,
  values: 0,
  begin: () => undefined,
  step(fold) {
    fold.causePlace = fold.words[fold.entry]!
    fold.causeRef = fold.words[fold.entry + 1]!
    fold.firedAtMs = timeOf(fold.causePlace)
    return true
  },
  neededFrom: (_fold, settled) => settled,
  fade: () => true,
}
