import type { Effects, Session, TakenEvent } from '../consumer.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import type { Member } from '../members.ts'
import { PURCHASE } from '../announcements.ts'
import { countEvent } from './counting.ts'
import type { ReadyLadder } from './ladder.ts'
import { change, type Desk, look, move, placeIn, placeOf, type Seat } from './moving.ts'
import { count, newStanding, type Standing } from './standing.ts'

/** What is asked of tiers, as events that only this consumer takes. */
export const tierActions = {
  /** Looks at one standing: its moment has come, or its ladder has changed. */
  review: 'loyalty.asked.tier_review',
  override: 'loyalty.asked.tier_override',
} as const

const ENROLLED = 'loyalty.member_enrolled'

/** Decides about events in order; `store` is the consumer's. */
export function tierSession(desk: Desk): Pick<Session, 'take'> {
  return {
    take(event, effects) {
      if (event.type === PURCHASE) desk.sold.push(event)
      for (const ladder of desk.ladders.all) takeOn(desk, ladder, event, effects)
    },
  }
}

function takeOn(desk: Desk, ladder: ReadyLadder, event: TakenEvent, effects: Effects): void {
  const { programme, document } = ladder
  const about = event.data['programme']
  // What loyalty tells of one programme says nothing of another one.
  if (event.source === LOYALTY_SOURCE && about !== undefined && about !== programme.id) return
  const isAction = event.type === tierActions.review || event.type === tierActions.override
  if (isAction && event.data['ladder'] !== document.id) return
  const member = desk.batch.memberOf(programme.id, event.subscriberId)
  if (!member) return
  const seat = seatOf(desk, ladder, member, event.atMs, effects)
  if (event.type === 'loyalty.member_left') return leave(seat)
  if (member.state !== 'active') {
    // Nobody looks again at who has left.
    if (seat.standing.dueMs !== null) change(seat, { dueMs: null })
    return
  }
  if (event.type === ENROLLED) begin(seat, event.atMs)
  follow(seat, event.atMs)
  if (event.type === 'loyalty.members_merged') merge(seat, Number(event.data['from']))
  else if (event.type === tierActions.override) override(seat, event)
  else if (event.type === tierActions.review) review(seat, event)
  else counting(seat, event)
  if (document.isPrimary) member.tier = seat.standing.tier
}

function seatOf(desk: Desk, ladder: ReadyLadder, member: Member, atMs: number, effects: Effects): Seat {
  const { subscriberId } = member
  const place = placeOf(ladder.document.id, subscriberId)
  let standing = desk.standings.get(place)
  const seat = (one: Standing): Seat => ({ desk, ladder, member, standing: one, effects })
  if (!standing) {
    standing = newStanding(ladder, subscriberId, atMs)
    desk.standings.set(place, standing)
    if (member.state === 'active') {
      desk.changed.add(standing)
      standing.startDay = startOf(seat(standing))
      look(seat(standing), atMs, 'tier_enrolled')
    }
  }
  return seat(standing)
}

/** Who comes back begins again. */
function begin(seat: Seat, atMs: number): void {
  const startDay = startOf(seat)
  if (startDay !== seat.standing.startDay) change(seat, { startDay })
  look(seat, Math.max(atMs, seat.standing.lookedAtMs), 'tier_enrolled')
}

/** The day since which tenure is counted. */
function startOf({ desk, ladder, member }: Seat): number | null {
  if (ladder.document.by.measure !== 'tenure') return null
  const attributes = desk.batch.subscriberOf(member.subscriberId)?.attributes ?? {}
  const since = ladder.since?.({ subscriber: attributes })
  return ladder.days.dayOf(typeof since === 'number' ? since : member.enrolledAtMs)
}

/** Lets the time up to a moment do what it does, one turn after the other, and learns of a new start. */
function follow(seat: Seat, atMs: number): void {
  const { standing } = seat
  const startDay = startOf(seat)
  if (startDay !== standing.startDay) {
    change(seat, { startDay })
    look(seat, Math.max(atMs, standing.lookedAtMs), 'tier_reached')
  }
  while (standing.dueMs !== null && standing.dueMs <= atMs) {
    const at = standing.dueMs
    const endsOverride = standing.override?.untilMs === at
    look(seat, at, endsOverride ? 'tier_override_over' : 'tier_lapsed')
  }
}

function counting(seat: Seat, event: TakenEvent): void {
  const { desk, ladder, member, standing, effects } = seat
  // What is on the log counts there in its turn: a return must not come before its purchase.
  const isFilling = desk.unfilled.has(ladder.document.id) && ladder.document.by.measure === 'spend'
  if (isFilling && event.type !== PURCHASE) return
  const attributes = desk.batch.subscriberOf(member.subscriberId)?.attributes ?? {}
  const scope = { event: event.data, subscriber: attributes }
  const change = countEvent(ladder, standing, desk.purchases, event, scope)
  if (change === 0n) return
  desk.changed.add(standing)
  effects.mark()
  look(seat, Math.max(event.atMs, standing.lookedAtMs), change > 0n ? 'tier_reached' : 'tier_taken_back')
}

function review(seat: Seat, event: TakenEvent): void {
  // A moment that has come was followed before; a changed ladder is a reason of its own.
  if (event.data['version'] === undefined) return
  const { standing } = seat
  const isNew = standing.tier === null && standing.moves === 0
  look(seat, Math.max(event.atMs, standing.lookedAtMs), isNew ? 'tier_enrolled' : 'tier_ladder_changed')
}

function override(seat: Seat, event: TakenEvent): void {
  const { standing, effects } = seat
  const { tier, reason, by, untilMs, isFloor } = event.data as {
    tier: string | null
    reason: string
    by: string
    untilMs: number | null
    isFloor: boolean
  }
  change(seat, { override: tier === null ? null : { tier, reason, by, untilMs, isFloor } })
  effects.mark()
  const at = Math.max(event.atMs, standing.lookedAtMs)
  look(seat, at, tier === null ? 'tier_override_over' : 'tier_overridden', { overrideReason: reason, by })
}

/** Both histories count together, and what somebody decided for the member who goes on stays. */
function merge(seat: Seat, fromId: number): void {
  const { desk, ladder, standing, effects } = seat
  const from = desk.standings.get(placeOf(ladder.document.id, fromId))
  if (!from) return
  for (const { day, amount } of from.buckets) count(ladder, standing, day, amount)
  standing.override ??= from.override
  const held = from.tier
  const gone = { ...seat, standing: from, member: { ...seat.member, subscriberId: fromId } }
  empty(gone)
  desk.changed.add(standing)
  effects.mark()
  const atMs = Math.max(effects.event.atMs, standing.lookedAtMs)
  // While nobody knows where the two belong, the one who goes on keeps the higher tier that they had.
  const isFilling = desk.unfilled.has(ladder.document.id)
  if (isFilling && placeIn(ladder, held) > placeIn(ladder, standing.tier))
    move(seat, held, atMs, 'tier_merged', {})
  look(seat, atMs, 'tier_merged')
}

function leave(seat: Seat): void {
  empty(seat)
  seat.desk.purchases.forget(seat.standing.ladderId, seat.standing.subscriberId)
  seat.member.tier = null
}

/** Ends everything: who comes back begins again. */
function empty(seat: Seat): void {
  const { standing, effects } = seat
  change(seat, { buckets: [], override: null, startDay: null, toldUntil: null, dueMs: null })
  standing.lookedAtMs = Math.max(standing.lookedAtMs, effects.event.atMs)
  if (standing.tier !== null) move(seat, null, effects.event.atMs, 'tier_left', {})
}
