import type { TransferRequest } from '../../ledger/index.ts'
import { derivedId, DomainError, type ErrorDetails, instantOf, type Tx } from '../../platform/index.ts'
import { refuseAbuse } from '../abuse/gate.ts'
import { accountOf, ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import { type Action, type ActionJudgement, carryOut } from '../action.ts'
import { applicantOf } from '../applicant.ts'
import type { Book } from '../book.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { localDay } from '../local-time.ts'
import { type Member, ownerOf } from '../members.ts'
import { lockLoyalty, selectMember } from '../members-store.ts'
import type { ExchangeErrorCode, ExchangeReason, ExchangeRefusal } from './errors.ts'
import type { TransferTerms } from './documents.ts'
import { partsTaken, soonestOf } from './lots-taken.ts'
import { judgeAmount, type Ready, spansOf } from './plan.ts'
import { feeOf } from './quote.ts'
import { insertTransfer, type MemberTransfer, selectTransfer, usedByTransfers } from './store.ts'
import { exchangeWords } from './words.ts'

/** Name of this part among the consumers. */
export const EXCHANGE = 'exchange'

/** Fails with one of the codes of this part. */
export function fail(code: ExchangeErrorCode, message: string, details: ErrorDetails): never {
  throw new DomainError(code, message, details)
}

/** Refuses what a member asked for. */
export function refuse(refusal: ExchangeRefusal, details: ErrorDetails = {}): never {
  throw new DomainError(refusal, exchangeWords[refusal].en, details)
}

export type SendRequest = {
  fromId: number
  toId: number
  points: bigint
  note: string | null
  /** The same key is the same transfer. */
  key: string
}

/**
 * Gives points of a member to another one, lots with their expiry, and takes the fee. The same key with the same input
 * answers with what there is. Throws an `ExchangeRefusal`, `transfer_key_mismatch`, and what the gate against abuse
 * throws.
 */
export async function send(
  parts: LoyaltyParts,
  tx: Tx,
  book: Book,
  terms: Ready<TransferTerms>,
  { fromId, toId, points, note, key }: SendRequest,
): Promise<MemberTransfer> {
  const { programme } = terms
  const { tenantId } = book
  const atMs = parts.clock.nowMs()
  lockLoyalty(tx)
  // By whom it was asked for, and not by the member as whom they go on: a merge between two tries changes nothing.
  const transferId = derivedId('member transfer', tenantId, programme.id, fromId, key)
  const recipient = await selectMember(tx, programme.id, toId)
  const known = await selectTransfer(tx, transferId)
  if (known) {
    if (known.toId === recipient?.subscriberId && known.points === points && known.note === note) return known
    const expected = `${known.points} points for ${known.toId} with the same note`
    const details = { field: 'idempotencyKey', found: key, expected }
    return fail('transfer_key_mismatch', 'the key was used for another transfer', details)
  }
  const sender = await applicantOf(parts, tx, book, programme, fromId, atMs)
  const id = sender.member.subscriberId
  if (recipient?.state !== 'active') {
    return refuse('transfer_recipient_not_member', { field: 'recipient', found: toId })
  }
  const toAccount = accountOf(ownerOf(recipient), programme.currency)
  if (toAccount === sender.accountId) return refuse('transfer_to_self')
  const fee = feeOf(terms.document, points)
  const used = await usedByTransfers(tx, programme.id, spansOf(terms, id, atMs))
  const refusal = judgeAmount(terms, sender.scope, points, used)
  const asked = { field: 'points', found: points.toString() }
  if (refusal !== null) return refuse(refusal, asked)
  if (sender.availableMinor < points + fee) {
    const expected = `with its fee of ${fee} up to ${sender.availableMinor}`
    return refuse('exchange_points_insufficient', { ...asked, expected })
  }
  const about = { programmeId: programme.id, points }
  await refuseAbuse(
    tx,
    [
      { ...about, subscriberId: id, doing: 'send' },
      { ...about, subscriberId: recipient.subscriberId, doing: 'receive' },
    ],
    instantOf(atMs),
  )
  const at = instantOf(atMs)
  const transfer: MemberTransfer = {
    transferId,
    programmeId: programme.id,
    fromId: id,
    toId: recipient.subscriberId,
    points,
    fee,
    note,
    at,
  }
  await insertTransfer(tx, transfer, localDay(atMs, terms.timeZone))
  await post(parts, tx, tenantId, transfer, { terms, fromAccount: sender.accountId, toAccount, recipient })
  return transfer
}

/** Where a transfer goes from and to, by which terms. */
type Way = { terms: Ready<TransferTerms>; fromAccount: string; toAccount: string; recipient: Member }

async function post(
  parts: LoyaltyParts,
  tx: Tx,
  tenantId: string,
  transfer: MemberTransfer,
  way: Way,
): Promise<void> {
  // Lots keep their expiry, and it may be nearer than any day on which the recipient would be told of it.
  const taken = await partsTaken(tx, way.fromAccount, transfer.points, transfer.at.epochMilliseconds)
  const received = receivedAction(transfer, way, soonestOf(taken))
  await carryOut(parts, tx, tenantId, [sentAction(transfer, way), received])
}

const keyOf = ({ transferId }: MemberTransfer): string => `transfer:${transferId}`

const ruleOf = ({ terms: { document, version } }: Way): Pick<ActionJudgement, 'rule' | 'ruleVersion'> => ({
  rule: `transfer:${document.id}`,
  ruleVersion: version,
})

/** What the sender does: books it all. */
function sentAction(transfer: MemberTransfer, way: Way): Action {
  const { transferId, fromId, toId, points, fee, at } = transfer
  const { fromAccount, toAccount, recipient } = way
  const { programme } = way.terms
  const key = keyOf(transfer)
  const currency = programme.currency
  const common = { kind: 'post' as const, group: key, debitAccount: fromAccount, currency, at }
  const transfers: TransferRequest[] = [
    { ...common, key, creditAccount: toAccount, amountMinor: points, memo: 'transfer' },
  ]
  const reason: ExchangeReason = 'points_sent'
  const saw = { to: toId, transfer: transferId }
  const judgements: ActionJudgement[] = [{ ...ruleOf(way), reason, points: -points, saw }]
  if (fee > 0n) {
    const creditAccount = programmeAccount(programme, 'fees')
    transfers.push({ ...common, key: `${key}:fee`, creditAccount, amountMinor: fee, memo: 'transfer fee' })
    const reason: ExchangeReason = 'transfer_fee'
    judgements.push({ ...ruleOf(way), reason, points: -fee, saw: { transfer: transferId } })
  }
  return {
    part: EXCHANGE,
    key,
    programmeId: programme.id,
    subscriberId: fromId,
    atMs: at.epochMilliseconds,
    accounts: [ownerOpening(ownerOf(recipient), currency), programmeOpening(programme, 'fees')],
    transfers,
    judgements,
    announcements: [
      {
        type: 'loyalty.points_transferred',
        key: transferId,
        data: { transfer: transferId, to: toId, pointsMinor: Number(points), feeMinor: Number(fee) },
      },
    ],
  }
}

/** What the recipient hears of it, and of what expires first. */
function receivedAction(transfer: MemberTransfer, way: Way, soonest: ReturnType<typeof soonestOf>): Action {
  const { transferId: id, fromId, toId, points, at } = transfer
  const reason: ExchangeReason = soonest ? 'points_received_expiring' : 'points_received'
  const about = { transfer: id, from: fromId }
  const seen = soonest && { soonest: soonest.amountMinor, expiresAt: soonest.expiresAt.toString() }
  const told = soonest && {
    expiringMinor: Number(soonest.amountMinor),
    expiresAt: soonest.expiresAt.epochMilliseconds,
  }
  return {
    part: EXCHANGE,
    key: `${keyOf(transfer)}:received`,
    programmeId: way.terms.programme.id,
    subscriberId: toId,
    atMs: at.epochMilliseconds,
    judgements: [{ ...ruleOf(way), reason, points, saw: { ...about, ...seen } }],
    announcements: [
      { type: 'loyalty.points_received', key: id, data: { ...about, pointsMinor: Number(points), ...told } },
    ],
  }
}
