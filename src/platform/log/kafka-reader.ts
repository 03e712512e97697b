import { FRAME_BYTES, type LogChunk } from './event-log.ts'
import { type Block } from './kafka-topic.ts'
import { RecentKeys } from './recent-keys.ts'

type Fetch = (fromOffset: number) => Promise<Block>

/** Positions whose surroundings are known: the head of the partition that is followed, and somebody's look at history. */
const MAX_TRAILS = 2
const MAX_RUNS = 2 ** 17

/**
 * Reads one partition and leaves out duplicates: a record is one when its key stands in an earlier record of the
 * window before it. The window begins at a multiple of `horizon` records, so it is between one and two horizons long
 * and says the same to everybody, wherever he began to read. Who begins in the middle first reads the window before.
 */
export class PartitionReader {
  readonly #fetch: Fetch
  readonly #horizon: number
  #trails: Trail[] = []
  #last: Promise<unknown> = Promise.resolve()

  constructor(fetch: Fetch, horizon: number) {
    this.#fetch = fetch
    this.#horizon = horizon
  }

  /**
   * Chunks of at most `limit` records in all. Where nothing but duplicates follows up to the end, an empty chunk
   * says with its offset how far that is.
   */
  read(fromOffset: number, limit: number): Promise<LogChunk[]> {
    // One at a time: a trail is not followed by two.
    const chunks = this.#last.then(() => this.#read(fromOffset, limit))
    this.#last = chunks.catch(() => {})
    return chunks
  }

  async #read(fromOffset: number, limit: number): Promise<LogChunk[]> {
    const trail = this.#trailOf(fromOffset)
    await trail.learnUpTo(fromOffset)
    if (trail.hi < fromOffset) return []
    for (let offset = fromOffset; ;) {
      const block = await trail.blockAt(offset)
      if (block.count === 0) {
        return offset === fromOffset ? [] : [{ firstOffset: offset, count: 0, bytes: Buffer.alloc(0) }]
      }
      const start = Math.max(0, offset - block.firstOffset)
      const end = Math.min(block.count, start + limit)
      const chunks = trail.chunksOf(block, start, end)
      if (chunks.length > 0) return chunks
      offset = block.firstOffset + end
    }
  }

  /** The trail that knows the offset or comes to it soonest; a new one in place of the least used where none does. */
  #trailOf(offset: number): Trail {
    const known = this.#trails.filter((trail) => trail.lo <= offset && offset <= trail.hi + this.#horizon)
    let trail = known.toSorted((a, b) => Math.max(0, offset - a.hi) - Math.max(0, offset - b.hi))[0]
    trail ??= new Trail(this.#fetch, this.#horizon, offset)
    this.#trails = [trail, ...this.#trails.filter((other) => other !== trail)].slice(0, MAX_TRAILS)
    return trail
  }
}

/** A stretch [lo, hi) of a partition in which all duplicates are known. */
class Trail {
  lo: number
  hi: number
  readonly #fetch: Fetch
  readonly #horizon: number
  readonly #keys = new RecentKeys()
  /** Which window, counted in horizons, the current generation of keys belongs to. */
  #window: number
  /** First and behind-last offsets of duplicates that stand in a row, rising. */
  #runs: number[] = []
  #block: Block | undefined
  #ahead: { offset: number; block: Promise<Block> } | undefined

  constructor(fetch: Fetch, horizon: number, offset: number) {
    this.#fetch = fetch
    this.#horizon = horizon
    const window = Math.floor(offset / horizon)
    this.#window = Math.max(0, window - 1)
    this.hi = this.#window * horizon
    // The window before the first one read is not known, so the first one is not vouched for.
    this.lo = window <= 1 ? 0 : window * horizon
  }

  async learnUpTo(offset: number): Promise<void> {
    while (this.hi < offset) {
      const block = await this.blockAt(this.hi)
      if (block.count === 0) return
    }
  }

  /** The block in which the offset is, or the one that follows a gap there; empty at the end of the partition. */
  async blockAt(offset: number): Promise<Block> {
    const held = this.#block
    if (held && held.firstOffset <= offset && offset < held.firstOffset + held.count) return held
    const ahead = this.#ahead
    this.#ahead = undefined
    // What could not be fetched ahead, or was empty then, is asked for anew.
    let block = ahead?.offset === offset ? await ahead.block.catch(() => undefined) : undefined
    if (!block || block.count === 0) block = await this.#fetch(offset)
    if (block.count === 0) return block
    this.#block = block
    const end = block.firstOffset + block.count
    const isSequential = held !== undefined && offset === held.firstOffset + held.count
    if (isSequential && end < block.endOffset) {
      this.#ahead = { offset: end, block: this.#fetch(end) }
      // If nobody comes for it, it is nobody's failure.
      this.#ahead.block.catch(() => {})
    }
    if (offset <= this.hi && end > this.hi) this.#learn(block)
    return block
  }

  /** The records [start, end) of a block in chunks, without duplicates. */
  chunksOf(block: Block, start: number, end: number): LogChunk[] {
    const chunks: LogChunk[] = []
    const { firstOffset, starts, bytes } = block
    const add = (from: number, to: number): void => {
      if (from >= to) return
      const count = to - from
      chunks.push({ firstOffset: firstOffset + from, count, bytes: bytes.subarray(starts[from], starts[to]) })
    }
    let at = start
    for (let run = this.#runAfter(firstOffset + start); run < this.#runs.length; run += 2) {
      const runStart = this.#runs[run]! - firstOffset
      if (runStart >= end) break
      add(at, runStart)
      at = Math.max(at, this.#runs[run + 1]! - firstOffset)
    }
    add(at, end)
    return chunks
  }

  /** Takes in the keys of the block's records from `hi` on. */
  #learn(block: Block): void {
    const { firstOffset, count, starts, bytes } = block
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let nextWindow = (this.#window + 1) * this.#horizon
    for (let i = Math.max(0, this.hi - firstOffset); i < count; i++) {
      const offset = firstOffset + i
      if (offset >= nextWindow) nextWindow = this.#enterWindow(Math.floor(offset / this.#horizon))
      const at = starts[i]! + FRAME_BYTES
      if (!this.#keys.add(view.getUint32(at, true), view.getUint32(at + 4, true))) this.#addDuplicate(offset)
    }
    this.hi = firstOffset + count
  }

  /** Returns where the next one begins. */
  #enterWindow(window: number): number {
    this.#keys.rotate()
    if (window > this.#window + 1) this.#keys.rotate()
    this.#window = window
    return (window + 1) * this.#horizon
  }

  #addDuplicate(offset: number): void {
    if (this.#runs.at(-1) === offset) {
      this.#runs[this.#runs.length - 1] = offset + 1
      return
    }
    this.#runs.push(offset, offset + 1)
    if (this.#runs.length > 2 * MAX_RUNS) {
      // The oldest half is forgotten: who reads there again learns it anew.
      this.#runs = this.#runs.slice(MAX_RUNS)
      this.lo = Math.max(this.lo, this.#runs[0]!)
    }
  }

  /** Index of the first run that ends behind the offset. */
  #runAfter(offset: number): number {
    let low = 0
    let high = this.#runs.length / 2
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#runs[middle * 2 + 1]! <= offset) low = middle + 1
      else high = middle
    }
    return low * 2
  }
}
