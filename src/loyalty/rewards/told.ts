import type { TransferRequest } from '../../ledger/index.ts'
import type { Action } from '../action.ts'
import type { RewardReason } from './errors.ts'
import type { Redemption, RedemptionState } from './redemption.ts'
import { kindOfGift } from './reward.ts'

/** Name of this part among the consumers. */
export const REWARDS = 'rewards'

const types: Partial<Record<RedemptionState, string>> = {
  done: 'loyalty.reward_redeemed',
  cancelled: 'loyalty.redemption_cancelled',
  refunded: 'loyalty.redemption_refunded',
}

/** What a redemption books and tells when it comes into the state in which it is. */
export function actionOf(
  redemption: Redemption,
  { atMs, transfer }: { atMs: number; transfer: TransferRequest },
): Action {
  const { redemptionId, programmeId, subscriberId, rewardId, rewardVersion, state, reason, points } =
    redemption
  const why = reason === null ? {} : { reason }
  return {
    part: REWARDS,
    key: `${redemptionId}:${state}`,
    programmeId,
    subscriberId,
    atMs,
    transfers: [transfer],
    announcements: newsOf(redemption),
    judgements: [
      {
        rule: `reward:${rewardId}`,
        ruleVersion: rewardVersion,
        reason: reasonOf(redemption),
        ...changeOf(redemption),
        saw: { reward: rewardId, price: points, redemption: redemptionId, ...why },
      },
    ],
  }
}

/** What is set aside is still the member's; it is gone when the redemption is done, and back when it is refunded. */
function changeOf({ state, points, accountId }: Redemption): { points?: bigint; account?: string } {
  if (state === 'done') return { points: -points, account: accountId }
  return state === 'refunded' ? { points, account: accountId } : {}
}

function reasonOf({ state, recipientId, subscriberId }: Redemption): RewardReason {
  if (state === 'cancelled') return 'redemption_cancelled'
  if (state === 'refunded') return 'redemption_refunded'
  if (state !== 'done') return 'reward_reserved'
  return recipientId === subscriberId ? 'reward_redeemed' : 'gift_redeemed'
}

function newsOf(redemption: Redemption): NonNullable<Action['announcements']> {
  const { redemptionId, rewardId, subscriberId, recipientId, gives, points, state, reason } = redemption
  const type = types[state]
  if (type === undefined) return []
  const data = {
    reward: rewardId,
    redemption: redemptionId,
    kind: kindOfGift(gives),
    recipient: recipientId,
    pointsMinor: Number(points),
  }
  const why = reason === null ? {} : { reason }
  if (state !== 'done') return [{ type, key: redemptionId, data: { ...data, ...why } }]
  const code = redemption.code === null ? {} : { code: redemption.code }
  if (recipientId === subscriberId) return [{ type, key: redemptionId, data: { ...data, ...code } }]
  return [
    { type, key: redemptionId, data },
    {
      type: 'loyalty.gift_received',
      key: redemptionId,
      subscriberId: recipientId,
      data: { ...data, from: subscriberId, ...code },
    },
  ]
}
