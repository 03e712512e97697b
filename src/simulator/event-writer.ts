import type { Population } from './population.ts'
import type { State } from './state.ts'

export type EventSource = 'network' | 'billing' | 'trust-payment'

/** Most events in one request. */
export const batchLimit = 5000

const dataVolume = 'org.camaraproject.device-data-volume-subscriptions.v0.'

/** Event types of the simulated operator, by the names used here. */
export const eventType = {
  usage: 'usage.recorded',
  data90: `${dataVolume}data-90-percent`,
  dataExceeded: `${dataVolume}data-exceeded`,
  renewed: 'package.renewed',
  topUp: 'topup.recorded',
  purchased: 'package.purchased',
  granted: 'trust-payment.granted',
  repaid: 'trust-payment.repaid',
  overdue: 'trust-payment.overdue',
} as const

/**
 * CloudEvents 1.0 in JSON, written by concatenation: a million of them leave in a run. The id is the seed, the
 * subscriber's key and the number of the event in that subscriber's life, so a second run writes the same ids.
 */
export class EventWriter {
  readonly #heads: string[]
  readonly #subjects: string[]
  readonly #state: State
  #lines: string[] = []
  #written = 0

  constructor(people: Population, state: State, seed: string | number) {
    this.#heads = people.keys.map((key) => {
      const prefix = JSON.stringify(`${seed}-${key}-`).slice(0, -1)
      return `{"specversion":"1.0","id":${prefix}`
    })
    this.#subjects = people.msisdn.map((msisdn) => `","subject":"${msisdn}","time":"`)
    this.#state = state
  }

  /** Events written since the start. */
  get written(): number {
    return this.#written
  }

  get waiting(): number {
    return this.#lines.length
  }

  /** Adds an event. `data` is the JSON text of its data object; it must hold no phone number. */
  add(subscriber: number, source: EventSource, type: string, atMs: number, data: string): void {
    const number = this.#state.events[subscriber]!++
    this.#written++
    this.#lines.push(
      `${this.#heads[subscriber]!}${number.toString(36)}","source":"simulator/${source}","type":"${type}` +
        `${this.#subjects[subscriber]!}${new Date(atMs).toISOString()}","data":${data}}`,
    )
  }

  /** All waiting events as bodies of `application/cloudevents-batch+json`, in order, and forgets them. */
  takeBatches(): { body: string; count: number }[] {
    const lines = this.#lines
    this.#lines = []
    const batches: { body: string; count: number }[] = []
    for (let from = 0; from < lines.length; from += batchLimit) {
      const part = lines.slice(from, from + batchLimit)
      batches.push({ body: `[${part.join(',')}]`, count: part.length })
    }
    return batches
  }
}
