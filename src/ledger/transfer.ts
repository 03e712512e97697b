import { createHash } from 'node:crypto'
import { json, type Problem } from '../platform/index.ts'
import type { TransferRequest } from './contract.ts'
import type { LedgerErrorCode } from './errors.ts'

/** No balance may come nearer to the end of a 64-bit integer than this. */
export const largestMinor = 4_000_000_000_000_000_000n

/** A problem with one of the closed codes. */
export function refusal(
  code: LedgerErrorCode,
  message: string,
  details: Omit<Problem, 'code' | 'message'> = {},
): Problem {
  return { code, message, ...details }
}

/** What is wrong with the request whatever the books say. */
export function problemOfRequest(request: TransferRequest): Problem | undefined {
  const invalid = (field: string, found: unknown, expected: string): Problem =>
    refusal('ledger_request_invalid', `${field} must be ${expected}`, { field, found, expected })
  const { amountMinor } = request
  if (request.key.length === 0 || request.key.length > 200) {
    return invalid('key', request.key.slice(0, 200), '1 to 200 characters')
  }
  if (amountMinor !== undefined && (amountMinor <= 0n || amountMinor > largestMinor)) {
    return invalid('amountMinor', amountMinor, `above 0 and up to ${largestMinor}`)
  }
  if ('pendingKey' in request) {
    return request.kind === 'void_pending' && amountMinor !== undefined
      ? invalid('amountMinor', amountMinor, 'absent: a void releases the whole')
      : undefined
  }
  return request.debitAccount === request.creditAccount
    ? invalid('creditAccount', request.creditAccount, 'another account than the debited one')
    : undefined
}

/** Digest of everything that the caller decided; the same key with another digest is another wish. */
export function inputHash(request: TransferRequest): string {
  const moved =
    'pendingKey' in request
      ? [request.pendingKey]
      : [request.debitAccount, request.creditAccount, request.currency]
  const input = [
    request.kind,
    request.amountMinor ?? null,
    request.at.toString(),
    request.memo ?? null,
    ...moved,
  ]
  return createHash('sha256').update(json(input)).digest('base64url')
}
