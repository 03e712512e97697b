/**
 * A record as every log keeps it begins with 16 bytes that the log itself reads: a 64-bit key (two unsigned 32-bit
 * halves) that says which records are the same, and the time of what it tells of (64-bit float, epoch ms). All
 * numbers are little-endian. What follows is the writer's own.
 */
export const RECORD_HEAD_BYTES = 16

/** Bytes in front of each record of a batch: its length, unsigned 32-bit. */
export const FRAME_BYTES = 4

const FIRST_CAPACITY = 64 * 1024

/**
 * Records of one partition, packed one behind another, in the very form in which a log stores them and gives them
 * back: no object for each record on the way from the socket to the disk.
 */
export class RecordBatch {
  bytes: Buffer
  /** How many bytes are used. */
  length = 0
  /** How many records there are. */
  count = 0

  constructor(capacity = FIRST_CAPACITY) {
    this.bytes = Buffer.allocUnsafeSlow(capacity)
  }

  /** Makes room for a record of at most `recordBytes`; returns where it begins. Follow with `close`. */
  open(recordBytes: number): number {
    const needed = this.length + FRAME_BYTES + recordBytes
    if (needed > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
    }
    return this.length + FRAME_BYTES
  }

  /** Ends the record that `open` began: it goes up to `end`. */
  close(end: number): void {
    const size = end - this.length - FRAME_BYTES
    const { bytes, length } = this
    bytes[length] = size
    bytes[length + 1] = size >>> 8
    bytes[length + 2] = size >>> 16
    bytes[length + 3] = size >>> 24
    this.length = end
    this.count++
  }

  /** Adds a record that stands elsewhere. */
  add(record: Uint8Array): void {
    const start = this.open(record.length)
    this.bytes.set(record, start)
    this.close(start + record.length)
  }

  clear(): void {
    this.length = 0
    this.count = 0
  }
}

/** Records that stand one behind another in a partition; the first one's offset, the others follow without a gap. */
export type LogChunk = { firstOffset: number; count: number; bytes: Buffer }

/** Bytes for records that are read, used again by each reading; they grow as needed. */
export class ReadRoom {
  bytes: Buffer = Buffer.alloc(0)

  /** Makes room for so many bytes behind the first `kept`, which stay. */
  reserve(kept: number, more: number): void {
    if (kept + more <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(kept + more, this.bytes.length * 2))
    this.bytes.copy(grown, 0, 0, kept)
    this.bytes = grown
  }
}

/** One record with its place in its partition. */
export type LogEntry = { offset: number; record: Buffer }

/**
 * An append-only log of byte records in a fixed number of partitions. In each partition offsets rise with the order
 * of appending. `append` resolves only when the records are durable, and a batch is visible as a whole or not at all.
 * A record whose key was seen before is a duplicate and is read once only.
 */
export interface EventLog {
  readonly partitions: number
  /**
   * Appends batches, `batches[p]` to partition p. Resolves when they are durable, with a byte for each record of each
   * batch: 1 for new, 0 for a duplicate. The batches may be used again once it has resolved, when they are cleared: the
   * log may have moved their records.
   */
  append(batches: RecordBatch[]): Promise<Uint8Array[]>
  /**
   * Chunks of about `limit` records from `fromOffset` on, in order; none at the end of the partition. They may stand in
   * `room` and then hold until the next reading with it: whoever reads all the time leaves nothing to collect.
   */
  read(partition: number, fromOffset: number, limit: number, room?: ReadRoom): Promise<LogChunk[]>
  /** The offset behind the last record of a partition: reading up to it reads everything appended so far. */
  endOffset(partition: number): Promise<number>
}

/** The records of chunks one by one, for whoever is in no hurry. */
export function* entriesOf(chunks: LogChunk[]): Generator<LogEntry> {
  for (const { firstOffset, bytes } of chunks) {
    let offset = firstOffset
    for (let at = 0; at < bytes.length; offset++) {
      const start = at + FRAME_BYTES
      at = start + bytes.readUInt32LE(at)
      yield { offset, record: bytes.subarray(start, at) }
    }
  }
}

/** A chunk cut into pieces of at most so many records. An empty one, which says how far duplicates go, stays as it is. */
export function* piecesOf(chunk: LogChunk, records: number): Generator<LogChunk> {
  const { firstOffset, bytes, count } = chunk
  if (count === 0) yield chunk
  for (let passed = 0, at = 0; passed < count; passed += records) {
    const start = at
    const size = Math.min(records, count - passed)
    for (let i = 0; i < size; i++) at += FRAME_BYTES + bytes.readUInt32LE(at)
    yield { firstOffset: firstOffset + passed, count: size, bytes: bytes.subarray(start, at) }
  }
}
