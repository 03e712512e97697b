import type { Tx } from '../../platform/index.ts'
import type { Batch, Consumer, Session } from '../consumer.ts'
import { LocalTimes } from '../local-time.ts'
import { playKinds } from './document-kinds.ts'
import type { AchievementState } from './achievement.ts'
import { type BadgeHeld, type Memory, Rights, Rounds, States } from './memory.ts'
import { type Plan, planOf } from './plan.ts'
import type { QuestRun } from './quest.ts'
import { freeRights } from './round.ts'
import { mergeGames, saveRights, saveRounds, selectRights, selectUnfinished } from './round-store.ts'
import { addPoints, mergeScores } from './score-store.ts'
import { ownTypes } from './seat.ts'
import { playSession } from './session.ts'
import * as store from './store.ts'
import type { StreakState } from './streak.ts'
import { playWords } from './words.ts'

/** Follows events for quests, achievements, streaks, leaderboards and games. */
export function playConsumer(): Consumer {
  const local = new LocalTimes()
  return {
    name: 'play',
    words: playWords,
    kinds: playKinds.map(({ kind }) => kind),
    wants(book) {
      const { types } = planOf(book)
      return new Set([...types, ...ownTypes])
    },
    async open(tx, batch) {
      const plan = planOf(batch.book)
      const memory = await load(tx, batch, plan, local)
      const session = playSession({ batch, plan, memory, local })
      return { ...session, store: (tx) => save(tx, memory) } satisfies Session
    },
    async merge(tx, merge) {
      await store.mergePlay(tx, merge)
      await mergeGames(tx, merge)
      await mergeScores(tx, merge)
    },
  }
}

/** Those of whom the batch's events speak, and as whom they go on after a merge. */
function membersOf(batch: Batch): number[] {
  const ids = new Set<number>()
  for (const { subscriberId, concerns = [] } of batch.events) {
    for (const id of [subscriberId, ...concerns]) {
      ids.add(id)
      for (const member of batch.membersOf(id)) ids.add(member.subscriberId)
    }
  }
  return [...ids]
}

async function load(tx: Tx, batch: Batch, plan: Plan, local: LocalTimes): Promise<Memory> {
  const ids = membersOf(batch)
  const hasBadges = batch.book.reader.list('Badge').length > 0
  const [runs, achievements, streaks, badges] = await Promise.all([
    plan.quests.length === 0 ? [] : store.selectLatestRuns(tx, ids),
    plan.achievements.length === 0 ? [] : store.selectAchievements(tx, ids),
    plan.streaks.length === 0 ? [] : store.selectStreaks(tx, ids),
    hasBadges ? store.selectBadges(tx, ids) : [],
  ])
  return {
    quests: new States<QuestRun>(({ questId }) => questId, runs),
    achievements: new States<AchievementState>(({ achievementId }) => achievementId, achievements),
    streaks: new States<StreakState>(({ streakId }) => streakId, streaks),
    badges: new States<BadgeHeld>(({ badgeId }) => badgeId, badges),
    points: [],
    ...(await loadMoves(tx, batch, plan, local)),
  }
}

/** Rounds and rights of those whose event may be a move in a chat; everybody else needs none. */
async function loadMoves(
  tx: Tx,
  batch: Batch,
  plan: Plan,
  local: LocalTimes,
): Promise<Pick<Memory, 'rounds' | 'rights'>> {
  const movers = new Set<number>()
  const free: string[] = []
  for (const { document: game, timeZone } of plan.games) {
    if (game.kind !== 'BotGame') continue
    for (const { type, subscriberId, atMs } of batch.events) {
      if (type !== game.moves.on) continue
      const id = batch.memberOf(game.programme, subscriberId)?.subscriberId ?? subscriberId
      movers.add(id)
      free.push(...freeRights(game, id, local.at(atMs, timeZone), atMs).map(({ rightId }) => rightId))
    }
  }
  const ids = [...movers]
  return {
    rounds: new Rounds(await selectUnfinished(tx, ['BotGame'], ids)),
    rights: new Rights(await selectRights(tx, ['BotGame'], ids, [...new Set(free)])),
  }
}

async function save(
  tx: Tx,
  { quests, achievements, streaks, badges, points, rounds, rights }: Memory,
): Promise<void> {
  store.saveRuns(tx, [...quests.changed])
  store.saveAchievements(tx, [...achievements.changed])
  store.saveStreaks(tx, [...streaks.changed])
  store.insertBadges(tx, [...badges.changed])
  await addPoints(tx, points)
  await saveRounds(tx, [...rounds.changed])
  await saveRights(tx, [...rights.changed])
}
