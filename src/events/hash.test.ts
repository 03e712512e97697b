import { expect, test } from 'vitest'
import { hash64, hashBytes, lastHash } from './hash.ts'

test('keys of one source that count upwards never meet, and fill all bits evenly', () => {
  const keys = 300_000
  const seen = new Set<number>()
  const low = new Uint32Array(64)
  const bits = new Uint32Array(64)
  for (let i = 0; i < keys; i++) {
    const { lo, hi } = hash64(Buffer.from(`pcrf\nevent-${i}`))
    // 53 bits of the 64: the birthday bound leaves one chance in 200,000 that two meet.
    seen.add((hi >>> 11) * 2 ** 32 + lo)
    low[lo & 63]!++
    for (let bit = 0; bit < 32; bit++) {
      bits[bit]! += (lo >>> bit) & 1
      bits[32 + bit]! += (hi >>> bit) & 1
    }
  }
  expect(seen.size).toBe(keys)
  const expected = keys / 64
  const chiSquare = low.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // 63 degrees of freedom: above 120 with a chance of one in 50,000. The keys are fixed, so it holds or it does not.
  expect(chiSquare).toBeLessThan(120)
  for (const count of bits) expect(Math.abs(count / keys - 0.5)).toBeLessThan(0.005)
})

test('a bit that changes in the key changes about half of the bits', () => {
  const key = Buffer.from('/billing/eu-1\n6f0c2a4e-51d7-7a90')
  const before = hash64(key)
  let changed = 0
  for (let bit = 0; bit < key.length * 8; bit++) {
    const other = Buffer.from(key)
    other[bit >> 3]! ^= 1 << (bit & 7)
    const after = hash64(other)
    const differing = ones(before.lo ^ after.lo) + ones(before.hi ^ after.hi)
    expect(differing).toBeGreaterThan(10)
    changed += differing
  }
  expect(changed / (key.length * 8)).toBeGreaterThan(30)
  expect(changed / (key.length * 8)).toBeLessThan(34)
})

test('the length counts, and what stands around does not', () => {
  const hashes = new Set<number>()
  for (let length = 0; length < 40; length++) hashes.add(hash64(Buffer.alloc(length)).lo)
  expect(hashes.size).toBe(40)
  const key = Buffer.from('source\nid')
  const around = Buffer.concat([Buffer.from('ab'), key, Buffer.from('c')])
  hashBytes(new DataView(around.buffer, around.byteOffset, around.length), 2, 2 + key.length)
  expect({ ...lastHash }).toEqual(hash64(key))
})

test('a hash that follows another depends on all of both', () => {
  const after = (first: string, second: string): string => {
    const { lo, hi } = hash64(Buffer.from(second), hash64(Buffer.from(first)))
    return `${lo} ${hi}`
  }
  const hashes = new Set<string>()
  for (let i = 0; i < 300; i++) {
    for (let j = 0; j < 300; j++) hashes.add(after(`source-${i}`, `id-${j}`))
  }
  expect(hashes.size).toBe(90_000)
  expect(after('ab', 'c')).not.toBe(after('a', 'bc'))
  expect(after('', 'ab')).not.toBe(after('ab', ''))
})

function ones(word: number): number {
  let count = 0
  for (let rest = word; rest !== 0; rest &= rest - 1) count++
  return count
}
