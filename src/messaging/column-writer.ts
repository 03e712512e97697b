const FIRST_OCTETS = 64 * 1024
const TWO_31 = 2 ** 31

/**
 * Writes columns into one buffer: whole numbers as variable-length integers (7 bits an octet, low ones first; a sign goes
 * into the lowest bit), texts joined behind their lengths. What is written of a batch is compressed as a whole, so that
 * columns that hardly change cost next to nothing. `ColumnReader` reads it.
 */
export class ColumnWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_OCTETS)
  #at = 0

  /** Forgets what was written; what `octets` gave out is not valid any more. */
  clear(): void {
    this.#at = 0
  }

  /** What was written, until `clear`. */
  octets(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  /** A whole number from 0 to 2^53. */
  count(value: number): void {
    this.#ensure(8)
    this.#put(value)
  }

  /** Whole numbers from 0 to 2^53. */
  counts<Item>(items: Item[], pick: (item: Item) => number): void {
    this.#ensure(8 * items.length)
    for (let i = 0; i < items.length; i++) this.#put(pick(items[i]!))
  }

  /** Any whole numbers that differ from `base` by less than 2^52, best by little: moments. Null is 0. */
  near<Item>(items: Item[], base: number, pick: (item: Item) => number | null): void {
    this.#ensure(9 * items.length)
    for (let i = 0; i < items.length; i++) {
      const value = pick(items[i]!)
      if (value === null) this.#bytes[this.#at++] = 0
      else {
        const by = Math.round(value - base)
        // Zigzag, and one up for null.
        this.#put(by < 0 ? -2 * by : 2 * by + 1)
      }
    }
  }

  text(text: string): void {
    const room = 3 * text.length
    this.#ensure(room + 8)
    // Its length in octets is known afterwards, so there is a place of eight for it.
    const start = this.#at
    const written = this.#bytes.write(text, start + 8, room, 'utf8')
    this.#bytes.writeDoubleLE(written, start)
    this.#at = start + 8 + written
  }

  /** Texts, or null. */
  texts<Item>(items: Item[], pick: (item: Item) => string | null): void {
    this.#ensure(5 * items.length)
    const texts: string[] = []
    for (let i = 0; i < items.length; i++) {
      const text = pick(items[i]!)
      if (text === null) this.#bytes[this.#at++] = 0
      else {
        this.#put(text.length + 1)
        texts.push(text)
      }
    }
    this.text(texts.join(''))
  }

  /** Texts of which there are only a few different ones; each is written once. */
  words<Item>(items: Item[], pick: (item: Item) => string | null): void {
    const numbers = new Map<string, number>()
    this.#ensure(5 * items.length)
    let last: string | null = null
    let number = 0
    for (let i = 0; i < items.length; i++) {
      const word = pick(items[i]!)
      if (word !== last) {
        last = word
        const found: number | undefined = word === null ? 0 : numbers.get(word)
        number = found ?? numbers.size + 1
        if (found === undefined) numbers.set(word!, number)
      }
      this.#put(number)
    }
    const known = [...numbers.keys()]
    this.count(known.length)
    this.texts(known, (word) => word)
  }

  /** Values of which almost all are null, as JSON. */
  few<Item>(items: Item[], pick: (item: Item) => object | null): void {
    const found: [number, object][] = []
    for (let i = 0; i < items.length; i++) {
      const value = pick(items[i]!)
      if (value !== null) found.push([i, value])
    }
    this.text(found.length === 0 ? '' : JSON.stringify(found))
  }

  #put(value: number): void {
    const bytes = this.#bytes
    let at = this.#at
    let rest = value
    while (rest >= TWO_31) {
      bytes[at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    bytes[at++] = rest
    this.#at = at
  }

  #ensure(room: number): void {
    if (this.#at + room <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#at + room))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
