import type { RecordBatch } from '../platform/index.ts'
import type { Lookup } from '../profiles/index.ts'
import type { CompiledType } from './compiled-type.ts'
import type { Counters } from './counters.ts'
import {
  attributes,
  compileEnvelopeForm,
  CONTENT_TYPE,
  DATA,
  type EnvelopeForm,
  ID,
  SOURCE,
  SPECVERSION,
  SUBJECT,
  TIME,
  TYPE,
} from './envelope-form.ts'
import { Forms } from './forms.ts'
import { hashBytes, lastHash } from './hash.ts'
import { subscriberAt } from './identity-bytes.ts'
import { CLOSE_OBJECT, COMMA, OPEN_OBJECT, QUOTE, skipSpace, valueEnd } from './json-bytes.ts'
import { MAX_ID_LENGTH, type Rules } from './judge.ts'
import { KeyReader } from './key-reader.ts'
import { MAX_LINE_BYTES } from './line.ts'
import { readRfc3339 } from './moment-bytes.ts'
import {
  FLAGS_AT,
  ID_BYTES_AT,
  partitionOf,
  RECEIVED_AT,
  SOURCE_BYTES_AT,
  SUBSCRIBER_AT,
  TEXT_AT,
  TYPE_BYTES_AT,
  TYPE_HASH_AT,
} from './record.ts'
import { Window } from './window.ts'

const REQUIRED = (1 << SPECVERSION) | (1 << ID) | (1 << SOURCE) | (1 << TYPE) | (1 << TIME)

const VERSION = new Window(Buffer.from('1.0'))
const JSON_TYPE = new Window(Buffer.from('application/json'))
const LINE_FEED = 0x0a

/** A power of two. */
const KEPT_TYPES = 64

/** Forms of envelopes that came often, whoever sent them. */
const forms = new Forms<EnvelopeForm>()

/** What a scanner works with until the next `begin`. */
export type ScanRules = Rules & { lookup: Lookup; counters: Counters }

/**
 * Takes lines of the usual form from their bytes right into the batches of the log: no string, no object for each. It
 * takes nothing that `judge` would refuse, and writes the record that `judge` would have made; all else it leaves.
 */
export class LineScanner {
  readonly #keys = new KeyReader(attributes)
  /** Where the attributes met in this line begin and end, and of each key the number of the line that had it last. */
  readonly #starts = new Int32Array(attributes.length)
  readonly #ends = new Int32Array(attributes.length)
  readonly #places = { starts: this.#starts, ends: this.#ends }
  readonly #metIn: Float64Array
  #lines = 0
  #rules: ScanRules
  #batches: RecordBatch[]
  #source = new Window(Buffer.alloc(0))
  readonly #targets: Window[] = []
  #type: CompiledType | undefined
  /** Types met lately, each in a place that follows from its text. */
  readonly #types = Array.from<CompiledType | undefined>({ length: KEPT_TYPES })
  /** The record that is written but not closed yet: its partition and its end, 0 for none. */
  #partition = 0
  #recordEnd = 0
  #atMs = 0

  constructor(rules: ScanRules, batches: RecordBatch[]) {
    this.#metIn = new Float64Array(this.#keys.places)
    this.#rules = rules
    this.#batches = batches
  }

  /** Sets by what lines are judged and where records go. */
  begin(rules: ScanRules, batches: RecordBatch[]): void {
    if (rules.types !== this.#rules.types) this.#types.fill(undefined)
    this.#rules = rules
    this.#batches = batches
  }

  /**
   * Takes the line that begins at `start`, valid UTF-8, and returns where it ends: at its line feed or at `end`. -1
   * when it is left alone; then nothing has changed.
   */
  scan(bytes: Buffer, start: number, end: number): number {
    if (bytes !== this.#source.bytes) this.#source = new Window(bytes)
    let at = this.#scanForms(bytes, start, end)
    if (at < 0) {
      at = this.#scanEnvelope(bytes, start, end)
      if (at < 0) return -1
      if (forms.isDue()) forms.add(compileEnvelopeForm(bytes, skipSpace(bytes, start, at), at))
    }
    const lineEnd = at < end && bytes[at] !== LINE_FEED ? skipSpace(bytes, at, end) : at
    if (lineEnd < end && bytes[lineEnd] !== LINE_FEED) return -1
    if (lineEnd - start > MAX_LINE_BYTES) return -1
    this.#batches[this.#partition]!.close(this.#recordEnd)
    this.#type!.counter.events++
    const { counters } = this.#rules
    if (this.#atMs > counters.newestMs) counters.newestMs = this.#atMs
    return lineEnd
  }

  /** Does what `#scanEnvelope` does with a line of a known form; -1 for any other. */
  #scanForms(bytes: Buffer, start: number, end: number): number {
    const { list } = forms
    for (let i = 0; i < list.length; i++) {
      const { find, met } = list[i]!
      const dataStart = find(this.#places, this.#source, start, end)
      if (dataStart < 0) continue
      if (i > 0) forms.hit(i)
      const dataEnd = this.#writeRecord(bytes, dataStart, end, met)
      if (dataEnd < 0) return -1
      const at = dataEnd < end && bytes[dataEnd] !== CLOSE_OBJECT ? skipSpace(bytes, dataEnd, end) : dataEnd
      return at < end && bytes[at] === CLOSE_OBJECT ? at + 1 : -1
    }
    return -1
  }

  /** Reads the members and writes the record; returns where the event ends, or -1. */
  #scanEnvelope(bytes: Buffer, start: number, end: number): number {
    let at = skipSpace(bytes, start, end)
    if (at >= end || bytes[at] !== OPEN_OBJECT) return -1
    at = skipSpace(bytes, at + 1, end)
    const keys = this.#keys
    keys.begin()
    this.#lines++
    this.#recordEnd = 0
    const { forgotten } = keys
    let met = 0
    for (;;) {
      at = keys.read(this.#source, at, end)
      if (at < 0 || at >= end) return -1
      const known = keys.known
      if (known === 0 || this.#metIn[known] === this.#lines) return -1
      this.#metIn[known] = this.#lines
      const slot = keys.slot
      if (slot < 0) {
        at = valueEnd(bytes, at, end, 1)
      } else if (slot < DATA) {
        if (bytes[at] !== QUOTE) return -1
        const close = this.#source.plainEnd(at + 1, end)
        if (close >= end || bytes[close] !== QUOTE) return -1
        this.#starts[slot] = at + 1
        this.#ends[slot] = close
        at = close + 1
      } else if (slot > DATA) {
        return -1
      } else if (
        (met & (REQUIRED | (1 << SUBJECT))) === (REQUIRED | (1 << SUBJECT)) &&
        this.#isText(SPECVERSION, VERSION)
      ) {
        at = this.#writeRecord(bytes, at, end, met)
      } else {
        // What the data must be is not known yet: they are read again when it is.
        this.#starts[DATA] = at
        at = valueEnd(bytes, at, end, 1)
      }
      if (at < 0) return -1
      met |= 1 << slot
      at = skipSpace(bytes, at, end)
      if (at >= end) return -1
      if (bytes[at] === CLOSE_OBJECT) break
      if (bytes[at] !== COMMA) return -1
      at = skipSpace(bytes, at + 1, end)
    }
    // A key that was forgotten in this very line may have come again unnoticed.
    if (keys.forgotten !== forgotten) return -1
    if ((met & (1 << CONTENT_TYPE)) !== 0 && !this.#isText(CONTENT_TYPE, JSON_TYPE)) return -1
    if (this.#recordEnd !== 0) return at + 1
    if ((met & REQUIRED) !== REQUIRED || !this.#isText(SPECVERSION, VERSION)) return -1
    const dataStart = (met & (1 << DATA)) === 0 ? -1 : this.#starts[DATA]!
    return this.#writeRecord(bytes, dataStart, end, met) < 0 ? -1 : at + 1
  }

  /** Writes the record of an event whose data begin at `dataStart`, -1 for none; returns where the data end, or -1. */
  #writeRecord(bytes: Buffer, dataStart: number, end: number, met: number): number {
    const idLength = this.#ends[ID]! - this.#starts[ID]!
    const sourceLength = this.#ends[SOURCE]! - this.#starts[SOURCE]!
    if (idLength === 0 || idLength > MAX_ID_LENGTH || sourceLength === 0 || sourceLength > MAX_ID_LENGTH)
      return -1
    const type = (this.#type = this.#findType(bytes))
    const scanner = type?.scanner
    if (type === undefined || scanner === undefined) return -1
    const { nowMs, earliestMs, latestMs, lookup } = this.#rules
    const atMs = readRfc3339(bytes, this.#source.view, this.#starts[TIME]!, this.#ends[TIME]!)
    if (!(atMs >= earliestMs && atMs <= latestMs)) return -1
    let subscriberId = 0
    if ((met & (1 << SUBJECT)) !== 0) {
      subscriberId = subscriberAt(this.#source, this.#starts[SUBJECT]!, this.#ends[SUBJECT]!, lookup)
      if (subscriberId === 0) return -1
    } else if (type.needsSubscriber) {
      return -1
    }
    const partition = partitionOf(subscriberId, this.#batches.length)
    const batch = this.#batches[partition]!
    const typeLength = type.text.bytes.length
    const dataBytes = (dataStart < 0 ? 0 : Math.min(end - dataStart, MAX_LINE_BYTES)) + scanner.extraBytes
    const start = batch.open(TEXT_AT + typeLength + sourceLength + idLength + dataBytes)
    const target = this.#targetOf(partition, batch.bytes)
    const { view } = target
    const sourceAt = this.#copy(TYPE, target, start + TEXT_AT)
    const idAt = this.#copy(SOURCE, target, sourceAt)
    const dataAt = this.#copy(ID, target, idAt)
    hashBytes(view, sourceAt, idAt)
    hashBytes(view, idAt, dataAt, lastHash.lo, lastHash.hi)
    view.setUint32(start, lastHash.lo, true)
    view.setUint32(start + 4, lastHash.hi, true)
    view.setFloat64(start + 8, atMs, true)
    view.setUint32(start + SUBSCRIBER_AT, subscriberId, true)
    view.setUint32(start + TYPE_HASH_AT, type.hash, true)
    view.setFloat64(start + RECEIVED_AT, nowMs, true)
    view.setUint16(start + TYPE_BYTES_AT, typeLength, true)
    view.setUint16(start + SOURCE_BYTES_AT, sourceLength, true)
    view.setUint16(start + ID_BYTES_AT, idLength, true)
    view.setUint16(start + FLAGS_AT, 0, true)
    this.#partition = partition
    this.#atMs = atMs
    if (dataStart < 0) {
      if (!scanner.allowsNone) return -1
      this.#recordEnd = scanner.putNone(target, dataAt)
      return end
    }
    this.#recordEnd = scanner.scan(this.#source, dataStart, end, target, dataAt, lookup)
    return this.#recordEnd < 0 ? -1 : scanner.end
  }

  /** The type of the line: a few take turns, so the last ones are kept by what their texts end with. */
  #findType(bytes: Buffer): CompiledType | undefined {
    const end = this.#ends[TYPE]!
    const start = this.#starts[TYPE]!
    if (end - start < 4) return this.#rules.types.get(bytes.toString('utf8', start, end))
    const last = this.#source.view.getInt32(end - 4, true)
    const place = (Math.imul(last ^ (end - start), 0x9e3779b1) >>> 26) & (KEPT_TYPES - 1)
    const kept = this.#types[place]
    if (kept !== undefined && this.#isText(TYPE, kept.text)) return kept
    return (this.#types[place] = this.#rules.types.get(bytes.toString('utf8', start, end)))
  }

  #targetOf(partition: number, bytes: Buffer): Window {
    const target = this.#targets[partition]
    if (target !== undefined && target.bytes === bytes) return target
    return (this.#targets[partition] = new Window(bytes))
  }

  /** Copies an attribute to `to`; returns where the copy ends. */
  #copy(slot: number, target: Window, to: number): number {
    return this.#source.copyTo(this.#starts[slot]!, this.#ends[slot]!, target, to)
  }

  #isText(slot: number, text: Window): boolean {
    const start = this.#starts[slot]!
    const { length } = text.bytes
    if (this.#ends[slot]! - start !== length) return false
    if (length >= 4) return this.#source.matches(start, text, 0, length)
    for (let i = 0; i < length; i++) if (text.bytes[i] !== this.#source.bytes[start + i]) return false
    return true
  }
}
