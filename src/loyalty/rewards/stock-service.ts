import { instantOf, type Tx } from '../../platform/index.ts'
import { carryOut } from '../action.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { lockLoyalty } from '../members-store.ts'
import { type ReadyReward, rewardsOf } from './plan.ts'
import { fail, REWARDS } from './reserving.ts'
import { leftOf } from './stock.ts'
import { addPieces, countCodes, countFree, insertCodes, setWarned } from './stock-store.ts'
import { countStates } from './store.ts'

export type RewardLine = {
  reward: ReadyReward
  left: number | null
  codes: Record<string, number> | null
  open: number
  done: number
}

/** What is on the shelf. */
export type StockDesk = {
  /** Adds codes to the reward's pool; those that it has are left out. Throws `reward_stock_not_kept`. */
  addCodes(
    tenantId: string,
    rewardId: string,
    codes: string[],
    expiresAt: Temporal.Instant | null,
  ): Promise<{ added: number; known: number; left: number }>
  /** Adds pieces, once a key, or takes them away. Throws `reward_stock_not_kept`, `redemption_conflict`. */
  addStock(tenantId: string, rewardId: string, pieces: number, key: string): Promise<{ left: number }>
  /** All rewards with what is left and what was taken. */
  list(tenantId: string): Promise<RewardLine[]>
}

const MOST_COUNTED = 1_000_000

/** A reward by its id. Throws `reward_not_found`. */
export const rewardOf = async ({ books }: LoyaltyParts, tenantId: string, id: string): Promise<ReadyReward> =>
  rewardsOf(await books.of(tenantId)).get(id) ?? fail('reward_not_found', `no reward "${id}"`, id)

/** Codes and pieces: what came, what is left. */
export function stockService(parts: LoyaltyParts): StockDesk {
  const { database, clock } = parts
  const left = async (tx: Tx, { document }: ReadyReward): Promise<number> =>
    (await leftOf(tx, [{ ...document, lowStock: MOST_COUNTED }], clock.now())).get(document.id) ?? 0
  return {
    async addCodes(tenantId, rewardId, codes, expiresAt) {
      const reward = await rewardOf(parts, tenantId, rewardId)
      const { gives, lowStock } = reward.document
      if (!('voucher' in gives)) return fail('reward_stock_not_kept', 'the reward gives no codes', rewardId)
      return database.tx(tenantId, async (tx) => {
        const added = await insertCodes(tx, gives.voucher.pool, codes, expiresAt, clock.now())
        const now = await left(tx, reward)
        if (now > lowStock) await setWarned(tx, rewardId, false)
        return { added, known: codes.length - added, left: now }
      })
    },
    async addStock(tenantId, rewardId, pieces, key) {
      const reward = await rewardOf(parts, tenantId, rewardId)
      const { gives, programme, lowStock } = reward.document
      if (!('goods' in gives)) return fail('reward_stock_not_kept', 'the reward is no goods', rewardId)
      return database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        // Nobody's event: it is taken once by its key, as everything here is.
        const about = { programmeId: programme, subscriberId: 0, atMs: clock.nowMs() }
        const taken = await carryOut(parts, tx, tenantId, [
          { ...about, part: REWARDS, key: `stock:${rewardId}:${key}` },
        ])
        if (taken.events.length > 0 && !(await addPieces(tx, rewardId, pieces))) {
          return fail('redemption_conflict', 'there are not so many pieces', pieces)
        }
        const now = await left(tx, reward)
        if (now > lowStock) await setWarned(tx, rewardId, false)
        return { left: now }
      })
    },
    list: (tenantId) => listRewards(parts, tenantId),
  }
}

async function listRewards(
  { database, clock, books }: LoyaltyParts,
  tenantId: string,
): Promise<RewardLine[]> {
  const rewards = [...rewardsOf(await books.of(tenantId)).values()]
  const pools = rewards.flatMap(({ document: { gives } }) => ('voucher' in gives ? [gives.voucher.pool] : []))
  return database.tx(tenantId, async (tx) => {
    const states = await countStates(tx)
    const codes = await countCodes(tx, pools)
    const free = await countFree(tx, pools, instantOf(clock.nowMs()), MOST_COUNTED)
    const goods = await leftOf(
      tx,
      rewards.map(({ document }) => document),
      clock.now(),
    )
    return rewards.map((reward): RewardLine => {
      const { id, gives } = reward.document
      const own = states.filter(({ rewardId }) => rewardId === id)
      const sum = (...wanted: string[]): number =>
        own
          .filter(({ state }) => wanted.includes(state))
          .reduce((total, { redemptions }) => total + redemptions, 0)
      const pool = 'voucher' in gives ? gives.voucher.pool : null
      return {
        reward,
        left: pool === null ? (goods.get(id) ?? null) : (free.get(pool) ?? 0),
        codes:
          pool === null
            ? null
            : Object.fromEntries(
                codes.filter((one) => one.pool === pool).map((one) => [one.state, one.codes]),
              ),
        open: sum('reserved', 'ordered'),
        done: sum('done'),
      }
    })
  })
}
