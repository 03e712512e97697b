import { type History, offsetAt, sizeOf, timeAt, valueAt } from './history.ts'
import { type Condition, noDeadline, type RuleKind } from './rule-kind.ts'

type Threshold = {
  on: string
  where: Condition
  /** Name of the field to add up, without `event.`; undefined to count. */
  of: string | undefined
  windowMs: number
  reaches: number
  latenessMs: number
}

/**
 * Fires on the event that lifts the aggregate over its window (t − window, t] from below `reaches` to it or above.
 * "Below" is the same window without this event and those after it, so an aggregate that fell because old events
 * left the window can cross again.
 */
export function thresholdKind({ on, where, of, windowMs, reaches, latenessMs }: Threshold): RuleKind {
  const crosses = (history: History, index: number, without: number): boolean => {
    const fromMs = timeAt(history, index) - windowMs
    let first = index
    while (first > 0 && timeAt(history, first - 1) > fromMs) first--
    let before = 0
    for (let i = first; i < index; i++) if (i !== without) before += valueAt(history, i)
    return before < reaches && before + valueAt(history, index) >= reaches
  }
  return {
    types: [on],
    memory: { keepMs: windowMs + latenessMs, keepOneBefore: false },
    codes: [],
    observe: (event) => {
      const value = of === undefined ? 1 : event.data[of]
      return typeof value === 'number' && where(event) ? value : undefined
    },
    settle: (history, index, fire) => {
      if (crosses(history, index, -1)) fire(offsetAt(history, index), timeAt(history, index))
      // An event that came late counts in the windows of later ones too: some may cross only now.
      const untilMs = timeAt(history, index) + windowMs
      for (let i = index + 1; i < sizeOf(history) && timeAt(history, i) < untilMs; i++) {
        if (crosses(history, i, -1) && !crosses(history, i, index)) {
          fire(offsetAt(history, i), timeAt(history, i))
        }
      }
    },
    ...noDeadline,
  }
}
