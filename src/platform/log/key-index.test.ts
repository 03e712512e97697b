import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RECORD_HEAD_BYTES, RecordBatch } from './event-log.ts'
import { KeyIndex, type RunHead, type RunPart } from './key-index.ts'
import { blockHas, blockOf, KeyTable, spreadOf } from './key-table.ts'

type Key = { lo: number; hi: number; timeMs: number }

function batchOf(keys: Key[]): RecordBatch {
  const batch = new RecordBatch()
  for (const { lo, hi, timeMs } of keys) {
    const at = batch.open(RECORD_HEAD_BYTES)
    batch.bytes.writeUInt32LE(lo, at)
    batch.bytes.writeUInt32LE(hi, at + 4)
    batch.bytes.writeDoubleLE(timeMs, at + 8)
    batch.close(at + RECORD_HEAD_BYTES)
  }
  return batch
}

function takeAll(index: KeyIndex, keys: Key[]): boolean[] {
  const { bytes, length, count } = batchOf(keys)
  const isNew = new Uint8Array(count)
  const newCount = index.take(bytes, length, isNew)
  expect(newCount).toBe(isNew.reduce((sum, one) => sum + one, 0))
  return Array.from(isNew, (one) => one === 1)
}

/** A store of runs in memory, and an index over it that can be opened again. */
class Shelf {
  readonly blocks = new Map<string, Uint32Array>()
  readonly heads: RunHead[] = []
  loads = 0

  open(runKeys: number): KeyIndex {
    const load = (run: number, block: number): Uint32Array => {
      this.loads++
      return this.blocks.get(`${run}/${block}`)!
    }
    return new KeyIndex({ runKeys, runs: this.heads, load })
  }

  store(part: RunPart | undefined): void {
    for (const { block, keys } of part?.blocks ?? []) this.blocks.set(`${part!.run}/${block}`, keys)
    if (part?.head) this.heads[part.run] = part.head
  }
}

test('a key is new once, in the table, in sealed runs and after the runs were opened again', () => {
  const half = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
  // The time of a key is told by the key, as the same event carries the same time.
  const key = fc.record({ lo: half, hi: half }).map(({ lo, hi }) => ({
    lo,
    hi,
    timeMs: lo % 7 === 0 ? 0 : ((lo ^ hi) % 100_000) * 10,
  }))
  const known = fc.array(key, { minLength: 1, maxLength: 400 })
  fc.assert(
    fc.property(known, fc.array(fc.array(fc.nat(), { maxLength: 200 }), { maxLength: 12 }), (keys, calls) => {
      const shelf = new Shelf()
      let index = shelf.open(32)
      const seen = new Set<string>()
      let unsealed: Key[] = []
      const ends = [0]
      for (const [call, places] of calls.entries()) {
        const taken = places.map((place) => keys[place % keys.length]!)
        const expected = taken.map(({ lo, hi }) => seen.size < seen.add(`${lo}/${hi}`).size)
        expect(takeAll(index, taken)).toEqual(expected)
        const fresh = taken.filter((_, i) => expected[i])
        unsealed.push(...fresh)
        ends[0]! += fresh.length
        const part = index.seal(fresh.length, ends)
        shelf.store(part)
        if (part?.head) unsealed = unsealed.slice(part.head.positions[0]! - (ends[0]! - unsealed.length))
        if (call % 3 !== 2) continue
        index = shelf.open(32)
        expect(takeAll(index, unsealed)).toEqual(unsealed.map(() => true))
      }
    }),
  )
})

test('sealing goes step by step, and what is being sealed is known all the time', () => {
  const shelf = new Shelf()
  const index = shelf.open(40_000)
  const keys = Array.from({ length: 60_000 }, (_, n) => ({ lo: n, hi: 0, timeMs: n }))
  expect(takeAll(index, keys.slice(0, 40_000))).not.toContain(false)
  let steps = 0
  for (let from = 40_000; !shelf.heads[0]; from += 1000, steps++) {
    shelf.store(index.seal(1000, [from]))
    expect(takeAll(index, keys.slice(from, from + 1000))).not.toContain(false)
    expect(takeAll(index, keys.slice(0, from))).not.toContain(true)
  }
  expect(steps).toBeGreaterThan(3)
  expect(shelf.heads[0].positions).toEqual([40_000])
})

test('a record asks only runs in which its time occurs, one far outlier changes nothing', () => {
  const shelf = new Shelf()
  const first = shelf.open(1000)
  const day = 86_400_000
  const keysOfDay = (n: number): Key[] =>
    Array.from({ length: 1200 }, (_, i) => ({ lo: n * 10_000 + i, hi: 1, timeMs: n * day + i }))
  for (let n = 1; n <= 3; n++) {
    takeAll(first, [...keysOfDay(n), { lo: n, hi: 2, timeMs: 9_000 * day }])
    shelf.store(first.seal(1e6, [0]))
  }
  expect(shelf.heads).toHaveLength(3)
  const index = shelf.open(1000)
  takeAll(index, keysOfDay(4))
  expect(shelf.loads).toBe(0)
  expect(takeAll(index, keysOfDay(2))).not.toContain(true)
  expect(shelf.loads).toBe(shelf.heads[1]!.blocks)
})

test('a table holds what a set holds, also while it grows, and gives it sorted by blocks', () => {
  const keys = fc.array(
    fc.record({
      // Many of one home, at both ends, besides some anywhere.
      spread: fc.oneof(
        fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32 - 2),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      ),
      lo: fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    }),
    { size: 'max', maxLength: 6000 },
  )
  fc.assert(
    fc.property(keys, (taken) => {
      const table = new KeyTable()
      const seen = new Set<string>()
      for (const { spread, lo } of taken) {
        // The one pair that a table does not tell from its neighbour.
        const name = `${spread}/${spread === 0 && lo === 0 ? 1 : lo}`
        expect(table.has(spread, lo)).toBe(seen.has(name))
        expect(table.add(spread, lo)).toBe(!seen.has(name))
        seen.add(name)
      }
      expect(table.count).toBe(seen.size)
      const blocks = Array.from({ length: table.blocks }, (_, block) => table.sortedBlock(block))
      expect(blocks.reduce((sum, block) => sum + block.length / 2, 0)).toBe(seen.size)
      for (const block of blocks) {
        const spreads = block.filter((_, i) => i % 2 === 0)
        expect(spreads).toEqual(spreads.toSorted())
      }
      for (const { spread, lo } of taken) {
        expect(blockHas(blocks[blockOf(spread, blocks.length)]!, spread, lo)).toBe(true)
      }
    }),
    { numRuns: 30 },
  )
})

test('more keys of one home than there is room for behind the last one', () => {
  const table = new KeyTable()
  const count = 3000
  for (let lo = 0; lo < count; lo++) expect(table.add(2 ** 32 - 1, lo)).toBe(true)
  for (let lo = 0; lo < count; lo++) expect(table.has(2 ** 32 - 1, lo)).toBe(true)
  expect(table.has(2 ** 32 - 1, count)).toBe(false)
  const last = table.sortedBlock(table.blocks - 1)
  expect(new Set(last.filter((_, i) => i % 2 === 1)).size).toBe(count)
})

test('spreading a key loses nothing of it', () => {
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  fc.assert(
    fc.property(word, word, word, (lo, hi, other) => {
      fc.pre(hi !== other)
      expect(spreadOf(lo, hi)).not.toBe(spreadOf(lo, other))
    }),
  )
})
