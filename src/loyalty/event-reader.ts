import { decodeRecord, type LoggedEvent, SUBSCRIBER_AT, TYPE_HASH_AT, typeHash } from '../events/index.ts'
import {
  type Clock,
  derivedId,
  entriesOf,
  type EventLog,
  json,
  type Stage,
  type StageResult,
  storable,
} from '../platform/index.ts'
import { type AnnouncingParts, publishAnnouncements } from './announcing.ts'
import type { Book, Books } from './book.ts'
import type { Consumer, TakenEvent } from './consumer.ts'
import { type IntakeParts, LOYALTY_SOURCE, takeEvents } from './intake.ts'
import { advancePosition, selectPositions } from './reader-store.ts'

export type ReaderParts = IntakeParts &
  AnnouncingParts & {
    clock: Clock
    books: Books
    /** Events that are taken in one transaction. */
    batchEvents?: number
  }

/** Records that are looked at for one batch; most of a busy log is of types that nobody here takes. */
const SCAN_RECORDS = 50_000
const BATCH_EVENTS = 2_000
/** Batches of one turn: the other stages of the loop wait meanwhile. */
const BATCHES = 2

/**
 * Stage `loyalty`: reads what is new in the tenant's log and lets the consumers take it, a batch in a transaction that
 * also stores how far it was read; then brings what they announced onto the log.
 */
export function readerStage(parts: ReaderParts): Stage & { isBehind(tenantId: string): boolean } {
  const positions = new Map<string, Positions>()
  /** Tenants whose log has been read to the end. */
  const caughtUp = new Set<string>()
  return {
    name: 'loyalty',
    isBehind: (tenantId) => !caughtUp.has(tenantId),
    async run(tenantId): Promise<StageResult> {
      await parts.books.refresh(tenantId)
      caughtUp.delete(tenantId)
      try {
        const more = await readSome(parts, positions, tenantId)
        if (!more) caughtUp.add(tenantId)
        await publishAnnouncements(parts, tenantId)
        return { more, nextDueMs: null }
      } catch (error) {
        // After a failure only the table knows how far it was read.
        positions.delete(tenantId)
        throw error
      }
    },
  }
}

/** How far each partition was read, and with which one the next turn begins: a busy one must not stop the others. */
type Positions = { at: number[]; first: number }

async function readSome(
  parts: ReaderParts,
  positions: Map<string, Positions>,
  tenantId: string,
): Promise<boolean> {
  const { database, logOf, books } = parts
  const log = logOf(tenantId)
  const known = positions.get(tenantId) ?? {
    at: await database.tx(tenantId, (tx) => selectPositions(tx, log.partitions)),
    first: 0,
  }
  positions.set(tenantId, known)
  const { at, first } = known
  known.first = (first + 1) % log.partitions
  let batches = 0
  for (let i = 0; i < log.partitions; i++) {
    const partition = (first + i) % log.partitions
    const end = await log.endOffset(partition)
    while (at[partition]! < end) {
      if (batches++ >= BATCHES) return true
      const book = await books.of(tenantId)
      const limit = parts.batchEvents ?? BATCH_EVENTS
      const { events, next } = await scan(log, partition, at[partition]!, end, wantedBy(parts, book), limit)
      if (!(await takeAndMove(parts, book, partition, at[partition]!, next, events))) {
        // Another process reads the same log.
        positions.delete(tenantId)
        return true
      }
      at[partition] = next
    }
  }
  return false
}

/** One batch in one transaction; false, and nothing done, when somebody else has read on from there. */
async function takeAndMove(
  parts: ReaderParts,
  book: Book,
  partition: number,
  from: number,
  next: number,
  events: TakenEvent[],
): Promise<boolean> {
  try {
    await parts.database.tx(book.tenantId, async (tx) => {
      if (events.length > 0) await takeEvents(parts, tx, book, events, parts.clock.now())
      // A document that was saved meanwhile may want events of this stretch that were passed over: it is read again.
      if ((await parts.books.of(book.tenantId, tx)) !== book) throw new PositionMoved()
      if (!(await advancePosition(tx, partition, from, next))) throw new PositionMoved()
    })
    return true
  } catch (error) {
    if (error instanceof PositionMoved) return false
    throw error
  }
}

class PositionMoved extends Error {}

/** Event types that anybody takes. */
export function wantedBy(
  { consumers }: { consumers: readonly Consumer[] },
  book: Book,
): ReadonlySet<string> | 'all' {
  const wanted = new Set<string>()
  for (const consumer of consumers) {
    const types = consumer.wants(book)
    if (types === 'all') return 'all'
    for (const type of types) wanted.add(type)
  }
  return wanted
}

/**
 * Events of a partition that somebody wants, from an offset on, and the offset behind the last record looked at; those
 * that `isPassedOver` says are left out.
 */
export async function scan(
  log: EventLog,
  partition: number,
  from: number,
  end: number,
  wanted: ReadonlySet<string> | 'all',
  limit: number,
  isPassedOver: (event: LoggedEvent) => boolean = isTakenAlready,
): Promise<{ events: TakenEvent[]; next: number }> {
  const hashes = wanted === 'all' ? null : new Set([...wanted].map(typeHash))
  const events: TakenEvent[] = []
  if (hashes?.size === 0) return { events, next: end }
  const chunks = await log.read(partition, from, Math.min(SCAN_RECORDS, end - from))
  const read = chunks.reduce((at, { firstOffset, count }) => Math.max(at, firstOffset + count), from)
  // What stands behind the end is looked at the next time; where nothing can be read up to it, nothing is there.
  const next = chunks.length === 0 ? end : Math.min(read, end)
  for (const { offset, record } of entriesOf(chunks)) {
    if (offset >= end) break
    if (events.length === limit) return { events, next: offset }
    // Most records are left by a look at two numbers.
    if (record.readUInt32LE(SUBSCRIBER_AT) === 0) continue
    if (hashes && !hashes.has(record.readUInt32LE(TYPE_HASH_AT))) continue
    const event = decodeRecord(record)
    if (wanted !== 'all' && !wanted.has(event.type)) continue
    if (isPassedOver(event)) continue
    events.push(takenEvent(event))
  }
  return { events, next }
}

/**
 * What loyalty announced was taken with its cause, and nobody else speaks for it. An event that was too late for trigger
 * rules and is let in again was taken when it came first.
 */
const isTakenAlready = ({ isReplayed, source, type }: LoggedEvent): boolean =>
  isReplayed || source === LOYALTY_SOURCE || type.startsWith('loyalty.')

/** An event of the log as consumers take it. */
export function takenEvent({ id, source, type, atMs, subscriberId, data }: LoggedEvent): TakenEvent {
  return {
    eventId: derivedId(source, id),
    id,
    source,
    type,
    atMs,
    subscriberId: subscriberId!,
    data: kept(data),
    depth: 0,
  }
}

/** The fields of an event as PostgreSQL can keep them: one that it refuses would stop the reader for ever. */
function kept(data: Record<string, unknown>): Record<string, unknown> {
  const text = json(data)
  const storableText = storable(text)
  return storableText === text ? data : (JSON.parse(storableText) as Record<string, unknown>)
}
