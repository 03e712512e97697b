import type { Effects, Session, TakenEvent } from '../consumer.ts'
import {
  type AchievementState,
  collect,
  joinedAchievement,
  newAchievement,
  passLevels,
} from './achievement.ts'
import type { Achievement } from './documents.ts'
import { takeGames } from './game-turns.ts'
import { standsOf } from './leaderboard.ts'
import type { ReadyMeasured } from './plan.ts'
import { mergeQuests, takeQuests } from './quest-turns.ts'
import {
  giveReward,
  judgeSeat,
  MEMBERS_MERGED,
  pointsOf,
  type Seat,
  seatOf,
  type Table,
  tell,
} from './seat.ts'
import { keepUp, newStreak, periodNumber } from './streak.ts'

/** Decides about events in order; `store` is the consumer's. */
export function playSession(table: Table): Pick<Session, 'take'> {
  return {
    take(event, effects) {
      if (event.type === MEMBERS_MERGED) takeMerge(table, event, effects)
      takeQuests(table, event, effects)
      takeAchievements(table, event, effects)
      takeStreaks(table, event, effects)
      takeBoards(table, event, effects)
      takeGames(table, event, effects)
    },
  }
}

function takeAchievements(table: Table, event: TakenEvent, effects: Effects): void {
  for (const ready of table.plan.achievements) {
    if (ready.measure.on !== event.type) continue
    const seat = seatOf(table, ready, event, effects)
    const count = seat && ready.measure.count(seat.scope)
    if (!count) continue
    const { document } = ready
    const { subscriberId } = seat.member
    const known = table.memory.achievements.of(document.id, subscriberId)
    const state = known ?? newAchievement(document, subscriberId)
    const levels = collect(document, state, count, event.atMs)
    if (levels) reach(table, seat, state, levels)
  }
}

/** Keeps what was collected, and gives what the levels are worth that it has reached. */
function reach(
  table: Table,
  seat: Seat & { ready: ReadyMeasured<Achievement> },
  state: AchievementState,
  levels: number[],
): void {
  const { id, levels: all } = seat.ready.document
  table.memory.achievements.change(state)
  seat.effects.mark()
  for (const level of levels) {
    const rule = `achievement:${id}`
    const key = `${rule}:${seat.member.subscriberId}:${level}`
    const { reward } = all[level - 1]!
    judgeSeat(seat, rule, 'achievement_level_reached', { level, amount: state.amount }, pointsOf(reward))
    tell(seat, 'loyalty.achievement_reached', key, { achievement: id, level })
    giveReward(table, seat, reward, rule, key)
  }
}

/** Lets what two members have played count as one member's. */
function takeMerge(table: Table, event: TakenEvent, effects: Effects): void {
  const from = Number(event.data['from'])
  mergeQuests(table, event, from, effects)
  const { achievements } = table.memory
  for (const ready of table.plan.achievements) {
    const { document, programme } = ready
    const [own, other] = [
      achievements.of(document.id, event.subscriberId),
      achievements.of(document.id, from),
    ]
    const seat = programme.id === event.data['programme'] ? seatOf(table, ready, event, effects) : undefined
    if (!seat || !own || !other) continue
    const state = joinedAchievement(document, own, other)
    reach(table, seat, state, passLevels(document, state, event.atMs))
  }
}

function takeStreaks(table: Table, event: TakenEvent, effects: Effects): void {
  const { plan, memory, local } = table
  for (const ready of plan.streaks) {
    if (ready.measure.on !== event.type) continue
    const seat = seatOf(table, ready, event, effects)
    const count = seat && ready.measure.count(seat.scope)
    if (!count) continue
    const { document } = ready
    const { subscriberId } = seat.member
    const period = periodNumber(document.every, local.at(event.atMs, ready.timeZone))
    const state = memory.streaks.of(document.id, subscriberId) ?? newStreak(document, subscriberId, period)
    if (period < state.openPeriod) continue
    const step = keepUp(document, state, period, count.amount)
    memory.streaks.change(state)
    effects.mark()
    if (!step) continue
    const rule = `streak:${document.id}`
    judgeSeat(seat, rule, step.outcome === 'kept' ? 'streak_kept' : 'streak_began', {
      length: step.length,
      ...(step.lostLength > 0 ? { lost: step.lostLength } : {}),
    })
    const run = `${rule}:${subscriberId}:${state.started}`
    if (step.lostLength > 0)
      tell(seat, 'loyalty.streak_lost', run, { streak: document.id, length: step.lostLength })
    for (const { at, again, reward } of document.milestones) {
      if (at !== step.length || (!again && step.bestBefore >= at)) continue
      const key = `${run}:${at}`
      judgeSeat(seat, rule, 'streak_milestone', { length: at }, pointsOf(reward))
      tell(seat, 'loyalty.streak_milestone', key, { streak: document.id, length: at })
      giveReward(table, seat, reward, rule, key)
    }
  }
}

function takeBoards(table: Table, event: TakenEvent, effects: Effects): void {
  const { batch, plan, memory, local } = table
  for (const ready of plan.boards) {
    if (ready.measure.on !== event.type) continue
    const seat = seatOf(table, ready, event, effects)
    const count = seat && ready.measure.count(seat.scope)
    if (!count) continue
    const { subscriberId } = seat.member
    const attributes = batch.subscriberOf(subscriberId)?.attributes ?? {}
    for (const stand of standsOf(ready.document, local.at(event.atMs, ready.timeZone), attributes)) {
      const { atMs } = event
      memory.points.push({
        ...stand,
        programmeId: ready.programme.id,
        subscriberId,
        amount: count.amount,
        atMs,
      })
    }
    effects.mark()
  }
}
