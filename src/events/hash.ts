/** A 64-bit hash as two unsigned halves: JavaScript's numbers hold 53 bits. */
export type Hash64 = { lo: number; hi: number }

/** The halves of the last hash, beside each other so that the hot path makes no object. */
export const lastHash: Hash64 = { lo: 0, hi: 0 }

const M1 = 0x85ebca6b
const M2 = 0xc2b2ae35
const P1 = 0x9e3779b1
const P2 = 0x27d4eb2f

/**
 * Hashes `bytes[start, end)` into `lastHash`. Two 32-bit lanes, each a multiply-rotate over words as in MurmurHash3
 * (A. Appleby, public domain) with constants of its own, crossed at the end. Among n differing keys some two meet with
 * a probability of about n² / 2^65 (the birthday bound): 3 in 100 million for a million keys, 3 in 100 for a billion.
 * It is no defence against somebody who looks for keys that meet.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number): void {
  let lo = (end - start) ^ 0x2f0b4c47
  let hi = (end - start) ^ 0x5bd1e995
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    lo = Math.imul(lo ^ Math.imul(word, M1), P1)
    lo = (lo << 13) | (lo >>> 19)
    hi = Math.imul(hi ^ Math.imul((word << 15) | (word >>> 17), M2), P2)
    hi = (hi << 17) | (hi >>> 15)
  }
  let tail = 0
  for (let shift = 0; at < end; at++, shift += 8) tail |= bytes[at]! << shift
  lo = mixed(Math.imul(lo ^ Math.imul(tail, M1), P1))
  hi = mixed(Math.imul(hi ^ Math.imul((tail << 15) | (tail >>> 17), M2), P2) ^ lo)
  lastHash.lo = (lo ^ Math.imul(hi, P1)) >>> 0
  lastHash.hi = hi >>> 0
}

/** The hash of bytes, as an object. */
export function hash64(bytes: Uint8Array): Hash64 {
  hashBytes(bytes, 0, bytes.length)
  return { ...lastHash }
}

function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), M1)
  hash = Math.imul(hash ^ (hash >>> 13), M2)
  return hash ^ (hash >>> 16)
}
