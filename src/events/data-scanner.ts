import type { Lookup } from '../profiles/index.ts'
import { referenceOf } from './converter.ts'
import type { EventType } from './event-type.ts'
import { compileFieldCheck, type FieldCheck } from './field-check.ts'
import { phoneAt } from './identity-bytes.ts'
import {
  CLOSE_OBJECT,
  COMMA,
  literalEnd,
  numberRead,
  OPEN_OBJECT,
  QUOTE,
  readNumber,
  skipSpace,
  stringEnd,
  valueEnd,
} from './json-bytes.ts'
import { KeyReader } from './key-reader.ts'
import { readRfc3339, writeMs } from './moment-bytes.ts'
import { TextTable } from './text-table.ts'
import { Window } from './window.ts'

/** Keywords of a whole schema that a scanner understands; with any other one the type is left to the slow path. */
const rootKeywords = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  '$schema',
  'title',
  'description',
  '$comment',
])

/** The most that a value of an identity field may grow: `"x"` becomes `"subscriber:2147483647"`. */
const REFERENCE_BYTES = 24

/** How deep data stand in an event. */
const DATA_DEPTH = 2

/** A scanner for the data of a type; undefined when its schema is beyond the common ones. */
export function compileDataScanner(schema: EventType['schema']): DataScanner | undefined {
  const {
    required = [],
    additionalProperties = true,
    properties,
  } = schema as {
    required?: string[]
    additionalProperties?: unknown
    properties: EventType['schema']['properties']
  }
  const names = Object.keys(properties)
  if (!Object.keys(schema).every((key) => rootKeywords.has(key))) return undefined
  if (typeof additionalProperties !== 'boolean') return undefined
  // Such a name is found on every object, whether the event has it or not.
  if (names.some((name) => name in Object.prototype)) return undefined
  if (required.some((name) => !names.includes(name))) return undefined
  const checks: FieldCheck[] = []
  for (const name of names) {
    const check = compileFieldCheck(properties[name]!, required.includes(name))
    if (check === undefined) return undefined
    checks.push(check)
  }
  return new DataScanner(names, checks, !additionalProperties)
}

const nothing = new Window(Buffer.alloc(0))

/** Texts of fields whose value is compared with others. */
const texts = new TextTable()

/**
 * Checks data where they stand in the line and writes them as the log keeps them: declared fields only, moments as
 * epoch milliseconds, subscribers instead of identities. What stays as it came is copied in as few pieces as possible.
 */
export class DataScanner {
  /** How many bytes the data may grow. */
  readonly extraBytes: number
  /** Where the data that were scanned last end. */
  end = 0
  readonly #keys: KeyReader
  readonly #checks: FieldCheck[]
  readonly #isClosed: boolean
  readonly #requiredCount: number
  /** Per field the number of the scan that met it last. */
  readonly #metIn: Float64Array
  #scans = 0
  /** The line and the output, and how far that is written; what is copied next begins at `#copied`. */
  #source = nothing
  #out = nothing
  #at = 0
  #copied = 0

  constructor(names: string[], checks: FieldCheck[], isClosed: boolean) {
    this.#keys = new KeyReader(names)
    this.#checks = checks
    this.#isClosed = isClosed
    this.#requiredCount = checks.filter((check) => check.isRequired).length
    this.#metIn = new Float64Array(checks.length)
    this.extraBytes = 2 + checks.filter((check) => check.identity !== undefined).length * REFERENCE_BYTES
  }

  /**
   * Scans the data at `at` and writes them to `out` from `to` on; returns where they end there, with `end` set. -1 for
   * anything that is wrong or unusual.
   */
  scan(source: Window, at: number, end: number, out: Window, to: number, lookup: Lookup): number {
    const { bytes } = source
    if (at >= end || bytes[at] !== OPEN_OBJECT) return -1
    this.#source = source
    this.#out = out
    this.#at = to
    this.#copied = at
    this.#scans++
    let keptEnd = at + 1
    let kept = 0
    let isGap = false
    let missing = this.#requiredCount
    at = skipSpace(bytes, at + 1, end)
    if (at < end && bytes[at] !== CLOSE_OBJECT) {
      this.#keys.begin()
      for (;;) {
        const member = at
        at = this.#keys.read(source, at, end)
        if (at < 0 || at >= end) return -1
        const slot = this.#keys.slot
        if (slot < 0) {
          if (this.#isClosed) return -1
          if (!isGap) this.#copyUpTo(keptEnd)
          isGap = true
          at = valueEnd(bytes, at, end, DATA_DEPTH)
        } else {
          if (this.#metIn[slot] === this.#scans) return -1
          this.#metIn[slot] = this.#scans
          const check = this.#checks[slot]!
          if (check.isRequired) missing--
          if (isGap) {
            if (kept > 0) out.bytes[this.#at++] = COMMA
            this.#copied = member
            isGap = false
          }
          kept++
          at = this.#takeValue(bytes, at, end, check, lookup)
          keptEnd = at
        }
        if (at < 0) return -1
        at = skipSpace(bytes, at, end)
        if (at >= end) return -1
        if (bytes[at] === CLOSE_OBJECT) break
        if (bytes[at] !== COMMA) return -1
        at = skipSpace(bytes, at + 1, end)
      }
    }
    if (at >= end || missing > 0) return -1
    this.end = at + 1
    if (isGap) out.bytes[this.#at++] = CLOSE_OBJECT
    else this.#copyUpTo(at + 1)
    return this.#at
  }

  /** Whether an event of the type may come without data. */
  get allowsNone(): boolean {
    return this.#requiredCount === 0
  }

  #copyUpTo(end: number): void {
    this.#at = this.#source.copyTo(this.#copied, end, this.#out, this.#at)
    this.#copied = end
  }

  /** Writes `text` in the place of the value `[start, end)`; returns `end`. */
  #replace(start: number, end: number, text: string): number {
    this.#copyUpTo(start)
    const { bytes } = this.#out
    for (let i = 0; i < text.length; i++) bytes[this.#at++] = text.charCodeAt(i)
    this.#copied = end
    return end
  }

  /** Checks the value at `at` and converts it where it must be; returns where it ends, or -1. */
  #takeValue(bytes: Buffer, at: number, end: number, check: FieldCheck, lookup: Lookup): number {
    if (check.isNullable && bytes[at] === 0x6e && check.kind !== 'any') return literalEnd(bytes, at, end)
    switch (check.kind) {
      case 'number':
      case 'integer':
        return numberEnd(bytes, at, end, check)
      case 'boolean':
        return bytes[at] === 0x6e ? -1 : literalEnd(bytes, at, end)
      case 'string':
        return this.#takeText(bytes, at, end, check, lookup)
      case 'time': {
        const close = bytes[at] === QUOTE ? this.#source.plainEnd(at + 1, end) : end
        if (close >= end || bytes[close] !== QUOTE || !isTextInBounds(bytes, at + 1, close, check)) return -1
        const ms = readRfc3339(bytes, at + 1, close)
        if (Number.isNaN(ms)) return -1
        this.#copyUpTo(at)
        this.#at = writeMs(ms, this.#out.bytes, this.#at)
        this.#copied = close + 1
        return close + 1
      }
      case 'any':
        return this.#takeAny(bytes, at, end, check, lookup)
    }
  }

  #takeText(bytes: Buffer, at: number, end: number, check: FieldCheck, lookup: Lookup): number {
    if (bytes[at] !== QUOTE) return -1
    const close = this.#source.plainEnd(at + 1, end)
    if (close >= end || bytes[close] !== QUOTE) {
      if (isConstrained(check)) return -1
      return stringEnd(bytes, close, end) + 1 || -1
    }
    if (isConstrained(check)) {
      if (!isTextInBounds(bytes, at + 1, close, check)) return -1
      if (check.identity !== undefined) return this.#takeIdentity(bytes, at, close, check.identity, lookup)
    }
    return close + 1
  }

  #takeIdentity(bytes: Buffer, at: number, close: number, kind: string, lookup: Lookup): number {
    const digits = kind === 'msisdn' ? phoneAt(bytes, at + 1, close) : 0
    const id = digits === 0 ? 0 : lookup.phone(digits)
    const found = id === 0 ? lookup.resolve(`${kind}:${bytes.toString('utf8', at + 1, close)}`) : id
    return this.#replace(at, close + 1, `"${referenceOf(found)}"`)
  }

  #takeAny(bytes: Buffer, at: number, end: number, check: FieldCheck, lookup: Lookup): number {
    const close = valueEnd(bytes, at, end, DATA_DEPTH)
    if (close < 0) return -1
    const value: unknown = JSON.parse(bytes.toString('utf8', at, close))
    if (!check.validate!(value)) return -1
    if (check.convert === undefined || value === null) return close
    // Only moments in lists are converted here, which makes them shorter; another outcome would not fit.
    const text = JSON.stringify(check.convert(value, lookup.resolve))
    return text.length > close - at || !/^[\x20-\x7e]*$/.test(text) ? -1 : this.#replace(at, close, text)
  }
}

function isConstrained(check: FieldCheck): boolean {
  return (
    check.identity !== undefined ||
    check.allowed !== undefined ||
    check.pattern !== undefined ||
    check.minLength > 0 ||
    check.maxLength < Infinity
  )
}

function isTextInBounds(bytes: Buffer, start: number, end: number, check: FieldCheck): boolean {
  if (check.minLength > 0 || check.maxLength < Infinity) {
    let characters = end - start
    for (let i = start; i < end; i++) if ((bytes[i]! & 0xc0) === 0x80) characters--
    if (characters < check.minLength || characters > check.maxLength) return false
  }
  if (check.allowed === undefined && check.pattern === undefined) return true
  const text = texts.read(bytes, start, end)
  return (check.allowed?.has(text) ?? true) && (check.pattern?.test(text) ?? true)
}

function numberEnd(bytes: Buffer, at: number, end: number, check: FieldCheck): number {
  const value = readNumber(bytes, at, end)
  if (numberRead.end < 0 || !Number.isFinite(value)) return -1
  if (check.kind === 'integer' && !Number.isInteger(value)) return -1
  if (check.isAboveMinimum ? value <= check.minimum : value < check.minimum) return -1
  if (check.isBelowMaximum ? value >= check.maximum : value > check.maximum) return -1
  return check.allowed === undefined || check.allowed.has(value) ? numberRead.end : -1
}
