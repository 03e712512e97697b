import { randomBytes } from 'node:crypto'
import type { TransferRequest } from '../../ledger/index.ts'
import { instantOf, type Tx } from '../../platform/index.ts'
import { type Action, carryOut } from '../action.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import type { CancelReason, RewardReason } from './errors.ts'
import type { Redemption } from './redemption.ts'
import { transferKey } from './redemption.ts'
import { newsOf, REWARDS } from './reserving.ts'
import { idsOf, releaseStock } from './stock.ts'
import { addPieces, settleCodes } from './stock-store.ts'
import { saveRedemptions } from './store.ts'

/** How a redemption ends. */
export type Ending =
  | { state: 'done' }
  | { state: 'cancelled'; reason: CancelReason; note?: string }
  | { state: 'refunded'; reason: CancelReason; note: string; restock: boolean }

const DAY_MS = 86_400_000
/** Letters and digits that cannot be mistaken for each other (Crockford's base 32 in upper case). */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A code that nobody can guess: sixty bits by chance. */
function discountCode(): string {
  return [...randomBytes(12)].map((byte) => LETTERS[byte & 31]).join('')
}

/**
 * Ends redemptions within the caller's transaction, which holds loyalty's turn and knows that they may end so: the
 * reservation is posted, voided or reversed, codes and pieces go their way, and everybody concerned is told.
 */
export async function settle(
  parts: LoyaltyParts,
  tx: Tx,
  tenantId: string,
  ends: { redemption: Redemption; ending: Ending }[],
): Promise<void> {
  if (ends.length === 0) return
  const atMs = parts.clock.nowMs()
  for (const { redemption, ending } of ends) {
    redemption.state = ending.state
    redemption.nextTryAtMs = null
    redemption.settledAtMs = atMs
    if (ending.state !== 'done') {
      redemption.reason = ending.reason
      redemption.note = ending.note ?? null
    } else if ('discount' in redemption.gives) {
      redemption.code = discountCode()
      redemption.codeExpiresAtMs = atMs + redemption.gives.discount.validDays * DAY_MS
    }
  }
  const of = (state: Ending['state']): Redemption[] =>
    ends.filter(({ ending }) => ending.state === state).map(({ redemption }) => redemption)
  await settleCodes(tx, idsOf(of('done')), 'given')
  await settleCodes(tx, idsOf(of('refunded')), 'withdrawn')
  await releaseStock(tx, of('cancelled'))
  for (const { redemption, ending } of ends) {
    if (ending.state === 'refunded' && ending.restock && 'goods' in redemption.gives) {
      await addPieces(tx, redemption.rewardId, 1)
    }
  }
  await saveRedemptions(
    tx,
    ends.map(({ redemption }) => redemption),
  )
  await carryOut(
    parts,
    tx,
    tenantId,
    ends.map(({ redemption }) => actionOf(redemption, atMs)),
  )
}

function transferOf(redemption: Redemption, at: Temporal.Instant): TransferRequest {
  const key = transferKey(redemption)
  switch (redemption.state) {
    case 'done':
      return { key: `${key}:done`, kind: 'post_pending', pendingKey: key, at }
    case 'refunded':
      return { key: `${key}:refund`, kind: 'reverse', reversedKey: `${key}:done`, at }
    default:
      return { key: `${key}:void`, kind: 'void_pending', pendingKey: key, at }
  }
}

function actionOf(redemption: Redemption, atMs: number): Action {
  const { redemptionId, programmeId, subscriberId, recipientId, rewardId, state, reason, points } = redemption
  const isGift = recipientId !== subscriberId
  const news = newsOf(redemption)
  const code = redemption.code === null ? {} : { code: redemption.code }
  const told: Record<string, { reason: RewardReason; type: string }> = {
    done: { reason: isGift ? 'gift_redeemed' : 'reward_redeemed', type: 'loyalty.reward_redeemed' },
    refunded: { reason: 'redemption_refunded', type: 'loyalty.redemption_refunded' },
    cancelled: { reason: 'redemption_cancelled', type: 'loyalty.redemption_cancelled' },
  }
  const { reason: judged, type } = told[state]!
  const announcements: NonNullable<Action['announcements']> = [
    {
      type,
      key: redemptionId,
      data: { ...news, ...(isGift || state !== 'done' ? {} : code), ...(reason === null ? {} : { reason }) },
    },
  ]
  if (isGift && state === 'done') {
    const data = { ...news, from: subscriberId, ...code }
    announcements.push({ type: 'loyalty.gift_received', key: redemptionId, subscriberId: recipientId, data })
  }
  return {
    part: REWARDS,
    key: `${redemptionId}:${state}`,
    programmeId,
    subscriberId,
    atMs,
    transfers: [transferOf(redemption, instantOf(atMs))],
    announcements,
    judgement: {
      rule: `reward:${rewardId}`,
      ruleVersion: redemption.rewardVersion,
      reason: judged,
      saw: {
        reward: rewardId,
        price: points,
        redemption: redemptionId,
        ...(reason === null ? {} : { reason }),
      },
    },
  }
}
