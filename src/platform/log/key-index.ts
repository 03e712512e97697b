import { FRAME_BYTES } from './event-log.ts'
import { blockHas, blockOf, KeyTable, spreadOf } from './key-table.ts'

/** What a run's store keeps beside its keys. */
export type RunHead = {
  /** How many blocks its keys are in, a power of two. */
  blocks: number
  /** Spans of time that occur in it: how many shortest spans each is long, and which. */
  width: number
  moments: number[]
  /** For each partition of the log, the offset behind the last record whose key is in this run or an earlier one. */
  positions: number[]
}

/** What wants to be stored of the run that is being sealed; the head comes last and makes it whole. */
export type RunPart = {
  run: number
  blocks: { block: number; keys: Uint32Array }[]
  head: RunHead | undefined
}

export type KeyIndexOptions = {
  /** How many keys stay in the table before they are sealed as a run. */
  runKeys: number
  /** Sealed runs, the oldest first. */
  runs: RunHead[]
  /** Keys of a block of a sealed run. */
  load(run: number, block: number): Uint32Array
}

/** The newest runs, whose blocks stay in memory once they were needed. */
const RUNS_IN_MEMORY = 4

/** Records for each block that is sealed along with them: a run is sealed long before the next is full. */
const RECORDS_A_BLOCK = 256

/** Milliseconds of the shortest span of time that is told apart. */
const SHORTEST_SPAN_MS = 64

/** Records whose places in the table are fetched together. */
const AHEAD = 64

/**
 * The keys that a log has seen. The newest are in a table in memory; when it is full it is sealed as a run: sorted,
 * stored in blocks. A run also knows the moments that occur in it, and a record asks only the runs with its own: the
 * same event carries the same time, or else it is not the same event. So nearly every record asks the table alone,
 * however many keys there are. What no run in memory has costs one small read of the store for each run asked.
 *
 * Sealing goes along with the records that come in, a few blocks at a time, so that none of them waits for all of it.
 */
export class KeyIndex {
  readonly #options: KeyIndexOptions
  readonly #runs: Run[]
  readonly #candidates = new Map<number, Run[]>()
  #recent = new KeyTable()
  #times = new TimeSet()
  #sealing: { run: Run; table: KeyTable; next: number } | undefined
  #moment = Number.NaN
  #candidatesOfMoment: Run[] = []
  readonly #spreads = new Uint32Array(AHEAD)
  readonly #los = new Uint32Array(AHEAD)
  readonly #timesMs = new Float64Array(AHEAD)
  /** Of no use but to be written: a result that nobody gets is not worked out. */
  touched = 0

  constructor(options: KeyIndexOptions) {
    this.#options = options
    this.#runs = options.runs.map((head, number) => new Run(number, head))
    this.#keepNewest()
  }

  /**
   * Takes in the keys of packed records, `bytes[0, length)`. Sets `isNew` of a record to 1 where its key was not seen
   * before; returns how many those are. `isKnownNew` says that none of them is in a sealed run.
   */
  take(bytes: Buffer, length: number, isNew: Uint8Array, isKnownNew = false): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, length)
    let newCount = 0
    let record = 0
    for (let at = 0; at < length;) {
      let group = 0
      let touched = 0
      for (; group < AHEAD && at < length; group++) {
        const start = at + FRAME_BYTES
        const lo = view.getUint32(start, true)
        const spread = spreadOf(lo, view.getUint32(start + 4, true))
        touched |= this.#recent.touch(spread)
        this.#los[group] = lo
        this.#spreads[group] = spread
        this.#timesMs[group] = view.getFloat64(start + 8, true)
        at = start + view.getUint32(at, true)
      }
      this.touched = touched
      for (let i = 0; i < group; i++, record++) {
        if (!this.#add(this.#spreads[i]!, this.#los[i]!, this.#timesMs[i]!, isKnownNew)) continue
        isNew[record] = 1
        newCount++
      }
    }
    return newCount
  }

  /**
   * Goes on with sealing, if there is anything to seal, as far as befits so many records taken in. `ends` are the
   * positions behind all records taken in so far. What is returned must be stored before anything later is.
   */
  seal(records: number, ends: number[]): RunPart | undefined {
    const isFull = this.#recent.count >= this.#options.runKeys
    if (isFull && !this.#sealing) this.#beginRun([...ends])
    if (!this.#sealing) return undefined
    const { run, table, next } = this.#sealing
    const isLate = this.#recent.count >= this.#options.runKeys
    const end = isLate
      ? table.blocks
      : Math.min(table.blocks, next + 1 + Math.floor(records / RECORDS_A_BLOCK))
    const blocks = []
    for (let block = next; block < end; block++) {
      const keys = table.sortedBlock(block)
      run.blocks![block] = keys
      blocks.push({ block, keys })
    }
    this.#sealing.next = end
    if (end < table.blocks) return { run: run.number, blocks, head: undefined }
    this.#sealing = undefined
    run.table = undefined
    this.#keepNewest()
    return { run: run.number, blocks, head: run.head }
  }

  #add(spread: number, lo: number, timeMs: number, isKnownNew: boolean): boolean {
    const moment = Math.floor(timeMs / SHORTEST_SPAN_MS)
    if (moment !== this.#moment) this.#turnTo(moment)
    for (const run of this.#candidatesOfMoment) {
      if (isKnownNew) break
      if (this.#isIn(run, spread, lo)) return false
    }
    return this.#recent.add(spread, lo)
  }

  #isIn(run: Run, spread: number, lo: number): boolean {
    if (run.table) return run.table.has(spread, lo)
    const block = blockOf(spread, run.head.blocks)
    let keys = run.blocks?.[block]
    if (!keys) {
      keys = this.#options.load(run.number, block)
      if (run.blocks) run.blocks[block] = keys
    }
    return blockHas(keys, spread, lo)
  }

  #beginRun(positions: number[]): void {
    const table = this.#recent
    const run = new Run(this.#runs.length, { blocks: table.blocks, ...this.#times.spans(), positions })
    run.table = table
    this.#runs.push(run)
    this.#keepNewest()
    this.#sealing = { run, table, next: 0 }
    this.#recent = table.emptied()
    this.#times = new TimeSet()
    this.#candidates.clear()
    this.#moment = Number.NaN
  }

  #keepNewest(): void {
    this.#runs.forEach((run, number) => {
      if (number < this.#runs.length - RUNS_IN_MEMORY) run.blocks = undefined
      else run.blocks ??= []
    })
  }

  #turnTo(moment: number): void {
    this.#times.add(moment)
    let candidates = this.#candidates.get(moment)
    if (!candidates) {
      candidates = this.#runs.filter((run) => run.moments.has(Math.floor(moment / run.head.width)))
      if (this.#candidates.size >= 65_536) this.#candidates.clear()
      this.#candidates.set(moment, candidates)
    }
    this.#moment = moment
    this.#candidatesOfMoment = candidates
  }
}

class Run {
  readonly number: number
  readonly head: RunHead
  readonly moments: Set<number>
  /** Its keys as long as not all of them are sealed. */
  table: KeyTable | undefined
  blocks: Uint32Array[] | undefined

  constructor(number: number, head: RunHead) {
    this.number = number
    this.head = head
    this.moments = new Set(head.moments)
  }
}

const MOST_MOMENTS = 4096

/** Spans of time in which something happened: as short as a bounded number of them allows. */
class TimeSet {
  #width = 1
  #moments = new Set<number>()
  #last = Number.NaN

  add(moment: number): void {
    const span = Math.floor(moment / this.#width)
    if (span === this.#last) return
    this.#last = span
    this.#moments.add(span)
    while (this.#moments.size > MOST_MOMENTS) {
      this.#width *= 2
      this.#moments = new Set([...this.#moments].map((narrow) => Math.floor(narrow / 2)))
      this.#last = Number.NaN
    }
  }

  spans(): { width: number; moments: number[] } {
    return { width: this.#width, moments: [...this.#moments] }
  }
}
