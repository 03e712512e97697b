/**
 * Counts how often each message came, by a 64-bit hash of what makes it that message. A million of them fit into a few
 * arrays, so that a load test can say at its end that nothing came twice and nothing is missing.
 */
export class Tally {
  #size = 1 << 16
  #high = new Int32Array(this.#size)
  #low = new Int32Array(this.#size)
  #times = new Uint8Array(this.#size)
  /** Different messages. */
  distinct = 0
  /** Arrivals beyond the first of each. */
  repeats = 0

  /** Adds an arrival of the message that the octets in the given ranges make. */
  add(bytes: Uint8Array, start: number, end: number, secondStart: number, secondEnd: number): void {
    let high = 0x811c9dc5 | 0
    let low = 0x2545f491 | 0
    for (let at = start; at < end; at += 1) {
      high = Math.imul(high ^ bytes[at]!, 0x01000193)
      low = Math.imul(low + bytes[at]!, 0x5bd1e995) ^ (low >>> 15)
    }
    for (let at = secondStart; at < secondEnd; at += 1) {
      high = Math.imul(high ^ bytes[at]!, 0x01000193)
      low = Math.imul(low + bytes[at]!, 0x5bd1e995) ^ (low >>> 15)
    }
    if (2 * this.distinct >= this.#size) this.#grow()
    const place = this.#placeOf(high, low)
    if (this.#times[place] === 0) {
      this.#high[place] = high
      this.#low[place] = low
      this.distinct += 1
    } else this.repeats += 1
    if (this.#times[place]! < 255) this.#times[place]! += 1
  }

  #placeOf(high: number, low: number): number {
    const mask = this.#size - 1
    let place = (high ^ (low >>> 7)) & mask
    while (this.#times[place] !== 0 && (this.#high[place] !== high || this.#low[place] !== low))
      place = (place + 1) & mask
    return place
  }

  #grow(): void {
    const [high, low, times] = [this.#high, this.#low, this.#times]
    this.#size *= 2
    this.#high = new Int32Array(this.#size)
    this.#low = new Int32Array(this.#size)
    this.#times = new Uint8Array(this.#size)
    for (let old = 0; old < times.length; old += 1) {
      if (times[old] === 0) continue
      const place = this.#placeOf(high[old]!, low[old]!)
      this.#high[place] = high[old]!
      this.#low[place] = low[old]!
      this.#times[place] = times[old]!
    }
  }
}
