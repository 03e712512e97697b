export type {
  DeadLetterPage,
  DeadLetterState,
  IngestAnswer,
  ReplayAnswer,
  ReplayRequest,
} from './contract.ts'
export { type EventsErrorCode, eventsErrorCodes } from './errors.ts'
export { eventDeclarations, type EventType, eventTypeKind } from './event-type.ts'
export { eventsRoutes } from './http.ts'
export { decodeRecord, eventKey, type LoggedEvent, logName } from './record.ts'
export { parseRfc3339 } from './rfc3339.ts'
export { createEvents, type Events, type IngestResult, type RejectedEvent } from './service.ts'
