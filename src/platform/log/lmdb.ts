import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Database as LmdbDatabase, type RootDatabase, open } from 'lmdb'
import {
  type EventLog,
  FRAME_BYTES,
  type LogChunk,
  ReadRoom,
  RECORD_HEAD_BYTES,
  type RecordBatch,
} from './event-log.ts'
import { KeyIndex, type RunHead, type RunPart } from './key-index.ts'

export type LmdbLogOptions = {
  /** Partitions of logs that are made here for the first time; one that exists keeps its own number. */
  partitions?: number
  /** How many keys of records stay in memory before they are sealed as a run. */
  runKeys?: number
  /** The most that the log may take, bytes: address space, not memory. The checkpoints may take a quarter of it. */
  mapBytes?: number
}

/**
 * The embedded log store: one LMDB environment for a process, a log for each name. Several threads of a process may
 * open the same folder; one of them may append to a log, all may read it.
 */
export class LmdbLogStore {
  readonly #folder: string
  readonly #mapBytes: number
  readonly #root: RootDatabase
  #checkpoints: RootDatabase<Buffer, string> | undefined
  readonly #logs = new Map<string, LmdbLog>()
  readonly #partitions: number
  readonly #runKeys: number

  constructor(folder: string, options: LmdbLogOptions = {}) {
    this.#folder = folder
    this.#mapBytes = options.mapBytes ?? 2 ** 40
    this.#partitions = options.partitions ?? Math.min(4, availableParallelism())
    this.#runKeys = options.runKeys ?? 2 ** 22
    // Without overlapping sync a commit returns only when it is on the disk: accepted means durable.
    this.#root = open({
      path: folder,
      maxDbs: 1024,
      mapSize: this.#mapBytes,
      noSubdir: false,
      overlappingSync: false,
      // With it, lmdb-js makes a promise of its own for each turn that nobody hears reject when the disk is full.
      eventTurnBatching: false,
    })
  }

  /** The log of that name, made on first use. */
  log(name: string): EventLog {
    const known = this.#logs.get(name)
    if (known) return known
    const sizes = this.#root.openDB<number, string>({ name: 'partitions' })
    const partitions = sizes.transactionSync(() => {
      const kept = sizes.get(name)
      if (kept === undefined) sizes.putSync(name, this.#partitions)
      return kept ?? this.#partitions
    })
    const made = new LmdbLog(
      partitions,
      this.#root.openDB<Buffer, BatchKey>({ name: `records:${name}`, encoding: 'binary' }),
      this.#root.openDB<Buffer, RunKey>({ name: `keys:${name}`, encoding: 'binary' }),
      this.#runKeys,
    )
    this.#logs.set(name, made)
    return made
  }

  /**
   * A durable key-value space for engine checkpoints: an environment of its own, so that writing what an engine
   * remembers never holds up an append.
   */
  checkpoints(): LmdbDatabase<Buffer, string> {
    this.#checkpoints ??= open<Buffer, string>({
      path: join(this.#folder, 'checkpoints'),
      encoding: 'binary',
      mapSize: this.#mapBytes / 4,
      noSubdir: false,
      overlappingSync: false,
    })
    return this.#checkpoints
  }

  /** Closes when everything that was appended is stored. */
  async close(): Promise<void> {
    for (const log of this.#logs.values()) await log.settled
    await this.#root.close()
    await this.#checkpoints?.close()
  }
}

/** Partition, offset of the first record, number of records. */
type BatchKey = [number, number, number]

/** A block of a sealed run of keys, or the run's head. */
type RunKey = [run: number, part: number | 'head']

type Write = { partition: number; count: number; bytes: Buffer }

/** An append on its way to the disk. */
type Waiting = {
  writes: Write[]
  resolve(): void
  reject(error: unknown): void
}

/**
 * A batch is one entry of LMDB under the offset of its first record. Appends that wait while a commit is under way
 * share the next one. LMDB's own thread writes and syncs; this one goes on.
 *
 * Keys that were seen can be told from the log, so recent ones are in memory only, and are read again from the log at
 * the first append after a start: an empty append does it early. The same key must come with the same time.
 */
class LmdbLog implements EventLog {
  readonly partitions: number
  readonly #records: LmdbDatabase<Buffer, BatchKey>
  readonly #runs: LmdbDatabase<Buffer, RunKey>
  readonly #runKeys: number
  #index: KeyIndex | undefined
  /** Where the next record of each partition goes; holds only together with the index. */
  #ends: number[] = []
  #waiting: Waiting[] = []
  #isCommitting = false
  /** Resolves when no append is under way. */
  settled: Promise<void> = Promise.resolve()

  constructor(
    partitions: number,
    records: LmdbDatabase<Buffer, BatchKey>,
    runs: LmdbDatabase<Buffer, RunKey>,
    runKeys: number,
  ) {
    this.partitions = partitions
    this.#records = records
    this.#runs = runs
    this.#runKeys = runKeys
  }

  async append(batches: RecordBatch[]): Promise<Uint8Array[]> {
    assert(batches.length <= this.partitions, 'there are more batches than partitions')
    for (const batch of batches) assertWhole(batch)
    const index = (this.#index ??= this.#readIndex())
    const fresh: Uint8Array[] = []
    const writes: Write[] = []
    batches.forEach((batch, partition) => {
      const isNew = new Uint8Array(batch.count)
      fresh.push(isNew)
      const newCount = index.take(batch.bytes, batch.length, isNew)
      if (newCount > 0) writes.push({ partition, count: newCount, bytes: newRecords(batch, isNew, newCount) })
    })
    // Also an append of duplicates only waits: the records that it repeats may still be on their way.
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ writes, resolve, reject })
      if (!this.#isCommitting) this.settled = this.#commitAll()
    })
    return fresh
  }

  /**
   * Each call sees what any thread has committed by then; a reader in another thread need do nothing for it but call
   * again. All batches are one copy, their records one behind another. Whole batches are given, so there may be far
   * more records than `limit`.
   */
  async read(
    partition: number,
    fromOffset: number,
    limit: number,
    room = new ReadRoom(),
  ): Promise<LogChunk[]> {
    this.#records.resetReadTxn()
    let length = 0
    let count = 0
    let firstOffset = fromOffset
    const start = this.#batchAt(partition, fromOffset)
    for (const key of this.#records.getKeys({ start, end: [partition + 1, 0, 0] })) {
      const [, first, records] = key
      if (first + records <= fromOffset) continue
      if (count === 0) firstOffset = first
      // It stands in a buffer of lmdb-js until its next reading; that buffer's own end lies behind the value's.
      const found = this.#records.getBinaryFast(key)
      assert(found, `the batch ${first} of partition ${partition} is missing`)
      const size = found.length
      room.reserve(length, size)
      room.bytes.set(found.subarray(0, size), length)
      length += size
      count += records
      if (first + records - fromOffset >= limit) break
    }
    if (count === 0) return []
    const skipped = Math.max(0, fromOffset - firstOffset)
    const from = frameAt(room.bytes, skipped)
    const bytes = room.bytes.subarray(from, length)
    return [{ firstOffset: firstOffset + skipped, count: count - skipped, bytes }]
  }

  /** The batch in which an offset stands. */
  #batchAt(partition: number, offset: number): BatchKey {
    const [key] = this.#records.getKeys({
      start: [partition, offset, Number.MAX_SAFE_INTEGER],
      end: [partition],
      reverse: true,
      limit: 1,
    })
    return key ?? [partition, offset, 0]
  }

  async endOffset(partition: number): Promise<number> {
    this.#records.resetReadTxn()
    return this.#endOf(partition)
  }

  #endOf(partition: number): number {
    const [last] = this.#records.getKeys({
      start: [partition + 1, 0, 0],
      end: [partition],
      reverse: true,
      limit: 1,
    })
    return last ? last[1] + last[2] : 0
  }

  /** Commits what waits, until nothing does. */
  async #commitAll(): Promise<void> {
    this.#isCommitting = true
    // What arrives in the same turn of the event loop goes into the same commit.
    await new Promise(setImmediate)
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        if (group.some(({ writes }) => writes.length > 0)) await this.#commit(group)
        for (const { resolve } of group) resolve()
      } catch (failure) {
        const error = await reasonOf(failure)
        // Whatever came after may lean on a key that is not stored after all: it fails too, and the state is read anew.
        for (const { reject } of [...group, ...this.#waiting]) reject(error)
        this.#waiting = []
        this.#index = undefined
      }
    }
    this.#isCommitting = false
  }

  /** Everything in the index is in this commit or an earlier one, so a run of it may be sealed up to here. */
  async #commit(group: Waiting[]): Promise<void> {
    const ends = this.#ends
    const index = this.#index!
    await this.#records.batch(() => {
      let records = 0
      for (const { writes } of group) {
        for (const { partition, count, bytes } of writes) {
          void this.#records.put([partition, ends[partition]!, count], bytes)
          ends[partition]! += count
          records += count
        }
      }
      const part = index.seal(records, ends)
      if (part) this.#storePart(part)
    })
  }

  #storePart({ run, blocks, head }: RunPart): void {
    for (const { block, keys } of blocks) {
      void this.#runs.put([run, block], Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength))
    }
    if (!head) return
    const numbers = new Float64Array([head.blocks, head.width, ...head.positions, ...head.moments])
    void this.#runs.put([run, 'head'], Buffer.from(numbers.buffer))
  }

  /** The index as the disk has it: sealed runs, and the keys of the records behind them. */
  #readIndex(): KeyIndex {
    this.#records.resetReadTxn()
    const runs: RunHead[] = []
    for (;;) {
      const stored = this.#runs.get([runs.length, 'head'])
      if (!stored) break
      const [blocks, width, ...rest] = new Float64Array(ownBytes(stored))
      const positions = rest.splice(0, this.partitions)
      runs.push({ blocks: blocks!, width: width!, positions, moments: rest })
    }
    const load = (run: number, block: number): Uint32Array => {
      const stored = this.#runs.get([run, block])
      assert(stored, `block ${block} of run ${run} is missing`)
      return new Uint32Array(ownBytes(stored))
    }
    const index = new KeyIndex({ runKeys: this.#runKeys, runs, load })
    this.#ends = []
    for (let partition = 0; partition < this.partitions; partition++) {
      this.#ends.push(this.#endOf(partition))
      const start: BatchKey = [partition, runs.at(-1)?.positions[partition] ?? 0, 0]
      for (const { key, value } of this.#records.getRange({ start, end: [partition + 1, 0, 0] })) {
        index.take(value, value.length, new Uint8Array(key[2]), true)
      }
    }
    return index
  }
}

/** Why a commit failed: lmdb-js puts a promise that rejects with the reason beside its error. */
async function reasonOf(failure: unknown): Promise<unknown> {
  try {
    await (failure as { commitError?: Promise<never> }).commitError
    return failure
  } catch (reason) {
    return new Error('records could not be stored', { cause: reason })
  }
}

/** The bytes of a stored value in a buffer of their own, where numbers stand at even places. */
function ownBytes(stored: Buffer): ArrayBuffer {
  return Uint8Array.from(stored).buffer
}

/** A batch that is not whole would leave keys behind of records that are not stored. */
function assertWhole(batch: RecordBatch): void {
  let at = 0
  let count = 0
  for (; at < batch.length; count++) {
    const recordBytes = batch.bytes.readUInt32LE(at)
    assert(recordBytes >= RECORD_HEAD_BYTES, 'a record has no head')
    at += FRAME_BYTES + recordBytes
  }
  assert(at === batch.length && count === batch.count, 'the records of a batch are not its length')
}

/**
 * The bytes of a batch without its duplicates. They are closed up in the batch itself, which is the log's until the
 * append is over: a copy for each append would give the collector megabytes a second.
 */
function newRecords({ bytes, length, count }: RecordBatch, isNew: Uint8Array, newCount: number): Buffer {
  if (newCount === count) return bytes.subarray(0, length)
  let end = 0
  let at = 0
  for (let i = 0; i < count;) {
    const isKept = isNew[i] === 1
    const start = at
    // Records that stay stand in rows, and a row moves in one piece.
    for (; i < count && (isNew[i] === 1) === isKept; i++) at += FRAME_BYTES + bytes.readUInt32LE(at)
    if (!isKept) continue
    if (end < start) bytes.copyWithin(end, start, at)
    end += at - start
  }
  return bytes.subarray(0, end)
}

/** Where the frame begins that stands behind `count` others. */
function frameAt(bytes: Buffer, count: number): number {
  let at = 0
  for (let passed = 0; passed < count; passed++) at += FRAME_BYTES + bytes.readUInt32LE(at)
  return at
}
