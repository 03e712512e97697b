import type { Run } from './message.ts'

/** Where a run's timer stands when it is not in the heap. */
const NOWHERE = -1
const IN_LINE = -2
const FAR = -3

/** What is due later than this is far, ms. */
const FAR_MS = 10_000
const SLACK = 1_024
/** So many are quickly looked through. */
const FEW = 10_000

/**
 * The timers of runs: a binary heap in which each run knows its place, so that a timer is moved and not doubled. Under load
 * most timers are due at once or taken back long before their time: the former stand in a line instead, the latter in no
 * order, until their time comes near.
 */
export class Timers {
  readonly #heap: Run[] = []
  #line: Run[] = []
  #lineAt = 0
  #nowMs = Number.NEGATIVE_INFINITY
  #far: Run[] = []
  /** How many of them are still meant. */
  #farSize = 0
  /** None of them is due before. */
  #farMs = Number.POSITIVE_INFINITY
  /** One of them was taken back since: perhaps the earliest. */
  #isFarSure = true

  /**
   * The earliest due moment, epoch ms; where very many are far perhaps one before it. Of what is due already any moment
   * that is over.
   */
  get nextMs(): number | undefined {
    if (!this.#isFarSure && this.#far.length <= FEW) this.#look()
    let nextMs = this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY
    if (this.#lineAt < this.#line.length) nextMs = Math.min(this.#nowMs, nextMs)
    if (this.#farSize > 0) nextMs = Math.min(this.#farMs, nextMs)
    return nextMs === Number.POSITIVE_INFINITY ? undefined : nextMs
  }

  /** Says what time it is: what is set to this or an earlier moment is due. */
  begin(nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#farMs <= nowMs) this.#look()
  }

  /** Puts the run's timer where its `dueMs` says now; null takes it out. */
  set(run: Run): void {
    const { dueMs } = run
    if (dueMs === null) return this.remove(run)
    if (dueMs <= this.#nowMs) {
      if (run.timerAt === IN_LINE) return
      this.remove(run)
      run.timerAt = IN_LINE
      this.#line.push(run)
    } else if (dueMs > this.#nowMs + FAR_MS) {
      if (dueMs < this.#farMs) this.#farMs = dueMs
      if (run.timerAt === FAR) {
        this.#isFarSure = false
        return
      }
      this.remove(run)
      run.timerAt = FAR
      this.#farSize++
      this.#far.push(run)
      // Who was taken back must not be kept from leaving memory.
      if (this.#far.length > 2 * this.#farSize + SLACK) this.#look()
    } else {
      if (run.timerAt < 0) {
        this.remove(run)
        run.timerAt = this.#heap.length
        this.#heap.push(run)
      }
      this.#up(run.timerAt)
      this.#down(run.timerAt)
    }
  }

  remove(run: Run): void {
    const at = run.timerAt
    run.timerAt = NOWHERE
    if (at === FAR) {
      this.#farSize--
      this.#isFarSure = false
    }
    // Who stands in the line or is far is passed over there.
    if (at < 0) return
    const last = this.#heap.pop()!
    if (last === run) return
    this.#heap[at] = last
    last.timerAt = at
    this.#up(at)
    this.#down(last.timerAt)
  }

  /** Takes out the earliest run that is due, if any; of those in the line the first. */
  takeDue(nowMs: number): Run | undefined {
    const first = this.#heap[0]
    if (first !== undefined && first.dueMs! <= nowMs) {
      this.remove(first)
      return first
    }
    while (this.#lineAt < this.#line.length) {
      const run = this.#line[this.#lineAt++]!
      if (run.timerAt !== IN_LINE || run.dueMs! > nowMs) continue
      run.timerAt = NOWHERE
      return run
    }
    if (this.#lineAt > 0) {
      this.#line = []
      this.#lineAt = 0
    }
    return undefined
  }

  /** Looks through those that were far: some are near now, some are not meant any more, and some stand there twice. */
  #look(): void {
    const meant: Run[] = []
    for (const run of this.#far) {
      if (run.timerAt !== FAR) continue
      run.timerAt = NOWHERE
      meant.push(run)
    }
    this.#far = []
    this.#farSize = 0
    this.#farMs = Number.POSITIVE_INFINITY
    this.#isFarSure = true
    for (const run of meant) this.set(run)
  }

  #up(from: number): void {
    const heap = this.#heap
    const run = heap[from]!
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]!.dueMs! <= run.dueMs!) break
      const moved = heap[parent]!
      heap[at] = moved
      moved.timerAt = at
      at = parent
    }
    heap[at] = run
    run.timerAt = at
  }

  #down(from: number): void {
    const heap = this.#heap
    const run = heap[from]!
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.dueMs! < heap[child]!.dueMs!) child++
      if (heap[child]!.dueMs! >= run.dueMs!) break
      const moved = heap[child]!
      heap[at] = moved
      moved.timerAt = at
      at = child
    }
    heap[at] = run
    run.timerAt = at
  }
}

/** The earlier of two moments; null and infinity stand for none. */
export function earlier(oneMs: number | null, otherMs: number): number | null {
  const ms = Math.min(oneMs ?? otherMs, otherMs)
  return ms === Number.POSITIVE_INFINITY ? null : ms
}
