import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeSnapshot, encodeSnapshot, type Snapshot } from './snapshot.ts'

const number = fc.double({ noNaN: true }).map((value) => value + 0)
const ids = fc.integer({ min: 1, max: 2 ** 31 - 1 })
const anySnapshot: fc.Arbitrary<Snapshot> = fc.record({
  digest: fc.string({ unit: 'binary' }),
  position: fc.maxSafeNat(),
  codes: fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.boolean(), fc.integer())),
  histories: fc.array(fc.tuple(ids, fc.array(number, { maxLength: 9 }))).map((entries) => new Map(entries)),
  lastFiredMs: fc.array(fc.tuple(ids, number)).map((entries) => new Map(entries)),
})

test('what was written is read back, at any address', () => {
  fc.assert(
    fc.property(anySnapshot, fc.integer({ min: 0, max: 7 }), (snapshot, shift) => {
      const stored = encodeSnapshot(snapshot)
      const moved = new Uint8Array(stored.length + shift)
      moved.set(stored, shift)
      expect(decodeSnapshot(moved.subarray(shift))).toEqual(snapshot)
    }),
  )
})
