import { instantOf, type Tx } from '../../platform/index.ts'
import type { Applicant } from '../applicant.ts'
import { localDay } from '../local-time.ts'
import { periodSpan } from '../referrals/cap-period.ts'
import type { RewardRefusal } from './errors.ts'
import { judgeReward, type ReadyReward } from './plan.ts'
import { leftOf, shelfOf } from './stock.ts'
import { type Count, countRedemptions } from './store.ts'

/** A member who wants a reward, for themselves or for somebody else. */
export type Bid = { reward: ReadyReward; applicant: Applicant; isGift: boolean }
export type Judged = { points: bigint; refusal: RewardRefusal | null; left: number | null }

/**
 * Says of each bid what it costs and the first thing that speaks against it, with one look at counts and stock for all.
 * With `inTurn` each bid that nothing speaks against takes its share before the next one is looked at; bids of one
 * account are each seen alone.
 */
export async function judgeBids(
  tx: Tx,
  bids: readonly Bid[],
  { atMs, inTurn }: { atMs: number; inTurn: boolean },
): Promise<Judged[]> {
  const asked = bids.flatMap((bid) => countsOf(bid, atMs))
  const counts = await countRedemptions(tx, asked)
  const documents = [...new Set(bids.map(({ reward }) => reward.document))]
  const stock = await leftOf(tx, documents, instantOf(atMs))
  const taken = new Map<string, number>()
  const takenOf = (key: string | null): number => (key === null ? 0 : (taken.get(key) ?? 0))
  return bids.map(({ reward, applicant: { member, scope, availableMinor }, isGift }) => {
    const { document } = reward
    const rewardKey = `reward ${document.id}`
    const shelf = shelfOf(document)
    const own = counts
      .splice(0, document.limits.length)
      .map((count, i) => count + (document.limits[i]!.per === 'all' ? takenOf(rewardKey) : 0))
    const counted = stock.get(document.id) ?? null
    const left = counted === null ? null : counted - takenOf(shelf)
    const facts = { atMs, scope, tier: member.tier, availableMinor, counts: own, left, isGift }
    const judged = judgeReward(reward, facts)
    if (inTurn && judged.refusal === null) {
      for (const key of [rewardKey, ...(shelf === null ? [] : [shelf])]) taken.set(key, takenOf(key) + 1)
    }
    return { ...judged, left }
  })
}

/** Where to look for what was taken within each limit of a reward. */
function countsOf({ reward: { document, timeZone }, applicant: { member } }: Bid, atMs: number): Count[] {
  return document.limits.map(({ per, period }) => {
    const { fromMs } = periodSpan(period, atMs, timeZone)
    return {
      rewardId: document.id,
      subscriberId: per === 'member' ? member.subscriberId : null,
      fromDay: fromMs === null ? '-infinity' : localDay(fromMs, timeZone),
    }
  })
}
