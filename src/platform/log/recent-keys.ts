import { KeyTable, spreadOf } from './key-table.ts'

/**
 * The 64-bit keys seen lately, in two generations. `rotate` begins a new one and forgets the one before the last, so
 * that memory is bounded and every key that was added after the rotation before the last is still known.
 */
export class RecentKeys {
  #current = new KeyTable()
  #previous = new KeyTable()

  /** Keys of the current generation. */
  get count(): number {
    return this.#current.count
  }

  /** Takes in a key. Whether it was not known: seen again, it counts as seen now. */
  add(lo: number, hi: number): boolean {
    const spread = spreadOf(lo, hi)
    return this.#current.add(spread, lo) && !this.#previous.has(spread, lo)
  }

  rotate(): void {
    this.#previous = this.#current
    this.#current = new KeyTable()
  }

  clear(): void {
    this.#previous = new KeyTable()
    this.#current = new KeyTable()
  }
}
