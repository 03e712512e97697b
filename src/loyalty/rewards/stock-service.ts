import type { Tx } from '../../platform/index.ts'
import type { Book } from '../book.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { lockLoyalty } from '../members-store.ts'
import { type ReadyReward, rewardsOf } from './plan.ts'
import { fail } from './refusing.ts'
import { leftOf } from './stock.ts'
import { addPieces, clearWarned, insertCodes, insertStockChange, selectCodeCounts } from './stock-store.ts'
import { selectCounts } from './store.ts'

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
  /**
   * Adds pieces, once a key, or takes them away. Throws `reward_stock_not_kept`, `redemption_conflict`,
   * `redemption_key_mismatch`.
   */
  addStock(tenantId: string, rewardId: string, pieces: number, key: string): Promise<{ left: number }>
  /** All rewards with what is left and what was taken. */
  list(tenantId: string): Promise<RewardLine[]>
}

/** A reward of a book by its id. Throws `reward_not_found`. */
export const rewardIn = (book: Book, id: string): ReadyReward =>
  rewardsOf(book).get(id) ?? fail('reward_not_found', `no reward "${id}"`, { field: 'reward', found: id })

/** Codes and pieces: what came, what is left. */
export function stockService(parts: LoyaltyParts): StockDesk {
  const { database, clock, books } = parts
  /** How many of a reward there are now; of those that share them, who has enough again is told of the next time. */
  const after = async (tx: Tx, reward: ReadyReward, sharing: Iterable<ReadyReward>): Promise<number> => {
    const left = (await leftOf(tx, [reward.document], clock.now())).get(reward.document.id) ?? 0
    const enough = [...sharing].filter(({ document }) => left > document.lowStock)
    await clearWarned(
      tx,
      enough.map(({ document }) => document.id),
    )
    return left
  }
  return {
    async addCodes(tenantId, rewardId, codes, expiresAt) {
      const book = await books.of(tenantId)
      const reward = rewardIn(book, rewardId)
      const pool = poolOf(reward)
      if (pool === null) return notKept(rewardId, 'codes')
      return database.tx(tenantId, async (tx) => {
        const added = await insertCodes(tx, pool, codes, expiresAt, clock.now())
        const sharing = [...rewardsOf(book).values()].filter((one) => poolOf(one) === pool)
        return { added, known: codes.length - added, left: await after(tx, reward, sharing) }
      })
    },
    async addStock(tenantId, rewardId, pieces, key) {
      const reward = rewardIn(await books.of(tenantId), rewardId)
      const { gives } = reward.document
      if (!('goods' in gives)) return notKept(rewardId, 'goods')
      return database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        const known = await insertStockChange(tx, { rewardId, key, pieces, at: clock.now() })
        if (known !== null && known !== pieces) {
          const details = { field: 'add', found: pieces, expected: String(known) }
          return fail('redemption_key_mismatch', 'the key was used for another change', details)
        }
        if (known === null && !(await addPieces(tx, rewardId, pieces))) {
          const details = { field: 'add', found: pieces, expected: 'no more than there are' }
          return fail('redemption_conflict', 'there are not so many pieces', details)
        }
        return { left: await after(tx, reward, [reward]) }
      })
    },
    list: (tenantId) => listRewards(parts, tenantId),
  }
}

const notKept = (rewardId: string, expected: string): never =>
  fail('reward_stock_not_kept', `the reward gives no ${expected}`, {
    field: 'reward',
    found: rewardId,
    expected,
  })

const poolOf = ({ document: { gives } }: ReadyReward): string | null =>
  'voucher' in gives ? gives.voucher.pool : null

async function listRewards(
  { database, clock, books }: LoyaltyParts,
  tenantId: string,
): Promise<RewardLine[]> {
  const rewards = [...rewardsOf(await books.of(tenantId)).values()]
  return database.tx(tenantId, async (tx) => {
    const documents = rewards.map(({ document }) => document)
    const pools = rewards.map(poolOf).filter((pool) => pool !== null)
    const counts = await selectCounts(tx)
    const codes = await selectCodeCounts(tx, pools, clock.now())
    const left = await leftOf(tx, documents, clock.now())
    return rewards.map((reward): RewardLine => {
      const { id } = reward.document
      const pool = poolOf(reward)
      const inStates = (...states: string[]): number =>
        counts
          .filter(({ rewardId, state }) => rewardId === id && states.includes(state))
          .reduce((sum, { redemptions }) => sum + redemptions, 0)
      const own = codes.filter((one) => one.pool === pool).map((one) => [one.state, one.codes])
      return {
        reward,
        left: left.get(id) ?? null,
        codes: pool === null ? null : Object.fromEntries(own),
        open: inStates('reserved', 'ordered'),
        done: inStates('done'),
      }
    })
  })
}
