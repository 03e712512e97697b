import { decodeRecord } from '../events/index.ts'
import type { LogEntry } from '../platform/index.ts'
import { type LogEvent, typeOfRecord } from './event-record.ts'
import type { RuleState } from './rule-state.ts'

/** Rules that have read the log equally far, and so read on together. */
export class Group {
  /** The log offset that is read next. */
  position: number
  readonly states: RuleState[]
  readonly #listeners = new Map<string, RuleState[]>()

  constructor(position: number, states: RuleState[]) {
    this.position = position
    this.states = states
    for (const state of states) {
      for (const type of state.rule.kind.types) {
        const listeners = this.#listeners.get(type)
        if (listeners) listeners.push(state)
        else this.#listeners.set(type, [state])
      }
    }
  }

  /** Folds the entries, which begin at the group's position. Only records of a type that a rule reads are parsed. */
  read(entries: LogEntry[]): void {
    let repeating = this.states.filter((state) => state.repeats.length > 0)
    for (const { offset, record } of entries) {
      if (repeating.length > 0) repeating = repeatUntil(repeating, offset)
      const listeners = this.#listeners.get(typeOfRecord(record))
      if (!listeners) continue
      const event = decodeRecord(record)
      if (event.subscriberId === null) continue
      for (const state of listeners) state.fold(event as LogEvent, offset)
    }
    const last = entries.at(-1)
    if (last) this.position = last.offset + 1
  }
}

function repeatUntil(states: RuleState[], offset: number): RuleState[] {
  for (const state of states) state.repeatUntil(offset)
  return states.filter((state) => state.repeats.length > 0)
}

/** Joins groups that stand at the same place; in order of place, the furthest last. */
export function joined(groups: Group[]): Group[] {
  const byPosition = Map.groupBy(groups, (group) => group.position)
  return [...byPosition.entries()]
    .sort(([a], [b]) => a - b)
    .map(([position, same]) =>
      same.length === 1
        ? same[0]!
        : new Group(
            position,
            same.flatMap((group) => group.states),
          ),
    )
}
