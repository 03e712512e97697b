import { setTimeout as sleep } from 'node:timers/promises'

/**
 * How a simulated provider fails. Each is a share from 0 to 1 of the requests or reports, decided by a count and not by
 * chance, so that a test knows what to expect: a share of 0.25 hits every fourth.
 */
export type Misbehaviour = {
  /** Answers 429 (or the protocol's word for "slow down") without taking the message. */
  throttled?: number
  /** Answers 500 after it took the message. */
  failing?: number
  /** Takes the message and never answers: the connection is cut. */
  silent?: number
  /** Reports are never sent. */
  reportsLost?: number
  /** Reports are sent twice. */
  reportsDoubled?: number
  /** A report is sent before the request itself is answered. */
  reportsEarly?: boolean
  /** Reports wait so long, real ms. */
  reportsAfterMs?: number
}

type Share = Exclude<keyof Misbehaviour, 'reportsEarly' | 'reportsAfterMs'>

/** Says of each request and report how it is to fail. */
export class Mischief {
  readonly #misbehaviour: Misbehaviour
  readonly #sums = new Map<Share, number>()

  constructor(misbehaviour: Misbehaviour = {}) {
    this.#misbehaviour = misbehaviour
  }

  /** True for the share of the calls that the misbehaviour names. */
  strikes(share: Share): boolean {
    const sum = (this.#sums.get(share) ?? 0) + (this.#misbehaviour[share] ?? 0)
    this.#sums.set(share, sum >= 1 - 1e-9 ? sum - 1 : sum)
    return sum >= 1 - 1e-9
  }

  get isEarly(): boolean {
    return this.#misbehaviour.reportsEarly === true
  }

  /** Sends a report as often as the misbehaviour says: not at all, once or twice, after its delay. */
  async report(send: () => Promise<unknown>): Promise<void> {
    const times = this.strikes('reportsLost') ? 0 : this.strikes('reportsDoubled') ? 2 : 1
    if (this.#misbehaviour.reportsAfterMs !== undefined) await sleep(this.#misbehaviour.reportsAfterMs)
    for (let i = 0; i < times; i++) await send()
  }
}
