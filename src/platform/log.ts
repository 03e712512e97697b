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

  readonly #recentKeys: number

  /** `recentKeys`: how many keys wait in memory before they join the stored index. */
  constructor(folder: string, recentKeys = 50_000) {
    this.#recentKeys = recentKeys
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
      this.#root.openDB<number, string>({ name: `index:${name}` }),
      this.#recentKeys,
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
 * A batch is stored under the offset of its first record as length-prefixed keys and records: one B-tree write a
 * batch instead of one a record is what makes hundreds of thousands of events a second possible.
 *
 * The index of seen keys can be told from the log, so it need not be as durable: new keys stay in memory, are added
 * to the stored index in sorted bulk (in random order each key would touch a page of its own), and after a crash the
 * part of the log behind the index is read again.
 */
class LmdbLog implements EventLog {
  readonly #batches: LmdbDatabase<Buffer, number>
  readonly #index: LmdbDatabase<number, string>
  readonly #recentKeys: number
  readonly #recent = new Set<string>()
  #end = 0

  constructor(
    batches: LmdbDatabase<Buffer, number>,
    index: LmdbDatabase<number, string>,
    recentKeys: number,
  ) {
    this.#batches = batches
    this.#index = index
    this.#recentKeys = recentKeys
    for (const { key, value } of batches.getRange({ reverse: true, limit: 1 })) {
      this.#end = key + placesIn(value).length
    }
    for (const { value } of batches.getRange({ start: index.get(INDEXED_UP_TO) ?? 0 })) {
      for (const { keyStart, keyEnd } of placesIn(value)) {
        this.#recent.add(value.toString('utf8', keyStart, keyEnd))
      }
    }
  }

  async append(records: { key: string; record: Uint8Array }[]): Promise<boolean[]> {
    const fresh = new Map<string, Uint8Array>()
    const isNew = records.map(({ key, record }) => {
      if (fresh.has(key) || this.#recent.has(key) || this.#index.get(indexKey(key)) !== undefined)
        return false
      fresh.set(key, record)
      return true
    })
    if (fresh.size === 0) return isNew
    this.#batches.transactionSync(() => this.#batches.putSync(this.#end, pack(fresh)))
    this.#end += fresh.size
    for (const key of fresh.keys()) this.#recent.add(key)
    if (this.#recent.size >= this.#recentKeys) this.#storeIndex()
    return isNew
  }

  read(fromOffset: number, limit: number): LogEntry[] {
    const entries: LogEntry[] = []
    if (fromOffset >= this.#end) return entries
    const [first] = this.#batches.getKeys({ start: fromOffset, reverse: true, limit: 1 })
    for (const { key, value } of this.#batches.getRange({ start: first ?? 0 })) {
      let offset = key
      for (const { keyEnd, recordEnd } of placesIn(value)) {
        if (offset >= fromOffset) entries.push({ offset, record: value.subarray(keyEnd, recordEnd) })
        offset++
      }
      if (entries.length >= limit) break
    }
    return entries
  }

  endOffset(): number {
    return this.#end
  }

  /** The stored index always ends at the end of a batch, where a restart begins to read. */
  #storeIndex(): void {
    this.#index.transactionSync(() => {
      for (const key of [...this.#recent].sort()) this.#index.putSync(indexKey(key), 1)
      this.#index.putSync(INDEXED_UP_TO, this.#end)
    })
    this.#recent.clear()
  }
}

/** Keys of records get a prefix of their own, so that none can be the index's own mark. */
const INDEXED_UP_TO = 'indexed up to'
const indexKey = (key: string): string => `k${key}`

function pack(records: Map<string, Uint8Array>): Buffer {
  const keys = [...records.keys()].map((key) => Buffer.from(key))
  let size = 0
  for (const key of keys) size += 8 + key.length
  for (const record of records.values()) size += record.byteLength
  const buffer = Buffer.allocUnsafe(size)
  let at = 0
  let place = 0
  for (const record of records.values()) {
    const key = keys[place++]!
    at = buffer.writeUInt32LE(key.length, at)
    at = buffer.writeUInt32LE(record.byteLength, at)
    buffer.set(key, at)
    buffer.set(record, at + key.length)
    at += key.length + record.byteLength
  }
  return buffer
}

type Place = { keyStart: number; keyEnd: number; recordEnd: number }

/** Where the keys and records of a stored batch begin and end. */
function placesIn(batch: Buffer): Place[] {
  const places: Place[] = []
  for (let at = 0; at < batch.length;) {
    const keyStart = at + 8
    const keyEnd = keyStart + batch.readUInt32LE(at)
    const recordEnd = keyEnd + batch.readUInt32LE(at + 4)
    places.push({ keyStart, keyEnd, recordEnd })
    at = recordEnd
  }
  return places
}
