import { createHash } from 'node:crypto'
import type { Opening } from './state.ts'

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

/**
 * The hash of an account's opening: SHA-256 over the hash of the opening before (nothing for the first), its number and
 * the account's, eight bytes each with the highest first, and what the account is: id, owner, purpose, currency, how far
 * below zero it may go (empty: without end) and whether it keeps lots, with a zero byte between.
 */
export function openingHash(
  previous: Uint8Array,
  openingNo: number,
  accountNo: number,
  { accountId, owner, purpose, currency, floorMinor, keepsLots }: Opening,
): Buffer {
  const numbers = Buffer.allocUnsafe(16)
  numbers.writeBigInt64BE(BigInt(openingNo), 0)
  numbers.writeBigInt64BE(BigInt(accountNo), 8)
  const identity = [accountId, owner, purpose, currency, floorMinor ?? '', keepsLots].join('\0')
  return createHash('sha256').update(previous).update(numbers).update(identity).digest()
}
