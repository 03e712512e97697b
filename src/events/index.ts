export type {
  DeadLetterPage,
  DeadLetterState,
  IngestAnswer,
  ReplayAnswer,
  ReplayRequest,
} from './contract.ts'
export { type EventsErrorCode, eventsErrorCodes } from './errors.ts'
export { eventDeclarations, type EventType, eventTypeKind } from './event-type.ts'
export { compileType, type CompiledType } from './compiled-type.ts'
export { Counters } from './counters.ts'
export { compileFieldReader, type FieldReader } from './field-reader.ts'
export { hash64, hashBytes, type Hash64, lastHash } from './hash.ts'
export { eventsRoutes } from './http.ts'
export { insertLateLetters, type LateEvent } from './late.ts'
export type { LineStream } from './line-stream.ts'
export {
  decodeRecord,
  encodeRecord,
  eventKey,
  FLAGS_AT,
  ID_BYTES_AT,
  type LoggedEvent,
  logName,
  partitionOf,
  RECEIVED_AT,
  REPLAYED,
  SOURCE_BYTES_AT,
  SUBSCRIBER_AT,
  TEXT_AT,
  TYPE_BYTES_AT,
  TYPE_HASH_AT,
  typeHash,
} from './record.ts'
export { parseRfc3339 } from './rfc3339.ts'
export { LineScanner, type ScanRules } from './scan.ts'
export { createEvents, type Events } from './service.ts'
export { selectUnsettledOfEvent } from './store.ts'
export type { IngestResult, RejectedEvent } from './verdict.ts'
export { type SourcesErrorCode, sourcesErrorCodes } from './sources/errors.ts'
export { sourcesRoutes } from './sources/http.ts'
export { segmentRoutes } from './sources/segment-http.ts'
export { sourceKind } from './sources/source.ts'
export { createSources, type Sources } from './sources/sources.ts'
