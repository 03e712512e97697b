import type { Clock } from '../platform/index.ts'
import type { Desk } from './desk.ts'
import { isDone, isQuiet, isUnderWay, type MessageState, type Run } from './message.ts'

type Tables = { knows(tick: number): boolean }
type Limits = { clock: Clock; capacityRuns: number }

/** Says who leaves memory and when. */
export class Leaving {
  readonly #desk: Desk
  readonly #tables: Tables
  readonly #clock: Clock
  /** Below what stops new starts, or both would wait for each other. */
  readonly #capacity: number
  /** Runs that are over since the last tick. */
  #over: Run[] = []
  readonly #lastWordOf = (channel: string): MessageState => this.#desk.lastWordOf(channel)

  constructor(desk: Desk, tables: Tables, { clock, capacityRuns }: Limits) {
    this.#desk = desk
    this.#tables = tables
    this.#clock = clock
    this.#capacity = Math.floor(0.9 * capacityRuns)
  }

  /** More are in memory than should be. */
  get isCrowded(): boolean {
    return this.#desk.set.runs.size > this.#capacity
  }

  /**
   * Lets those go that were over a tick ago: the next tick they may still be asked for, and later hardly ever. `changed`
   * are those that the present tick wrote down: whoever stays may go when room is needed.
   */
  letGo(changed: Run[]): void {
    this.#letOverGo()
    const staying: Run[] = []
    for (const run of changed) {
      if (isDone(run, this.#lastWordOf)) this.#over.push(run)
      // Whoever waits for a channel or its word will change again.
      else if (!isUnderWay(run)) staying.push(run)
    }
    this.#desk.set.mayLeave(staying)
  }

  #letOverGo(): void {
    this.#desk.set.leave(this.#over, (run) => this.#tables.knows(run.tick))
    this.#over = []
  }

  /** Lets quiet runs go while there are too many; returns the earliest timer among them. */
  makeRoom(): number | null {
    // There may be no further tick as long as memory is full.
    if (this.isCrowded) this.#letOverGo()
    const nowMs = this.#clock.nowMs()
    return this.#desk.set.makeRoom(
      this.#capacity,
      (run) => isQuiet(run, nowMs),
      (run) => this.#tables.knows(run.tick),
    )
  }
}
