import { derivedId } from '../../platform/index.ts'
import type { Batch, Effects, TakenEvent } from '../consumer.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import { givePoints } from '../play/reward.ts'
import type { ReferralGift } from './documents.ts'
import type { ReferralReason } from './errors.ts'
import type { Plan } from './plan.ts'
import type { Grant } from './referral.ts'

/** A reward that the stage has granted, as an event of its beneficiary that only referrals take. */
export const GRANTED = 'referral.granted'
/** A member has brought somebody, as an event of theirs that only referrals take. */
export const LINKED = 'referral.linked'

const takenOf = (type: string, id: string, subscriberId: number, atMs: number, data: object): TakenEvent => ({
  eventId: derivedId(LOYALTY_SOURCE, `${type} ${id}`),
  id,
  source: LOYALTY_SOURCE,
  type,
  atMs,
  subscriberId,
  data: { ...data },
  depth: 0,
})

/** The event that gives a granted reward. */
export function grantedEvent(grant: Grant, atMs: number): TakenEvent {
  const { grantId, beneficiaryId, referralId, rewardId, side, level, refereeId, what } = grant
  const data = {
    grantId,
    referral: referralId,
    reward: rewardId,
    side,
    level,
    referee: refereeId,
    gift: what,
  }
  return takenOf(GRANTED, grantId, beneficiaryId, atMs, data)
}

/** The event by which a referrer hears that somebody came. */
export function linkedEvent(
  referralId: string,
  referrerId: number,
  refereeId: number,
  atMs: number,
): TakenEvent {
  const data = { referral: referralId, referee: refereeId }
  return takenOf(LINKED, `${referralId}:${refereeId}`, referrerId, atMs, data)
}

type Granted = {
  grantId: string
  referral: string
  reward: string
  side: string
  level: number
  referee: number
  gift: ReferralGift
}

/** Gives points, if points they are, and tells of every reward that was granted. */
export function giveGrant(batch: Batch, plan: Plan, effects: Effects): void {
  const { event } = effects
  const { grantId, gift, ...about } = event.data as Granted
  const ready = plan.byId.get(about.referral)
  const member = ready && batch.memberOf(ready.programme.id, event.subscriberId)
  if (!ready || !member) return
  const { programme, document, version } = ready
  const rule = `referral:${document.id}`
  const points = 'points' in gift ? BigInt(gift.points) : 0n
  const what = 'points' in gift ? 'points' : 'money' in gift ? 'money' : gift.product.as
  const reason: ReferralReason = 'referral_rewarded'
  const judged = { consumer: 'referrals', programmeId: programme.id, rule, ruleVersion: version, reason }
  effects.judge({ ...judged, points, saw: { ...about, gift } })
  effects.announce({
    type: 'loyalty.referral_rewarded',
    programmeId: programme.id,
    subscriberId: member.subscriberId,
    key: grantId,
    atMs: event.atMs,
    data: {
      referral: about.referral,
      reward: about.reward,
      side: about.side,
      referee: about.referee,
      what,
      pointsMinor: Number(points),
    },
  })
  if (!('points' in gift)) return
  const { expiry } = gift
  givePoints(batch.book, effects, {
    programme,
    member,
    points,
    expiry,
    rule,
    key: `referral:${grantId}`,
    atMs: event.atMs,
  })
}

/** Tells that somebody was brought. */
export function tellLinked(plan: Plan, effects: Effects): void {
  const { subscriberId, atMs, data } = effects.event
  const { referral, referee } = data as { referral: string; referee: number }
  const ready = plan.byId.get(referral)
  if (!ready) return
  effects.announce({
    type: 'loyalty.referral_linked',
    programmeId: ready.programme.id,
    subscriberId,
    key: `${referral}:${referee}`,
    atMs,
    data: { referral, referee },
  })
}
