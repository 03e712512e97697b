import type { Database, EventLog } from '../platform/index.ts'
import type { ZoneOf } from './calendar.ts'
import type { CheckpointsOf } from './checkpoints.ts'
import type { FieldsOf } from './compile.ts'
import type { Trigger } from './contract.ts'
import type { GateRule } from './gate.ts'
import type { LatencyBuckets } from './latency.ts'

export type EngineOptions = {
  /** How far behind a subscriber's newest event another still counts in its place. */
  latenessMs: number
  /** About so many log records are read between two writes of firings. */
  batchEvents: number
  /** Batches in one run, before other stages have their turn. */
  batchesPerRun: number
  /** All slices are written once in about so many events. */
  checkpointEvents: number
  /** A checkpoint is due after so much time of work even when few events came. */
  checkpointWorkMs: number
  /** A slice holds 2^sliceBits subscribers. */
  sliceBits: number
  /** The machine's running time in ms. Not the world's clock: a checkpoint is due after so much work. */
  workMs: () => number
}

/** The rules as documents, and what they need to run. */
export type Rules = {
  triggers: Trigger[]
  /** How many versions of rules there were at least when these were read. */
  versions: number
  fieldsOf: FieldsOf
  pausesOf: (ruleId: string) => GateRule['pauses']
  admitsOf: (trigger: Trigger) => GateRule['admits']
}

export type RunnerParts = {
  tenantId: string
  partition: number
  database: Database
  log: EventLog
  checkpointsOf: CheckpointsOf
  zoneOf: ZoneOf
  onFirings: () => void
  /** A rule fired beyond its ceiling and was stopped: its pause must reach every partition. */
  onStopped: () => void
  /** Wall clock, only for how long a firing took and when something was retracted. */
  nowMs: () => number
  /** Whether a run ends only when all that it decided is stored, so that a simulated clock moves on no earlier. */
  awaitsStores: boolean
  options: EngineOptions
}

/** How a partition stands. */
export type PartitionStats = {
  partition: number
  position: number
  end: number
  stateBytes: number
  checkpointAgeMs: number
  tooLate: number
  firings: Record<string, number>
  retracted: number
  /** Time from the arrival of an event to the commit of the firing that it caused. */
  latency: LatencyBuckets
  problems: Record<string, string>
  /** Rules that read the log from its beginning, and how far they are. */
  catchingUp: Record<string, number>
}
