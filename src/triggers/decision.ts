import type { ZoneOf } from './calendar.ts'
import type { CompiledRule } from './compile.ts'

/** A firing that came true, or is true no longer. */
export type Decision = {
  rule: CompiledRule
  subscriberId: number
  /** The composite key's code, null for rules without one. */
  key: number | null
  causeRef: number
  firedAtMs: number
  stands: boolean
  /**
   * Where in the reading of the log it was decided: 4 · n by the last of n events, 4 · n + 1 by a reading anew after
   * them, 4 · n + 2 by the clock then. Of two decisions on one firing the later one holds, however often the log is read again.
   */
  decided: number
  /** The record of the cause, where it is at hand. */
  record: Buffer | undefined
}

/** An event that came later than the bound. */
export type LateRecord = { record: Buffer; newestMs: number }

/** A clock's firing from before a crash, to be repeated where it stood. */
export type ClockFiring = {
  rule: number
  subscriberId: number
  key: number | null
  firedAtMs: number
  readTo: number
}

export type PartitionParts = {
  /** The partition's number. */
  partition: number
  /** How many partitions share the subscribers. */
  partitions: number
  /** A slice holds 2^sliceBits subscribers. */
  sliceBits: number
  latenessMs: number
  /** Keep every entry, for a reading in which events of any age may still come. */
  keepsAll?: boolean
  zoneOf: ZoneOf
  /** Reads only these subscribers. */
  only?: Set<number>
}

/** A rule with the log offset from which it sees events. */
export type LiveRule = { rule: CompiledRule; start: number }
