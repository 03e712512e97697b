import { afterColon, COLON, QUOTE, skipSpace } from './json-bytes.ts'
import { Window } from './window.ts'

/** Keys beside the wanted ones that are remembered, and how long they may be. */
const OTHER_KEYS = 32
const OTHER_BYTES = 48

/**
 * Reads the keys of JSON objects of one kind. Objects of one source bring their keys in one order, so behind each key
 * the reader expects the one that followed it last time, and compares those bytes first. Only a miss looks the key up.
 */
export class KeyReader {
  /** Of the key read last: its place among the wanted names, or -1. */
  slot = -1
  /**
   * The number of that key among all that are remembered, wanted or not; 0 for one that is too long. A key keeps its
   * number while `forgotten` stays the same.
   */
  get known(): number {
    return this.#previous
  }
  /** Greater than any `known`. */
  readonly places: number
  /** How many keys had to make room for others. */
  forgotten = 0
  readonly #keys: Buffer[]
  readonly #bytes: Buffer
  readonly #window: Window
  /** Of each known key: where `"key":` stands in `#bytes`, its length, its slot, and the key that came next. */
  readonly #starts: Int32Array
  readonly #lengths: Int32Array
  readonly #slots: Int32Array
  readonly #next: Int32Array
  #known = 1
  /** Where keys that are not wanted begin, and how many of them were ever remembered. */
  readonly #firstOther: number
  readonly #othersAt: number
  #others = 0
  /** The known key read last; 0 stands for the beginning of the object and for a key that is not known. */
  #previous = 0

  constructor(names: readonly string[]) {
    this.#keys = names.map((name) => Buffer.from(name))
    const places = 1 + names.length + OTHER_KEYS
    this.places = places
    this.#starts = new Int32Array(places)
    this.#lengths = new Int32Array(places)
    this.#slots = new Int32Array(places)
    this.#next = new Int32Array(places)
    this.#firstOther = 1 + names.length
    this.#othersAt = this.#keys.reduce((sum, key) => sum + key.length + 3, 0)
    this.#bytes = Buffer.alloc(this.#othersAt + OTHER_KEYS * OTHER_BYTES)
    this.#window = new Window(this.#bytes)
    let at = 0
    this.#keys.forEach((key, slot) => {
      this.#put(this.#known++, at, key, 0, key.length, slot)
      at += key.length + 3
    })
  }

  /** Call it before the first key of an object. */
  begin(): void {
    this.#previous = 0
  }

  /** Where the value of the key at `at` begins, with `slot` set; -1 when the key is unusual or none stands there. */
  read(source: Window, at: number, end: number): number {
    const expected = this.#next[this.#previous]!
    const length = this.#lengths[expected]!
    const behind = at + length
    // The shortest key that is compared in words is `"a":`.
    if (length >= 4 && behind < end && source.matches(at, this.#window, this.#starts[expected]!, length)) {
      this.#previous = expected
      this.slot = this.#slots[expected]!
      const { bytes } = source
      return bytes[behind]! > 0x20 ? behind : skipSpace(bytes, behind, end)
    }
    return this.#lookUp(source, at, end)
  }

  #lookUp(source: Window, at: number, end: number): number {
    const { bytes } = source
    if (at >= end || bytes[at] !== QUOTE) return -1
    const close = source.plainEnd(at + 1, end)
    if (close >= end || bytes[close] !== QUOTE) return -1
    const known = this.#find(bytes, at + 1, close)
    this.slot = known === 0 ? -1 : this.#slots[known]!
    // The plan holds keys without white space behind them; others are looked up each time.
    if (known !== 0) this.#next[this.#previous] = known
    this.#previous = known
    return afterColon(bytes, close + 1, end)
  }

  /** The known key with these bytes; a new one is remembered, if need be instead of the one that came first. */
  #find(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    for (let known = 1; known < this.#known; known++) {
      if (this.#lengths[known] !== length + 3) continue
      const from = this.#starts[known]! + 1
      let i = 0
      while (i < length && this.#bytes[from + i] === bytes[start + i]) i++
      if (i === length) return known
    }
    if (length + 3 > OTHER_BYTES) return 0
    const other = this.#others++ % OTHER_KEYS
    const known = this.#firstOther + other
    if (known < this.#known) this.forgotten++
    else this.#known++
    this.#put(known, this.#othersAt + other * OTHER_BYTES, bytes, start, end, -1)
    return known
  }

  #put(known: number, at: number, key: Uint8Array, start: number, end: number, slot: number): void {
    this.#starts[known] = at
    this.#lengths[known] = end - start + 3
    this.#slots[known] = slot
    this.#next[known] = 0
    this.#bytes[at++] = QUOTE
    for (let i = start; i < end; i++) this.#bytes[at++] = key[i]!
    this.#bytes[at++] = QUOTE
    this.#bytes[at] = COLON
  }
}
