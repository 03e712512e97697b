/*
 * RFC 3339 date-times where they stand, in bytes: the truth is `parseRfc3339`, and both are held together by a test.
 */

const DAYS_OF_MONTH = Uint8Array.of(31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
const DAY_MS = 86_400_000

/** Two digits at `at` as a number; something above 99 when one of them is no digit. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at]! - 48) >>> 0
  const ones = (bytes[at + 1]! - 48) >>> 0
  return tens > 9 || ones > 9 ? 100_000 : tens * 10 + ones
}

/** The date-time `bytes[start, end)` as epoch milliseconds, or NaN when it is none. */
export function readRfc3339(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 20) return Number.NaN
  const century = twoDigits(bytes, start)
  const year = century * 100 + twoDigits(bytes, start + 2)
  const month = twoDigits(bytes, start + 5)
  const day = twoDigits(bytes, start + 8)
  const hour = twoDigits(bytes, start + 11)
  const minute = twoDigits(bytes, start + 14)
  const second = twoDigits(bytes, start + 17)
  const separator = bytes[start + 10]
  if (bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d) return Number.NaN
  if (bytes[start + 13] !== 0x3a || bytes[start + 16] !== 0x3a) return Number.NaN
  if (separator !== 0x54 && separator !== 0x74 && separator !== 0x20) return Number.NaN
  // Years below 100 are none; two digits that are none make the year too great.
  if (year < 100 || year > 9999 || hour > 23 || minute > 59 || second > 60) return Number.NaN
  if (month < 1 || month > 12 || day < 1 || day > lastDay(year, month)) return Number.NaN
  let at = start + 19
  let millisecond = 0
  if (bytes[at] === 0x2e) {
    const firstDecimal = ++at
    for (let weight = 100; at < end && (bytes[at]! - 48) >>> 0 <= 9; weight = (weight / 10) | 0) {
      millisecond += weight * (bytes[at++]! - 48)
    }
    if (at === firstDecimal) return Number.NaN
  }
  const offsetMinutes = readOffset(bytes, at, end)
  const seconds = (hour * 60 + minute - offsetMinutes) * 60 + second
  return daysFrom1970(year, month, day) * DAY_MS + seconds * 1_000 + millisecond
}

/** `Z` or `±hh:mm` from `at` to `end`, in minutes east of UTC; NaN when it is neither. */
function readOffset(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return Number.NaN
  const sign = bytes[at]!
  if (sign === 0x5a || sign === 0x7a) return at + 1 === end ? 0 : Number.NaN
  if ((sign !== 0x2b && sign !== 0x2d) || at + 6 !== end || bytes[at + 3] !== 0x3a) return Number.NaN
  const hours = twoDigits(bytes, at + 1)
  const minutes = twoDigits(bytes, at + 4)
  if (hours > 23 || minutes > 59) return Number.NaN
  return sign === 0x2d ? -(hours * 60 + minutes) : hours * 60 + minutes
}

function lastDay(year: number, month: number): number {
  const isLeap = (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeap ? 29 : DAYS_OF_MONTH[month - 1]!
}

/** Days of the proleptic Gregorian calendar, by counting from a first of March (H. Hinnant, "days_from_civil"). */
function daysFrom1970(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1
  const era = (shifted / 400) | 0
  const yearOfEra = shifted - era * 400
  const dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1
  const dayOfEra = yearOfEra * 365 + (yearOfEra >> 2) - ((yearOfEra / 100) | 0) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/**
 * Writes epoch milliseconds as a decimal number to `out` at `to`; returns where it ends. Between 2001 and 2286 they
 * have 13 digits, which two whole numbers of 32 bits hold.
 */
export function writeMs(ms: number, out: Uint8Array, to: number): number {
  if (!(ms >= 1e12 && ms < 1e13)) {
    const text = String(ms)
    for (let i = 0; i < text.length; i++) out[to + i] = text.charCodeAt(i)
    return to + text.length
  }
  let head = (ms / 1e7) | 0
  let tail = (ms - head * 1e7) | 0
  for (let i = to + 12; i > to + 5; i--) {
    const rest = (tail / 10) | 0
    out[i] = 48 + tail - rest * 10
    tail = rest
  }
  for (let i = to + 5; i >= to; i--) {
    const rest = (head / 10) | 0
    out[i] = 48 + head - rest * 10
    head = rest
  }
  return to + 13
}
