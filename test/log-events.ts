import { decodeRecord, encodeRecord, type LoggedEvent, partitionOf } from '../src/events/index.ts'
import { entriesOf, type EventLog, type LogEntry, RecordBatch } from '../src/platform/index.ts'

/** What a test says of an event; the rest of it is plain. */
export type TestEvent = Pick<LoggedEvent, 'id' | 'type' | 'atMs' | 'subscriberId'> & Partial<LoggedEvent>

/** The record of an event. */
export function recordOf(event: TestEvent): Buffer {
  return encodeRecord({ source: 'test', receivedMs: event.atMs, isReplayed: false, data: {}, ...event })
}

/** Appends events to a log, each to its subscriber's partition. */
export async function appendEvents(log: EventLog, events: TestEvent[]): Promise<void> {
  const batches = Array.from({ length: log.partitions }, () => new RecordBatch(1024))
  for (const event of events) batches[partitionOf(event.subscriberId, log.partitions)]!.add(recordOf(event))
  await log.append(batches)
}

/** Every record of one partition, read to its end in parts. */
export async function* partitionEntries(log: EventLog, partition: number): AsyncGenerator<LogEntry> {
  const end = await log.endOffset(partition)
  for (let from = 0; from < end;) {
    const chunks = await log.read(partition, from, 10_000)
    if (chunks.length === 0) return
    yield* entriesOf(chunks)
    const { firstOffset, count } = chunks.at(-1)!
    from = firstOffset + count
  }
}

/** All events of a log, one partition behind the other. */
export async function loggedEvents(log: EventLog): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = []
  for (let partition = 0; partition < log.partitions; partition++) {
    for await (const { record } of partitionEntries(log, partition)) events.push(decodeRecord(record))
  }
  return events
}
