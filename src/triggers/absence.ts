import type { LogEvent } from './event-record.ts'
import { type History, offsetAt, setValueAt, sizeOf, timeAt, valueAt } from './history.ts'
import type { Condition, Fire, RuleKind } from './rule-kind.ts'

type Absence = {
  on: string
  where: Condition
  ends: string
  endsWhere: Condition
  withinMs: number
  latenessMs: number
}

/** Bits of a remembered event: it starts a wait, it ends one, its own wait is settled by having fired. */
const STARTS = 1
const ENDS = 2
const FIRED = 4

/**
 * Fires at t + within when an event that starts a wait at t is followed neither by one that ends it nor by a newer
 * start in [t, t + within). Either the subscriber's next event shows it, or the clock at the deadline.
 */
export function absenceKind({ on, where, ends, endsWhere, withinMs, latenessMs }: Absence): RuleKind {
  const types = on === ends ? [on] : [on, ends]
  const expire = (history: History, index: number, fire: Fire): void => {
    setValueAt(history, index, valueAt(history, index) | FIRED)
    fire(offsetAt(history, index), timeAt(history, index) + withinMs)
  }
  const waits = (history: History, index: number): boolean =>
    (valueAt(history, index) & (STARTS | FIRED)) === STARTS
  const outlasts = (history: History, index: number): boolean =>
    timeAt(history, index + 1) >= timeAt(history, index) + withinMs
  return {
    types,
    memory: { keepMs: latenessMs, keepOneBefore: true },
    codes: [],
    observe: (event: LogEvent) => {
      const starts = event.type === on && where(event) ? STARTS : 0
      const closes = event.type === ends && endsWhere(event) ? ENDS : 0
      return starts + closes || undefined
    },
    settle: (history, index, fire) => {
      const isNewest = index === sizeOf(history) - 1
      if (!isNewest) {
        // It came late, and the entry after it already says how its wait ended.
        if (waits(history, index) && outlasts(history, index)) expire(history, index, fire)
        return
      }
      if (index > 0 && waits(history, index - 1) && outlasts(history, index - 1)) {
        expire(history, index - 1, fire)
      }
    },
    deadlineMs: (history) => {
      const newest = sizeOf(history) - 1
      return newest >= 0 && waits(history, newest) ? timeAt(history, newest) + withinMs : null
    },
    expire: (history, fire) => expire(history, sizeOf(history) - 1, fire),
  }
}
