import { createHash } from 'node:crypto'
import { derivedId } from '../../platform/index.ts'
import type { Member } from '../members.ts'
import type { Referral, ReferralGift } from './documents.ts'
import type { ReferralReason } from './errors.ts'

/** Who brought whom. */
export type Link = {
  programmeId: string
  referralId: string
  refereeId: number
  referrerId: number
  code: string
  eventId: string
  linkedAtMs: number
  /** Ids of rewards whose condition was met, or whose day is fixed. */
  stepsDone: string[]
}

/** A condition that was met, or is to be looked at when its day comes. */
export type Step = {
  referralId: string
  refereeId: number
  rewardId: string
  state: 'due' | 'done' | 'refused'
  reason: ReferralReason | null
  dueAtMs: number
  /** By what the event is named that met the condition; null where nothing undoes it. */
  reference: string | null
}

/** The step that stands for the link itself: it is due at once and gives nothing. */
export const LINK_STEP = '#linked'

/** A code that made no referral. */
export type Refusal = {
  refusalId: string
  programmeId: string
  referralId: string
  refereeId: number
  referrerId: number | null
  reason: ReferralReason
  saw: Record<string, unknown>
  atMs: number
}

/** A reward for one side. */
export type Grant = {
  grantId: string
  programmeId: string
  referralId: string
  rewardId: string
  refereeId: number
  beneficiaryId: number
  side: 'referrer' | 'referee' | 'chain'
  /** 0 for referrer and referee; 1 for who brought the referrer, and so on. */
  level: number
  what: ReferralGift
  state: 'paying' | 'granted' | 'refused'
  reason: ReferralReason | null
  attempts: number
  nextTryAtMs: number | null
  atMs: number
  settledAtMs: number | null
}

/** A grant's number: one for each beneficiary of a step, whenever it is made. */
export const grantId = ({
  referralId,
  rewardId,
  refereeId,
  side,
  beneficiaryId,
}: Pick<Grant, 'referralId' | 'rewardId' | 'refereeId' | 'side' | 'beneficiaryId'>): string =>
  derivedId('referral', referralId, rewardId, refereeId, side, beneficiaryId)

/** Codes are read by people: case and spaces around say nothing, and what a chat puts before one is left out. */
export function normalCode(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  const code = text
    .trim()
    .toLowerCase()
    .replace(/^start:/, '')
  return code === '' || code.length > 100 ? undefined : code
}

/** A device or the like as a hash, so that none is kept. Undefined for what is missing or says nothing. */
export function markOf(attribute: string, value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = String(value).trim()
  return text === '' ? undefined : createHash('sha256').update(`${attribute}\n${text}`).digest('hex')
}

/** What is known when a code comes. */
export type Claim = {
  referral: Referral
  atMs: number
  referee: Member | undefined
  /** Who has the code. */
  referrer: Member | undefined
  refereeAttributes: Record<string, unknown>
  referrerAttributes: Record<string, unknown>
  isLinked: boolean
  /** Who brought somebody in this referral programme, by the number of the one who was brought. */
  broughtBy(subscriberId: number): number | undefined
  /** Who first came with a device or the like. */
  ownerOfMark(attribute: string, hash: string): number | undefined
}
export type Verdict = { reason: ReferralReason; saw: Record<string, unknown> }

const DAY_MS = 86_400_000

/** Decides about a code: the first thing that speaks against it, or `referral_linked`. */
export function judgeClaim(claim: Claim): Verdict {
  const { referral, atMs, referee, referrer } = claim
  const { validFrom, validTo } = referral
  const isOut =
    (validFrom !== undefined && atMs < msOf(validFrom)) || (validTo !== undefined && atMs >= msOf(validTo))
  const verdict = (reason: ReferralReason, saw: Record<string, unknown> = {}): Verdict => ({ reason, saw })
  if (isOut) return verdict('outside_validity', { validFrom: validFrom ?? null, validTo: validTo ?? null })
  if (referee?.state !== 'active') return verdict('referee_not_a_member')
  if (!referrer) return verdict('code_unknown')
  if (claim.isLinked) return verdict('already_referred')
  if (referrer.subscriberId === referee.subscriberId) return verdict('self_referral')
  if (referrer.state !== 'active') return verdict('referrer_not_active')
  const days = Math.floor((atMs - referee.enrolledAtMs) / DAY_MS)
  if (days > referral.newWithinDays)
    return verdict('referee_not_new', { days, newWithinDays: referral.newWithinDays })
  if (
    !referral.abuse.allowHousehold &&
    referee.householdId !== null &&
    referee.householdId === referrer.householdId
  ) {
    return verdict('same_household', { household: referee.householdId })
  }
  return judgeMarks(claim, referee) ?? judgeRing(claim, referee, referrer) ?? verdict('referral_linked')
}

function judgeMarks(claim: Claim, { subscriberId }: Member): Verdict | undefined {
  for (const attribute of claim.referral.abuse.distinct) {
    const hash = markOf(attribute, claim.refereeAttributes[attribute])
    if (hash === undefined) continue
    if (hash === markOf(attribute, claim.referrerAttributes[attribute])) {
      return { reason: 'same_attribute', saw: { attribute } }
    }
    const owner = claim.ownerOfMark(attribute, hash)
    if (owner !== undefined && owner !== subscriberId) {
      return { reason: 'attribute_used_before', saw: { attribute, subscriber: owner } }
    }
  }
  return undefined
}

/** Whoever goes up from the referrer must not meet the referee. */
function judgeRing({ broughtBy }: Claim, referee: Member, referrer: Member): Verdict | undefined {
  const way = [referrer.subscriberId]
  for (let next = broughtBy(referrer.subscriberId); next !== undefined; next = broughtBy(next)) {
    // Two members who became one may have closed a ring after the fact.
    if (way.includes(next)) break
    way.push(next)
    if (next === referee.subscriberId) return { reason: 'referral_ring', saw: { way } }
  }
  return undefined
}

/** The part of a gift that a chain's level gets: points alone, rounded down; undefined where nothing is left. */
export function shareOf(gift: ReferralGift, percent: number): ReferralGift | undefined {
  if (!('points' in gift)) return undefined
  const points = (BigInt(gift.points) * BigInt(percent)) / 100n
  return points > 0n ? { ...gift, points: points.toString() } : undefined
}

const msOf = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
