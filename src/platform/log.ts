import { type Database as LmdbDatabase, type RootDatabase, open } from 'lmdb'

/** One record with its place in the log. */
export type LogEntry = { offset: number; record: Uint8Array }

/**
 * An append-only log of byte records. Offsets count records from 0 without gaps. `append` resolves only when
 * the records are durable, and a batch is visible as a whole or not at all.
 */
export interface EventLog {
  /**
   * Appends records whose keys were not seen before; a key seen before is a duplicate and has no effect.
   * Returns for each record whether it was new.
   */
  append(records: { key: string; record: Uint8Array }[]): Promise<boolean[]>
  /** Up to about `limit` records from `fromOffset` on, in order (whole stored batches, so slightly more). */
  read(fromOffset: number, limit: number): LogEntry[]
  /** The offset that the next record will get. */
  endOffset(): number
}

/** The embedded log store: one LMDB environment for a process, a log and a key index for each name. */
export class LmdbLogStore {
  readonly #root: RootDatabase
  readonly #logs = new Map<string, EventLog>()

  constructor(folder: string) {
    // Without overlapping sync a commit returns only when it is on the disk: accepted means durable.
    this.#root = open({
      path: folder,
      maxDbs: 256,
      mapSize: 64 * 2 ** 30,
      noSubdir: false,
      overlappingSync: false,
    })
  }

  /** The log of that name, made on first use. */
  log(name: string): EventLog {
    const known = this.#logs.get(name)
    if (known) return known
    const made = new LmdbLog(
      this.#root.openDB<Buffer, number>({ name: `log:${name}`, encoding: 'binary' }),
      this.#root.openDB<number, string>({ name: `keys:${name}` }),
    )
    this.#logs.set(name, made)
    return made
  }

  /** A small durable key-value space for engine checkpoints. */
  checkpoints(): LmdbDatabase<Buffer, string> {
    return this.#root.openDB<Buffer, string>({ name: 'checkpoints', encoding: 'binary' })
  }

  async close(): Promise<void> {
    await this.#root.close()
  }
}

/**
 * A batch is stored under the offset of its first record as length-prefixed records: one B-tree write a batch
 * instead of one a record is what makes hundreds of thousands of events a second possible.
 */
class LmdbLog implements EventLog {
  readonly #batches: LmdbDatabase<Buffer, number>
  readonly #keys: LmdbDatabase<number, string>
  #end: number

  constructor(batches: LmdbDatabase<Buffer, number>, keys: LmdbDatabase<number, string>) {
    this.#batches = batches
    this.#keys = keys
    this.#end = 0
    for (const { key, value } of batches.getRange({ reverse: true, limit: 1 })) {
      this.#end = key + unpack(key, value).length
    }
  }

  async append(records: { key: string; record: Uint8Array }[]): Promise<boolean[]> {
    const fresh: Uint8Array[] = []
    const isNew = this.#batches.transactionSync(() => {
      const marks = records.map(({ key, record }) => {
        if (this.#keys.get(key) !== undefined) return false
        this.#keys.putSync(key, this.#end + fresh.length)
        fresh.push(record)
        return true
      })
      if (fresh.length > 0) this.#batches.putSync(this.#end, pack(fresh))
      return marks
    })
    this.#end += fresh.length
    return isNew
  }

  read(fromOffset: number, limit: number): LogEntry[] {
    const entries: LogEntry[] = []
    if (fromOffset >= this.#end) return entries
    const [first] = this.#batches.getKeys({ start: fromOffset, reverse: true, limit: 1 })
    for (const { key, value } of this.#batches.getRange({ start: first ?? 0 })) {
      for (const entry of unpack(key, value)) if (entry.offset >= fromOffset) entries.push(entry)
      if (entries.length >= limit) break
    }
    return entries
  }

  endOffset(): number {
    return this.#end
  }
}

function pack(records: Uint8Array[]): Buffer {
  const size = records.reduce((sum, record) => sum + 4 + record.byteLength, 0)
  const buffer = Buffer.allocUnsafe(size)
  let at = 0
  for (const record of records) {
    buffer.writeUInt32LE(record.byteLength, at)
    buffer.set(record, at + 4)
    at += 4 + record.byteLength
  }
  return buffer
}

function unpack(firstOffset: number, batch: Buffer): LogEntry[] {
  const entries: LogEntry[] = []
  for (let at = 0; at < batch.length;) {
    const length = batch.readUInt32LE(at)
    entries.push({ offset: firstOffset + entries.length, record: batch.subarray(at + 4, at + 4 + length) })
    at += 4 + length
  }
  return entries
}
