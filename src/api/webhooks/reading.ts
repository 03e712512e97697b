import { decodeRecord, SUBSCRIBER_AT, TYPE_HASH_AT, typeHash } from '../../events/index.ts'
import { derivedId, entriesOf, type EventLog } from '../../platform/index.ts'
import type { Target } from './target.ts'

/** An event on its way: what is posted, and whose turn it takes. */
export type Dispatch = { letterId: string; lane: number; type: string; contentType: string; body: string }

/** Records that are looked at for one page; most of a busy log is of types that nobody is told. */
const SCAN_RECORDS = 20_000

/** The next events of a partition that a target wants, and the offset behind the last record looked at. */
export async function nextPage(
  log: EventLog,
  target: Target,
  types: readonly string[],
  { partition, from, limit }: { partition: number; from: number; limit: number },
): Promise<{ page: Dispatch[]; next: number }> {
  const end = await log.endOffset(partition)
  if (from >= end) return { page: [], next: from }
  // Types that another process has just declared are not known here yet: their events are looked at.
  const unwanted = new Set(types.filter((type) => !target.wants(type)).map(typeHash))
  for (const type of types) if (target.wants(type)) unwanted.delete(typeHash(type))
  const chunks = await log.read(partition, from, Math.min(SCAN_RECORDS, end - from))
  const read = chunks.reduce((at, { firstOffset, count }) => Math.max(at, firstOffset + count), from)
  const page: Dispatch[] = []
  for (const { offset, record } of entriesOf(chunks)) {
    if (offset >= end) break
    if (page.length === limit) return { page, next: offset }
    if (unwanted.has(record.readUInt32LE(TYPE_HASH_AT))) continue
    const event = decodeRecord(record)
    const letter = target.wants(event.type) ? target.letterOf(event) : undefined
    if (!letter) continue
    const letterId = derivedId('webhook', target.id, event.source, event.id)
    page.push({ letterId, lane: record.readUInt32LE(SUBSCRIBER_AT), type: event.type, ...letter })
  }
  return { page, next: chunks.length === 0 ? end : Math.min(read, end) }
}
