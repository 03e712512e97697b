/** Longer texts are rarely met again. */
const MAX_BYTES = 48

/**
 * Texts met before, by their bytes: the type, the tariff or the cell that a million events name is one string and is
 * decoded once. A place holds the text that was asked for last, so the size is fixed and nothing is ever cleared; the
 * bytes are compared one by one, so the hash decides about speed alone.
 */
export class TextTable {
  readonly #mask: number
  readonly #texts: string[]
  readonly #lengths: Uint8Array
  readonly #bytes: Uint8Array
  /** Texts of a word, and that word. */
  readonly #shorts: string[]
  readonly #words: Int32Array

  /** `places` is a power of two. */
  constructor(places = 2 ** 12) {
    this.#mask = places - 1
    this.#texts = Array.from({ length: places }, () => '')
    this.#lengths = new Uint8Array(places)
    this.#bytes = new Uint8Array(places * MAX_BYTES)
    this.#shorts = Array.from({ length: places }, () => '')
    this.#words = new Int32Array(places * 2)
  }

  /** The text of the UTF-8 `bytes[start, end)`; what is not UTF-8 becomes U+FFFD. */
  read(bytes: Buffer, start: number, end: number): string {
    const length = end - start
    if (length > MAX_BYTES) return bytes.toString('utf8', start, end)
    if (length === 0) return ''
    const place = this.#placeOf(bytes, start, length)
    const at = place * MAX_BYTES
    const known = this.#bytes
    if (this.#lengths[place] === length) {
      let i = 0
      while (i < length && known[at + i] === bytes[start + i]) i++
      if (i === length) return this.#texts[place]!
    }
    const text = bytes.toString('utf8', start, end)
    for (let i = 0; i < length; i++) known[at + i] = bytes[start + i]!
    this.#lengths[place] = length
    this.#texts[place] = text
    return text
  }

  /**
   * The text of the UTF-8 `bytes[start, start + length)`, of at most six bytes. `lo` and `hi` are those bytes as a word
   * of eight, with something in the upper half that tells the length.
   */
  readShort(bytes: Buffer, start: number, length: number, lo: number, hi: number): string {
    let hash = Math.imul(lo ^ Math.imul(hi, 0x85ebca6b), 0x9e3779b1)
    hash ^= hash >>> 15
    const place = hash & this.#mask
    const words = this.#words
    if (words[place * 2] === lo && words[place * 2 + 1] === hi) return this.#shorts[place]!
    words[place * 2] = lo
    words[place * 2 + 1] = hi
    return (this.#shorts[place] = bytes.toString('utf8', start, start + length))
  }

  /** Texts of one field differ at their ends: the length, the last six bytes and one of the middle tell them apart. */
  #placeOf(bytes: Uint8Array, start: number, length: number): number {
    const last = start + length - 1
    let hash = Math.imul(length, 0x9e3779b1) ^ bytes[start]! ^ (bytes[start + (length >> 1)]! << 8)
    for (let i = last; i > last - 6 && i > start; i--) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
    return (hash ^ (hash >>> 13)) & this.#mask
  }
}
