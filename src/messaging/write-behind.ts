import { appendFacts } from '../platform/index.ts'
import type { Desk } from './desk.ts'
import { factsOf } from './facts.ts'
import type { Write } from './intake.ts'
import { insertJournal } from './journal-store.ts'
import { packEntry } from './journal-writer.ts'
import type { Run } from './message.ts'
import { project, projectionOf } from './projection-store.ts'
import { deleteStarts } from './start-store.ts'
import type { Tables } from './tables.ts'

/** How much of the journal one transaction brings to the tables, packed octets. */
const CHUNK_OCTETS = 1024 * 1024

/** Less than that waits so long for more, ms: a run that has moved on meanwhile is written once. */
const GATHER_MS = 1_000

/** Behind by more than this, the tables catch up even while everything else has work. */
const LONGEST_OCTETS = 256 * 1024 * 1024

/** What makes a tick durable, and the runs that it writes down. */
type Statements = { write: Write; changed: Run[] }

/**
 * Keeps the tables true. While little changes, a tick writes the rows that it changed itself. While much does, it
 * writes one packed row of journal instead, at a twentieth of the price, and the tables catch up when there is nothing
 * else to do, when somebody waits for them, or when they are far behind.
 */
export class WriteBehind {
  readonly #tables: Tables
  readonly #tenantId: string
  readonly #desk: Desk
  readonly #inlineRuns: number
  /** Starts that were taken, with the tick that took them, until their runs are in the tables. */
  #taken: { seq: bigint; tick: number }[] = []
  /** The rows of the journal that the tables do not know. */
  #rowsLeft: { tick: number; octets: number; sinceMs: number }[] = []
  #isBehind = false
  #known = 0
  #wantedTick = 0
  #writing: Promise<void> | undefined
  #failure: unknown
  /** Called when the tables have come nearer. */
  onAdvanced: () => void = () => undefined

  constructor(tables: Tables, tenantId: string, desk: Desk, inlineRuns: number) {
    this.#tables = tables
    this.#tenantId = tenantId
    this.#desk = desk
    this.#inlineRuns = inlineRuns
  }

  /** Starts that the tables still hold though they were taken. */
  get takenStarts(): bigint[] {
    return this.#taken.map(({ seq }) => seq)
  }

  /** The journal knows more than the tables. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  /** Whether the tables know everything up to a tick. */
  knows(tick: number): boolean {
    return !this.#isBehind || tick <= this.#known
  }

  /** Says that somebody waits for the tables to know a tick. */
  want(tick: number): void {
    this.#wantedTick = Math.max(this.#wantedTick, tick)
  }

  /** They are brought there whatever else there is to do. */
  get isWanted(): boolean {
    return this.#isBehind && (this.#wantedTick > this.#known || this.#octetsLeft > LONGEST_OCTETS)
  }

  /** They could be brought nearer, and nobody does it yet. */
  get isIdle(): boolean {
    return this.#isBehind && this.#writing === undefined
  }

  /** There is enough for a chunk, or it has waited for more long enough. */
  get isGathered(): boolean {
    const oldest = this.#rowsLeft[0]
    if (oldest === undefined) return this.#isBehind
    return this.#octetsLeft >= CHUNK_OCTETS || performance.now() - oldest.sinceMs >= GATHER_MS
  }

  get #octetsLeft(): number {
    return this.#rowsLeft.reduce((sum, { octets }) => sum + octets, 0)
  }

  /**
   * The statements of a tick, to be called when it has changed everything and before it waits for anything; undefined
   * when nothing changed.
   */
  statements(tick: number, started: bigint[], isAnythingElse: boolean): Statements | undefined {
    for (const seq of started) this.#taken.push({ seq, tick })
    const changed = this.#desk.set.takeChanged()
    if (changed.length + started.length === 0 && !isAnythingElse) return undefined
    const isInline = !this.#isBehind && !this.#writing && changed.length <= this.#inlineRuns
    const write = isInline ? this.#rows(changed, tick) : this.#journal(changed, started, tick)
    for (const run of changed) settle(run, tick)
    return { write, changed }
  }

  #rows(changed: Run[], tick: number): Write {
    const projection = projectionOf(changed)
    const facts = changed.flatMap((run) => factsOf(run, run.notes))
    const starts = this.takenStarts
    this.#taken = []
    this.#known = tick
    return async (tx) => {
      project(tx, projection)
      deleteStarts(tx, starts)
      await appendFacts(tx, facts)
    }
  }

  #journal(changed: Run[], started: bigint[], tick: number): Write {
    if (changed.length + started.length === 0) return () => undefined
    const packed = packEntry(started, changed)
    this.#isBehind = true
    const row = { tick, octets: 0, sinceMs: performance.now() }
    this.#rowsLeft.push(row)
    return async (tx) => {
      const octets = await packed
      row.octets = octets.length
      insertJournal(tx, tick, octets)
    }
  }

  /** Begins to bring the tables a chunk further, unless that is being done, up to the last tick that is committed. */
  advance(committed: number): void {
    if (this.#writing || !this.#isBehind) return
    this.#writing = this.#writeChunk(committed).finally(() => {
      this.#writing = undefined
      this.onAdvanced()
    })
  }

  /** Resolves when nothing is being written. */
  async resting(): Promise<void> {
    await this.#writing
  }

  /** Throws what the last chunk failed with, once. */
  check(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  /** Resolves when the chunk that is being written is; throws as `check`. */
  async settled(): Promise<void> {
    await this.#writing
    this.check()
  }

  async #writeChunk(committed: number): Promise<void> {
    const { set } = this.#desk
    try {
      // What stands behind its own last tick was written by whoever replaced this process, and is theirs to replay.
      const upTo = await this.#tables.advance(this.#tenantId, committed, CHUNK_OCTETS)
      // Nothing left: the tables know all that was committed before the look.
      const known = (this.#known = upTo ?? committed)
      this.#taken = this.#taken.filter(({ tick }) => tick > known)
      this.#rowsLeft = this.#rowsLeft.filter(({ tick }) => tick > known)
      if (this.#rowsLeft.length === 0) this.#isBehind = false
      set.forgetDropped((tick) => this.knows(tick))
    } catch (error) {
      this.#failure = error
    }
  }
}

/** What was written needs not be written again. */
function settle(run: Run, tick: number): void {
  run.tick = tick
  run.isChanged = false
  run.notes = null
  for (const message of run.messages) {
    if (!message?.isChanged) continue
    message.isChanged = false
    message.isKnown = true
  }
}
