/** Bounds grow by 5 % from a tenth of a millisecond to a minute. */
const GROWTH = 1.05
const FIRST_MS = 0.1
const LAST_MS = 60_000
const boundsMs: number[] = []
for (let boundMs = FIRST_MS; boundMs < LAST_MS; boundMs *= GROWTH) boundsMs.push(boundMs)
boundsMs.push(LAST_MS)

/** How many took at most so long: counts as a Prometheus histogram gives them, bounds rising. */
export type LatencyBuckets = { atMostMs: number; count: number }[]

/** How long things took, in buckets of equal relative width. What took longer than a minute counts in the last one. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(boundsMs.length)

  add(tookMs: number): void {
    const place = Math.ceil(Math.log(Math.max(tookMs, FIRST_MS) / FIRST_MS) / Math.log(GROWTH))
    this.#counts[Math.min(place, this.#counts.length - 1)]!++
  }

  /** Counted since the beginning. */
  buckets(): LatencyBuckets {
    let count = 0
    return boundsMs.map((atMostMs, i) => ({ atMostMs, count: (count += this.#counts[i]!) }))
  }
}
