import type { LogEvent } from './event-record.ts'
import { type History, offsetAt, sizeOf, timeAt, valueAt } from './history.ts'
import { type Condition, noDeadline, type RuleKind, type Scalar } from './rule-kind.ts'

type Change = {
  on: string
  where: Condition
  /** Name of the field without `event.`. */
  field: string
  /** Values it must have had, and must have now; undefined: any. */
  from: Scalar[] | undefined
  to: Scalar[] | undefined
  latenessMs: number
  /** Values known from a checkpoint, in order of their number. */
  codes: Scalar[]
}

/** Fires when a field differs from the subscriber's previous value of it, by event time. */
export function changeKind({ on, where, field, from, to, latenessMs, codes: known }: Change): RuleKind {
  // Values are remembered as numbers: a subscriber's memory stays a flat array whatever the field's type.
  const codes = [...known]
  const codeOf = new Map(codes.map((value, code) => [value, code]))
  const encode = (value: Scalar): number => {
    const code = codeOf.get(value)
    if (code !== undefined) return code
    codeOf.set(value, codes.length)
    return codes.push(value) - 1
  }
  const before = from && new Set(from.map(encode))
  const after = to && new Set(to.map(encode))
  const moves = (history: History, earlier: number, later: number): boolean => {
    if (earlier < 0 || later >= sizeOf(history)) return false
    const old = valueAt(history, earlier)
    const now = valueAt(history, later)
    return old !== now && (before?.has(old) ?? true) && (after?.has(now) ?? true)
  }
  return {
    types: [on],
    memory: { keepMs: latenessMs, keepOneBefore: true },
    codes,
    observe: (event: LogEvent) => {
      const value = event.data[field]
      return isScalar(value) && where(event) ? encode(value) : undefined
    },
    settle: (history, index, fire) => {
      if (moves(history, index - 1, index)) fire(offsetAt(history, index), timeAt(history, index))
      // An event that came late also changes what the next one is compared with.
      if (moves(history, index, index + 1) && !moves(history, index - 1, index + 1)) {
        fire(offsetAt(history, index + 1), timeAt(history, index + 1))
      }
    },
    ...noDeadline,
  }
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
