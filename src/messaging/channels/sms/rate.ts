/** Parts a second that the peer allows, evenly: at most a fiftieth of a second's share leaves at once. */
export class Rate {
  readonly #perMs: number
  readonly #burst: number
  #allowance: number
  #filledMs = 0

  /** `perS` undefined: no limit. */
  constructor(perS: number | undefined) {
    this.#perMs = (perS ?? Number.POSITIVE_INFINITY) / 1000
    this.#burst = Math.max(1, this.#perMs * 20)
    this.#allowance = this.#burst
  }

  get isLimited(): boolean {
    return this.#perMs !== Number.POSITIVE_INFINITY
  }

  /** Parts that may leave at `nowMs` (of a steady clock). */
  allowance(nowMs: number): number {
    if (!this.isLimited) return Number.POSITIVE_INFINITY
    this.#allowance = Math.min(this.#burst, this.#allowance + (nowMs - this.#filledMs) * this.#perMs)
    this.#filledMs = nowMs
    return Math.floor(this.#allowance)
  }

  /** So many parts have left. */
  spend(parts: number): void {
    if (this.isLimited) this.#allowance -= parts
  }

  /** How long until another part may leave, ms. */
  get waitMs(): number {
    return Math.max(1, (1 - this.#allowance) / this.#perMs)
  }
}
