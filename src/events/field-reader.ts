import {
  CLOSE_OBJECT,
  COMMA,
  literalEnd,
  MINUS,
  numberRead,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  readNumber,
  skipSpace,
  stringEnd,
  valueEnd,
} from './json-bytes.ts'
import { KeyReader } from './key-reader.ts'
import { TextTable } from './text-table.ts'
import { Window } from './window.ts'

/** Reads some fields of JSON documents, without making anything of the rest. */
export type FieldReader = {
  /**
   * The fields of the document that was read last: one object, always with the same properties. A field that the
   * document lacks is undefined.
   */
  readonly event: Record<string, unknown>
  /**
   * Reads `bytes[start, end)` into `event`, whose fields are then what `JSON.parse` would have made of them. False,
   * with every field undefined, when the bytes hold no JSON object. Never throws.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean
}

/** A reader of these fields, which are top-level members of the documents. Code is generated once for each reader. */
export function compileFieldReader(fields: readonly { name: string }[]): FieldReader {
  return new BytesFieldReader(fields.map((field) => field.name))
}

/** Texts are shared by all readers: the same tariff is the same string for every rule. */
const texts = new TextTable()

class BytesFieldReader implements FieldReader {
  readonly event: Record<string, unknown>
  readonly #names: string[]
  readonly #keys: KeyReader
  readonly #clear: (event: object) => void
  readonly #store: (event: object, slot: number, value: unknown) => void
  readonly #mustParse: boolean
  /** The bytes that were given last: documents come by the thousand from one chunk. */
  #given: Uint8Array | undefined
  #source = new Window(Buffer.alloc(0))

  constructor(names: string[]) {
    this.#names = names
    this.#keys = new KeyReader(names)
    // Bytes that are no UTF-8 become U+FFFD, so a name with that character has more than one spelling.
    this.#mustParse = names.some((name) => name.includes('\ufffd'))
    // Assignments to named properties stay monomorphic, where one by a name in a variable would look it up each time.
    const property = (name: string): string => `event[${JSON.stringify(name)}]`
    const clear = names.map((name) => `${property(name)} = undefined`).join('\n')
    const cases = names.map((name, slot) => `case ${slot}: ${property(name)} = value; break`).join('\n')
    this.#clear = new Function('event', clear) as never
    this.#store = new Function('event', 'slot', 'value', `switch (slot) {\n${cases}\n}`) as never
    this.event = Object.fromEntries(names.map((name) => [name, undefined]))
  }

  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes !== this.#given) {
      this.#given = bytes
      this.#source = new Window(bytes)
    }
    this.#clear(this.event)
    if (!this.#mustParse && this.#scan(this.#source, start, end)) return true
    return this.#parse(this.#source.bytes, start, end)
  }

  /** False when the document is unusual or broken; then some fields may be set already. */
  #scan(source: Window, start: number, end: number): boolean {
    const { bytes } = source
    let at = skipSpace(bytes, start, end)
    if (at >= end || bytes[at] !== OPEN_OBJECT) return false
    at = skipSpace(bytes, at + 1, end)
    if (at < end && bytes[at] === CLOSE_OBJECT) return skipSpace(bytes, at + 1, end) === end
    const keys = this.#keys
    keys.begin()
    for (;;) {
      at = keys.read(source, at, end)
      if (at < 0 || at >= end) return false
      at = keys.slot < 0 ? valueEnd(bytes, at, end) : this.#readValue(source, at, end, keys.slot)
      if (at < 0) return false
      if (at < end && bytes[at] !== COMMA && bytes[at] !== CLOSE_OBJECT) at = skipSpace(bytes, at, end)
      if (at >= end) return false
      if (bytes[at] === CLOSE_OBJECT) return skipSpace(bytes, at + 1, end) === end
      if (bytes[at] !== COMMA) return false
      at = skipSpace(bytes, at + 1, end)
    }
  }

  /** Stores the value at `at`; returns where it ends, or -1. A key that comes twice is stored twice: the last holds. */
  #readValue(source: Window, at: number, end: number, slot: number): number {
    const { bytes } = source
    const first = bytes[at]!
    if (first === QUOTE) {
      const plain = source.plainEnd(at + 1, end)
      if (plain < end && bytes[plain] === QUOTE) {
        this.#store(this.event, slot, texts.read(bytes, at + 1, plain))
        return plain + 1
      }
      const close = stringEnd(bytes, plain, end)
      if (close < 0) return -1
      this.#store(this.event, slot, JSON.parse(bytes.toString('utf8', at, close + 1)))
      return close + 1
    }
    if (first === MINUS || (first >= 0x30 && first <= 0x39)) {
      const value = readNumber(bytes, at, end)
      this.#store(this.event, slot, value)
      return numberRead.end
    }
    if (first === OPEN_OBJECT || first === OPEN_LIST) {
      const close = valueEnd(bytes, at, end)
      if (close > 0) this.#store(this.event, slot, JSON.parse(bytes.toString('utf8', at, close)))
      return close
    }
    this.#store(this.event, slot, first === 0x74 ? true : first === 0x66 ? false : null)
    return literalEnd(bytes, at, end)
  }

  #parse(bytes: Buffer, start: number, end: number): boolean {
    this.#clear(this.event)
    let document: unknown
    try {
      document = JSON.parse(bytes.toString('utf8', start, end))
    } catch {
      return false
    }
    if (typeof document !== 'object' || document === null || Array.isArray(document)) return false
    this.#names.forEach((name, slot) => {
      if (Object.hasOwn(document, name)) {
        this.#store(this.event, slot, (document as Record<string, unknown>)[name])
      }
    })
    return true
  }
}
