/** A 64-bit hash as two unsigned halves: JavaScript's numbers hold 53 bits. */
export type Hash64 = { lo: number; hi: number }

/** The halves of the last hash, beside each other so that the hot path makes no object. */
export const lastHash: Hash64 = { lo: 0, hi: 0 }

const M1 = 0x85ebca6b
const M2 = 0xc2b2ae35
const P1 = 0x9e3779b1
const P2 = 0x27d4eb2f

/**
 * Hashes the view's `[start, end)` into `lastHash`, as what follows something with the hash `(afterLo, afterHi)`. Two
 * 32-bit lanes, each a multiply-rotate over words as in MurmurHash3 (A. Appleby, public domain) with constants of its
 * own, crossed at the end. Among n differing keys some two meet with a probability of about n² / 2^65 (the birthday
 * bound): 3 in 100 million for a million keys, 3 in 100 for a billion. It is no defence against somebody who looks for
 * keys that meet.
 */
export function hashBytes(view: DataView, start: number, end: number, afterLo = 0, afterHi = 0): void {
  let lo = (end - start) ^ 0x2f0b4c47 ^ afterLo
  let hi = (end - start) ^ 0x5bd1e995 ^ afterHi
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true)
    lo = Math.imul(lo ^ Math.imul(word, M1), P1)
    lo = (lo << 13) | (lo >>> 19)
    hi = Math.imul(hi ^ Math.imul((word << 15) | (word >>> 17), M2), P2)
    hi = (hi << 17) | (hi >>> 15)
  }
  let tail = 0
  for (let shift = 0; at < end; at++, shift += 8) tail |= view.getUint8(at) << shift
  lo = mixed(Math.imul(lo ^ Math.imul(tail, M1), P1))
  hi = mixed(Math.imul(hi ^ Math.imul((tail << 15) | (tail >>> 17), M2), P2) ^ lo)
  lastHash.lo = (lo ^ Math.imul(hi, P1)) >>> 0
  lastHash.hi = hi >>> 0
}

/** The hash of bytes that follow something with the hash `after`, as an object. */
export function hash64(bytes: Uint8Array, after: Hash64 = { lo: 0, hi: 0 }): Hash64 {
  hashBytes(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, after.lo, after.hi)
  return { ...lastHash }
}

function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), M1)
  hash = Math.imul(hash ^ (hash >>> 13), M2)
  return hash ^ (hash >>> 16)
}
