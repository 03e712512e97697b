import type { Database, Tx } from '../platform/index.ts'
import type { Desk } from './desk.ts'
import { findByIndex } from './lookup-store.ts'
import { selectStarts, type StartRow } from './start-store.ts'
import { knownRuns } from './store.ts'
import type { Departures } from './dropped-runs.ts'

/** About how many starts a tick takes: whole rows, of up to 2,000 each. */
const START_RUNS = 4_000

/** Starts as they were read, and which of their runs the tables knew then. */
type Page = { starts: StartRow[]; runs: number; known: Set<string>; departures: Departures }

/** Starts whose runs the tables have not seen before; `hasMore` when there may be others behind them. */
export type FreshStarts = { starts: StartRow[]; hasMore: boolean }

/**
 * Reads starts, and the cards of their subscribers, while the tick before is being written, so that the next one need
 * not wait for them. Nothing is taken by that: a page that is never used is read again.
 */
export class StartsAhead {
  readonly #database: Database
  readonly #tenantId: string
  readonly #desk: Desk
  #page: Page | undefined
  #reading: Promise<void> | undefined
  #isExpecting = false

  constructor(database: Database, tenantId: string, desk: Desk) {
    this.#database = database
    this.#tenantId = tenantId
    this.#desk = desk
  }

  /** Says that starts may have been handed over since the last look. */
  expect(): void {
    this.#isExpecting = true
  }

  /** Whether the last look may have missed some. */
  get isExpecting(): boolean {
    return this.#isExpecting
  }

  /**
   * Begins to read in a transaction of its own what comes behind `taken`, unless there is a page already. Whatever
   * fails is read again by the tick itself, which then says so.
   */
  begin(taken: bigint[], nowMs: number): void {
    if (this.#page || this.#reading) return
    const { set, cards } = this.#desk
    const departures = set.watch()
    this.#reading = this.#database
      .tx(this.#tenantId, async (tx) => {
        findByIndex(tx)
        const page = await this.#read(tx, taken, departures, START_RUNS)
        await cards.load(tx, subscribersOf(page.starts), set, nowMs)
        this.#page = page
      })
      .catch(() => {
        this.#page = undefined
      })
      .finally(() => {
        if (!this.#page) set.unwatch(departures)
        this.#reading = undefined
      })
  }

  /** Resolves when nothing is being read. */
  async resting(): Promise<void> {
    await this.#reading
  }

  /** The starts that the tick shall take: those of the page, and what the tables hold behind it while there is room. */
  async take(tx: Tx, taken: bigint[]): Promise<FreshStarts> {
    const page = this.#page
    this.#page = undefined
    const { set } = this.#desk
    const departures = set.watch()
    try {
      const starts = page ? this.#fresh(page) : []
      let room = START_RUNS - (page?.runs ?? 0)
      if (!page || (room > 0 && this.#isExpecting)) {
        const behind = [...taken, ...starts.map(({ seq }) => seq)]
        const rest = await this.#read(tx, behind, departures, room)
        starts.push(...this.#fresh(rest))
        room -= rest.runs
      }
      return { starts, hasMore: room <= 0 }
    } finally {
      set.unwatch(departures)
      if (page) set.unwatch(page.departures)
    }
  }

  /** Of each row the runs that the tables had not seen; whom memory has seen is told when they are taken. */
  #fresh({ starts, known, departures }: Page): StartRow[] {
    if (known.size === 0 && departures.isEmpty) return starts
    return starts.map(({ seq, runs }) => ({
      seq,
      runs: runs.filter(({ runId }) => !known.has(runId) && !departures.has(runId)),
    }))
  }

  async #read(tx: Tx, taken: bigint[], departures: Departures, limit: number): Promise<Page> {
    this.#isExpecting = false
    const paused = [...this.#desk.stopped].flatMap(([id, state]) => (state === 'paused' ? [id] : []))
    const starts = await selectStarts(tx, taken, paused, limit)
    const runIds = starts.flatMap(({ runs }) => runs.map(({ runId }) => runId))
    return { starts, runs: runIds.length, known: await knownRuns(tx, runIds), departures }
  }
}

function* subscribersOf(starts: StartRow[]): Generator<number> {
  for (const { runs } of starts) for (const { subscriberId } of runs) yield subscriberId
}
