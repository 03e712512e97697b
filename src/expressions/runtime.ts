import { maxInt, maxTimestampMs, minTimestampMs } from './cel-type.ts'

/*
 * What the generated JavaScript calls. `undefined` is the language's error everywhere, as NULL is in SQL:
 * a missing value, a value of another type than declared, a failed operation.
 */

/** A field declared as bool. */
export function readBool(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

/** A field declared as int. Adding 0 turns −0 into 0, which `string()` and a division would otherwise show. */
export function readInt(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : undefined
  return typeof value === 'bigint' ? safeInt(Number(value)) : undefined
}

/** A field declared as double: a finite number. */
export function readDouble(value: unknown): number | undefined {
  return typeof value === 'number' ? finite(value) : undefined
}

/** A field declared as string. */
export function readString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A field declared as timestamp: whole milliseconds within the range of both back ends. */
export function readTimestamp(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? safeTimestamp(value) : undefined
}

/** A missing list is the empty list, because a ClickHouse array cannot be NULL; foreign elements are left out. */
function readList<T>(value: unknown, read: (element: unknown) => T | undefined): T[] {
  if (!Array.isArray(value)) return []
  return value.map((element) => read(element)).filter((element) => element !== undefined)
}

/** A field declared as `list<int>`. */
export const readInts = (value: unknown): number[] => readList(value, readInt)
/** A field declared as `list<double>`. */
export const readDoubles = (value: unknown): number[] => readList(value, readDouble)
/** A field declared as `list<string>`. */
export const readStrings = (value: unknown): string[] => readList(value, readString)

/** A whole number that both back ends hold exactly, else the error. */
export function safeInt(value: number): number | undefined {
  return value <= maxInt && value >= -maxInt ? value + 0 : undefined
}

/** A number that is one: no infinity and no NaN. */
export function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

/** Epoch milliseconds within ClickHouse's DateTime64(3), else the error. */
export function safeTimestamp(value: number): number | undefined {
  return value >= minTimestampMs && value <= maxTimestampMs ? value + 0 : undefined
}

/** Truncates toward zero. Taking the remainder off first keeps the quotient exact near 2^53. */
export function divideInt(left: number, right: number): number | undefined {
  return right === 0 ? undefined : (left - (left % right)) / right + 0
}

/** The sign follows the dividend, as in CEL and ClickHouse. */
export function moduloInt(left: number, right: number): number | undefined {
  return right === 0 ? undefined : (left % right) + 0
}

/** UTF-16 puts the astral planes below U+E000–U+FFFF; moving the surrogates to the top restores code point order. */
function inCodePointOrder(unit: number): number {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}

/** Negative, zero or positive, by Unicode code points: the order of UTF-8 bytes, which is ClickHouse's. */
export function compareText(left: string, right: string): number {
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index++) {
    const a = left.charCodeAt(index)
    const b = right.charCodeAt(index)
    if (a !== b) return inCodePointOrder(a) - inCodePointOrder(b)
  }
  return left.length - right.length
}

/** Length in code points. */
export function sizeOfText(text: string): number {
  let size = text.length
  for (let index = 1; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0xdc00 && unit < 0xe000) size--
  }
  return size
}

/** ASCII letters in lower case; others stay, because the two back ends know different alphabets. */
export function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** ASCII letters in upper case; others stay. */
export function upperAscii(text: string): string {
  return text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase())
}

/** `int(double)`: truncated toward zero. */
export function intOfDouble(value: number): number | undefined {
  return safeInt(Math.trunc(value))
}

/** `int(string)`: plain decimal digits with an optional minus sign. */
export function intOfText(text: string): number | undefined {
  return /^-?[0-9]{1,16}$/.test(text) ? safeInt(Number(text)) : undefined
}

/** Plain decimals of at most 15 decimal places whose digits make a safe integer: one rounding, so one answer. */
export function doubleOfText(text: string): number | undefined {
  if (!/^-?[0-9]{1,16}(?:\.[0-9]{1,15})?$/.test(text)) return undefined
  return safeInt(Number(text.replace('.', ''))) === undefined ? undefined : Number(text) + 0
}

/** True as soon as one element satisfies; otherwise an error if any failed; otherwise false. */
export function exists<T>(list: T[], predicate: (element: T) => boolean | undefined): boolean | undefined {
  let failed = false
  for (const element of list) {
    const answer = predicate(element)
    if (answer === true) return true
    if (answer === undefined) failed = true
  }
  return failed ? undefined : false
}
