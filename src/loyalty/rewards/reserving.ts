import { type TransferRequest } from '../../ledger/index.ts'
import { derivedId, DomainError, instantOf, type Tx } from '../../platform/index.ts'
import { refuseAbuse } from '../abuse/gate.ts'
import { ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import { carryOut } from '../action.ts'
import { type Applicant, applicantOf } from '../applicant.ts'
import type { Book } from '../book.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { ownerOf } from '../members.ts'
import { lockLoyalty } from '../members-store.ts'
import { periodSpan } from '../referrals/cap-period.ts'
import type { RewardErrorCode, RewardRefusal } from './errors.ts'
import { judgeReward, type ReadyReward } from './plan.ts'
import { isByHand, type Redemption, transferKey } from './redemption.ts'
import { kindOfGift } from './reward.ts'
import { holdStock, leftOf, lowStockNews } from './stock.ts'
import { countRedemptions, type Count, saveRedemptions, selectRedemptions } from './store.ts'
import { rewardWords } from './words.ts'

/** Name of this part among the consumers. */
export const REWARDS = 'rewards'

export type RedeemRequest = {
  book: Book
  reward: ReadyReward
  subscriberId: number
  /** Who is to get it; the same as `subscriberId` where it is no gift. */
  recipientId: number
  /** The same key is the same redemption. */
  key: string
}

const HOUR_MS = 3_600_000

/** Fails with one of the codes of rewards. */
export function fail(code: RewardErrorCode, message: string, found?: unknown): never {
  throw new DomainError(code, message, found === undefined ? {} : { found })
}

const refuse = (refusal: RewardRefusal): never => {
  throw new DomainError(refusal, rewardWords[refusal].en)
}

/**
 * Sets points and a code or piece aside, all in one transaction. The same key with the same reward and recipient
 * answers with what there is. Throws a `RewardRefusal`, `redemption_key_mismatch`, `recipient_not_found`, and what the
 * gate against abuse throws.
 */
export async function reserve(
  parts: LoyaltyParts,
  tx: Tx,
  tenantId: string,
  request: RedeemRequest,
): Promise<Redemption> {
  const { reward, key } = request
  const { document, programme } = reward
  const atMs = parts.clock.nowMs()
  lockLoyalty(tx)
  const applicant = await applicantOf(parts, tx, request.book, programme, request.subscriberId, atMs)
  const { subscriberId } = applicant.member
  const isGift = request.recipientId !== request.subscriberId && request.recipientId !== subscriberId
  const recipientId = isGift ? request.recipientId : subscriberId
  const redemptionId = derivedId('redemption', tenantId, programme.id, subscriberId, key)
  const known = (await selectRedemptions(tx, [redemptionId])).get(redemptionId)
  if (known) {
    if (known.rewardId === document.id && known.recipientId === recipientId) return known
    return fail('redemption_key_mismatch', 'the key was used for something else', key)
  }
  if (isGift && !(await parts.profiles.subscribersByIds(tx, [recipientId])).has(recipientId)) {
    return fail('recipient_not_found', 'nobody is known who could get it', recipientId)
  }
  const [judged] = await judgeAll(tx, [reward], applicant, atMs, isGift)
  const { points, refusal } = judged!
  if (refusal !== null) return refuse(refusal)
  const subject = { programmeId: programme.id, points }
  await refuseAbuse(
    tx,
    [
      { ...subject, subscriberId, doing: isGift ? 'send' : 'redeem' },
      ...(isGift ? [{ ...subject, subscriberId: recipientId, doing: 'receive' as const }] : []),
    ],
    instantOf(atMs),
  )
  const redemption = newRedemption(reward, { redemptionId, subscriberId, recipientId, points, atMs })
  if (!(await holdStock(tx, redemption))) return refuse('reward_out_of_stock')
  await saveRedemptions(tx, [redemption])
  await book(parts, tx, tenantId, reward, applicant, redemption)
  return redemption
}

/** Posts the reservation and tells of it. */
async function book(
  parts: LoyaltyParts,
  tx: Tx,
  tenantId: string,
  { document, version, programme }: ReadyReward,
  { member, accountId }: Applicant,
  redemption: Redemption,
): Promise<void> {
  const { redemptionId, atMs, points } = redemption
  const transfer: TransferRequest = {
    key: transferKey(redemption),
    kind: 'pending',
    debitAccount: accountId,
    creditAccount: programmeAccount(programme, 'redeemed'),
    amountMinor: points,
    currency: programme.currency,
    at: instantOf(atMs),
    memo: `reward:${document.id}`,
  }
  await carryOut(parts, tx, tenantId, [
    {
      part: REWARDS,
      key: redemptionId,
      programmeId: programme.id,
      subscriberId: member.subscriberId,
      atMs,
      accounts: [ownerOpening(ownerOf(member), programme.currency), programmeOpening(programme, 'redeemed')],
      transfers: [transfer],
      judgement: {
        rule: `reward:${document.id}`,
        ruleVersion: version,
        reason: 'reward_reserved',
        saw: { reward: document.id, price: points, redemption: redemptionId },
      },
      announcements: await lowStockNews(tx, document, redemption),
    },
  ])
}

/** Prices of rewards for a member, and what speaks against each, with one look at counts and stock for all. */
export async function judgeAll(
  tx: Tx,
  rewards: ReadyReward[],
  { member, scope, availableMinor }: Applicant,
  atMs: number,
  isGift: boolean,
): Promise<{ points: bigint; refusal: RewardRefusal | null; left: number | null }[]> {
  const asked = rewards.flatMap(({ document, timeZone }) =>
    document.limits.map(({ per, period }): Count => ({
      rewardId: document.id,
      subscriberId: per === 'member' ? member.subscriberId : null,
      fromMs: periodSpan(period, atMs, timeZone).fromMs,
    })),
  )
  const counts = await countRedemptions(tx, asked)
  const stock = await leftOf(
    tx,
    rewards.map(({ document }) => document),
    instantOf(atMs),
  )
  return rewards.map((reward) => {
    const left = stock.get(reward.document.id) ?? null
    const own = counts.splice(0, reward.document.limits.length)
    const facts = { atMs, scope, tier: member.tier, availableMinor, counts: own, left, isGift }
    return { ...judgeReward(reward, facts), left }
  })
}

function newRedemption(
  { document, version }: ReadyReward,
  about: Pick<Redemption, 'redemptionId' | 'subscriberId' | 'recipientId' | 'points' | 'atMs'>,
): Redemption {
  const { gives, id, programme, giveUpAfterHours } = document
  const hours = 'goods' in gives ? 24 * gives.goods.handOutWithinDays : giveUpAfterHours
  const deadlineAtMs = about.atMs + hours * HOUR_MS
  return {
    ...about,
    programmeId: programme,
    rewardId: id,
    rewardVersion: version,
    gives,
    state: 'reserved',
    reason: null,
    note: null,
    code: null,
    codeExpiresAtMs: null,
    usedAtMs: null,
    attempts: 0,
    nextTryAtMs: isByHand(gives) ? deadlineAtMs : about.atMs,
    deadlineAtMs,
    settledAtMs: null,
  }
}

/** What the announcements of a redemption say in common. */
export const newsOf = ({ rewardId, redemptionId, recipientId, points, gives }: Redemption) => ({
  reward: rewardId,
  redemption: redemptionId,
  kind: kindOfGift(gives),
  recipient: recipientId,
  points: Number(points),
})
