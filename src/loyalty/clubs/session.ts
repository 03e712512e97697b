import type { Scope } from '../../expressions/index.ts'
import { instantOf } from '../../platform/index.ts'
import { accountOf, programmeAccount, programmeOpening } from '../accounts.ts'
import type { Batch, Effects, TakenEvent } from '../consumer.ts'
import { scopeOf } from '../earning/offer.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import type { LocalTimes } from '../local-time.ts'
import { type Member, newMember, ownerOf } from '../members.ts'
import { type ClubMembership, ended, graceEndMs, joined, nextTryMs, withPeriod } from './club-membership.ts'
import type { ClubFee } from './documents.ts'
import type { ClubReason, ClubRefusal } from './errors.ts'
import type { Door, ReadyClub } from './plan.ts'

/** What is asked of clubs, as an event that only they take: `join`, `leave` or `review`. */
export const CLUB_ASKED = 'loyalty.asked.club'

/** What a session of clubs works with. */
export type Desk = {
  batch: Pick<Batch, 'memberOf' | 'subscriberOf'>
  clubs: ReadonlyMap<string, ReadyClub>
  local: LocalTimes
  memberships: Map<string, ClubMembership>
  /** Places of memberships that are to be stored. */
  changed: Set<string>
  /** What can be spent of accounts that may have to pay. */
  available: Map<string, bigint>
  /** Keys of the transfers of fees. */
  charged: string[]
}

/** Key of a membership: club and subscriber. */
export const placeOf = (clubId: string, subscriberId: number): string => `${clubId}\n${subscriberId}`

/** A member at the door of a club. */
type Seat = { desk: Desk; club: ReadyClub; member: Member; scope: Scope; event: TakenEvent; effects: Effects }

/** Decides about an event for every club that it concerns. */
export function takeOnClubs(desk: Desk, event: TakenEvent, effects: Effects): void {
  const about = event.source === LOYALTY_SOURCE ? event.data['programme'] : undefined
  for (const club of desk.clubs.values()) {
    const { document, programme, joinOn, feeOn } = club
    // What loyalty tells of one programme says nothing of another one.
    if (about !== undefined && about !== programme.id) continue
    const isAsked = event.type === CLUB_ASKED && event.data['club'] === document.id
    const isLeaving = event.type === 'loyalty.member_left'
    if (!isAsked && !isLeaving && joinOn?.on !== event.type && feeOn?.on !== event.type) continue
    const known = desk.batch.memberOf(programme.id, event.subscriberId)
    // Also who is no member may have paid, and must hear what became of it.
    if (!known && feeOn?.on !== event.type) continue
    const member = known ?? { ...newMember(programme.id, event.subscriberId, event.atMs), state: 'left' }
    const attributes = desk.batch.subscriberOf(member.subscriberId)?.attributes ?? {}
    const scope = scopeOf(club, event, member, attributes, desk.local)
    const seat = { desk, club, member, scope, event, effects }
    const own = membershipOf(seat)
    if (isLeaving || member.state !== 'active') {
      if (own?.state === 'active') end(seat, own, 'club_closed')
      if (!isLeaving && opens(feeOn, seat)) refuseFee(seat, 'club_not_for_member')
    } else if (isAsked) asked(seat, own)
    else if (opens(feeOn, seat)) paid(seat, own)
    else if (opens(joinOn, seat) && own?.state !== 'active' && own?.state !== 'left') letIn(seat)
  }
}

const membershipOf = ({ desk, club, member }: Seat): ClubMembership | undefined =>
  desk.memberships.get(placeOf(club.document.id, member.subscriberId))

const opens = (door: Door | null, { event, scope }: Seat): boolean =>
  door?.on === event.type && (door.holds === null || door.holds(scope) === true)

/** Why somebody cannot come in at a moment, fees aside; null: they can. */
export function entryRefusal({ document, who }: ReadyClub, scope: Scope, atMs: number): ClubRefusal | null {
  const { validFrom, validTo } = document
  if (validFrom !== undefined && atMs < Date.parse(validFrom)) return 'club_not_open'
  if (validTo !== undefined && atMs >= Date.parse(validTo)) return 'club_not_open'
  return who && who(scope) !== true ? 'club_not_for_member' : null
}

function asked(seat: Seat, own: ClubMembership | undefined): void {
  const { data } = seat.event
  if (data['do'] === 'join' && own?.state !== 'active') letIn(seat)
  if (data['do'] === 'leave' && own?.state === 'active') end(seat, own, 'club_left')
  if (data['do'] === 'review' && own?.state === 'active') review(seat, own)
}

/** Lets somebody in for whom nothing stands in the way; where money is the fee, its event lets in. */
function letIn(seat: Seat): void {
  const { club, event } = seat
  const { fee } = club.document
  if (fee && 'on' in fee) return
  if (entryRefusal(club, seat.scope, event.atMs) !== null) return
  if (fee && !charge(seat, BigInt(fee.points))) return
  enter(seat)
}

function enter(seat: Seat): void {
  const { club, member, event } = seat
  const former = membershipOf(seat)
  change(seat, joined(club.document, member.subscriberId, event.atMs, club.timeZone))
  tell(seat, 'loyalty.club_joined', 'club_joined', { isReturning: former !== undefined })
}

/** A fee that came as an event: it lets in, or pays for one period more. */
function paid(seat: Seat, own: ClubMembership | undefined): void {
  const { club, event } = seat
  if (own?.state === 'active') return renew(seat, own, club.document.fee)
  const refusal = entryRefusal(club, seat.scope, event.atMs)
  if (refusal === null) enter(seat)
  else refuseFee(seat, refusal)
}

/** Money that lets nobody in is somebody's money still: whoever took it hears of it and can give it back. */
function refuseFee(seat: Seat, reason: ClubRefusal): void {
  const { event } = seat
  const data = { reason, payment: event.id, source: event.source }
  tell(seat, 'loyalty.club_fee_refused', reason, data)
}

function renew(seat: Seat, own: ClubMembership, fee: ClubFee | undefined): void {
  const { club, event } = seat
  // After a pause that nobody paid for, and with the first fee, time is counted from now on.
  const isAnew = own.paidUntilMs === null ? fee !== undefined : event.atMs > graceEndMs({ fee }, own)
  const from = isAnew ? { ...own, paidFromMs: event.atMs, months: 0 } : own
  const next = withPeriod({ ...club.document, fee }, { ...from, reason: 'club_renewed' }, club.timeZone)
  change(seat, next)
  if (fee) tell(seat, 'loyalty.club_renewed', 'club_renewed', untilOf(next))
}

const untilOf = ({ paidUntilMs }: ClubMembership): { until: number } => ({ until: paidUntilMs! })

/** Its time has come: tells of the end of a period, renews, waits, or ends. */
function review(seat: Seat, own: ClubMembership): void {
  const { club, scope, event } = seat
  const { document, who } = club
  // Who came in while it was free has agreed to no fee, and is asked for none.
  const fee = own.paidUntilMs === null ? undefined : document.fee
  if (own.dueAtMs === null || own.dueAtMs > event.atMs) return
  const isWelcome = !who || who(scope) === true
  if (fee && event.atMs < own.paidUntilMs!) {
    change(seat, { ...own, told: true, dueAtMs: own.paidUntilMs })
    // What was paid for is theirs to its end.
    if (!isWelcome) return
    const points = 'points' in fee ? { pointsMinor: Number(fee.points) } : {}
    return announce(seat, 'loyalty.club_due', { ...points, ...untilOf(own) })
  }
  if (!isWelcome) return end(seat, own, 'club_condition_lost')
  if (!fee) return renew(seat, own, fee)
  if ('points' in fee && charge(seat, BigInt(fee.points))) return renew(seat, own, fee)
  if (event.atMs >= graceEndMs(document, own)) return end(seat, own, 'club_unpaid')
  change(seat, { ...own, told: true, dueAtMs: nextTryMs(document, own, event.atMs) })
}

/** Takes a fee in points, if they are there. */
function charge(seat: Seat, points: bigint): boolean {
  const { desk, club, member, event, effects } = seat
  const { programme, document } = club
  const accountId = accountOf(ownerOf(member), programme.currency)
  const available = desk.available.get(accountId) ?? 0n
  if (available < points) return false
  desk.available.set(accountId, available - points)
  const key = `club:${document.id}:${event.eventId}`
  desk.charged.push(key)
  effects.openAccount(programmeOpening(programme, 'fees'))
  effects.post({
    key,
    kind: 'post',
    debitAccount: accountId,
    creditAccount: programmeAccount(programme, 'fees'),
    amountMinor: points,
    currency: programme.currency,
    at: instantOf(event.atMs),
    memo: `club:${document.id}`,
  })
  judge(seat, 'club_fee_charged', { points: -points, saw: {} })
  return true
}

function end(seat: Seat, own: ClubMembership, reason: ClubReason): void {
  change(seat, ended(own, reason, seat.event.atMs))
  tell(seat, reason === 'club_left' ? 'loyalty.club_left' : 'loyalty.club_lapsed', reason, { reason })
}

function change({ desk, member, effects }: Seat, membership: ClubMembership): void {
  const place = placeOf(membership.clubId, membership.subscriberId)
  desk.memberships.set(place, membership)
  desk.changed.add(place)
  const others = (member.clubs ?? []).filter((id) => id !== membership.clubId)
  member.clubs = membership.state === 'active' ? [...others, membership.clubId].toSorted() : others
  effects.mark()
}

function tell(
  seat: Seat,
  type: string,
  reason: ClubReason | ClubRefusal,
  data: Record<string, unknown>,
): void {
  judge(seat, reason, { saw: data })
  announce(seat, type, data)
}

function judge(
  { club: { document, version, programme }, effects }: Seat,
  reason: ClubReason | ClubRefusal,
  { points, saw }: { points?: bigint; saw: Record<string, unknown> },
): void {
  effects.judge({
    consumer: 'clubs',
    programmeId: programme.id,
    rule: `club:${document.id}`,
    ruleVersion: version,
    reason,
    ...(points === undefined ? {} : { points }),
    saw: { club: document.id, ...saw },
  })
}

function announce({ club, member, event, effects }: Seat, type: string, data: Record<string, unknown>): void {
  const { document, programme } = club
  effects.announce({
    type,
    programmeId: programme.id,
    subscriberId: member.subscriberId,
    key: `${document.id}:${event.eventId}`,
    atMs: event.atMs,
    data: { club: document.id, ...data },
  })
}
