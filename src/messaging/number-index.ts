/** Free places hold it; no subscriber has this number. */
const FREE = 0
const FIRST_PLACES = 1_024

/**
 * Positive whole number → place in columns, by open addressing with linear probing: 8 to 16 octets an entry where a Map
 * takes forty and is walked by the garbage collector.
 */
export class NumberIndex {
  /** Key, value, key, value, … */
  #pairs = new Int32Array(2 * FIRST_PLACES)
  #mask = FIRST_PLACES - 1
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The value of a key, -1 where there is none. */
  get(key: number): number {
    const pairs = this.#pairs
    for (let at = mixed(key) & this.#mask; ; at = (at + 1) & this.#mask) {
      const there = pairs[2 * at]!
      if (there === key) return pairs[2 * at + 1]!
      if (there === FREE) return -1
    }
  }

  /** Adds a key that is not there. */
  add(key: number, value: number): void {
    if (3 * ++this.#size > 2 * this.#mask) this.#grow()
    this.#put(key, value)
  }

  delete(key: number): void {
    const pairs = this.#pairs
    let hole = mixed(key) & this.#mask
    while (pairs[2 * hole] !== key) {
      if (pairs[2 * hole] === FREE) return
      hole = (hole + 1) & this.#mask
    }
    this.#size--
    // Whoever stands behind the hole and could stand in it moves up, so that no search ends too early.
    for (let at = (hole + 1) & this.#mask; pairs[2 * at] !== FREE; at = (at + 1) & this.#mask) {
      const home = mixed(pairs[2 * at]!) & this.#mask
      if (((at - home) & this.#mask) < ((at - hole) & this.#mask)) continue
      pairs[2 * hole] = pairs[2 * at]!
      pairs[2 * hole + 1] = pairs[2 * at + 1]!
      hole = at
    }
    pairs[2 * hole] = FREE
  }

  #put(key: number, value: number): void {
    const pairs = this.#pairs
    let at = mixed(key) & this.#mask
    while (pairs[2 * at] !== FREE) at = (at + 1) & this.#mask
    pairs[2 * at] = key
    pairs[2 * at + 1] = value
  }

  #grow(): void {
    const old = this.#pairs
    this.#pairs = new Int32Array(2 * old.length)
    this.#mask = old.length - 1
    for (let i = 0; i < old.length; i += 2) if (old[i] !== FREE) this.#put(old[i]!, old[i + 1]!)
  }
}

/** Neighbouring numbers stay neighbours, in runs of sixteen: those who are written to together are read together. */
function mixed(key: number): number {
  const high = Math.imul(key >>> 4, 0x9e3779b1)
  return ((high ^ (high >>> 15)) << 4) | (key & 15)
}
