import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EventLog, entriesOf, RECORD_HEAD_BYTES, RecordBatch } from '../src/platform/index.ts'
import { type LogRecord, recordBytes } from './log-batches.ts'

export type OpenLog = { log: EventLog; reopen(): Promise<EventLog>; close(): Promise<void> }

/** Batches for every partition of the log; records go to the partition that `partitionOf` names. */
function batchesOf(log: EventLog, records: LogRecord[], partitionOf: (key: number) => number): RecordBatch[] {
  const batches = Array.from({ length: log.partitions }, () => new RecordBatch(64))
  for (const record of records) batches[partitionOf(record.key)]!.add(recordBytes(record))
  return batches
}

/** Texts of a partition from an offset on, read in chunks of about `limit`; checks that offsets have no gap. */
export async function textsOf(log: EventLog, partition: number, from = 0, limit = 1000): Promise<string[]> {
  const texts: string[] = []
  for (let at = from; at < (await log.endOffset(partition));) {
    const chunks = await log.read(partition, at, limit)
    expect(chunks.length).toBeGreaterThan(0)
    for (const { firstOffset, count } of chunks) {
      expect(firstOffset).toBe(at)
      expect(count).toBeGreaterThan(0)
      at += count
    }
    const entries = [...entriesOf(chunks)]
    expect(entries.map((entry) => entry.offset)).toEqual(entries.map((_, i) => at - entries.length + i))
    texts.push(...entries.map(({ record }) => record.toString('utf8', RECORD_HEAD_BYTES)))
  }
  return texts
}

const spreadKey = (n: number): number => (n * 2_654_435_761) % 2 ** 52

/** What every event log must do; `open` opens a fresh, empty one. */
export function eventLogSuite(name: string, open: () => Promise<OpenLog>): void {
  describe(`${name}`, () => {
    test('an empty log has no records', async () => {
      const { log, close } = await open()
      for (let partition = 0; partition < log.partitions; partition++) {
        expect(await log.endOffset(partition)).toBe(0)
        expect(await log.read(partition, 0, 10)).toEqual([])
      }
      expect(await log.append(batchesOf(log, [], () => 0))).toEqual(
        Array.from({ length: log.partitions }, () => new Uint8Array(0)),
      )
      await close()
    })

    test('records come back in order and once, over restarts, from any offset', async () => {
      const { log: first, reopen, close } = await open()
      let log = first
      const partitionOf = (key: number): number => key % log.partitions
      const seen = new Set<number>()
      const written: string[][] = Array.from({ length: log.partitions }, () => [])
      const record = fc.integer({ min: 0, max: 400 }).map((n) => ({
        key: n % 3 === 0 ? n : spreadKey(n),
        timeMs: 1_700_000_000_000 + n * 700,
        text: `record ${n}`.padEnd(10 + (n % 40), '.'),
      }))
      const step = fc.record({
        appends: fc.array(fc.array(record, { maxLength: 25 }), { maxLength: 5 }),
        restarts: fc.boolean(),
        limit: fc.integer({ min: 1, max: 60 }),
        from: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      await fc.assert(
        fc.asyncProperty(step, async ({ appends, restarts, limit, from }) => {
          // All at once: they take effect in the order of the calls.
          const answers = await Promise.all(
            appends.map((records) => log.append(batchesOf(log, records, partitionOf))),
          )
          appends.forEach((records, call) => {
            const places = Array.from({ length: log.partitions }, () => 0)
            for (const { key, text } of records) {
              const partition = partitionOf(key)
              expect(answers[call]![partition]![places[partition]!++]).toBe(seen.has(key) ? 0 : 1)
              if (!seen.has(key)) written[partition]!.push(text)
              seen.add(key)
            }
          })
          if (restarts) log = await reopen()
          for (const [partition, texts] of written.entries()) {
            expect(await log.endOffset(partition)).toBe(texts.length)
            const start = Math.floor(from * texts.length)
            expect(await textsOf(log, partition, start, limit)).toEqual(texts.slice(start))
          }
        }),
        { numRuns: 25 },
      )
      await close()
    })

    test('appends that wait together are each whole, and their batches may be used again afterwards', async () => {
      const { log, close } = await open()
      const batches = batchesOf(log, [], () => 0)
      const last = log.partitions - 1
      for (let round = 0; round < 3; round++) {
        for (const batch of batches) batch.clear()
        batches[0]!.add(recordBytes({ key: round * 2 + 1, timeMs: round, text: `first ${round}` }))
        batches[last]!.add(recordBytes({ key: round * 2 + 2, timeMs: round, text: `last ${round}` }))
        await log.append(batches)
      }
      for (const batch of batches) batch.bytes.fill(0)
      const firsts = ['first 0', 'first 1', 'first 2']
      const lasts = ['last 0', 'last 1', 'last 2']
      expect((await textsOf(log, 0)).filter((text) => text.startsWith('first'))).toEqual(firsts)
      expect((await textsOf(log, last)).filter((text) => text.startsWith('last'))).toEqual(lasts)
      await close()
    })

    test('a chunk stays what it was while the log goes on', async () => {
      const { log, close } = await open()
      const add = (key: number): Promise<unknown> =>
        log.append(batchesOf(log, [{ key, timeMs: key, text: `r${key}`.repeat(2000) }], () => 0))
      await add(1)
      const chunks = await log.read(0, 0, 10)
      for (let key = 2; key < 20; key++) await add(key)
      await setTimeout(1)
      const [entry] = entriesOf(chunks)
      expect(entry!.record.toString('utf8', RECORD_HEAD_BYTES)).toBe('r1'.repeat(2000))
      await close()
    })
  })
}
