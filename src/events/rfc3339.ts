/** Longest month lengths; February is corrected for the year below. */
const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * A date-time of RFC 3339 §5.6 as epoch milliseconds, or undefined when the text is none. The zone is required,
 * digits below the millisecond are dropped, and second 60 (a leap second) counts as the next second. Written by
 * hand because every event passes here and `Date.parse` takes much that is not RFC 3339 (30 February too).
 */
export function parseRfc3339(text: string): number | undefined {
  if (text.length < 20) return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  const hour = digits(text, 11, 13)
  const minute = digits(text, 14, 16)
  const second = digits(text, 17, 19)
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return undefined
  const separator = text[10]
  if (separator !== 'T' && separator !== 't' && separator !== ' ') return undefined
  if (month < 1 || month > 12 || day < 1 || day > lastDay(year, month)) return undefined
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return undefined
  let at = 19
  let millisecond = 0
  if (text[at] === '.') {
    const start = ++at
    for (let weight = 100; isDigit(text.charCodeAt(at)); weight = Math.floor(weight / 10)) {
      millisecond += weight * (text.charCodeAt(at++) - 48)
    }
    if (at === start) return undefined
  }
  const offsetMinutes = offset(text, at)
  if (offsetMinutes === undefined) return undefined
  const ms = Date.UTC(year, month - 1, day, hour, minute, second, millisecond) - offsetMinutes * 60_000
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; nothing was measured then.
  return Number.isNaN(ms) || year < 100 ? undefined : ms
}

/** The number in text[from, to), or NaN when a character there is no digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    if (!isDigit(code)) return Number.NaN
    value = value * 10 + code - 48
  }
  return value
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

function lastDay(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return month === 2 && isLeap ? 29 : daysOfMonth[month - 1]!
}

/** `Z` or `±hh:mm` from `at` to the end of the text, in minutes east of UTC. */
function offset(text: string, at: number): number | undefined {
  const sign = text[at]
  if (sign === 'Z' || sign === 'z') return text.length === at + 1 ? 0 : undefined
  if ((sign !== '+' && sign !== '-') || text.length !== at + 6 || text[at + 3] !== ':') return undefined
  const hours = digits(text, at + 1, at + 3)
  const minutes = digits(text, at + 4, at + 6)
  if (!(hours <= 23 && minutes <= 59)) return undefined
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes)
}
