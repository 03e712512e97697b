import type { TenurePort } from './tenure-port.ts'

export type OutgoingCall = (tenure: TenurePort) => Promise<void>

/**
 * Calls to Tenure that the world has decided on: receipts, callbacks, dials. They wait here until the events of
 * the same step have been acknowledged. Calls of one subscriber run one after another, in order.
 */
export class OutgoingCalls {
  #chains = new Map<number, OutgoingCall[]>()
  #made = 0

  /** Calls added since the start. */
  get made(): number {
    return this.#made
  }

  add(subscriber: number, call: OutgoingCall): void {
    this.#made++
    const chain = this.#chains.get(subscriber)
    if (chain) chain.push(call)
    else this.#chains.set(subscriber, [call])
  }

  /** Runs all that waits, at most `atOnce` subscribers at a time; resolves when each was acknowledged. */
  async run(tenure: TenurePort, atOnce: number): Promise<void> {
    if (this.#chains.size === 0) return
    const chains = [...this.#chains.values()]
    this.#chains = new Map()
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < chains.length) {
        for (const call of chains[next++]!) await call(tenure)
      }
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, chains.length) }, worker))
  }
}
