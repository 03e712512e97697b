import { createHash } from 'node:crypto'

/**
 * The hash of a batch: SHA-256 over the hash of the batch before (nothing for the first), its number and its time of
 * booking in epoch milliseconds, eight bytes each with the highest first, and its rows as `encodeJournal` writes them.
 */
export function chainHash(previous: Uint8Array, batchNo: number, bookedMs: number, rows: Uint8Array): Buffer {
  const numbers = Buffer.allocUnsafe(16)
  numbers.writeBigInt64BE(BigInt(batchNo), 0)
  numbers.writeBigInt64BE(BigInt(bookedMs), 8)
  return createHash('sha256').update(previous).update(numbers).update(rows).digest()
}
