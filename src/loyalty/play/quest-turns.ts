import { instantOf } from '../../platform/index.ts'
import type { Effects, TakenEvent } from '../consumer.ts'
import type { ReadyQuest } from './plan.ts'
import {
  type Advance,
  advance,
  expire,
  finishSteps,
  joinedRun,
  mayBegin,
  newRun,
  type QuestRun,
} from './quest.ts'
import { giveReward, judgeSeat, pointsOf, QUEST_JOINED, type Seat, seatOf, type Table, tell } from './seat.ts'

/** Lets an event begin runs of quests and count in them. */
export function takeQuests(table: Table, event: TakenEvent, effects: Effects): void {
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
        deadline: instantOf(latest.deadlineAtMs!).toString(),
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
    if (steps.length > 0) progress(table, seat, run, steps)
  }
}

/** Makes one run of those of two members who turned out to be one person, which may complete the quest. */
export function mergeQuests(table: Table, event: TakenEvent, from: number, effects: Effects): void {
  const { memory } = table
  const { subscriberId, atMs } = event
  for (const ready of table.plan.quests) {
    const { document: quest, programme } = ready
    const other = programme.id === event.data['programme'] ? memory.quests.of(quest.id, from) : undefined
    if (!other) continue
    const own = memory.quests.of(quest.id, subscriberId)
    for (const run of [own, other]) if (run) expire(run, atMs)
    const run = joinedRun(quest, own, other, subscriberId, atMs)
    memory.quests.change(run)
    const seat = seatOf(table, ready, event, effects)
    if (seat && run.state === 'open') progress(table, seat, run, finishSteps(quest, run, atMs))
  }
}

/** Keeps and tells how far a run has come, and gives what completing it is worth. */
function progress(
  table: Table,
  seat: Seat & { ready: ReadyQuest },
  run: QuestRun,
  advances: Advance[],
): void {
  const { id, reward } = seat.ready.document
  const rule = `quest:${id}`
  const key = `${id}:${seat.member.subscriberId}:${run.run}`
  table.memory.quests.change(run)
  for (const { step, amount, isDone } of advances) {
    judgeSeat(seat, rule, isDone ? 'quest_step_done' : 'quest_step_advanced', { step, amount })
    if (isDone) tell(seat, 'loyalty.quest_step_done', `${key}:${step}`, { quest: id, run: run.run, step })
  }
  if (run.endedAtMs === null) return
  judgeSeat(seat, rule, 'quest_completed', { run: run.run, times: run.completed }, pointsOf(reward))
  tell(seat, 'loyalty.quest_completed', `quest:${key}`, { quest: id, run: run.run, times: run.completed })
  giveReward(table, seat, reward, rule, `quest:${key}`)
}
