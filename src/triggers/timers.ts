/**
 * When the clock must look at which track: buckets of one second in a hash by time, their order kept in a heap of
 * buckets (a hashed timing wheel; Varghese and Lauck 1987, scheme 6, with a heap in place of the empty turns). A track
 * stands in at most one bucket. A deadline that moves later is not moved here: when its bucket comes, the owner says
 * what the deadline is now, and it goes to that bucket.
 */
const TICK_MS = 1_000

type Bucket = { tick: number; earliestMs: number; tracks: number[]; keys: number[] }

/** A track: rule number, subscriber id, and key (0 for none). */
export type TimedTrack = { rule: number; subscriberId: number; key: number }

const RULE_SCALE = 2 ** 32

export class Timers {
  readonly #buckets = new Map<number, Bucket>()
  readonly #heap: Bucket[] = []
  size = 0

  /** The earliest moment at which a track may be due, epoch ms; null when none waits. */
  get nextMs(): number | null {
    return this.#heap[0]?.earliestMs ?? null
  }

  add(deadlineMs: number, rule: number, subscriberId: number, key: number): void {
    const tick = Math.floor(deadlineMs / TICK_MS)
    let bucket = this.#buckets.get(tick)
    if (!bucket) {
      bucket = { tick, earliestMs: deadlineMs, tracks: [], keys: [] }
      this.#buckets.set(tick, bucket)
      this.#heap.push(bucket)
      this.#rise(this.#heap.length - 1)
    } else if (deadlineMs < bucket.earliestMs) {
      bucket.earliestMs = deadlineMs
    }
    // Keys are rare: the list begins with the first one.
    if (key !== 0 || bucket.keys.length > 0) {
      while (bucket.keys.length < bucket.tracks.length) bucket.keys.push(0)
      bucket.keys.push(key)
    }
    bucket.tracks.push(rule * RULE_SCALE + subscriberId)
    this.size++
  }

  /** Takes the tracks of the earliest bucket, if one of them may be due at `nowMs`. */
  take(nowMs: number): TimedTrack[] | undefined {
    const bucket = this.#heap[0]
    if (bucket === undefined || bucket.earliestMs > nowMs) return undefined
    this.#buckets.delete(bucket.tick)
    const last = this.#heap.pop()!
    if (last !== bucket) {
      this.#heap[0] = last
      this.#sink()
    }
    this.size -= bucket.tracks.length
    return bucket.tracks.map((track, i) => ({
      rule: Math.floor(track / RULE_SCALE),
      subscriberId: track % RULE_SCALE,
      key: bucket.keys[i] ?? 0,
    }))
  }

  #rise(from: number): void {
    const heap = this.#heap
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (heap[parent]!.tick <= heap[place]!.tick) return
      ;[heap[parent], heap[place]] = [heap[place]!, heap[parent]!]
      place = parent
    }
  }

  #sink(): void {
    const heap = this.#heap
    for (let place = 0; ;) {
      let least = place
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < heap.length && heap[child]!.tick < heap[least]!.tick) least = child
      }
      if (least === place) return
      ;[heap[least], heap[place]] = [heap[place]!, heap[least]!]
      place = least
    }
  }
}
