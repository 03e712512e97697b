import type { TransferRequest } from '../../ledger/index.ts'
import { instantOf, newId } from '../../platform/index.ts'
import { ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import { actionConsumer, carryOut } from '../action.ts'
import { applicantOf } from '../applicant.ts'
import { programmeIn } from '../book.ts'
import type { Consumer } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { expiryMs } from '../local-time.ts'
import { ownerOf } from '../members.ts'
import { lockLoyalty } from '../members-store.ts'
import { wasDone } from '../once.ts'
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
  const { database, books, clock, wakeReaders } = parts
  return {
    async correct({ tenantId, programmeId, subscriberId, points, reason, by, key = newId() }) {
      const book = await books.of(tenantId)
      const programme = programmeIn(book, programmeId)
      const left = await database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        const atMs = clock.nowMs()
        const before = await applicantOf(parts, tx, book, programme, subscriberId, atMs)
        const { member, accountId } = before
        const once = { part: PART, key: `${programmeId}:${key}`, subscriberId: member.subscriberId }
        if (await wasDone(tx, { ...once, points, reason })) return before.availableMinor
        const liability = programmeAccount(programme, 'liability')
        const isGift = points > 0n
        const expiresMs = isGift ? expiryMs(programme.expiry, atMs, book.timeZoneOf(programme)) : null
        const transfer: TransferRequest = {
          key: `correction:${programmeId}:${key}`,
          kind: 'post',
          debitAccount: isGift ? liability : accountId,
          creditAccount: isGift ? accountId : liability,
          amountMinor: isGift ? points : -points,
          currency: programme.currency,
          at: instantOf(atMs),
          memo: 'correction',
          ...(expiresMs === null ? {} : { lot: { expiresAt: instantOf(expiresMs) } }),
        }
        const code: CorrectionReason = isGift ? 'given_by_hand' : 'taken_by_hand'
        await carryOut(parts, tx, tenantId, [
          {
            ...once,
            programmeId,
            atMs,
            accounts: [
              programmeOpening(programme, 'liability'),
              ownerOpening(ownerOf(member), programme.currency),
            ],
            transfers: [transfer],
            announcements: [
              {
                type: 'loyalty.points_corrected',
                key: transfer.key,
                data: { points: Number(points), reason },
              },
            ],
            judgement: { rule: PART, ruleVersion: 0, reason: code, points, saw: { reason, by } },
          },
        ])
        return (await applicantOf(parts, tx, book, programme, subscriberId, atMs)).availableMinor
      })
      wakeReaders(tenantId)
      return left
    },
  }
}
