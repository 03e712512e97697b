import type { Effects, Session, TakenEvent } from '../consumer.ts'
import { collect, newAchievement } from './achievement.ts'
import { takeGames } from './game-turns.ts'
import { standsOf } from './leaderboard.ts'
import type { Plan } from './plan.ts'
import { advance, expire, mayBegin, newRun, type QuestRun } from './quest.ts'
import { giveReward, judgeSeat, QUEST_JOINED, type Seat, seatOf, type Table, tell } from './seat.ts'
import { keepUp, newStreak, periodNumber } from './streak.ts'

/** Decides about events in order; `store` is the consumer's. */
export function playSession(table: Table): Pick<Session, 'take'> {
  return {
    take(event, effects) {
      takeQuests(table, event, effects)
      takeAchievements(table, event, effects)
      takeStreaks(table, event, effects)
      takeBoards(table, event, effects)
      takeGames(table, event, effects)
    },
  }
}

function takeQuests(table: Table, event: TakenEvent, effects: Effects): void {
  const { plan, memory } = table
  const joined = event.type === QUEST_JOINED ? event.data['quest'] : undefined
  for (const ready of plan.quests) {
    const { document: quest, measures } = ready
    const isJoin = joined === quest.id
    if (!isJoin && !measures.some(({ on }) => on === event.type)) continue
    const seat = seatOf(table, ready, event, effects)
    if (!seat) continue
    const { subscriberId } = seat.member
    const latest = memory.quests.of(quest.id, subscriberId)
    if (latest && expire(latest, event.atMs)) {
      memory.quests.change(latest)
      judgeSeat(seat, `quest:${quest.id}`, 'quest_too_late', {
        run: latest.run,
        deadline: iso(latest.deadlineAtMs!),
      })
    }
    if (isJoin) {
      if (!mayBegin(quest, latest, event.atMs)) continue
      memory.quests.change(newRun(quest, subscriberId, event.atMs, latest))
      effects.mark()
      continue
    }
    const mayJoin = quest.join === 'first_step' && mayBegin(quest, latest, event.atMs)
    const run = mayJoin ? newRun(quest, subscriberId, event.atMs, latest) : latest
    // What happened before a member joined does not count.
    if (run?.state !== 'open' || event.atMs < run.joinedAtMs) continue
    const steps = advance(quest, measures, run, event, seat.scope)
    if (steps.length === 0) continue
    memory.quests.change(run)
    for (const { step, amount, isDone } of steps) {
      judgeSeat(seat, `quest:${quest.id}`, isDone ? 'quest_step_done' : 'quest_step_advanced', {
        step,
        amount,
      })
      const name = `${quest.id}:${subscriberId}:${run.run}:${step}`
      if (isDone) tell(seat, 'loyalty.quest_step_done', name, { quest: quest.id, run: run.run, step })
    }
    if (run.endedAtMs !== null) completeQuest(table, { ...seat, ready }, run)
  }
}

function completeQuest(table: Table, seat: Seat & { ready: Plan['quests'][number] }, run: QuestRun): void {
  const { id, reward } = seat.ready.document
  const key = `quest:${id}:${seat.member.subscriberId}:${run.run}`
  const points = reward?.points === undefined ? undefined : BigInt(reward.points)
  judgeSeat(seat, `quest:${id}`, 'quest_completed', { run: run.run, times: run.completed }, points)
  tell(seat, 'loyalty.quest_completed', key, { quest: id, run: run.run, times: run.completed })
  giveReward(table, seat, reward, `quest:${id}`, key)
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
    if (!levels) continue
    table.memory.achievements.change(state)
    effects.mark()
    for (const level of levels) {
      const rule = `achievement:${document.id}`
      const key = `${rule}:${subscriberId}:${level}`
      judgeSeat(seat, rule, 'achievement_level_reached', { level, amount: state.amount })
      tell(seat, 'loyalty.achievement_reached', key, { achievement: document.id, level })
      giveReward(table, seat, document.levels[level - 1]!.reward, rule, key)
    }
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
      judgeSeat(seat, rule, 'streak_milestone', { length: at })
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

const iso = (ms: number): string => Temporal.Instant.fromEpochMilliseconds(ms).toString()
