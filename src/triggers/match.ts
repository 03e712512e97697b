import { type Condition, noDeadline, type RuleKind } from './rule-kind.ts'

/** Fires on each event that satisfies the condition. */
export function matchKind(on: string, where: Condition): RuleKind {
  return {
    types: [on],
    memory: null,
    codes: [],
    observe: (event) => (where(event) ? 1 : undefined),
    settle: () => undefined,
    ...noDeadline,
  }
}
