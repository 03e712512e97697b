import type { Tx } from '../../platform/index.ts'
import type { Subscriber } from '../../profiles/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import type { TakenEvent } from '../consumer.ts'
import { type Member, memberFields } from '../members.ts'
import { selectMembers } from '../members-store.ts'
import { periodSpan } from './cap-period.ts'
import type { ReferralGift } from './documents.ts'
import type { ReferralReason } from './errors.ts'
import { grantedEvent, linkedEvent } from './giving.ts'
import { countGrants, type DueStep, saveGrants, selectDueSteps } from './grant-store.ts'
import type { Plan, ReadyReferral } from './plan.ts'
import { type Grant, grantId, LINK_STEP, markOf, shareOf, type Step } from './referral.ts'
import { insertMarks, type Mark, saveSteps, selectMarks, selectWaysUp } from './store.ts'

/** What is known of everybody whom the due steps concern. */
type Desk = {
  plan: Plan
  memberOf(programmeId: string, subscriberId: number): Member | undefined
  subscribers: Map<number, Subscriber>
  broughtBy(referralId: string, subscriberId: number): number | undefined
  /** Rewards of a referrer in the period of a cap by now, those of this batch included. */
  counts: Map<string, number>
  /** Who first came with a device or the like, those of this batch included, which are kept. */
  marks: Map<string, number>
  newMarks: Mark[]
}

const keyOf = (...parts: (string | number)[]): string => parts.join('\n')

/**
 * Turns steps that are due into rewards, within loyalty's turn: points are given at once, money and products go to the
 * operator. Returns whether there may be more.
 */
export async function rewardDue(
  { profiles, take }: Pick<LoyaltyParts, 'profiles' | 'take'>,
  tx: Tx,
  tenantId: string,
  plan: Plan,
  now: Temporal.Instant,
  limit: number,
): Promise<boolean> {
  const steps = await selectDueSteps(tx, [...plan.byId.keys()], now, limit)
  if (steps.length === 0) return false
  const ways = await selectWaysUp(tx, [...new Set(steps.map(({ refereeId }) => refereeId))])
  const up = new Map(ways.map((one) => [keyOf(one.referralId, one.refereeId), one.referrerId]))
  const ids = [...new Set([...steps.flatMap((one) => [one.refereeId, one.referrerId]), ...up.values()])]
  const members = new Map(
    (await selectMembers(tx, ids)).map((one) => [keyOf(one.programmeId, one.subscriberId), one]),
  )
  const desk: Desk = {
    plan,
    memberOf(programmeId, subscriberId) {
      const own = members.get(keyOf(programmeId, subscriberId))
      return own?.mergedInto == null ? own : members.get(keyOf(programmeId, own.mergedInto))
    },
    subscribers: await profiles.subscribersByIds(tx, ids),
    broughtBy: (referralId, id) => up.get(keyOf(referralId, id)),
    counts: await countsOf(tx, plan, steps),
    marks: new Map(),
    newMarks: [],
  }
  const shown = steps.flatMap((step) => marksOf(desk, step, [step.refereeId, step.referrerId]))
  for (const mark of await selectMarks(tx, shown)) desk.marks.set(markKey(mark), mark.subscriberId)
  const events: TakenEvent[] = []
  const grants: Grant[] = []
  const settled: Step[] = []
  for (const step of steps) {
    if (step.rewardId === LINK_STEP) {
      events.push(linkedEvent(step.referralId, step.referrerId, step.refereeId, step.dueAtMs))
      settled.push({ ...step, state: 'done' })
      continue
    }
    const reason = refusalOf(desk, step)
    settled.push({ ...step, state: reason === null ? 'done' : 'refused', reason })
    if (reason !== null) continue
    grants.push(...grantsOf(desk, step))
    keepMarks(desk, step)
  }
  insertMarks(tx, desk.newMarks)
  saveSteps(tx, settled)
  await saveGrants(tx, grants)
  events.push(
    ...grants.filter(({ state }) => state === 'granted').map((grant) => grantedEvent(grant, grant.atMs)),
  )
  if (events.length > 0) await take(tx, tenantId, events)
  return true
}

const markKey = ({ referralId, attribute, hash }: Omit<Mark, 'subscriberId'>): string =>
  keyOf(referralId, attribute, hash)

/** Devices and the like that members of a step are known to have by now. */
function marksOf({ plan, subscribers }: Desk, { referralId }: DueStep, ids: number[]): Mark[] {
  const { distinct } = plan.byId.get(referralId)!.document.abuse
  return ids.flatMap((subscriberId) =>
    distinct.flatMap((attribute) => {
      const hash = markOf(attribute, subscribers.get(subscriberId)?.attributes[attribute])
      return hash === undefined ? [] : [{ referralId, attribute, hash, subscriberId }]
    }),
  )
}

/** Whoever was rewarded has shown these devices and means of payment: nobody else is rewarded with them. */
function keepMarks(desk: Desk, step: DueStep): void {
  for (const mark of marksOf(desk, step, [step.refereeId, step.referrerId])) {
    const key = markKey(mark)
    if (desk.marks.has(key)) continue
    desk.marks.set(key, mark.subscriberId)
    desk.newMarks.push(mark)
  }
}

/** What speaks against a step as a whole; null: nothing. */
function refusalOf(desk: Desk, step: DueStep): ReferralReason | null {
  const { referralId, refereeId, rewardId, dueAtMs } = step
  const { rewards, programme } = desk.plan.byId.get(referralId)!
  const reward = rewards.find(({ id }) => id === rewardId)
  if (!reward) return 'outside_validity'
  const referee = desk.memberOf(programme.id, refereeId)
  const referrer = desk.memberOf(programme.id, step.referrerId)
  // Two members who turned out to be one person: nobody brings themselves, and nobody is brought twice.
  if (referee && referee.subscriberId === referrer?.subscriberId) return 'self_referral'
  if (referee && referee.subscriberId !== refereeId) return 'already_referred'
  if (reward.stayedDays !== null) {
    if (referee?.state !== 'active') return 'referee_left'
    const attributes = desk.subscribers.get(refereeId)?.attributes ?? {}
    const scope = { subscriber: attributes, member: memberFields(referee, dueAtMs) }
    if (reward.holds && reward.holds(scope) !== true) return 'condition_not_met'
  }
  return sharedMark(desk, step)
}

/** A card is known with the first payment only, and a device may be: both are looked at once more before a reward. */
function sharedMark(desk: Desk, step: DueStep): ReferralReason | null {
  const { refereeId, referrerId } = step
  const others = new Set(marksOf(desk, step, [referrerId]).map(markKey))
  for (const mark of marksOf(desk, step, [refereeId])) {
    const key = markKey(mark)
    const owner = desk.marks.get(key)
    if (others.has(key) || owner === referrerId) return 'same_attribute'
    if (owner !== undefined && owner !== refereeId) return 'attribute_used_before'
  }
  return null
}

/** The rewards of a step: for the referee, the referrer, and those above where points are shared. */
function grantsOf(desk: Desk, step: DueStep): Grant[] {
  const ready = desk.plan.byId.get(step.referralId)!
  const { referrer, referee } = ready.rewards.find(({ id }) => id === step.rewardId)!
  const grants: Grant[] = []
  if (referee) grants.push(grantFor(desk, ready, step, 'referee', step.refereeId, 0, referee, null))
  if (!referrer) return grants
  const cap = capReached(desk, ready, step)
  grants.push(grantFor(desk, ready, step, 'referrer', step.referrerId, 0, referrer, cap))
  if (cap !== null || !('points' in referrer)) return grants
  const way = [step.refereeId, step.referrerId]
  for (const [i, percent] of (ready.document.chain?.shares ?? []).entries()) {
    const next = desk.broughtBy(step.referralId, way.at(-1)!)
    if (next === undefined || way.includes(next)) break
    way.push(next)
    const share = shareOf(referrer, percent)
    const refused: ReferralReason | null = share ? null : 'rounds_to_zero'
    grants.push(grantFor(desk, ready, step, 'chain', next, i + 1, share ?? referrer, refused))
  }
  return grants
}

function grantFor(
  desk: Desk,
  { document, programme }: ReadyReferral,
  step: DueStep,
  side: Grant['side'],
  subscriberId: number,
  level: number,
  what: ReferralGift,
  refused: ReferralReason | null,
): Grant {
  const { referralId, rewardId, refereeId, dueAtMs: atMs } = step
  const beneficiary = desk.memberOf(programme.id, subscriberId)
  const beneficiaryId = beneficiary?.subscriberId ?? subscriberId
  const reason = beneficiary?.state === 'active' ? refused : 'beneficiary_not_active'
  const state = reason !== null ? 'refused' : 'points' in what ? 'granted' : 'paying'
  if (state !== 'refused' && side === 'referrer') {
    for (const { period } of document.caps) {
      const key = countKey(
        referralId,
        beneficiaryId,
        period,
        periodSpan(period, atMs, desk.plan.byId.get(referralId)!.timeZone),
      )
      desk.counts.set(key, (desk.counts.get(key) ?? 0) + 1)
    }
  }
  return {
    grantId: grantId({ referralId, rewardId, refereeId, side, beneficiaryId }),
    programmeId: programme.id,
    referralId,
    rewardId,
    refereeId,
    beneficiaryId,
    side,
    level,
    what,
    state,
    reason,
    attempts: 0,
    nextTryAtMs: state === 'paying' ? atMs : null,
    atMs,
    settledAtMs: state === 'paying' ? null : atMs,
  }
}

type Span = { fromMs: number | null; toMs: number | null }
const countKey = (referralId: string, id: number, period: string, { fromMs }: Span): string =>
  keyOf(referralId, id, period, fromMs ?? 'ever')

function capReached(
  desk: Desk,
  { document, timeZone, programme }: ReadyReferral,
  step: DueStep,
): ReferralReason | null {
  const id = desk.memberOf(programme.id, step.referrerId)?.subscriberId ?? step.referrerId
  const isReached = document.caps.some(({ period, times }) => {
    const key = countKey(step.referralId, id, period, periodSpan(period, step.dueAtMs, timeZone))
    return (desk.counts.get(key) ?? 0) >= times
  })
  return isReached ? 'cap_reached' : null
}

/** How often each referrer of the steps was rewarded in the periods of the caps. */
async function countsOf(tx: Tx, plan: Plan, steps: DueStep[]): Promise<Map<string, number>> {
  const asked = new Map<string, { referralId: string; beneficiaryId: number } & Span>()
  for (const { referralId, referrerId, dueAtMs } of steps) {
    const { document, timeZone } = plan.byId.get(referralId)!
    for (const { period } of document.caps) {
      const span = periodSpan(period, dueAtMs, timeZone)
      asked.set(countKey(referralId, referrerId, period, span), {
        referralId,
        beneficiaryId: referrerId,
        ...span,
      })
    }
  }
  const counts = await countGrants(tx, [...asked.values()])
  return new Map([...asked.keys()].map((key, i) => [key, counts[i]!]))
}
