import type { TransferRequest } from '../../ledger/index.ts'
import { derivedId, DomainError, instantOf, type Tx } from '../../platform/index.ts'
import { abuseRefusal, abuseVerdicts, type Subject } from '../abuse/gate.ts'
import { ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import { type Action, carryOut } from '../action.ts'
import { applicantsOf } from '../applicant.ts'
import type { Book } from '../book.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { localDay } from '../local-time.ts'
import { ownerOf } from '../members.ts'
import { lockLoyalty } from '../members-store.ts'
import { type Bid, judgeBids } from './judging.ts'
import type { ReadyReward } from './plan.ts'
import { isByHand, isInstant, paymentKey, type Redemption, reservationKey } from './redemption.ts'
import { refusalOf } from './refusing.ts'
import { priceFor } from './reward.ts'
import { discountCode } from './discount-code.ts'
import { lowStockNews, takeStock } from './stock.ts'
import { insertRedemptions, selectRedemptions } from './store.ts'
import { actionOf } from './told.ts'

export type RedeemRequest = {
  reward: ReadyReward
  subscriberId: number
  /** Who is to get it; the same as `subscriberId` where it is no gift. */
  recipientId: number
  /** The same key is the same redemption. */
  key: string
}
type Asked = RedeemRequest & { redemptionId: string }
type AskedBid = Asked & Bid
type Accepted = { bid: AskedBid; redemption: Redemption; left: number | null }

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * Redeems rewards for many who ask at once, in one transaction, in the order in which they asked: checks, stock, points,
 * redemptions. Where nobody else is needed it is done with that, otherwise points and pieces are set aside. The same key
 * with the same reward and recipient answers with what there is. Whoever is refused hinders nobody else: the answer is
 * a `DomainError` of a `RewardRefusal`, `redemption_key_mismatch`, `recipient_not_found`, `member_not_found`,
 * `member_not_active`, or what the gate against abuse says.
 */
export async function redeemAll(
  parts: LoyaltyParts,
  tx: Tx,
  book: Book,
  requests: readonly RedeemRequest[],
): Promise<(Redemption | DomainError)[]> {
  lockLoyalty(tx)
  // By whom it was asked for, and not by the member as whom they go on: a merge between two tries changes nothing.
  const asked = requests.map((request): Asked => {
    const { reward, subscriberId, key } = request
    const redemptionId = derivedId('redemption', book.tenantId, reward.programme.id, subscriberId, key)
    return { ...request, redemptionId }
  })
  const known: Map<string, Redemption | DomainError> = await selectRedemptions(
    tx,
    asked.map(({ redemptionId }) => redemptionId),
  )
  let waiting = asked.filter(({ redemptionId }) => !known.has(redemptionId))
  while (waiting.length > 0) {
    const { answers, later } = await redeemRound(parts, tx, book, waiting)
    for (const [redemptionId, answer] of answers) known.set(redemptionId, answer)
    waiting = later.filter(({ redemptionId }) => !known.has(redemptionId))
  }
  return asked.map((one) => answerTo(one, known.get(one.redemptionId)!))
}

function answerTo(asked: Asked, answer: Redemption | DomainError): Redemption | DomainError {
  if (answer instanceof DomainError) return answer
  const { recipientId, subscriberId, rewardId } = answer
  const isFor = isGiftOf(asked) ? asked.recipientId === recipientId : recipientId === subscriberId
  if (rewardId === asked.reward.document.id && isFor) return answer
  const message = 'the key was used for something else'
  return new DomainError('redemption_key_mismatch', message, {
    field: 'idempotencyKey',
    found: asked.key,
    expected: `"${rewardId}" for ${recipientId}`,
  })
}

const isGiftOf = ({ recipientId, subscriberId }: RedeemRequest): boolean => recipientId !== subscriberId

type Answers = Map<string, Redemption | DomainError>

/** Redeems one reward of each account; others of the same account come `later`, when that is booked. */
async function redeemRound(
  parts: LoyaltyParts,
  tx: Tx,
  book: Book,
  asked: Asked[],
): Promise<{ answers: Answers; later: Asked[] }> {
  const atMs = parts.clock.nowMs()
  const answers: Answers = new Map()
  const { bids, later } = await bidsOf(parts, tx, book, asked, { atMs, answers })
  const judged = await judgeBids(tx, bids, { atMs, inTurn: true })
  const accepted: Accepted[] = []
  for (const [i, bid] of bids.entries()) {
    const { refusal, points, left } = judged[i]!
    if (refusal !== null) {
      answers.set(bid.redemptionId, refusalOf(refusal, { field: 'reward', found: bid.reward.document.id }))
      continue
    }
    const redemption = newRedemption(bid, points, atMs)
    answers.set(bid.redemptionId, redemption)
    accepted.push({ bid, redemption, left: left === null ? null : left - 1 })
  }
  if (accepted.length > 0) await store(parts, tx, book.tenantId, accepted, instantOf(atMs))
  return { answers, later }
}

/** Everybody who may ask, one of each account; the others have their answer, or come later. */
async function bidsOf(
  parts: LoyaltyParts,
  tx: Tx,
  book: Book,
  asked: Asked[],
  { atMs, answers }: { atMs: number; answers: Answers },
): Promise<{ bids: AskedBid[]; later: Asked[] }> {
  const asking = asked.map(({ reward: { programme }, subscriberId }) => ({ programme, subscriberId }))
  const applicants = await applicantsOf(parts, tx, book, asking, atMs)
  const recipientIds = asked.filter(isGiftOf).map(({ recipientId }) => recipientId)
  const recipients = await parts.profiles.subscribersByIds(tx, recipientIds)
  const later: Asked[] = []
  const bids: AskedBid[] = []
  const accounts = new Set<string>()
  for (const [i, one] of asked.entries()) {
    const applicant = applicants[i]!
    if (applicant instanceof DomainError) answers.set(one.redemptionId, applicant)
    else if (isGiftOf(one) && !recipients.has(one.recipientId)) {
      const details = { field: 'recipient', found: one.recipientId, expected: 'a subscriber' }
      const error = new DomainError('recipient_not_found', 'nobody is known who could get it', details)
      answers.set(one.redemptionId, error)
    } else if (accounts.has(applicant.accountId)) later.push(one)
    else {
      accounts.add(applicant.accountId)
      const isGift = isGiftOf(one) && one.recipientId !== applicant.member.subscriberId
      bids.push({ ...one, applicant, isGift })
    }
  }
  const refused = await suspicions(tx, bids, instantOf(atMs))
  for (const [redemptionId, error] of refused) answers.set(redemptionId, error)
  return { bids: bids.filter(({ redemptionId }) => !refused.has(redemptionId)), later }
}

/** What the gate against abuse says, for those whom it refuses; one look for all. */
async function suspicions(
  tx: Tx,
  bids: readonly AskedBid[],
  now: Temporal.Instant,
): Promise<Map<string, DomainError>> {
  const subjects = bids.map(({ reward, applicant: { member }, isGift, recipientId }): Subject[] => {
    const about = { programmeId: reward.programme.id, points: priceFor(reward.document, member.tier) }
    const own: Subject = { ...about, subscriberId: member.subscriberId, doing: isGift ? 'send' : 'redeem' }
    return isGift ? [own, { ...about, subscriberId: recipientId, doing: 'receive' }] : [own]
  })
  const verdicts = (await abuseVerdicts(tx, subjects.flat(), now)).values()
  return new Map(
    bids.flatMap(({ redemptionId }, i): [string, DomainError][] => {
      const refusals = subjects[i]!.flatMap((subject) => abuseRefusal(subject, verdicts.next().value!) ?? [])
      return refusals.length === 0 ? [] : [[redemptionId, refusals[0]!]]
    }),
  )
}

/** Takes codes and pieces, stores the redemptions, books the points and tells of it. */
async function store(
  parts: LoyaltyParts,
  tx: Tx,
  tenantId: string,
  accepted: Accepted[],
  now: Temporal.Instant,
): Promise<void> {
  const redemptions = accepted.map(({ redemption }) => redemption)
  await takeStock(tx, redemptions, now)
  await insertRedemptions(
    tx,
    accepted.map(({ redemption, bid: { reward } }) => ({
      redemption,
      day: localDay(redemption.atMs, reward.timeZone),
    })),
  )
  const news = await lowStockNews(
    tx,
    accepted.map(({ bid, redemption: { redemptionId }, left }) => ({
      reward: bid.reward.document,
      redemptionId,
      left,
    })),
  )
  const actions = accepted.map(({ bid, redemption }): Action => {
    const { programme } = bid.reward
    const action = actionOf(redemption, { atMs: redemption.atMs, transfer: transferOf(bid, redemption) })
    return {
      ...action,
      accounts: [
        ownerOpening(ownerOf(bid.applicant.member), programme.currency),
        programmeOpening(programme, 'redeemed'),
      ],
      announcements: [...action.announcements!, ...(news.get(redemption.redemptionId) ?? [])],
    }
  })
  await carryOut(parts, tx, tenantId, actions)
}

/** Takes the points, or sets them aside while somebody else is needed. */
function transferOf({ reward: { programme, document } }: Bid, redemption: Redemption): TransferRequest {
  const isDone = redemption.state === 'done'
  return {
    key: isDone ? paymentKey(redemption) : reservationKey(redemption),
    kind: isDone ? 'post' : 'pending',
    debitAccount: redemption.accountId,
    creditAccount: programmeAccount(programme, 'redeemed'),
    amountMinor: redemption.points,
    currency: programme.currency,
    at: instantOf(redemption.atMs),
    memo: `reward:${document.id}`,
  }
}

function newRedemption(
  { reward, applicant, isGift, recipientId, redemptionId }: AskedBid,
  points: bigint,
  atMs: number,
): Redemption {
  const { gives, id, programme, giveUpAfterHours } = reward.document
  const { subscriberId } = applicant.member
  const hours = 'goods' in gives ? 24 * gives.goods.handOutWithinDays : giveUpAfterHours
  const deadlineAtMs = atMs + hours * HOUR_MS
  const isDone = isInstant(gives)
  const code = 'discount' in gives ? discountCode() : null
  return {
    redemptionId,
    programmeId: programme,
    rewardId: id,
    rewardVersion: reward.version,
    subscriberId,
    recipientId: isGift ? recipientId : subscriberId,
    accountId: applicant.accountId,
    points,
    gives,
    state: isDone ? 'done' : 'reserved',
    reason: null,
    note: null,
    code,
    codeExpiresAtMs: 'discount' in gives ? atMs + gives.discount.validDays * DAY_MS : null,
    usedAtMs: null,
    usedKey: null,
    attempts: 0,
    nextTryAtMs: isDone ? null : isByHand(gives) ? deadlineAtMs : atMs,
    deadlineAtMs,
    atMs,
    settledAtMs: isDone ? atMs : null,
  }
}
