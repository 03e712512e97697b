/** Reads what `ColumnWriter` wrote, column by column in the same order. */
export class ColumnReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  count(): number {
    return this.#take()
  }

  counts(length: number): number[] {
    const values: number[] = []
    for (let i = 0; i < length; i++) values.push(this.#take())
    return values
  }

  near(length: number, base: number): (number | null)[] {
    const values: (number | null)[] = []
    for (let i = 0; i < length; i++) {
      const packed = this.#take()
      if (packed === 0) values.push(null)
      else values.push(packed % 2 === 0 ? base - packed / 2 : base + (packed - 1) / 2)
    }
    return values
  }

  text(): string {
    const octets = this.#bytes.readDoubleLE(this.#at)
    const from = this.#at + 8
    this.#at = from + octets
    return this.#bytes.toString('utf8', from, this.#at)
  }

  /** Texts share the memory of the whole column. */
  texts(length: number): (string | null)[] {
    const lengths = this.counts(length)
    const all = this.text()
    const values: (string | null)[] = []
    let at = 0
    for (let i = 0; i < length; i++) {
      if (lengths[i] === 0) values.push(null)
      else values.push(all.slice(at, (at += lengths[i]! - 1)))
    }
    return values
  }

  /** Texts, none of them null, each with a memory of its own where all are ASCII. */
  ownTexts(length: number): string[] {
    const start = this.#at
    const lengths = this.counts(length)
    const octets = this.#bytes.readDoubleLE(this.#at)
    let units = 0
    for (let i = 0; i < length; i++) units += lengths[i]! - 1
    if (units !== octets) {
      this.#at = start
      return this.texts(length) as string[]
    }
    const values: string[] = []
    let at = this.#at + 8
    for (let i = 0; i < length; i++) values.push(this.#bytes.toString('latin1', at, (at += lengths[i]! - 1)))
    this.#at = at
    return values
  }

  words(length: number): (string | null)[] {
    const numbers = this.counts(length)
    const known = [null, ...this.texts(this.count())]
    const values: (string | null)[] = []
    for (let i = 0; i < length; i++) values.push(known[numbers[i]!]!)
    return values
  }

  few<Value extends object>(length: number): (Value | null)[] {
    const values: (Value | null)[] = Array.from({ length }, () => null)
    const text = this.text()
    if (text !== '') for (const [i, value] of JSON.parse(text) as [number, Value][]) values[i] = value
    return values
  }

  #take(): number {
    const bytes = this.#bytes
    let octet = bytes[this.#at++]!
    if (octet < 128) return octet
    let value = octet & 127
    let factor = 128
    do {
      octet = bytes[this.#at++]!
      value += (octet & 127) * factor
      factor *= 128
    } while (octet >= 128)
    return value
  }
}
