import type { Scope } from '../../expressions/index.ts'
import type { Batch, Effects, TakenEvent } from '../consumer.ts'
import { scopeOf } from '../earning/offer.ts'
import type { LocalTimes } from '../local-time.ts'
import type { Member } from '../members.ts'
import type { PlayReward } from './documents.ts'
import type { PlayReason } from './errors.ts'
import type { Memory } from './memory.ts'
import { isValid, type Plan, type Ready } from './plan.ts'
import { givePoints } from './reward.ts'

/** What somebody did by the API, as an event that loyalty takes once. */
export const QUEST_JOINED = 'play.quest_joined'
export const WHEEL_SPUN = 'play.wheel_spun'
export const QUIZ_FINISHED = 'play.quiz_finished'
/** Announced when two members turned out to be one person. */
export const MEMBERS_MERGED = 'loyalty.members_merged'
export const ownTypes = [QUEST_JOINED, WHEEL_SPUN, QUIZ_FINISHED, MEMBERS_MERGED]

/** What a session of play works with. */
export type Table = {
  batch: Pick<Batch, 'book' | 'memberOf' | 'subscriberOf'>
  plan: Plan
  memory: Memory
  local: LocalTimes
}

/** One document's part in an event: who is meant, and what expressions see. */
export type Seat = {
  ready: Ready<{ id: string }>
  member: Member
  scope: Scope
  event: TakenEvent
  effects: Effects
}

/** The seat of a document at an event; undefined where it is not valid then or the subscriber no active member. */
export const seatOf = <R extends Ready<{ id: string }>>(
  table: Table,
  ready: R,
  event: TakenEvent,
  effects: Effects,
): (Seat & { ready: R }) | undefined =>
  isValid(ready, event.atMs) ? seatAnyTime(table, ready, event, effects) : undefined

/** The seat of a document, valid or not: what was begun in time may end later. */
export function seatAnyTime<R extends Ready<{ id: string }>>(
  { batch, local }: Table,
  ready: R,
  event: TakenEvent,
  effects: Effects,
): (Seat & { ready: R }) | undefined {
  const member = batch.memberOf(ready.programme.id, event.subscriberId)
  if (member?.state !== 'active') return undefined
  const attributes = batch.subscriberOf(member.subscriberId)?.attributes ?? {}
  return { ready, member, event, effects, scope: scopeOf(ready, event, member, attributes, local) }
}

/** Keeps what play made of the event. */
export function judgeSeat(
  { ready, effects }: Seat,
  rule: string,
  reason: PlayReason,
  saw: Record<string, unknown>,
  points?: bigint,
): void {
  const about = { consumer: 'play', programmeId: ready.programme.id, rule, ruleVersion: ready.version }
  effects.judge({ ...about, reason, saw, ...(points === undefined ? {} : { points }) })
}

/** Tells of something that a member did. */
export function tell({ ready, member, event, effects }: Seat, type: string, key: string, data: object): void {
  effects.announce({
    type,
    programmeId: ready.programme.id,
    subscriberId: member.subscriberId,
    key,
    atMs: event.atMs,
    data: { ...data },
  })
}

/** Points of a reward; undefined where it gives none. */
export const pointsOf = (reward: PlayReward | undefined): bigint | undefined =>
  reward?.points === undefined ? undefined : BigInt(reward.points)

/** Gives points and badge at once; `key` is the same whenever the same thing is rewarded again. */
export function giveReward(
  { batch, memory }: Pick<Table, 'batch' | 'memory'>,
  seat: Seat,
  reward: PlayReward | undefined,
  rule: string,
  key: string,
): void {
  const { ready, member, event, effects } = seat
  const { programme } = ready
  if (reward?.points !== undefined) {
    const points = BigInt(reward.points)
    const gift = {
      programme,
      member,
      points,
      expiry: reward.expiry,
      rule,
      key: `play:${key}`,
      atMs: event.atMs,
    }
    givePoints(batch.book, effects, gift)
  }
  const badgeId = reward?.badge
  if (badgeId === undefined || memory.badges.of(badgeId, member.subscriberId)) return
  const { subscriberId } = member
  memory.badges.change({ badgeId, programmeId: programme.id, subscriberId, cause: rule, atMs: event.atMs })
  tell(seat, 'loyalty.badge_awarded', `${badgeId}:${subscriberId}`, { badge: badgeId, cause: rule })
}
