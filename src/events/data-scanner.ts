import type { Lookup } from '../profiles/index.ts'
import { compileDataForm, type DataForm } from './data-form.ts'
import type { EventType } from './event-type.ts'
import { compileFieldCheck, type FieldCheck } from './field-check.ts'
import { DATA_DEPTH, FieldWriter } from './field-writer.ts'
import { Forms } from './forms.ts'
import { CLOSE_OBJECT, COMMA, OPEN_OBJECT, skipSpace, valueEnd } from './json-bytes.ts'
import { KeyReader } from './key-reader.ts'
import { type Layout, layoutOf } from './layout.ts'
import { LENGTH_BYTES, WORDS_AT } from './packed-data.ts'
import type { Window } from './window.ts'

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

/**
 * Checks data where they stand in the line and packs them as the log keeps them: declared fields only, moments as
 * epoch milliseconds, subscribers instead of identities.
 */
export class DataScanner {
  /** How many bytes packed data may be longer than what they were made of. */
  readonly extraBytes: number
  /** Where the data that were scanned last end. */
  end = 0
  readonly #names: string[]
  readonly #keys: KeyReader
  readonly #checks: FieldCheck[]
  readonly #isClosed: boolean
  readonly #requiredCount: number
  readonly #writer = new FieldWriter()
  /** Forms of data that came often, each with code of its own. */
  readonly #forms = new Forms<DataForm>()
  /** Per field the number of the scan that met it last. */
  readonly #metIn: Float64Array
  #scans = 0
  /** The fields of the data under way in their order, and those of the last layout. */
  readonly #order: Int32Array
  readonly #lastOrder: Int32Array
  #layout: Layout = layoutOf([])

  constructor(names: string[], checks: FieldCheck[], isClosed: boolean) {
    this.#names = names
    this.#keys = new KeyReader(names)
    this.#checks = checks
    this.#isClosed = isClosed
    this.#requiredCount = checks.filter((check) => check.isRequired).length
    this.#metIn = new Float64Array(checks.length)
    this.#order = new Int32Array(names.length)
    this.#lastOrder = new Int32Array(names.length)
    const references = checks.filter((check) => check.identity !== undefined).length
    this.extraBytes =
      WORDS_AT +
      names.length * (8 + LENGTH_BYTES) +
      references * REFERENCE_BYTES +
      layoutOf(names).text.bytes.length
  }

  /**
   * Scans the data at `at` and packs them into `out` from `to` on; returns where they end there, with `end` set. -1 for
   * anything that is wrong or unusual.
   */
  scan(source: Window, at: number, end: number, out: Window, to: number, lookup: Lookup): number {
    const { list } = this.#forms
    for (let i = 0; i < list.length; i++) {
      const packed = list[i]!(this, this.#writer, source, at, end, out, to, lookup)
      if (packed < 0) continue
      if (i > 0) this.#forms.hit(i)
      return packed
    }
    const packed = this.#scanMembers(source, at, end, out, to, lookup)
    if (packed >= 0 && this.#forms.isDue()) {
      this.#forms.add(compileDataForm(source.bytes, at, this.end, this.#names, this.#checks))
    }
    return packed
  }

  #scanMembers(source: Window, at: number, end: number, out: Window, to: number, lookup: Lookup): number {
    const { bytes } = source
    if (at >= end || bytes[at] !== OPEN_OBJECT) return -1
    const writer = this.#writer
    // Texts are written behind as many words as there may be, and moved when it is known how many there are.
    writer.begin(source, out, to + WORDS_AT + this.#names.length * 8, lookup)
    this.#scans++
    let kept = 0
    let missing = this.#requiredCount
    at = skipSpace(bytes, at + 1, end)
    if (at < end && bytes[at] !== CLOSE_OBJECT) {
      this.#keys.begin()
      for (;;) {
        at = this.#keys.read(source, at, end)
        if (at < 0 || at >= end) return -1
        const slot = this.#keys.slot
        if (slot < 0) {
          if (this.#isClosed) return -1
          at = valueEnd(bytes, at, end, DATA_DEPTH)
        } else {
          if (this.#metIn[slot] === this.#scans) return -1
          this.#metIn[slot] = this.#scans
          const check = this.#checks[slot]!
          if (check.isRequired) missing--
          at = writer.take(check, at, end, to + WORDS_AT + kept * 8)
          this.#order[kept++] = slot
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
    return this.#finish(out, to, kept)
  }

  /** Whether an event of the type may come without data. */
  get allowsNone(): boolean {
    return this.#requiredCount === 0
  }

  /** Packs data without a field into `out` at `to`; returns where they end. */
  putNone(out: Window, to: number): number {
    this.#writer.textsAt = this.#writer.free = to + WORDS_AT + this.#names.length * 8
    return this.#finish(out, to, 0)
  }

  /** Writes what stands before the words and behind the texts; returns where the data end. */
  #finish(out: Window, to: number, kept: number): number {
    const { textsAt, free } = this.#writer
    const layout = this.#layoutOf(kept)
    const { length } = layout.text.bytes
    out.view.setInt32(to, layout.hash, true)
    out.view.setInt32(to + 4, length, true)
    const begin = to + WORDS_AT + kept * 8
    if (begin < textsAt) out.bytes.copyWithin(begin, textsAt, free)
    return layout.text.copyTo(0, length, out, begin + free - textsAt)
  }

  /** The layout of the data under way, which have so many fields. */
  #layoutOf(kept: number): Layout {
    let isSame = kept === this.#layout.names.length
    for (let i = 0; i < kept && isSame; i++) isSame = this.#order[i] === this.#lastOrder[i]
    if (isSame) return this.#layout
    this.#lastOrder.set(this.#order)
    const names = [...this.#order.subarray(0, kept)].map((slot) => this.#names[slot]!)
    return (this.#layout = layoutOf(names))
  }
}
