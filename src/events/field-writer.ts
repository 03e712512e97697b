import type { Lookup } from '../profiles/index.ts'
import { referenceOf } from './converter.ts'
import type { FieldCheck } from './field-check.ts'
import { phoneAt } from './identity-bytes.ts'
import { literalEnd, numberRead, QUOTE, readNumber, stringEnd, valueEnd } from './json-bytes.ts'
import { readRfc3339 } from './moment-bytes.ts'
import { FALSE, JSON_TEXT, LENGTH_BYTES, literalWord, NULL, putText, TEXT, TRUE } from './packed-data.ts'
import { TextTable } from './text-table.ts'
import { Window } from './window.ts'

/** How deep data stand in an event. */
export const DATA_DEPTH = 2

/** Texts of fields whose value is compared with others. */
const texts = new TextTable()

const nothing = new Window(Buffer.alloc(0))

/** Checks values of fields where they stand in a line and packs them, one after another. */
export class FieldWriter {
  /** Where the line is, where packed data go, where their texts begin and where the next one may stand. */
  source = nothing
  out = nothing
  textsAt = 0
  free = 0
  lookup: Lookup | undefined

  begin(source: Window, out: Window, textsAt: number, lookup: Lookup): void {
    this.source = source
    this.out = out
    this.textsAt = textsAt
    this.free = textsAt
    this.lookup = lookup
  }

  /** Packs the value at `at` with its word at `wordAt`; returns where it ends, or -1 for a wrong or unusual one. */
  take(check: FieldCheck, at: number, end: number, wordAt: number): number {
    const { bytes } = this.source
    if (check.isNullable && bytes[at] === 0x6e && check.kind !== 'any') {
      this.#putHigh(wordAt, NULL)
      return literalEnd(bytes, at, end)
    }
    switch (check.kind) {
      case 'number':
      case 'integer': {
        const value = readNumber(bytes, at, end)
        if (numberRead.end < 0 || !isNumberInBounds(value, check)) return -1
        this.out.view.setFloat64(wordAt, value, true)
        return numberRead.end
      }
      case 'boolean':
        if (bytes[at] === 0x6e) return -1
        this.#putHigh(wordAt, bytes[at] === 0x74 ? TRUE : FALSE)
        return literalEnd(bytes, at, end)
      case 'string':
        return this.#takeText(check, at, end, wordAt)
      case 'time': {
        const close = bytes[at] === QUOTE ? this.source.plainEnd(at + 1, end) : end
        if (close >= end || bytes[close] !== QUOTE || !isTextInBounds(bytes, at + 1, close, check)) return -1
        const ms = readRfc3339(bytes, this.source.view, at + 1, close)
        if (Number.isNaN(ms)) return -1
        this.out.view.setFloat64(wordAt, ms, true)
        return close + 1
      }
      case 'any':
        return this.#takeAny(check, at, end, wordAt)
    }
  }

  #takeText(check: FieldCheck, at: number, end: number, wordAt: number): number {
    const { source } = this
    const { bytes } = source
    if (bytes[at] !== QUOTE) return -1
    const close = source.plainEnd(at + 1, end)
    if (close >= end || bytes[close] !== QUOTE) {
      if (isConstrained(check)) return -1
      const last = stringEnd(bytes, close, end)
      return last < 0 ? -1 : this.#put(JSON.parse(bytes.toString('utf8', at, last + 1)), at, last + 1, wordAt)
    }
    if (check.identity !== undefined) return this.takeIdentity(check, at + 1, close, wordAt)
    if (isConstrained(check) && !isTextInBounds(bytes, at + 1, close, check)) return -1
    this.free = putText(source, at + 1, close, this.out, wordAt, this.free, this.textsAt)
    return close + 1
  }

  /** Packs the reference to whoever has the identity `[start, close)`; returns where its closing quote ends, or -1. */
  takeIdentity(check: FieldCheck, start: number, close: number, wordAt: number): number {
    const { bytes } = this.source
    if (!isTextInBounds(bytes, start, close, check)) return -1
    const { lookup } = this
    const digits = check.identity === 'msisdn' ? phoneAt(bytes, this.source.view, start, close) : 0
    const id = digits === 0 ? 0 : lookup!.phone(digits)
    const found = id === 0 ? lookup!.resolve(`${check.identity}:${bytes.toString('utf8', start, close)}`) : id
    this.#putLong(referenceOf(found), TEXT, wordAt)
    return close + 1
  }

  #takeAny(check: FieldCheck, at: number, end: number, wordAt: number): number {
    const { bytes } = this.source
    const close = valueEnd(bytes, at, end, DATA_DEPTH)
    if (close < 0) return -1
    const value: unknown = JSON.parse(bytes.toString('utf8', at, close))
    if (!check.validate!(value)) return -1
    const isKept = check.convert === undefined || value === null
    return this.#put(isKept ? value : check.convert!(value, this.lookup!.resolve), at, close, wordAt)
  }

  /** Packs a value made of `[at, close)`; returns `close`, or -1 where it would need more room than it had there. */
  #put(value: unknown, at: number, close: number, wordAt: number): number {
    const literal = Number.isFinite(value) ? undefined : literalWord(value)
    if (literal !== undefined) {
      this.#putHigh(wordAt, literal)
    } else if (typeof value === 'number') {
      this.out.view.setFloat64(wordAt, value, true)
    } else {
      const isText = typeof value === 'string' && value.isWellFormed()
      const text = isText ? value : JSON.stringify(value)
      if (Buffer.byteLength(text) > close - at) return -1
      this.#putLong(text, isText ? TEXT : JSON_TEXT, wordAt)
    }
    return close
  }

  #putHigh(wordAt: number, hi: number): void {
    this.out.view.setInt32(wordAt, 0, true)
    this.out.view.setInt32(wordAt + 4, hi, true)
  }

  #putLong(text: string, kind: number, wordAt: number): void {
    const { bytes, view } = this.out
    const written = bytes.write(text, this.free + LENGTH_BYTES)
    view.setInt32(wordAt, this.free - this.textsAt, true)
    view.setInt32(wordAt + 4, kind, true)
    view.setInt32(this.free, written, true)
    this.free += LENGTH_BYTES + written
  }
}

/** Whether a text must be anything but a text. */
export function isConstrained(check: FieldCheck): boolean {
  return (
    check.identity !== undefined ||
    check.allowed !== undefined ||
    check.pattern !== undefined ||
    check.minLength > 0 ||
    check.maxLength < Infinity
  )
}

/** Whether the text `bytes[start, end)` is one that the field may have. */
export function isTextInBounds(bytes: Buffer, start: number, end: number, check: FieldCheck): boolean {
  if (check.minLength > 0 || check.maxLength < Infinity) {
    let characters = end - start
    for (let i = start; i < end; i++) if ((bytes[i]! & 0xc0) === 0x80) characters--
    if (characters < check.minLength || characters > check.maxLength) return false
  }
  if (check.allowed === undefined && check.pattern === undefined) return true
  const text = texts.read(bytes, start, end)
  return (check.allowed?.has(text) ?? true) && (check.pattern?.test(text) ?? true)
}

function isNumberInBounds(value: number, check: FieldCheck): boolean {
  if (!Number.isFinite(value)) return false
  if (check.kind === 'integer' && !Number.isInteger(value)) return false
  if (check.isAboveMinimum ? value <= check.minimum : value < check.minimum) return false
  if (check.isBelowMaximum ? value >= check.maximum : value > check.maximum) return false
  return check.allowed === undefined || check.allowed.has(value)
}
