import { hash, randomFillSync } from 'node:crypto'

/** Random hexadecimal digits are drawn for so many ids at a time: each call of the system costs more than an id. */
const DRAWN_IDS = 256
/** An id takes 62 random bits and the two of its variant. */
const DRAWN_DIGITS = 19

const drawn = Buffer.alloc((DRAWN_IDS * (DRAWN_DIGITS + 1)) / 2)
let digits = ''
let at = 0
let lastMs = -1
let timePart = ''

/**
 * A new UUID version 7 (RFC 9562 §5.7): its first 48 bits are the machine's time in milliseconds, so ids made
 * together stand together in an index. The time in it orders storage only; no rule reads it, which is why it
 * does not come from the injected clock.
 */
export function newId(): string {
  const ms = Date.now()
  if (ms !== lastMs) {
    lastMs = ms
    const hex = ms.toString(16).padStart(12, '0')
    timePart = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
  }
  if (at + DRAWN_DIGITS > digits.length) {
    digits = randomFillSync(drawn).toString('hex')
    at = 0
  }
  const from = at
  at += DRAWN_DIGITS
  const variant = '89ab'[digits.charCodeAt(from + 3) & 3]!
  return `${timePart}${digits.slice(from, from + 3)}-${variant}${digits.slice(from + 4, from + 7)}-${digits.slice(from + 7, at)}`
}

/**
 * A UUID made from its input alone: the same parts give the same id on every machine and after every restart.
 * Used where an id must survive a crash between deciding and storing (RFC 9562 §5.8, version 8).
 */
export function derivedId(...parts: (string | number)[]): string {
  const hex = hash('sha256', parts.join('\u0000'), 'hex')
  // Version 8 in the 13th digit, and the variant's two bits (RFC 9562 §4.1) in the 17th.
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) & 3]!
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/**
 * A number in [0, 1) that depends on the parts alone: uniform over subscribers, stable for ever. Arms of an
 * experiment and the simulated world's draws come from it, so neither depends on the order of arrival.
 *
 * MurmurHash3 x86 32-bit over UTF-16 code units (Appleby, public domain), two seeds joined into 53 bits.
 */
export function unitHash(...parts: (string | number)[]): number {
  const text = parts.join('\u0000')
  const high = murmur3(text, 0x9747b28c)
  const low = murmur3(text, 0x3c6ef372)
  return (high * 0x200000 + (low >>> 11)) / 2 ** 53
}

function murmur3(text: string, seed: number): number {
  let hash = seed
  for (let i = 0; i < text.length; i++) {
    let unit = Math.imul(text.charCodeAt(i), 0xcc9e2d51)
    unit = (unit << 15) | (unit >>> 17)
    hash ^= Math.imul(unit, 0x1b873593)
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  hash ^= text.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
