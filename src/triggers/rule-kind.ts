import type { LogEvent } from './event-record.ts'
import type { History } from './history.ts'

/** Tells of a firing: the log offset of its cause and the event time at which it fired. */
export type Fire = (offset: number, atMs: number) => void

/** A condition over one event; an expression that fails on it does not hold. */
export type Condition = (event: LogEvent) => boolean

/** What can stand in a field that a rule compares. */
export type Scalar = string | number | boolean

/** One kind of rule, compiled: pure functions over an event and over what is remembered of a subscriber. */
export interface RuleKind {
  /** Event types the rule reads. */
  readonly types: string[]
  /** How long entries are remembered behind a subscriber's newest; null when each event stands alone. */
  readonly memory: { keepMs: number; keepOneBefore: boolean } | null
  /** The number to remember of an event; undefined when the rule does not see it. */
  observe(event: LogEvent): number | undefined
  /** Fires what the entry at `index`, just put in its place, makes true that was not true before. */
  settle(history: History, index: number, fire: Fire): void
  /** When the clock has to look at this subscriber, epoch ms; null when it need not. */
  deadlineMs(history: History): number | null
  /** Fires what the passing of that deadline makes true. */
  expire(history: History, fire: Fire): void
  /** Values that the remembered numbers stand for, in order of their number; for the checkpoint. */
  readonly codes: Scalar[]
}

/** For kinds that wait for nothing. */
export const noDeadline = { deadlineMs: () => null, expire: () => undefined } as const
