import type { Run } from './message.ts'

/** What a timer needs of a run. */
type Timed = Pick<Run, 'dueMs' | 'timerAt'>

/** The timers of runs: a binary heap in which each run knows its place, so that a timer is moved and not doubled. */
export class Timers<T extends Timed> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  /** The earliest due moment, epoch ms. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.dueMs ?? undefined
  }

  /** Puts the run's timer where its `dueMs` says now; null takes it out. */
  set(run: T): void {
    if (run.dueMs === null) return this.remove(run)
    if (run.timerAt < 0) {
      run.timerAt = this.#heap.length
      this.#heap.push(run)
    }
    this.#up(run.timerAt)
    this.#down(run.timerAt)
  }

  remove(run: T): void {
    const at = run.timerAt
    if (at < 0) return
    run.timerAt = -1
    const last = this.#heap.pop()!
    if (last === run) return
    this.#heap[at] = last
    last.timerAt = at
    this.#up(at)
    this.#down(last.timerAt)
  }

  /** Takes out the earliest run that is due, if any. */
  takeDue(nowMs: number): T | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.dueMs! > nowMs) return undefined
    this.remove(first)
    return first
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
