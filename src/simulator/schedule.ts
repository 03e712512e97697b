/** What is due for a subscriber. `act` runs a stored action; the others are the frequent ones and carry nothing. */
export const due = { session: 0, topUp: 1, renewal: 2, act: 3 } as const

export type DueItem = { atMs: number; subscriber: number; kind: number; act: (() => void) | undefined }

/**
 * The heap of due moments. Ties fall by subscriber, then by kind, then by the order of scheduling; since the
 * world changes one subscriber's state only at that subscriber's moments, the result does not hang on ties
 * between subscribers.
 *
 * Parallel typed arrays instead of objects: it holds a few entries for each subscriber all the time.
 */
export class Schedule {
  #atMs = new Float64Array(1024)
  #who = new Int32Array(1024)
  #kind = new Int8Array(1024)
  #sequence = new Float64Array(1024)
  #length = 0
  #nextSequence = 0
  readonly #acts = new Map<number, () => void>()

  get length(): number {
    return this.#length
  }

  /** Moment of the earliest item, epoch ms; Infinity when there is none. */
  nextMs(): number {
    return this.#length === 0 ? Infinity : this.#atMs[0]!
  }

  /** Schedules one of the frequent kinds. */
  add(atMs: number, subscriber: number, kind: number): void {
    this.#push(atMs, subscriber, kind, this.#nextSequence++)
  }

  /** Schedules an action of its own. */
  act(atMs: number, subscriber: number, act: () => void): void {
    const sequence = this.#nextSequence++
    this.#acts.set(sequence, act)
    this.#push(atMs, subscriber, due.act, sequence)
  }

  /** Takes the earliest item that is due at `untilMs`, if any. The returned object is used again by the next call. */
  take(untilMs: number, into: DueItem): boolean {
    if (this.#length === 0 || this.#atMs[0]! > untilMs) return false
    const sequence = this.#sequence[0]!
    into.atMs = this.#atMs[0]!
    into.subscriber = this.#who[0]!
    into.kind = this.#kind[0]!
    into.act = undefined
    if (into.kind === due.act) {
      into.act = this.#acts.get(sequence)
      this.#acts.delete(sequence)
    }
    this.#length--
    if (this.#length > 0) {
      this.#move(this.#length, 0)
      this.#sink()
    }
    return true
  }

  #push(atMs: number, subscriber: number, kind: number, sequence: number): void {
    if (this.#length === this.#atMs.length) this.#grow()
    let at = this.#length++
    this.#atMs[at] = atMs
    this.#who[at] = subscriber
    this.#kind[at] = kind
    this.#sequence[at] = sequence
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#before(at, parent)) break
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(): void {
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= this.#length) return
      const right = left + 1
      const least = right < this.#length && this.#before(right, left) ? right : left
      if (!this.#before(least, at)) return
      this.#swap(least, at)
      at = least
    }
  }

  #before(a: number, b: number): boolean {
    if (this.#atMs[a]! !== this.#atMs[b]!) return this.#atMs[a]! < this.#atMs[b]!
    if (this.#who[a]! !== this.#who[b]!) return this.#who[a]! < this.#who[b]!
    if (this.#kind[a]! !== this.#kind[b]!) return this.#kind[a]! < this.#kind[b]!
    return this.#sequence[a]! < this.#sequence[b]!
  }

  #move(from: number, to: number): void {
    this.#atMs[to] = this.#atMs[from]!
    this.#who[to] = this.#who[from]!
    this.#kind[to] = this.#kind[from]!
    this.#sequence[to] = this.#sequence[from]!
  }

  #swap(a: number, b: number): void {
    const atMs = this.#atMs[a]!
    const who = this.#who[a]!
    const kind = this.#kind[a]!
    const sequence = this.#sequence[a]!
    this.#move(b, a)
    this.#atMs[b] = atMs
    this.#who[b] = who
    this.#kind[b] = kind
    this.#sequence[b] = sequence
  }

  #grow(): void {
    const size = this.#atMs.length * 2
    const grown = <T extends Float64Array | Int32Array | Int8Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    this.#atMs = grown(this.#atMs, new Float64Array(size))
    this.#who = grown(this.#who, new Int32Array(size))
    this.#kind = grown(this.#kind, new Int8Array(size))
    this.#sequence = grown(this.#sequence, new Float64Array(size))
  }
}
