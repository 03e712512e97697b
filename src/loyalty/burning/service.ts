import { instantOf } from '../../platform/index.ts'
import { refuseAbuse } from '../abuse/gate.ts'
import { programmeAccount, programmeOpening } from '../accounts.ts'
import { actionConsumer } from '../action.ts'
import { changePoints } from '../changing-points.ts'
import type { Consumer } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
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
  return {
    burn: ({ points, ...request }) =>
      changePoints(
        parts,
        {
          ...request,
          part: PART,
          points: -points,
          // By whom it was asked for, and not by the member as whom they go on.
          scope: `${request.programmeId}:${request.subscriberId}`,
        },
        async ({ tx, programme, applicant, key, atMs }) => {
          const { reason } = request
          const { subscriberId } = applicant.member
          const subject = { programmeId: programme.id, subscriberId, doing: 'redeem' as const, points }
          await refuseAbuse(tx, [subject], instantOf(atMs))
          const code: BurningReason = 'spent_outside'
          return {
            accounts: [programmeOpening(programme, 'redeemed')],
            transfers: [
              {
                key: `burn:${key}`,
                kind: 'post',
                debitAccount: applicant.accountId,
                creditAccount: programmeAccount(programme, 'redeemed'),
                amountMinor: points,
                currency: programme.currency,
                at: instantOf(atMs),
                memo: PART,
              },
            ],
            announcements: [
              { type: 'loyalty.points_burned', key, data: { pointsMinor: Number(points), reason } },
            ],
            judgements: [{ rule: PART, ruleVersion: 0, reason: code, points: -points, saw: { reason } }],
          }
        },
      ),
  }
}
