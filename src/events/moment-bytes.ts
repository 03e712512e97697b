import { digitCount, digitsValue } from './digits.ts'

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

/** The bytes of the date that was read last, with its separators, and the day's beginning: events come day by day. */
let lastYear = 0
let lastMonth = 0
let lastDayOfMonth = 0
let lastDayMs = Number.NaN

/** The date-time `bytes[start, end)` as epoch milliseconds, or NaN when it is none. `view` sees the same bytes. */
export function readRfc3339(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  if (end - start < 20) return Number.NaN
  const year = view.getInt32(start, true)
  const month = view.getInt32(start + 4, true)
  const day = view.getInt16(start + 8, true)
  if (year !== lastYear || month !== lastMonth || day !== lastDayOfMonth) {
    lastYear = year
    lastMonth = month
    lastDayOfMonth = day
    lastDayMs = readDate(bytes, start)
  }
  const hour = twoDigits(bytes, start + 11)
  const minute = twoDigits(bytes, start + 14)
  const second = twoDigits(bytes, start + 17)
  const separator = bytes[start + 10]
  if (bytes[start + 13] !== 0x3a || bytes[start + 16] !== 0x3a) return Number.NaN
  if (separator !== 0x54 && separator !== 0x74 && separator !== 0x20) return Number.NaN
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN
  let at = start + 19
  let millisecond = 0
  if (bytes[at] === 0x2e) {
    const decimals = at + 4 <= bytes.length ? view.getInt32(at, true) >>> 8 : restWord(bytes, at + 1)
    const count = digitCount(decimals)
    if (count === 0) return Number.NaN
    millisecond = digitsValue(decimals, count) * MS_OF_DECIMALS[count]!
    for (at += 1 + count; at < end && (bytes[at]! - 48) >>> 0 <= 9; at++);
  }
  const offsetMinutes = readOffset(bytes, at, end)
  return lastDayMs + ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1_000 + millisecond
}

/** The bytes from `at` to the end, at most three, as a word. */
function restWord(bytes: Uint8Array, at: number): number {
  return bytes.subarray(at).reduceRight((word, byte) => (word << 8) | byte, 0)
}

/** Milliseconds that the last of so many decimals of a second is worth. */
const MS_OF_DECIMALS = Uint8Array.of(0, 100, 10, 1)

/** The date at `start` as the epoch milliseconds of its beginning, or NaN when it is none. */
function readDate(bytes: Uint8Array, start: number): number {
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2)
  const month = twoDigits(bytes, start + 5)
  const day = twoDigits(bytes, start + 8)
  if (bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d) return Number.NaN
  // Years below 100 are none; two digits that are none make the year too great.
  if (year < 100 || year > 9999 || month < 1 || month > 12) return Number.NaN
  return day < 1 || day > lastDay(year, month) ? Number.NaN : daysFrom1970(year, month, day) * DAY_MS
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
