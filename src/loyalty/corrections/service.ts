import type { TransferRequest } from '../../ledger/index.ts'
import { instantOf } from '../../platform/index.ts'
import { ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import { actionConsumer } from '../action.ts'
import { changePoints } from '../changing-points.ts'
import type { Consumer } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { expiryMs } from '../local-time.ts'
import { ownerOf } from '../members.ts'
import { type CorrectionReason, correctionWords } from './words.ts'

export type CorrectionRequest = {
  tenantId: string
  programmeId: string
  subscriberId: number
  /** Minor units; negative where points are taken. */
  points: bigint
  reason: string
  /** Who decided. */
  by: string
  key?: string | undefined
}

/** Points given or taken by an agent. */
export type Corrections = {
  /**
   * Books a correction, once a key; what is given expires as the programme says. Returns what can be spent afterwards.
   * Throws `programme_not_found`, `member_not_found`, `member_not_active`, `loyalty_key_mismatch`, and the ledger's
   * codes when there is too little to take.
   */
  correct(request: CorrectionRequest): Promise<bigint>
}

const PART = 'corrections'

/** Does what agents decide about points, and keeps it for the member's history. */
export const correctionConsumer: Consumer = actionConsumer(PART, { words: correctionWords })

/** Builds the service of corrections. */
export function createCorrections(parts: LoyaltyParts): Corrections {
  return {
    correct: ({ by, ...request }) =>
      changePoints(
        parts,
        { ...request, part: PART, scope: request.programmeId },
        async ({ book, programme, applicant, key, atMs }) => {
          const { points, reason } = request
          const liability = programmeAccount(programme, 'liability')
          const isGift = points > 0n
          const expiresMs = isGift ? expiryMs(programme.expiry, atMs, book.timeZoneOf(programme)) : null
          const transfer: TransferRequest = {
            key: `correction:${key}`,
            kind: 'post',
            debitAccount: isGift ? liability : applicant.accountId,
            creditAccount: isGift ? applicant.accountId : liability,
            amountMinor: isGift ? points : -points,
            currency: programme.currency,
            at: instantOf(atMs),
            memo: 'correction',
            ...(expiresMs === null ? {} : { lot: { expiresAt: instantOf(expiresMs) } }),
          }
          const code: CorrectionReason = isGift ? 'given_by_hand' : 'taken_by_hand'
          const announced = { type: 'loyalty.points_corrected', key: transfer.key }
          return {
            accounts: [
              programmeOpening(programme, 'liability'),
              ownerOpening(ownerOf(applicant.member), programme.currency),
            ],
            transfers: [transfer],
            announcements: [{ ...announced, data: { pointsMinor: Number(points), reason } }],
            judgements: [{ rule: PART, ruleVersion: 0, reason: code, points, saw: { reason, by } }],
          }
        },
      ),
  }
}
