/**
 * When the clock must look at which subscriber: a binary heap by time that knows where each subscriber stands,
 * so that a moved deadline is moved in place and `nextMs` is always a true deadline and never a stale one.
 */
export class Deadlines {
  readonly #timesMs: number[] = []
  readonly #subscribers: number[] = []
  readonly #places = new Map<number, number>()

  /** The earliest deadline, null when there is none. */
  get nextMs(): number | null {
    return this.#timesMs[0] ?? null
  }

  /** The subscriber whose deadline comes first. */
  get nextSubscriber(): number | undefined {
    return this.#subscribers[0]
  }

  /** Sets a subscriber's one deadline; null takes it away. */
  set(subscriberId: number, deadlineMs: number | null): void {
    const place = this.#places.get(subscriberId)
    if (deadlineMs === null) {
      if (place !== undefined) this.#remove(place)
      return
    }
    if (place === undefined) {
      this.#timesMs.push(deadlineMs)
      this.#subscribers.push(subscriberId)
      this.#places.set(subscriberId, this.#timesMs.length - 1)
      this.#rise(this.#timesMs.length - 1)
      return
    }
    this.#timesMs[place] = deadlineMs
    this.#sink(this.#rise(place))
  }

  #remove(place: number): void {
    const last = this.#timesMs.length - 1
    this.#places.delete(this.#subscribers[place]!)
    const timeMs = this.#timesMs.pop()!
    const subscriberId = this.#subscribers.pop()!
    if (place === last) return
    this.#put(place, timeMs, subscriberId)
    this.#sink(this.#rise(place))
  }

  #rise(from: number): number {
    let place = from
    const timeMs = this.#timesMs[place]!
    const subscriberId = this.#subscribers[place]!
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (this.#timesMs[parent]! <= timeMs) break
      this.#put(place, this.#timesMs[parent]!, this.#subscribers[parent]!)
      place = parent
    }
    this.#put(place, timeMs, subscriberId)
    return place
  }

  #sink(from: number): void {
    let place = from
    const timeMs = this.#timesMs[place]!
    const subscriberId = this.#subscribers[place]!
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.#timesMs.length) break
      if (child + 1 < this.#timesMs.length && this.#timesMs[child + 1]! < this.#timesMs[child]!) child++
      if (this.#timesMs[child]! >= timeMs) break
      this.#put(place, this.#timesMs[child]!, this.#subscribers[child]!)
      place = child
    }
    this.#put(place, timeMs, subscriberId)
  }

  #put(place: number, timeMs: number, subscriberId: number): void {
    this.#timesMs[place] = timeMs
    this.#subscribers[place] = subscriberId
    this.#places.set(subscriberId, place)
  }
}
