import { RECORD_HEAD_BYTES } from '../platform/index.ts'
import { type Hash64, hash64 } from './hash.ts'
import { packData, unpackData } from './packed-data.ts'
import { Window } from './window.ts'

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
  /** When it was taken in, epoch milliseconds. */
  receivedMs: number
  subscriberId: number | null
  /** It came too late once and was let in by hand: it counts in its place however late it is. */
  isReplayed: boolean
  data: Record<string, unknown>
}

/** Name of a tenant's event log. */
export function logName(tenantId: string): string {
  return `events/${tenantId}`
}

/*
 * The record, little-endian. The first 16 bytes are the log's own (key, time); then
 *   16 u32 subscriber id, 0 for none     20 u32 hash of the type
 *   24 f64 received, epoch ms            32 u16 type bytes   34 u16 source bytes   36 u16 id bytes   38 u16 flags
 *   40 type, source, id, all UTF-8, and to the end the data (`packed-data.ts`).
 */
export const SUBSCRIBER_AT = RECORD_HEAD_BYTES
export const TYPE_HASH_AT = 20
export const RECEIVED_AT = 24
export const TYPE_BYTES_AT = 32
export const SOURCE_BYTES_AT = 34
export const ID_BYTES_AT = 36
export const FLAGS_AT = 38
export const TEXT_AT = 40

/** Flag of an event that counts however late it is. */
export const REPLAYED = 1

/**
 * What makes an event the same event: its source and id (CloudEvents 1.0 §3.1). A replay of one that came too late is
 * another record of the log.
 */
export function eventKey(source: string, id: string, isReplayed = false): Hash64 {
  return hash64(Buffer.from(isReplayed ? `${id}\nreplayed` : id), hash64(Buffer.from(source)))
}

/** The hash of a type's name, as records carry it. */
export function typeHash(type: string): number {
  return hash64(Buffer.from(type)).lo
}

/** The partition that a subscriber's events go to. */
export function partitionOf(subscriberId: number | null, partitions: number): number {
  return (subscriberId ?? 0) % partitions
}

/** The record of an event. */
export function encodeRecord(event: LoggedEvent): Buffer {
  const [type, source, id] = [event.type, event.source, event.id].map((text) => Buffer.from(text)) as [
    Buffer,
    Buffer,
    Buffer,
  ]
  const data = packData(event.data)
  const record = Buffer.alloc(TEXT_AT + type.length + source.length + id.length + data.length)
  const key = eventKey(event.source, event.id, event.isReplayed)
  record.writeUInt32LE(key.lo, 0)
  record.writeUInt32LE(key.hi, 4)
  record.writeDoubleLE(event.atMs, 8)
  record.writeUInt32LE(event.subscriberId ?? 0, SUBSCRIBER_AT)
  record.writeUInt32LE(typeHash(event.type), TYPE_HASH_AT)
  record.writeDoubleLE(event.receivedMs, RECEIVED_AT)
  record.writeUInt16LE(type.length, TYPE_BYTES_AT)
  record.writeUInt16LE(source.length, SOURCE_BYTES_AT)
  record.writeUInt16LE(id.length, ID_BYTES_AT)
  record.writeUInt16LE(event.isReplayed ? REPLAYED : 0, FLAGS_AT)
  let at = TEXT_AT
  for (const part of [type, source, id, data]) at += part.copy(record, at)
  return record
}

/** The event of a log record. */
export function decodeRecord(record: Uint8Array): LoggedEvent {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength)
  const sourceAt = TEXT_AT + bytes.readUInt16LE(TYPE_BYTES_AT)
  const idAt = sourceAt + bytes.readUInt16LE(SOURCE_BYTES_AT)
  const dataAt = idAt + bytes.readUInt16LE(ID_BYTES_AT)
  return {
    id: bytes.toString('utf8', idAt, dataAt),
    source: bytes.toString('utf8', sourceAt, idAt),
    type: bytes.toString('utf8', TEXT_AT, sourceAt),
    atMs: bytes.readDoubleLE(8),
    receivedMs: bytes.readDoubleLE(RECEIVED_AT),
    subscriberId: bytes.readUInt32LE(SUBSCRIBER_AT) || null,
    isReplayed: (bytes.readUInt16LE(FLAGS_AT) & REPLAYED) !== 0,
    data: unpackData(new Window(bytes), dataAt, bytes.length),
  }
}
