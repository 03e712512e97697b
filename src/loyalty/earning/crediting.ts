import type { LotTerms } from '../../ledger/index.ts'
import { type Fact, instantOf } from '../../platform/index.ts'
import { accountOf, ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import { extendByActivity } from '../activity.ts'
import type { Effects, TakenEvent } from '../consumer.ts'
import { type Member, ownerOf } from '../members.ts'
import type { Programme } from '../programmes.ts'
import type { Award } from './award.ts'
import type { Desk } from './desk.ts'
import type { EarnReason } from './errors.ts'

/** What awards of a member for an event have in common. */
export function blankAward(
  { id, currency }: Programme,
  member: Member,
  event: TakenEvent,
): Omit<Award, 'transferKey' | 'postedKey' | 'ruleId' | 'ruleVersion' | 'points' | 'state'> {
  const { campaignId, arm } = event.data
  return {
    eventId: event.eventId,
    programmeId: id,
    subscriberId: member.subscriberId,
    accountId: accountOf(ownerOf(member), currency),
    reference: null,
    baseMinor: 1n,
    returnedMinor: 0n,
    returnedPoints: 0n,
    lapsedPoints: 0n,
    forgivenPoints: 0n,
    settleOn: null,
    settleKey: null,
    settleUntilMs: null,
    availableFromMs: event.atMs,
    expiresAtMs: null,
    campaignId: typeof campaignId === 'string' ? campaignId : null,
    arm: typeof arm === 'string' ? arm : null,
    atMs: event.atMs,
  }
}

/** Posts or reserves an award, and tells everybody. */
export function credit(
  { batch, memory }: Desk,
  award: Award,
  programme: Programme,
  member: Member,
  effects: Effects,
  { reason, saw, keeps }: { reason: EarnReason; saw: Record<string, unknown>; keeps: boolean },
): void {
  const { event } = effects
  const { points, ruleId, ruleVersion, availableFromMs, expiresAtMs } = award
  const isPending = award.state === 'pending'
  effects.openAccount(programmeOpening(programme, 'liability'))
  effects.openAccount(ownerOpening(ownerOf(member), programme.currency))
  effects.post(
    {
      key: award.transferKey,
      kind: isPending ? 'pending' : 'post',
      debitAccount: programmeAccount(programme, 'liability'),
      creditAccount: award.accountId,
      amountMinor: points,
      currency: programme.currency,
      at: instantOf(event.atMs),
      memo: ruleId,
      ...(isPending ? {} : { lot: lotOf(award, keeps) }),
    },
    isPending ? [] : [awardedFact(award, programme, event)],
  )
  memory.addAward(award)
  memory.changedAwards.add(award)
  effects.judge({
    consumer: 'earning',
    programmeId: programme.id,
    rule: ruleId,
    ruleVersion,
    reason,
    ...(isPending ? { saw: { reserved: points, ...saw } } : { points, saw }),
  })
  effects.announce({
    type: 'loyalty.points_earned',
    programmeId: programme.id,
    subscriberId: member.subscriberId,
    key: award.transferKey,
    atMs: event.atMs,
    data: {
      rule: ruleId,
      pointsMinor: Number(points),
      isPending,
      eventType: event.type,
      availableFrom: availableFromMs,
      ...(expiresAtMs === null ? {} : { expiresAt: expiresAtMs }),
    },
  })
  extendByActivity(batch.book, programme, award.accountId, effects)
}

/** The lot that an award makes; `keeps`: no activity gives it a longer life. */
export const lotOf = ({ atMs, availableFromMs, expiresAtMs }: Award, keeps: boolean): LotTerms => ({
  earnedAt: instantOf(atMs),
  ...(availableFromMs > atMs ? { availableFrom: instantOf(availableFromMs) } : {}),
  ...(expiresAtMs === null ? {} : { expiresAt: instantOf(expiresAtMs) }),
  ...(keeps ? { keepsExpiry: true } : {}),
})

/** A fact's quantity is a 32-bit count; the exact points stand beside it. */
const LARGEST_QUANTITY = 2_147_483_647n

/** The fact that reports an award to insights. */
export function awardedFact(award: Award, { currency }: Programme, event: TakenEvent): Fact {
  const { points, ruleId, programmeId, campaignId, arm, subscriberId } = award
  const { productId } = event.data
  return {
    kind: 'awarded',
    at: instantOf(event.atMs),
    subscriberId,
    ref: event.id,
    quantity: Number(points < LARGEST_QUANTITY ? points : LARGEST_QUANTITY),
    attributes: { ruleId, programmeId, currency, points },
    ...(typeof productId === 'string' ? { productId } : {}),
    ...(campaignId === null ? {} : { campaignId }),
    ...(arm === null ? {} : { arm }),
  }
}
