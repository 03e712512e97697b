import assert from 'node:assert'
import { type Layout, layoutAt, layoutOf } from './layout.ts'
import { TextTable } from './text-table.ts'
import { lowestByte, unusualBytes, type Window } from './window.ts'

/*
 * The data of an event as the log keeps them, little-endian: whoever wants one field need not look at the others.
 *   0 u32 hash of the names   4 u32 bytes of the names   8 a word of 8 bytes for each field
 *   the texts, each with its u32 length in front   and to the end the names of the fields (`Layout`)
 * A number is its word, a 64-bit float. Other words are what no number is, NaNs with a sign:
 *   0xfff8 + n in the top 16 bits: a text of n ≤ 6 bytes, which stand in the other six
 *   0xffff: the next 16 bits say what, `Kind`; the lower half is where its text begins, counted from the first one.
 */
export const WORDS_AT = 8
const INLINE_BYTES = 6
export const LENGTH_BYTES = 4

/** The upper halves of words that are no numbers. */
export const NULL = 0xffff0000 | 0
export const TRUE = 0xffff0001 | 0
export const FALSE = 0xffff0002 | 0
export const TEXT = 0xffff0003 | 0
export const JSON_TEXT = 0xffff0004 | 0
const INLINE = 0xfff80000 | 0

/** By the length of an inline text: which bits of the halves are its own. The upper half is marked with the length. */
const LOW_MASKS = Int32Array.of(0, 0xff, 0xffff, 0xffffff, -1, -1, -1)
const HIGH_MASKS = Int32Array.of(0, 0, 0, 0, 0, 0xff, 0xffff)

/** Texts are shared by all who read: the same tariff is the same string for every rule. */
const texts = new TextTable()

/** Packs data: what `JSON.stringify` would leave out is left out, what it would make null is null. */
export function packData(data: Record<string, unknown>): Buffer {
  const names: string[] = []
  const parts: Buffer[] = []
  const words: [lo: number, hi: number][] = []
  const numbers = new DataView(new ArrayBuffer(8))
  let textBytes = 0
  for (const [name, value] of Object.entries(data)) {
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue
    names.push(name)
    if (typeof value === 'number' && Number.isFinite(value)) {
      numbers.setFloat64(0, value, true)
      words.push([numbers.getInt32(0, true), numbers.getInt32(4, true)])
      continue
    }
    const literal = literalWord(value)
    if (literal !== undefined) {
      words.push([0, literal])
      continue
    }
    // UTF-8 has no place for half a surrogate pair, which JSON can escape.
    const isText = typeof value === 'string' && value.isWellFormed()
    const text = Buffer.from(isText ? value : JSON.stringify(value))
    if (isText && text.length <= INLINE_BYTES) {
      const padded = Buffer.concat([text, Buffer.alloc(8)])
      words.push([padded.readInt32LE(0), padded.readInt32LE(4) | inlineMark(text.length)])
      continue
    }
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32LE(text.length)
    parts.push(length, text)
    words.push([textBytes, isText ? TEXT : JSON_TEXT])
    textBytes += LENGTH_BYTES + text.length
  }
  const layout = layoutOf(names)
  const head = Buffer.alloc(WORDS_AT + words.length * 8)
  head.writeUInt32LE(layout.hash, 0)
  head.writeUInt32LE(layout.text.bytes.length, 4)
  words.forEach(([lo, hi], i) => {
    head.writeInt32LE(lo, WORDS_AT + i * 8)
    head.writeInt32LE(hi, WORDS_AT + i * 8 + 4)
  })
  return Buffer.concat([head, ...parts, layout.text.bytes])
}

/** The word of a value that is no text and no finite number; undefined for others. */
export function literalWord(value: unknown): number | undefined {
  if (value === true) return TRUE
  if (value === false) return FALSE
  return value === null || typeof value === 'number' ? NULL : undefined
}

const inlineMark = (length: number): number => INLINE + (length << 16)

/** The data packed in the window's `[start, end)`. */
export function unpackData(source: Window, start: number, end: number): Record<string, unknown> {
  const layout = packedLayout(source, start, end)
  assert(layout, 'a record without data')
  const data: Record<string, unknown> = {}
  const textsAt = start + WORDS_AT + layout.names.length * 8
  layout.names.forEach((name, i) => {
    const value = wordValue(source, start + WORDS_AT + i * 8, textsAt)
    // Said so, because an assignment would change the object's prototype.
    if (name === '__proto__')
      Object.defineProperty(data, name, { value, enumerable: true, configurable: true, writable: true })
    else data[name] = value
  })
  return data
}

/** The layout of the data packed in the window's `[start, end)`; undefined when there are none. */
export function packedLayout({ bytes, view }: Window, start: number, end: number): Layout | undefined {
  if (end - start < WORDS_AT) return undefined
  const namesAt = end - view.getUint32(start + 4, true)
  return namesAt < start + WORDS_AT ? undefined : layoutAt(bytes, namesAt, end, view.getUint32(start, true))
}

/** The value whose word stands at `at`; the first text of the data stands at `textsAt`. */
function wordValue(source: Window, at: number, textsAt: number): unknown {
  const number = source.view.getFloat64(at, true)
  return Number.isNaN(number) ? otherValue(source, at, textsAt) : number
}

/** The value of a word that is no number. */
export function otherValue({ bytes, view }: Window, at: number, textsAt: number): unknown {
  const lo = view.getInt32(at, true)
  const hi = view.getInt32(at + 4, true)
  if (hi >>> 16 !== 0xffff) return texts.readShort(bytes, at, (hi >>> 16) & 7, lo, hi)
  if (hi === TRUE) return true
  if (hi === FALSE) return false
  if (hi === NULL) return null
  const length = view.getUint32(textsAt + lo, true)
  const start = textsAt + lo + LENGTH_BYTES
  if (hi === TEXT) return texts.read(bytes, start, start + length)
  return JSON.parse(bytes.toString('utf8', start, start + length))
}

/**
 * Packs the text that stands in `[start, end)` of `source`: its word goes to `at` of `out`, and if it is long, itself
 * to `free`, `textsAt` being where texts begin. Returns where the next text may stand.
 */
export function putText(
  source: Window,
  start: number,
  end: number,
  out: Window,
  at: number,
  free: number,
  textsAt: number,
): number {
  const length = end - start
  const target = out.view
  if (length > INLINE_BYTES) {
    target.setInt32(at, free - textsAt, true)
    target.setInt32(at + 4, TEXT, true)
    target.setInt32(free, length, true)
    return source.copyTo(start, end, out, free + LENGTH_BYTES)
  }
  const { view } = source
  let lo = 0
  let hi = 0
  if (start + 8 <= source.bytes.length) {
    lo = view.getInt32(start, true) & LOW_MASKS[length]!
    hi = view.getInt32(start + 4, true) & HIGH_MASKS[length]!
  } else {
    for (let i = 0; i < length; i++) {
      if (i < 4) lo |= source.bytes[start + i]! << (i * 8)
      else hi |= source.bytes[start + i]! << ((i - 4) * 8)
    }
  }
  target.setInt32(at, lo, true)
  target.setInt32(at + 4, hi | inlineMark(length), true)
  return free
}

/**
 * Packs the plain text that begins at `start`, eight bytes before the end of `view` at least, into the word at `at` of
 * `out`; returns its length, or -1 where it has more than a word holds.
 */
export function putShortText(view: DataView, start: number, out: DataView, at: number): number {
  const lo = view.getInt32(start, true)
  const lowFound = unusualBytes(lo)
  if (lowFound !== 0) {
    const length = lowestByte(lowFound)
    out.setInt32(at, lo & LOW_MASKS[length]!, true)
    out.setInt32(at + 4, inlineMark(length), true)
    return length
  }
  const hi = view.getInt32(start + 4, true)
  const highFound = unusualBytes(hi)
  const length = highFound === 0 ? INLINE_BYTES + 1 : 4 + lowestByte(highFound)
  if (length > INLINE_BYTES) return -1
  out.setInt32(at, lo, true)
  out.setInt32(at + 4, (hi & HIGH_MASKS[length]!) | inlineMark(length), true)
  return length
}
