import { instantOf, newId } from '../../platform/index.ts'
import { refuseAbuse } from '../abuse/gate.ts'
import { programmeAccount, programmeOpening } from '../accounts.ts'
import { actionConsumer, carryOut } from '../action.ts'
import { applicantOf } from '../applicant.ts'
import { programmeIn } from '../book.ts'
import type { Consumer } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { lockLoyalty } from '../members-store.ts'
import { wasDone } from '../once.ts'
import { type BurningReason, burningWords } from './words.ts'

export type BurnRequest = {
  tenantId: string
  programmeId: string
  subscriberId: number
  /** Minor units, above 0. */
  points: bigint
  /** What for, as the member reads it. */
  reason: string
  /** The same key burns once. */
  key?: string | undefined
}

/** Points that another system spends for a member, such as a till. */
export type Burning = {
  /**
   * Spends points at once, earliest expiry first; returns what can be spent afterwards. Throws `programme_not_found`,
   * `member_not_found`, `member_not_active`, `loyalty_key_mismatch`, what the gate against abuse throws, and
   * `ledger_balance_insufficient`.
   */
  burn(request: BurnRequest): Promise<bigint>
}

const PART = 'burning'

/** Does what other systems spend, and keeps it for the member's history. */
export const burningConsumer: Consumer = actionConsumer(PART, { words: burningWords })

/** Builds the service of points that are spent outside. */
export function createBurning(parts: LoyaltyParts): Burning {
  const { database, books, clock, wakeReaders } = parts
  return {
    async burn({ tenantId, programmeId, subscriberId, points, reason, key = newId() }) {
      const book = await books.of(tenantId)
      const programme = programmeIn(book, programmeId)
      const left = await database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        const atMs = clock.nowMs()
        const before = await applicantOf(parts, tx, book, programme, subscriberId, atMs)
        const { member, accountId } = before
        const once = `${programmeId}:${member.subscriberId}:${key}`
        const asked = { part: PART, key: once, subscriberId: member.subscriberId, points: -points, reason }
        if (await wasDone(tx, asked)) return before.availableMinor
        const subject = { programmeId, subscriberId: member.subscriberId, doing: 'redeem' as const, points }
        await refuseAbuse(tx, [subject], instantOf(atMs))
        const code: BurningReason = 'spent_outside'
        await carryOut(parts, tx, tenantId, [
          {
            part: PART,
            key: once,
            programmeId,
            subscriberId: member.subscriberId,
            atMs,
            accounts: [programmeOpening(programme, 'redeemed')],
            transfers: [
              {
                key: `burn:${once}`,
                kind: 'post',
                debitAccount: accountId,
                creditAccount: programmeAccount(programme, 'redeemed'),
                amountMinor: points,
                currency: programme.currency,
                at: instantOf(atMs),
                memo: PART,
              },
            ],
            announcements: [
              { type: 'loyalty.points_burned', key: once, data: { points: Number(points), reason } },
            ],
            judgement: { rule: PART, ruleVersion: 0, reason: code, points: -points, saw: { reason } },
          },
        ])
        return (await applicantOf(parts, tx, book, programme, subscriberId, atMs)).availableMinor
      })
      wakeReaders(tenantId)
      return left
    },
  }
}
