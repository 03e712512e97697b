import type { Calendar } from './calendar.ts'

/** An event with the fields that rules read. */
export type EventFields = Record<string, unknown>

/** What can stand in a field that a rule compares. */
export type Scalar = string | number | boolean

/**
 * A place in the memory of one track while it is folded: where its words are, and whose they are. The same object is
 * used for every step, so a step keeps nothing of it.
 */
export type Fold = {
  words: Float64Array
  /** Where the state begins that the step reads and changes. */
  state: number
  /** Where the entry of the step begins. */
  entry: number
  /** Number of that entry in the track, from 0. */
  index: number
  /** How many entries are settled; only for `fade`. */
  settled: number
  /** Where the track's entries begin; each has `stride` words. */
  entries: number
  stride: number
  subscriberId: number
  calendar: Calendar
  /** Out: the candidate of the step. */
  causePlace: number
  causeRef: number
  firedAtMs: number
}

/**
 * One kind of rule, compiled: a fold over the entries of one track in the order of events. An entry is the event's
 * place and reference (order.ts) and `values` numbers of its own; the state is `stateWords` numbers. Whatever a step
 * says follows from the state and the entries up to its own alone, so the same step serves the newest event, the
 * reading again after a late one, and the moving horizon.
 */
export interface RuleKind {
  /** Kinds of the same shape take the same branches in their steps. */
  readonly shape: string
  readonly stateWords: number
  /** Numbers that an entry has beside its two words. */
  readonly values: number
  /** Writes the state of a track without entries. */
  begin(words: Float64Array, state: number): void
  /** Takes one entry into the state; true when it makes a candidate, which then stands in the fold. */
  step(fold: Fold): boolean
  /**
   * The first entry that a later step may look back at, when all entries up to `settled` are behind the horizon
   * `horizonMs` and in the state; the ones before it can be forgotten.
   */
  neededFrom(fold: Fold, settled: number, horizonMs: number): number
  /**
   * Takes out of the state at the horizon, which the fold points at, what no event at or after `horizonMs` can still
   * see; true when nothing is left but what `begin` writes. All entries left are behind the horizon.
   */
  fade(fold: Fold, horizonMs: number): boolean
  /** Tells the state that the first `count` entries are gone. */
  forget?(words: Float64Array, state: number, count: number): void
  /** For kinds that wait: when the state's wait runs out, epoch ms; NaN when there is none. */
  deadlineMs?(words: Float64Array, state: number): number
  /** The candidate of that wait, into the fold. */
  expire?(fold: Fold): void
}

/** The number that stands for a scalar wherever only equality matters: 52 bits of a hash for a text. */
export function codeOf(value: Scalar): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  let low = 0x811c9dc5
  let high = 0x2f0b4c47
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x85ebca6b)
    high ^= high >>> 13
  }
  low = Math.imul(low ^ (low >>> 15), 0x2c1b3c6d)
  high = Math.imul(high ^ (high >>> 16) ^ low, 0xc2b2ae35)
  // Above every number that a field could hold beside it: texts and numbers never meet.
  return 2 ** 60 + ((high >>> 12) * 2 ** 32 + (low >>> 0)) * 2 ** 8
}

/** Whether a field holds something that rules compare. */
export function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
