/**
 * An event as the log keeps it. `data` holds the declared fields only, with date-times as epoch milliseconds and
 * without phone numbers; `subscriberId` is null for types that speak of no subscriber.
 */
export type LoggedEvent = {
  id: string
  source: string
  type: string
  /** When it happened, epoch milliseconds. */
  atMs: number
  subscriberId: number | null
  data: Record<string, unknown>
}

/** Name of a tenant's event log. */
export function logName(tenantId: string): string {
  return `events/${tenantId}`
}

/** What makes an event the same event: its source and id (CloudEvents 1.0 §3.1). Neither holds a line break. */
export function eventKey(source: string, id: string): string {
  return `${source}\n${id}`
}

/** UTF-8 JSON, as written to the log. */
export function encodeRecord(event: LoggedEvent): Uint8Array {
  return Buffer.from(JSON.stringify(event))
}

/** The event of a log record. */
export function decodeRecord(record: Uint8Array): LoggedEvent {
  const { buffer, byteOffset, byteLength } = record
  return JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString()) as LoggedEvent
}
