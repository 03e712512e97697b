import { RECORD_HEAD_BYTES, RecordBatch } from '../src/platform/index.ts'

export type LogRecord = { key: number; timeMs: number; text: string }

/** A record of a log: its head and a text. */
export function recordBytes({ key, timeMs, text }: LogRecord): Buffer {
  const record = Buffer.alloc(RECORD_HEAD_BYTES + Buffer.byteLength(text))
  record.writeUInt32LE(key % 2 ** 32, 0)
  record.writeUInt32LE(Math.floor(key / 2 ** 32), 4)
  record.writeDoubleLE(timeMs, 8)
  record.write(text, RECORD_HEAD_BYTES)
  return record
}

/** A batch of records with the keys `from` to `to`, their texts the numbers, filled up to `textBytes`. */
export function numberedBatch(from: number, to = from, textBytes = 0): RecordBatch {
  const batch = new RecordBatch(64)
  for (let key = from; key <= to; key++) {
    batch.add(recordBytes({ key, timeMs: key, text: `${key}`.padEnd(textBytes) }))
  }
  return batch
}
