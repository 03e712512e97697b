import { encodeRecord, partitionOf } from '../events/index.ts'
import { type Database, type Documents, type EventLog, RecordBatch } from '../platform/index.ts'
import { eventTypeDocument } from './announcements.ts'
import { LOYALTY_SOURCE } from './intake.ts'
import { deleteAnnouncements, selectAnnouncements } from './reader-store.ts'

export type AnnouncingParts = {
  database: Database
  documents: Documents
  logOf(tenantId: string): EventLog
  /** The log of a tenant has grown. */
  wakeReaders(tenantId: string): void
}

/** Rows at a time; each holds what one transaction announced. */
const PAGE_ROWS = 10

/**
 * Brings what was announced onto the tenant's log, in order, and forgets it then. After a crash between the two it is
 * appended once more, and the log, which knows it by its source and id, leaves it out. Types that the tenant has not
 * declared are declared on the way. Returns how many there were.
 */
export async function publishAnnouncements(parts: AnnouncingParts, tenantId: string): Promise<number> {
  const { database, documents, logOf, wakeReaders } = parts
  const log = logOf(tenantId)
  let published = 0
  for (;;) {
    const waiting = await database.tx(tenantId, (tx) => selectAnnouncements(tx, PAGE_ROWS))
    if (waiting.length === 0) return published
    const reader = await documents.reader(tenantId)
    const types = new Set(waiting.flatMap(({ announcements }) => announcements.map(([type]) => type)))
    const unknown = [...types].filter((type) => !reader.get('EventType', type))
    if (unknown.length > 0) await documents.apply(tenantId, unknown.map(eventTypeDocument))
    const batches = Array.from({ length: log.partitions }, () => new RecordBatch())
    for (const { at, announcements } of waiting) {
      const atMs = at.epochMilliseconds
      for (const [type, key, subscriberId, data] of announcements) {
        const about = {
          source: LOYALTY_SOURCE,
          type,
          atMs,
          receivedMs: atMs,
          subscriberId,
          isReplayed: false,
          data,
        }
        const record = encodeRecord({ ...about, id: `${type} ${key}` })
        batches[partitionOf(subscriberId, log.partitions)]!.add(record)
      }
      published += announcements.length
    }
    await log.append(batches)
    await database.tx(tenantId, (tx) =>
      deleteAnnouncements(
        tx,
        waiting.map(({ seq }) => seq),
      ),
    )
    wakeReaders(tenantId)
  }
}
