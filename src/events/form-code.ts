import { afterColon, CLOSE_OBJECT, COMMA, OPEN_OBJECT, QUOTE, skipSpace, valueEnd } from './json-bytes.ts'
import { Window } from './window.ts'

/*
 * Code for one form of an object: what stands between its values is the same each time, and is compared eight bytes at
 * once with numbers in the code. No text of anybody else gets into the code, only numbers made from its bytes.
 */

/** Bytes that code may look at behind what it has compared, before it looks whether they are there. */
const AHEAD_BYTES = 8

/** A member as it stands in an object: its key without quotes, and where its value begins and ends. */
export type Member = { key: string; start: number; end: number }

/** The members of the object at `at`, and where the object ends; undefined for one with unusual keys. */
export function membersAt(
  bytes: Buffer,
  at: number,
  end: number,
): { members: Member[]; end: number } | undefined {
  const members: Member[] = []
  if (bytes[at] !== OPEN_OBJECT) return undefined
  const window = new Window(bytes)
  for (let mark = OPEN_OBJECT; mark !== CLOSE_OBJECT; mark = bytes[at]!) {
    const keyAt = skipSpace(bytes, at + 1, end)
    if (members.length === 0 && bytes[keyAt] === CLOSE_OBJECT) return { members, end: keyAt + 1 }
    if (bytes[keyAt] !== QUOTE) return undefined
    const close = window.plainEnd(keyAt + 1, end)
    if (close >= end || bytes[close] !== QUOTE) return undefined
    const start = afterColon(bytes, close + 1, end)
    const last = start < 0 ? -1 : valueEnd(bytes, start, end)
    if (last < 0) return undefined
    members.push({ key: bytes.toString('utf8', keyAt + 1, close), start, end: last })
    at = skipSpace(bytes, last, end)
    if (at >= end || (bytes[at] !== COMMA && bytes[at] !== CLOSE_OBJECT)) return undefined
  }
  return { members, end: at + 1 }
}

/** Code that returns -1 unless the bytes `[start, end)` stand at `at`, and else moves `at` behind them. */
export function compared(bytes: Buffer, start: number, end: number): string {
  const { view } = new Window(bytes)
  const length = end - start
  const tests = [`at + ${length + AHEAD_BYTES} > limit`]
  const test = (read: 'getInt32' | 'getUint8' | 'getFloat64', i: number): void => {
    tests.push(`view.${read}(at + ${i}, true) !== ${view[read](start + i, true)}`)
  }
  const word = (i: number): void => {
    const value = view.getFloat64(start + i, true)
    // Zeros of both signs are equal, and what is no number equals nothing.
    if (value !== 0 && !Number.isNaN(value)) return test('getFloat64', i)
    test('getInt32', i)
    test('getInt32', i + 4)
  }
  let i = 0
  for (; i + 8 <= length; i += 8) word(i)
  if (i < length) {
    // The last word overlaps the one before.
    if (length >= 8) word(length - 8)
    else if (length >= 4) [0, length - 4].forEach((at) => test('getInt32', at))
    else for (; i < length; i++) test('getUint8', i)
  }
  return `if (${tests.join(' || ')}) return -1; at += ${length}`
}

/** Code that writes the bytes to `out` at `free`, and moves that behind them. */
export function written(bytes: Buffer): string {
  const { view } = new Window(bytes)
  const lines: string[] = []
  let i = 0
  for (; i + 4 <= bytes.length; i += 4)
    lines.push(`out.setInt32(free + ${i}, ${view.getInt32(i, true)}, true)`)
  for (; i < bytes.length; i++) lines.push(`out.setUint8(free + ${i}, ${bytes[i]!})`)
  return [...lines, `free += ${bytes.length}`].join('; ')
}
