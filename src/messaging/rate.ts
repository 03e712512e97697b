const SECONDS = 10

/** How many a second, over the last ten seconds of the machine's time. */
class Rate {
  readonly #counts = new Float64Array(SECONDS)
  readonly #seconds = new Float64Array(SECONDS)

  add(count: number): void {
    const second = Math.floor(performance.now() / 1_000)
    const at = second % SECONDS
    if (this.#seconds[at] !== second) this.#counts[at] = 0
    this.#seconds[at] = second
    this.#counts[at]! += count
  }

  get perS(): number {
    const now = Math.floor(performance.now() / 1_000)
    let sum = 0
    for (let at = 0; at < SECONDS; at++) if (this.#seconds[at]! > now - SECONDS) sum += this.#counts[at]!
    return sum / SECONDS
  }
}

/** The same, by name. */
export class Rates {
  readonly #rates = new Map<string, Rate>()

  add(name: string, count: number): void {
    const rate = this.#rates.get(name) ?? new Rate()
    this.#rates.set(name, rate)
    rate.add(count)
  }

  perS(): Record<string, number> {
    return Object.fromEntries([...this.#rates].map(([name, rate]) => [name, rate.perS]))
  }
}
