import { hash } from 'node:crypto'
import type { Problem } from '../platform/index.ts'
import type { LotTerms, MoveRequest, ReverseRequest, SettleRequest, TransferRequest } from './contract.ts'
import type { LedgerErrorCode } from './errors.ts'

/** No balance may come nearer to the end of a 64-bit integer than this. */
export const largestMinor = 4_000_000_000_000_000_000n
/** Moments beyond the year 9999 are not meant, and PostgreSQL would not know them. */
const LATEST_MS = 253_402_300_800_000

/** A problem with one of the closed codes. */
export function refusal(
  code: LedgerErrorCode,
  message: string,
  details: Omit<Problem, 'code' | 'message'> = {},
): Problem {
  return { code, message, ...details }
}

const invalid = (field: string, found: unknown, expected: string): Problem =>
  refusal('ledger_request_invalid', `${field} must be ${expected}`, { field, found, expected })

/** What is wrong with the request whatever the books say. */
export function problemOfRequest(request: TransferRequest): Problem | undefined {
  const { key, at, memo, group } = request
  if (key.length === 0 || key.length > 200) return invalid('key', key.slice(0, 200), '1 to 200 characters')
  if (memo !== undefined && memo.length > 500) return invalid('memo', memo.length, 'up to 500 characters')
  if (group !== undefined && (group.length === 0 || group.length > 200)) {
    return invalid('group', group.slice(0, 200), '1 to 200 characters')
  }
  const unstorable = unstorableField(request)
  if (unstorable) return invalid(unstorable, '…', 'without U+0000 and halves of surrogate pairs')
  if (at !== undefined && !isMoment(at))
    return invalid('at', at.toString(), 'between the years 1900 and 9999')
  if (request.kind === 'extend') {
    return isMoment(request.expiresAt)
      ? undefined
      : invalid('expiresAt', request.expiresAt.toString(), 'a moment up to the year 9999')
  }
  const { amountMinor } = request
  if (amountMinor !== undefined && (amountMinor <= 0n || amountMinor > largestMinor)) {
    return invalid('amountMinor', amountMinor, `above 0 and up to ${largestMinor}`)
  }
  if (request.kind === 'void_pending' && amountMinor !== undefined) {
    return invalid('amountMinor', amountMinor, 'absent: a void releases the whole')
  }
  if ('debitAccount' in request) return problemOfMove(request)
  return problemOfComingBack(request)
}

function problemOfComingBack(request: SettleRequest | ReverseRequest): Problem | undefined {
  const { expiresNotBefore } = request
  if (expiresNotBefore !== undefined && !isMoment(expiresNotBefore)) {
    return invalid('expiresNotBefore', expiresNotBefore.toString(), 'a moment up to the year 9999')
  }
  if (request.kind === 'reverse' || request.lot === undefined) return undefined
  if (request.kind === 'void_pending') return invalid('lot', request.lot, 'absent: a void credits nobody')
  return problemOfLot(request.lot)
}

function problemOfLot(lot: LotTerms | undefined): Problem | undefined {
  for (const field of ['earnedAt', 'availableFrom', 'expiresAt'] as const) {
    const moment = lot?.[field]
    if (moment && !isMoment(moment))
      return invalid(`lot.${field}`, moment.toString(), 'a moment up to the year 9999')
  }
  return undefined
}

function problemOfMove(request: MoveRequest): Problem | undefined {
  const { lot, kind, deficit, timeoutAt } = request
  if (request.debitAccount === request.creditAccount) {
    return invalid('creditAccount', request.creditAccount, 'another account than the debited one')
  }
  if (kind === 'pending' && deficit !== undefined && deficit !== 'refuse') {
    return invalid('deficit', deficit, 'absent: only what is there can be reserved')
  }
  if (timeoutAt !== undefined && (kind === 'post' || !isMoment(timeoutAt))) {
    return invalid('timeoutAt', timeoutAt.toString(), 'a moment, for a pending transfer')
  }
  return problemOfLot(lot)
}

/** Whether PostgreSQL keeps a text as it is: neither U+0000 nor halves of surrogate pairs are in it. */
export const isStorable = (text: string | undefined): boolean =>
  text === undefined || (!text.includes('\u0000') && text.isWellFormed())

/** The text that cannot be kept, if there is one: it would fail the others of its batch too. */
function unstorableField(request: TransferRequest): string | undefined {
  if (!isStorable(request.key)) return 'key'
  if (!isStorable(request.memo)) return 'memo'
  if (!isStorable(request.group)) return 'group'
  switch (request.kind) {
    case 'post':
    case 'pending':
      if (!isStorable(request.debitAccount)) return 'debitAccount'
      if (!isStorable(request.creditAccount)) return 'creditAccount'
      return isStorable(request.currency) ? undefined : 'currency'
    case 'extend':
      return isStorable(request.account) ? undefined : 'account'
    case 'reverse':
      return isStorable(request.reversedKey) ? undefined : 'reversedKey'
    default:
      return isStorable(request.pendingKey) ? undefined : 'pendingKey'
  }
}

function isMoment(at: Temporal.Instant): boolean {
  const ms = at.epochMilliseconds
  return ms < LATEST_MS && ms > -2_208_988_800_000
}

/** Digest of everything that the caller decided, 32 hexadecimal digits; the same key with another digest is another wish. */
export function inputHash(request: TransferRequest): string {
  const about = `${request.kind}\u0000${msOf(request.at)}\u0000${request.memo ?? ''}\u0000${request.group ?? ''}\u0000`
  return digest(about + decided(request))
}

function decided(request: TransferRequest): string {
  switch (request.kind) {
    case 'post':
    case 'pending': {
      const { debitAccount, creditAccount, amountMinor, currency, lot, deficit, timeoutAt } = request
      return `${debitAccount}\u0000${creditAccount}\u0000${amountMinor} ${currency}\u0000${termsOf(lot)}\u0000${deficit ?? ''} ${msOf(timeoutAt)}`
    }
    case 'extend':
      return `${request.account}\u0000${msOf(request.expiresAt)}`
    case 'reverse':
      return `${request.reversedKey}\u0000${request.amountMinor ?? ''}\u0000${request.deficit ?? ''}${notBefore(request)}`
    default: {
      const terms = request.lot === undefined ? '' : `\u0000${termsOf(request.lot)}`
      return `${request.pendingKey}\u0000${request.amountMinor ?? ''}${notBefore(request)}${terms}`
    }
  }
}

function termsOf(lot: LotTerms | undefined): string {
  if (lot === undefined) return ''
  const { earnedAt, availableFrom, expiresAt, keepsExpiry } = lot
  return `${msOf(earnedAt)} ${msOf(availableFrom)} ${msOf(expiresAt)}${keepsExpiry === true ? ' kept' : ''}`
}

const notBefore = ({ expiresNotBefore }: SettleRequest | ReverseRequest): string =>
  expiresNotBefore === undefined ? '' : `\u0000${msOf(expiresNotBefore)}`

const msOf = (moment: Temporal.Instant | undefined): string =>
  moment === undefined ? '' : String(moment.epochMilliseconds)

/**
 * The id that follows from tenant and key (RFC 9562 §5.8, version 8), 32 hexadecimal digits: whoever knows the key finds
 * the transfer.
 */
export function transferIdOf(tenantId: string, key: string): string {
  const hex = digest(`${tenantId}\u0000${key}`)
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) & 3]!
  return `${hex.slice(0, 12)}8${hex.slice(13, 16)}${variant}${hex.slice(17)}`
}

/** Digits, not bytes: Node gives them out in a third of the time. */
function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32)
}

/** An id's digits as the text of a UUID. */
export function uuidText(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The digits of a UUID's text. */
export const uuidDigits = (text: string): string => text.replaceAll('-', '')
