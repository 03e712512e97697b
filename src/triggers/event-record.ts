import type { LoggedEvent } from '../events/index.ts'
import { derivedId } from '../platform/index.ts'

/** An event of the log that speaks of a subscriber; rules run over nothing else. */
export type LogEvent = LoggedEvent & { subscriberId: number }

const TYPE_KEY = Buffer.from('"type":"')
const QUOTE = 0x22

/**
 * The event type of a log record without parsing it. Inside a JSON string a quote is always escaped, so the first
 * `"type":"` is the record's own key, which its writer puts before `data`. Types are plain ASCII without escapes.
 */
export function typeOfRecord(record: Uint8Array): string {
  const bytes = Buffer.isBuffer(record)
    ? record
    : Buffer.from(record.buffer, record.byteOffset, record.byteLength)
  const start = bytes.indexOf(TYPE_KEY)
  if (start < 0) return ''
  const from = start + TYPE_KEY.length
  return bytes.toString('latin1', from, bytes.indexOf(QUOTE, from))
}

/** What a firing names as its cause: one id for source and id together, because ids are unique per source only. */
export function causeOf(event: { source: string; id: string }): string {
  return derivedId(event.source, event.id)
}
