import { instantOf, type Stage } from '../../platform/index.ts'
import { actionConsumer } from '../action.ts'
import { applicantOf } from '../applicant.ts'
import type { Consumer } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { programmeIn } from '../book.ts'
import { lockLoyalty } from '../members-store.ts'
import type { RewardRefusal } from './errors.ts'
import { fulfilDue } from './fulfilling.ts'
import { type ReadyReward, rewardsOf } from './plan.ts'
import { judgeBids } from './judging.ts'
import { redeemAll, type RedeemRequest } from './redeeming.ts'
import { isByHand, isOpen, type Redemption } from './redemption.ts'
import { fail } from './refusing.ts'
import { type Ending, settle } from './settling.ts'
import { rewardIn, type StockDesk, stockService } from './stock-service.ts'
import { REWARDS } from './told.ts'
import { Together } from './together.ts'
import {
  mergeRedemptions,
  type RedemptionQuery,
  selectByCode,
  selectLatest,
  selectRedemptions,
  updateRedemptions,
} from './store.ts'
import { rewardWords } from './words.ts'

export type CatalogueLine = { reward: ReadyReward; points: bigint; refusal: RewardRefusal | null }
type Agent = { tenantId: string; redemptionId: string; note: string }

export type Rewards = StockDesk & {
  /** What a member can spend points on, with prices for them and what speaks against each. */
  catalogue(
    tenantId: string,
    programmeId: string,
    subscriberId: number,
  ): Promise<{ availableMinor: bigint; lines: CatalogueLine[] }>
  /** Takes a reward, once a key. What needs nobody else is done when this returns. Throws a `RewardRefusal`. */
  redeem(request: {
    tenantId: string
    rewardId: string
    subscriberId: number
    recipientId?: number
    key: string
  }): Promise<Redemption>
  /** Whoever hands goods out says that it is done. */
  handOut(tenantId: string, redemptionId: string): Promise<Redemption>
  /** Gives reserved points back. Throws `redemption_conflict` while the operator may have done it already. */
  cancel(request: Agent): Promise<Redemption>
  /** Gives points of a redemption that is done back. */
  refund(request: Agent & { restock: boolean }): Promise<Redemption>
  /** A till uses up a discount, once a key. Throws `discount_not_found`, `discount_expired`, `discount_used_conflict`. */
  useDiscount(till: { tenantId: string; code: string; partner: string; key: string }): Promise<Redemption>
  redemptions(tenantId: string, query: RedemptionQuery): Promise<Redemption[]>
  /** The reward's document of a book, for its name. */
  rewards(tenantId: string): Promise<ReadonlyMap<string, ReadyReward>>
}

/** Rewards: the catalogue, the saga of each redemption, stock and codes. */
export function createRewards(parts: LoyaltyParts): { service: Rewards; stage: Stage; consumer: Consumer } {
  return {
    service: {
      ...memberService(parts),
      ...agentService(parts),
      ...stockService(parts),
      redemptions: (tenantId, query) => parts.database.tx(tenantId, (tx) => selectLatest(tx, query)),
      rewards: async (tenantId) => rewardsOf(await parts.books.of(tenantId)),
    },
    consumer: actionConsumer(REWARDS, { kinds: ['Reward'], words: rewardWords, merge: mergeRedemptions }),
    stage: {
      name: 'loyalty-rewards',
      async run(tenantId) {
        const { tried, next } = await fulfilDue(parts, tenantId)
        return { more: tried > 0, nextDueMs: next?.epochMilliseconds ?? null }
      },
    },
  }
}

function memberService(parts: LoyaltyParts): Pick<Rewards, 'catalogue' | 'redeem' | 'useDiscount'> {
  const { database, clock, books } = parts
  const redeeming = new Together<RedeemRequest, Redemption>(async (tenantId, requests) => {
    const book = await books.of(tenantId)
    return database.tx(tenantId, (tx) => redeemAll(parts, tx, book, requests))
  })
  return {
    async catalogue(tenantId, programmeId, subscriberId) {
      const book = await books.of(tenantId)
      const programme = programmeIn(book, programmeId)
      const rewards = [...rewardsOf(book).values()].filter(
        ({ document }) => document.programme === programmeId,
      )
      return database.tx(tenantId, async (tx) => {
        const atMs = clock.nowMs()
        const applicant = await applicantOf(parts, tx, book, programme, subscriberId, atMs)
        const bids = rewards.map((reward) => ({ reward, applicant, isGift: false }))
        const judged = await judgeBids(tx, bids, { atMs, inTurn: false })
        const lines = rewards.map((reward, i) => ({ ...judged[i]!, reward }))
        return {
          availableMinor: applicant.availableMinor,
          // What is not on offer at all, or for others, is not shown.
          lines: lines.filter(
            ({ refusal }) => refusal !== 'reward_not_open' && refusal !== 'reward_not_for_member',
          ),
        }
      })
    },
    async redeem({ tenantId, rewardId, subscriberId, recipientId = subscriberId, key }) {
      const reward = rewardIn(await books.of(tenantId), rewardId)
      return redeeming.ask(tenantId, { reward, subscriberId, recipientId, key })
    },
    useDiscount: ({ tenantId, code, partner, key }) =>
      database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        const found = (await selectByCode(tx, code.toUpperCase())).find(
          ({ gives, state }) => state === 'done' && 'discount' in gives && gives.discount.partner === partner,
        )
        const field = { field: 'code', found: code }
        if (!found) return fail('discount_not_found', 'no such discount of this partner', field)
        if (found.usedKey === key) return found
        if (found.usedAtMs !== null) {
          return fail('discount_used_conflict', 'the discount was used already', field)
        }
        if (found.codeExpiresAtMs! <= clock.nowMs()) {
          const expected = `until ${instantOf(found.codeExpiresAtMs!).toString()}`
          return fail('discount_expired', 'the discount is over', { ...field, expected })
        }
        found.usedAtMs = clock.nowMs()
        found.usedKey = key
        await updateRedemptions(tx, [found])
        return found
      }),
  }
}

function agentService(parts: LoyaltyParts): Pick<Rewards, 'handOut' | 'cancel' | 'refund'> {
  const { database, clock } = parts
  const end = (
    tenantId: string,
    redemptionId: string,
    decide: (redemption: Redemption) => Ending | null,
  ): Promise<Redemption> =>
    database.tx(tenantId, async (tx) => {
      lockLoyalty(tx)
      const found = (await selectRedemptions(tx, [redemptionId])).get(redemptionId)
      if (!found) return fail('redemption_not_found', 'no such redemption', { found: redemptionId })
      const ending = decide(found)
      if (ending) await settle(parts, tx, tenantId, [{ redemption: found, ending }])
      return found
    })
  const conflict = (message: string, { state }: Redemption, expected: string): never =>
    fail('redemption_conflict', message, { field: 'state', found: state, expected })
  return {
    handOut: (tenantId, redemptionId) =>
      end(tenantId, redemptionId, (found) => {
        if (found.state === 'done') return null
        if (isOpen(found) && isByHand(found.gives)) return { state: 'done' }
        return conflict('it is not waiting for somebody to hand it out', found, 'reserved goods')
      }),
    cancel: ({ tenantId, redemptionId, note }) =>
      end(tenantId, redemptionId, (found) => {
        if (found.state === 'cancelled') return null
        if (!isOpen(found)) return conflict('it is at its end already', found, 'reserved or ordered')
        // After the deadline an agent may decide what the operator never answered.
        if (found.attempts > 0 && clock.nowMs() < found.deadlineAtMs) {
          return conflict('the operator was asked and may have done it', found, 'a time after its deadline')
        }
        return { state: 'cancelled', reason: 'agent_cancelled', note }
      }),
    refund: ({ tenantId, redemptionId, note, restock }) =>
      end(tenantId, redemptionId, (found) => {
        if (found.state === 'refunded') return null
        if (found.state !== 'done') return conflict('only what is done can be refunded', found, 'done')
        if (found.usedAtMs !== null) return conflict('its code was used', found, 'a code that was not used')
        return { state: 'refunded', reason: 'agent_refunded', note, restock }
      }),
  }
}
