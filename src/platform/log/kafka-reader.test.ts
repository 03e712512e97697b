import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entriesOf, FRAME_BYTES, type LogChunk, RECORD_HEAD_BYTES } from './event-log.ts'
import { PartitionReader } from './kafka-reader.ts'
import { type Block } from './kafka-topic.ts'

type Stored = { offset: number; key: number }

/** A partition in memory, handed out in blocks as a broker would: whole stretches, each up to a gap. */
function blockFrom(stored: Stored[], fromOffset: number, limit: number): Block {
  const start = stored.findIndex(({ offset }) => offset >= fromOffset)
  const found: Stored[] = []
  for (const entry of start < 0 ? [] : stored.slice(start, start + limit)) {
    if (found.length > 0 && entry.offset !== found.at(-1)!.offset + 1) break
    found.push(entry)
  }
  const size = FRAME_BYTES + RECORD_HEAD_BYTES
  const bytes = Buffer.alloc(found.length * size)
  for (const [i, { key }] of found.entries()) {
    bytes.writeUInt32LE(RECORD_HEAD_BYTES, i * size)
    bytes.writeUInt32LE(key, i * size + FRAME_BYTES)
  }
  return {
    firstOffset: found[0]?.offset ?? fromOffset,
    count: found.length,
    starts: Uint32Array.from({ length: found.length + 1 }, (_, i) => i * size),
    bytes,
    endOffset: (stored.at(-1)?.offset ?? -1) + 1,
  }
}

function checkChunks(chunks: LogChunk[], from: number): void {
  let at = from
  for (const chunk of chunks) {
    expect(chunk.firstOffset).toBeGreaterThanOrEqual(at)
    expect([...entriesOf([chunk])]).toHaveLength(chunk.count)
    at = chunk.firstOffset + chunk.count
  }
}

const HORIZON = 16

/** What must be read: whatever does not stand in the window before it. */
function expected(stored: Stored[]): number[] {
  const isFirst = ({ offset, key }: Stored): boolean => {
    const windowStart = (Math.floor(offset / HORIZON) - 1) * HORIZON
    return !stored.some((other) => other.key === key && other.offset < offset && other.offset >= windowStart)
  }
  return stored.filter(isFirst).map(({ offset }) => offset)
}

test('whoever reads wherever in whatever steps, the same records are left out', async () => {
  const record = fc.record({ key: fc.nat({ max: 60 }), gap: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, 40) })
  const reading = fc.record({
    from: fc.integer({ min: 0, max: 1100 }).map((perMille) => perMille / 1000),
    limit: fc.integer({ min: 1, max: 30 }),
    times: fc.integer({ min: 1, max: 12 }),
    grownTo: fc.integer({ min: 0, max: 1000 }).map((perMille) => perMille / 1000),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 250, size: 'max' }),
      fc.array(reading, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 25 }),
      async (records, readings, blockRecords) => {
        let next = 0
        const all = records.map(({ key, gap }) => {
          const offset = next + gap
          next = offset + 1
          return { offset, key }
        })
        let length = 0
        const stored = (): Stored[] => all.slice(0, length)
        const fetch = (from: number): Promise<Block> =>
          Promise.resolve(blockFrom(stored(), from, blockRecords))
        const reader = new PartitionReader(fetch, HORIZON)
        for (const { from, limit, times, grownTo } of readings) {
          length = Math.max(length, Math.ceil(grownTo * all.length))
          const wanted = expected(stored())
          let at = Math.floor(from * ((stored().at(-1)?.offset ?? 0) + 1))
          for (let n = 0; n < times; n++) {
            const chunks = await reader.read(at, limit)
            checkChunks(chunks, at)
            const offsets = [...entriesOf(chunks)].map((entry) => entry.offset)
            const rest = wanted.filter((place) => place >= at)
            expect(offsets.length).toBeLessThanOrEqual(limit)
            expect(offsets).toEqual(rest.slice(0, offsets.length))
            expect(offsets.length).toBeGreaterThanOrEqual(Math.min(1, rest.length))
            const last = chunks.at(-1)
            if (!last) break
            at = last.firstOffset + last.count
          }
        }
      },
    ),
    { numRuns: 500 },
  )
})
