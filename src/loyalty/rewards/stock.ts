import { instantOf, type Tx } from '../../platform/index.ts'
import type { Action } from '../action.ts'
import type { Redemption } from './redemption.ts'
import type { Reward } from './reward.ts'
import { addPieces, countFree, holdCode, selectOnHand, setWarned, settleCodes } from './stock-store.ts'

/** How many of each reward are left, counted no further than somebody needs; null where nothing is counted. */
export async function leftOf(
  tx: Tx,
  rewards: readonly Pick<Reward, 'id' | 'gives' | 'lowStock'>[],
  now: Temporal.Instant,
): Promise<Map<string, number | null>> {
  const pools = rewards.flatMap(({ gives }) => ('voucher' in gives ? [gives.voucher.pool] : []))
  const most = Math.max(1, ...rewards.map(({ lowStock }) => lowStock + 1))
  const free = await countFree(tx, [...new Set(pools)], now, most)
  const goods = rewards.filter(({ gives }) => 'goods' in gives).map(({ id }) => id)
  const onHand = goods.length === 0 ? new Map<string, number>() : await selectOnHand(tx, goods)
  return new Map(
    rewards.map(({ id, gives }) => {
      if ('voucher' in gives) return [id, free.get(gives.voucher.pool) ?? 0]
      return [id, 'goods' in gives ? (onHand.get(id) ?? 0) : null]
    }),
  )
}

/** Holds a code or a piece for a redemption; false: there is none. A code is written into the redemption. */
export async function holdStock(tx: Tx, redemption: Redemption): Promise<boolean> {
  const { gives, rewardId, redemptionId, atMs } = redemption
  if ('goods' in gives) return addPieces(tx, rewardId, -1)
  if (!('voucher' in gives)) return true
  const held = await holdCode(tx, gives.voucher.pool, redemptionId, instantOf(atMs))
  redemption.code = held?.code ?? null
  redemption.codeExpiresAtMs = held?.expiresAt?.epochMilliseconds ?? null
  return held !== undefined
}

/** Puts back what was held for redemptions that came to nothing. Nobody has seen their codes. */
export async function releaseStock(tx: Tx, redemptions: Redemption[]): Promise<void> {
  const withCodes = redemptions.filter(({ gives }) => 'voucher' in gives)
  if (withCodes.length > 0) await settleCodes(tx, idsOf(withCodes), 'free')
  for (const one of withCodes) one.code = one.codeExpiresAtMs = null
  for (const { gives, rewardId } of redemptions) if ('goods' in gives) await addPieces(tx, rewardId, 1)
}

/** Ids of redemptions. */
export const idsOf = (redemptions: readonly Redemption[]): string[] =>
  redemptions.map(({ redemptionId }) => redemptionId)

type Announced = NonNullable<Action['announcements']>[number]

/** What is to be told when no more than the reward's `lowStock` is left, once until there is more again. */
export async function lowStockNews(
  tx: Tx,
  reward: Reward,
  { redemptionId, atMs }: Redemption,
): Promise<Announced[]> {
  const left = (await leftOf(tx, [reward], instantOf(atMs))).get(reward.id)!
  if (left === null || left > reward.lowStock || !(await setWarned(tx, reward.id, true))) return []
  const data = { reward: reward.id, left, threshold: reward.lowStock }
  return [{ type: 'loyalty.reward_low_stock', key: redemptionId, data }]
}
