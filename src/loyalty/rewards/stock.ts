import assert from 'node:assert/strict'
import type { Tx } from '../../platform/index.ts'
import type { Action } from '../action.ts'
import type { Redemption } from './redemption.ts'
import type { Reward } from './reward.ts'
import { markWarned, movePieces, selectCodeCounts, selectOnHand, takeCodes } from './stock-store.ts'

/** How many of each reward are left; null where nothing is counted. */
export async function leftOf(
  tx: Tx,
  rewards: readonly Pick<Reward, 'id' | 'gives'>[],
  now: Temporal.Instant,
): Promise<Map<string, number | null>> {
  const pools = rewards.flatMap(({ gives }) => ('voucher' in gives ? [gives.voucher.pool] : []))
  const codes = await selectCodeCounts(tx, pools, now)
  const free = new Map(codes.filter(({ state }) => state === 'free').map(({ pool, valid }) => [pool, valid]))
  const goods = rewards.filter(({ gives }) => 'goods' in gives).map(({ id }) => id)
  const onHand = await selectOnHand(tx, goods)
  return new Map(
    rewards.map(({ id, gives }) => {
      if ('voucher' in gives) return [id, free.get(gives.voucher.pool) ?? 0]
      return [id, 'goods' in gives ? (onHand.get(id) ?? 0) : null]
    }),
  )
}

/** What a reward is taken from: its pool of codes, or its pieces; null where nothing is counted. */
export function shelfOf({ id, gives }: Pick<Reward, 'id' | 'gives'>): string | null {
  if ('voucher' in gives) return `pool ${gives.voucher.pool}`
  return 'goods' in gives ? `goods ${id}` : null
}

/** Takes a code or a piece for each redemption; whoever calls has seen that they are there. Codes are written into them. */
export async function takeStock(tx: Tx, redemptions: Redemption[], now: Temporal.Instant): Promise<void> {
  const goods = redemptions.filter(({ gives }) => 'goods' in gives)
  const goodsIds = goods.map(({ rewardId }) => rewardId)
  await movePieces(tx, goodsIds, -1)
  const byPool = Map.groupBy(redemptions, ({ gives }) => ('voucher' in gives ? gives.voucher.pool : null))
  for (const [pool, own] of byPool) {
    if (pool === null) continue
    const ids = own.map(({ redemptionId }) => redemptionId)
    const taken = new Map((await takeCodes(tx, pool, ids, now)).map((one) => [one.redemptionId, one]))
    for (const redemption of own) {
      const found = taken.get(redemption.redemptionId)
      assert(found, 'counts of codes are kept with the codes')
      redemption.code = found.code
      redemption.codeExpiresAtMs = found.expiresAt?.epochMilliseconds ?? null
    }
  }
}

type Announced = NonNullable<Action['announcements']>[number]

/**
 * What is to be told of redemptions that leave no more than the reward's `lowStock`, by their ids: once a reward, with the
 * first of them, until there is more again.
 */
export async function lowStockNews(
  tx: Tx,
  taken: { reward: Reward; redemptionId: string; left: number | null }[],
): Promise<Map<string, Announced[]>> {
  const low = taken.filter(({ reward, left }) => left !== null && left <= reward.lowStock)
  const first = new Map(low.toReversed().map((one) => [one.reward.id, one]))
  const marked = await markWarned(tx, [...first.keys()])
  return new Map(
    [...first.values()]
      .filter(({ reward }) => marked.has(reward.id))
      .map(({ reward, redemptionId, left }) => {
        const data = { reward: reward.id, left, threshold: reward.lowStock }
        return [redemptionId, [{ type: 'loyalty.reward_low_stock', key: redemptionId, data }]]
      }),
  )
}
