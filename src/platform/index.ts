export { type Analytics, openAnalytics } from './analytics.ts'
export { Batcher } from './batcher.ts'
export { bigintArray, instantArray, intArray, textArray, uuidArray } from './binary-arrays.ts'
export { type Clock, instantOf, isoOf, KeptClock, ManualClock, systemClock } from './clock.ts'
export { type Config, readConfig } from './config.ts'
export { connectOwner, type Database, openDatabase, type Tx } from './database.ts'
export {
  type ApplyResult,
  type DocumentHead,
  type DocumentKind,
  type DocumentReader,
  Documents,
  parseInput,
  problemOfIssue,
} from './documents.ts'
export { DomainError, type ErrorDetails, type Problem, problemOf } from './errors.ts'
export { freePort } from './free-port.ts'
export {
  createHttp,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type Operation,
  statusOf,
} from './http.ts'
export { derivedId, newId, unitHash } from './identifiers.ts'
export { json, storable } from './json.ts'
export {
  entriesOf,
  type EventLog,
  FRAME_BYTES,
  type LogChunk,
  type LogEntry,
  piecesOf,
  ReadRoom,
  RECORD_HEAD_BYTES,
  RecordBatch,
} from './log/event-log.ts'
export { LmdbLogStore, type LmdbLogOptions } from './log/lmdb.ts'
export type { KafkaLogStore } from './log/kafka.ts'
export type { KafkaMembership, MembershipOptions } from './log/kafka-membership.ts'
export { joinKafkaGroup, openKafkaLog } from './log/on-kafka.ts'
export { Loop, type Stage, type StageResult } from './loop.ts'
export { migrate } from './migrations.ts'
export { decimalText } from './money.ts'
export { appendFacts, type Fact, FactColumns, type FactForm, readFacts, type StoredFact } from './outbox.ts'
export { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres.ts'
export { type Sample, type SampleProvider, Telemetry } from './telemetry.ts'
export { webhookHeaders, webhookSecret, webhookSignature } from './webhook-signature.ts'
