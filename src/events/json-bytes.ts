import { digitCount, digitsValue } from './digits.ts'

/*
 * JSON read where it stands, in bytes: what a hot path needs of it, without a string or an object in between. The
 * truth is what `JSON.parse` makes of the same text (RFC 8259); whatever is not understood here gives -1, and the
 * caller asks `JSON.parse`. `end` is at most the length of `bytes`; nothing at or behind it is looked at.
 */

export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d
export const OPEN_LIST = 0x5b
export const CLOSE_LIST = 0x5d
export const MINUS = 0x2d
export const ZERO = 0x30
const DOT = 0x2e
const PLUS = 0x2b

/** Values that stand deeper than this are left to `JSON.parse`. */
export const MAX_DEPTH = 64

/** The powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))

/** Where the last number read ends; -1 when there was none. Beside the value, so that no pair is made for each. */
export const numberRead = { end: 0 }

/**
 * The first byte from `at` on that is no white space, or `end`. A line feed is no white space here: it ends a line, and
 * a document of more than one line is left to `JSON.parse`.
 */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = bytes[at]!
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0d && byte !== 0x09)) break
    at++
  }
  return at
}

/** The first byte from `at` on that cannot stand plainly in a string: quote, backslash or control; or `end`. */
export function plainEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = bytes[at]!
    if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break
    at++
  }
  return at
}

/** The closing quote of the string whose first character stands at `at`; -1 when it has none or is no JSON. */
export function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  for (at = plainEnd(bytes, at, end); at < end; at = plainEnd(bytes, at, end)) {
    const byte = bytes[at]!
    if (byte === QUOTE) return at
    if (byte !== BACKSLASH || at + 1 >= end) return -1
    const escape = bytes[at + 1]!
    if (escape === 0x75) {
      for (let i = at + 2; i < at + 6; i++) if (i >= end || !isHex(bytes[i]!)) return -1
      at += 6
    } else if (SIMPLE_ESCAPES.has(escape)) {
      at += 2
    } else {
      return -1
    }
  }
  return -1
}

const SIMPLE_ESCAPES = new Set(Buffer.from('"\\/bfnrt'))

const isHex = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= 0x39

/**
 * The number at `at`, exactly as `JSON.parse` reads it; it ends at `numberRead.end`. Usual ones are at most nine digits
 * with at most nine decimals: mantissa and power of ten are exact doubles there, so the one division rounds correctly
 * (W. Clinger, "How to read floating point numbers accurately", 1990). Digits are gathered in 32-bit whole numbers,
 * which cost half of what doubles would.
 */
export function readNumber(bytes: Buffer, at: number, end: number): number {
  let i = at
  const isNegative = i < end && bytes[i] === MINUS
  if (isNegative) i++
  const firstDigit = i
  let head = 0
  for (let stop = end < i + 9 ? end : i + 9; i < stop; i++) {
    const digit = bytes[i]! - ZERO
    if (digit >>> 0 > 9) break
    head = (Math.imul(head, 10) + digit) | 0
  }
  if (i === firstDigit || (bytes[firstDigit] === ZERO && i > firstDigit + 1)) return noNumber()
  let value = head
  if (i === firstDigit + 9) {
    const firstOfTail = i
    let tail = 0
    for (let stop = end < i + 6 ? end : i + 6; i < stop; i++) {
      const digit = bytes[i]! - ZERO
      if (digit >>> 0 > 9) break
      tail = (Math.imul(tail, 10) + digit) | 0
    }
    value = head * POWERS[i - firstOfTail]! + tail
  }
  if (i < end) {
    const next = bytes[i]!
    if (next === DOT && i - firstDigit <= 6) {
      const firstDecimal = ++i
      let decimals = 0
      for (let stop = end < i + 9 ? end : i + 9; i < stop; i++) {
        const digit = bytes[i]! - ZERO
        if (digit >>> 0 > 9) break
        decimals = (Math.imul(decimals, 10) + digit) | 0
      }
      const power = POWERS[i - firstDecimal]!
      if (i === firstDecimal) return noNumber()
      value = (value * power + decimals) / power
    }
    if (i < end) {
      const last = bytes[i]!
      if (last === DOT || (last | 0x20) === 0x65 || (last - ZERO) >>> 0 <= 9)
        return readLongNumber(bytes, at, i, end)
    }
  }
  numberRead.end = i
  return isNegative ? -value : value
}

/** What `readNumber` does, faster for numbers of few digits. `view` sees the same bytes. */
export function readShortNumber(bytes: Buffer, view: DataView, at: number, end: number): number {
  const first = bytes[at] === MINUS ? at + 1 : at
  if (first + 16 > bytes.length) return readNumber(bytes, at, end)
  const head = view.getInt32(first, true)
  let count = digitCount(head)
  let value = digitsValue(head, count)
  // Zero in front of other digits is no number, and without digits there is none.
  if (count === 0 || ((head & 0xff) === ZERO && count > 1)) return readNumber(bytes, at, end)
  let i = first + count
  if (count === 4) {
    const tail = view.getInt32(i, true)
    count = digitCount(tail)
    value = value * POWERS[count]! + digitsValue(tail, count)
    i += count
  }
  let next = bytes[i]!
  if (next === DOT) {
    const decimals = view.getInt32(i + 1, true)
    count = digitCount(decimals)
    if (count === 0) return readNumber(bytes, at, end)
    const power = POWERS[count]!
    value = (value * power + digitsValue(decimals, count)) / power
    i += 1 + count
    next = bytes[i]!
  }
  // What stands at the end or behind it does not count.
  if (i > end || next === DOT || (next | 0x20) === 0x65 || (next - ZERO) >>> 0 <= 9)
    return readNumber(bytes, at, end)
  numberRead.end = i
  return first > at ? -value : value
}

/** A number with many digits or an exponent: `i` stands behind its first digits. */
function readLongNumber(bytes: Buffer, at: number, i: number, end: number): number {
  const hasDot = bytes.subarray(at, i).includes(DOT)
  while (i < end && isDigit(bytes[i]!)) i++
  if (!hasDot && i < end && bytes[i] === DOT) {
    const firstDecimal = ++i
    while (i < end && isDigit(bytes[i]!)) i++
    if (i === firstDecimal) return noNumber()
  }
  if (i < end && (bytes[i]! | 0x20) === 0x65) {
    const sign = i + 1 < end ? bytes[i + 1]! : 0
    i += sign === MINUS || sign === PLUS ? 2 : 1
    const firstOfExponent = i
    while (i < end && isDigit(bytes[i]!)) i++
    if (i === firstOfExponent) return noNumber()
  }
  numberRead.end = i
  return Number(bytes.toString('latin1', at, i))
}

function noNumber(): number {
  numberRead.end = -1
  return Number.NaN
}

/** The end of `true`, `false` or `null` at `at`, or -1. */
export function literalEnd(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]
  const word = first === 0x74 ? TRUE : first === 0x66 ? FALSE : NULL
  if (at + word.length > end) return -1
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return -1
  return at + word.length
}

const [TRUE, FALSE, NULL] = ['true', 'false', 'null'].map((word) => Buffer.from(word)) as [
  Buffer,
  Buffer,
  Buffer,
]

/** The end of the value at `at`, checked through and through; -1 when it is no JSON or deeper than `MAX_DEPTH`. */
export function valueEnd(bytes: Buffer, at: number, end: number, depth = 0): number {
  if (at >= end) return -1
  const first = bytes[at]!
  if (first === QUOTE) return stringEnd(bytes, at + 1, end) + 1 || -1
  if (first === OPEN_OBJECT || first === OPEN_LIST) return containerEnd(bytes, at, end, depth + 1)
  if (first !== MINUS && !isDigit(first)) return literalEnd(bytes, at, end)
  readNumber(bytes, at, end)
  return numberRead.end
}

function containerEnd(bytes: Buffer, at: number, end: number, depth: number): number {
  if (depth > MAX_DEPTH) return -1
  const isObject = bytes[at] === OPEN_OBJECT
  const close = isObject ? CLOSE_OBJECT : CLOSE_LIST
  at = skipSpace(bytes, at + 1, end)
  if (at < end && bytes[at] === close) return at + 1
  for (;;) {
    if (isObject) {
      at = memberValue(bytes, at, end)
      if (at < 0) return -1
    }
    at = valueEnd(bytes, at, end, depth)
    if (at < 0) return -1
    at = skipSpace(bytes, at, end)
    if (at >= end) return -1
    if (bytes[at] === close) return at + 1
    if (bytes[at] !== COMMA) return -1
    at = skipSpace(bytes, at + 1, end)
  }
}

/** Where the value of the member whose key stands at `at` begins, or -1. */
function memberValue(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== QUOTE) return -1
  const close = stringEnd(bytes, at + 1, end)
  return close < 0 ? -1 : afterColon(bytes, close + 1, end)
}

/** Where the value behind the colon begins that stands at `at` or behind white space, or -1. */
export function afterColon(bytes: Uint8Array, at: number, end: number): number {
  at = skipSpace(bytes, at, end)
  return at < end && bytes[at] === COLON ? skipSpace(bytes, at + 1, end) : -1
}
