import { isoOf, type Tx } from '../../platform/index.ts'
import type { LocalTimes } from '../local-time.ts'
import type { Words } from '../programmes.ts'
import { isValid, type Plan } from './plan.ts'
import { mayBegin } from './quest.ts'
import { selectPlayers } from './score-store.ts'
import * as store from './store.ts'
import { periodNumber, streakAt } from './streak.ts'

export type StepView = { id: string; name: Words; amount: bigint; reach: bigint; doneAt: string | null }
export type PlayView = {
  quests: {
    id: string
    name: Words
    state: 'not_joined' | 'open' | 'completed' | 'expired'
    run: number
    completed: number
    times: number
    deadline: string | null
    /** Whether a new run can begin now. */
    mayBegin: boolean
    steps: StepView[]
  }[]
  achievements: {
    id: string
    name: Words
    amount: bigint
    level: number
    levelName: Words | null
    /** What the next level asks for; null at the highest one. */
    nextAt: bigint | null
  }[]
  streaks: {
    id: string
    name: Words
    every: 'day' | 'week'
    length: number
    best: number
    freezes: number
    /** Whether the present period counts already. */
    isKeptNow: boolean
    /** Periods that are left, the present one included, in which the streak can still be kept; 0: there is none. */
    periodsLeft: number
  }[]
  badges: { id: string; name: Words; cause: string; at: string }[]
  player: { displayName: string | null; isHidden: boolean }
}

/** What a member has going and has reached in a programme at a moment. */
export async function playView(
  tx: Tx,
  plan: Plan,
  programmeId: string,
  subscriberId: number,
  nowMs: number,
  local: LocalTimes,
): Promise<PlayView> {
  const [runs, achievements, streaks, badges, players] = await Promise.all([
    store.selectLatestRuns(tx, [subscriberId]),
    store.selectAchievements(tx, [subscriberId]),
    store.selectStreaks(tx, [subscriberId]),
    store.selectBadges(tx, [subscriberId]),
    selectPlayers(tx, programmeId, [subscriberId]),
  ])
  const inProgramme = ({ programme }: { programme: { id: string } }): boolean => programme.id === programmeId
  return {
    quests: plan.quests
      .filter(inProgramme)
      .filter((ready) => isValid(ready, nowMs) || runs.some(({ questId }) => questId === ready.document.id))
      .map((ready) =>
        questView(
          ready,
          runs.find(({ questId }) => questId === ready.document.id),
          nowMs,
        ),
      ),
    achievements: plan.achievements.filter(inProgramme).map(({ document: { id, name, levels } }) => {
      const state = achievements.find(({ achievementId }) => achievementId === id)
      const level = state?.level ?? 0
      const next = levels[level]?.at
      const levelName = level === 0 ? null : (levels[level - 1]?.name ?? null)
      const nextAt = next === undefined ? null : BigInt(next)
      return { id, name, amount: state?.amount ?? 0n, level, levelName, nextAt }
    }),
    streaks: plan.streaks.filter(inProgramme).map(({ document, timeZone }) => {
      const { id, name, every } = document
      const state = streaks.find(({ streakId }) => streakId === id)
      const period = periodNumber(every, local.at(nowMs, timeZone))
      const { length, keepUntilPeriod } = state
        ? streakAt(document, state, period)
        : { length: 0, keepUntilPeriod: null }
      const periodsLeft = keepUntilPeriod === null ? 0 : keepUntilPeriod - period + 1
      const isKeptNow = state?.latest === period
      return {
        id,
        name,
        every,
        length,
        best: state?.best ?? 0,
        freezes: state?.freezes ?? 0,
        isKeptNow,
        periodsLeft,
      }
    }),
    badges: badges
      .filter((held) => held.programmeId === programmeId)
      .map(({ badgeId, cause, atMs }) => ({
        id: badgeId,
        name: plan.badgeNames.get(badgeId)!,
        cause,
        at: isoOf(atMs),
      })),
    player: players.get(subscriberId) ?? { displayName: null, isHidden: false },
  }
}

function questView(
  ready: Plan['quests'][number],
  run: Awaited<ReturnType<typeof store.selectLatestRuns>>[number] | undefined,
  nowMs: number,
): PlayView['quests'][number] {
  const quest = ready.document
  // A deadline that went by is seen at once, though the row hears of it with the next event.
  const isOver = run?.state === 'open' && run.deadlineAtMs !== null && nowMs >= run.deadlineAtMs
  const state = isOver ? 'expired' : (run?.state ?? 'not_joined')
  return {
    id: quest.id,
    name: quest.name,
    state,
    run: run?.run ?? 0,
    completed: run?.completed ?? 0,
    times: quest.times,
    deadline: isoOf(run?.deadlineAtMs ?? null),
    mayBegin:
      isValid(ready, nowMs) && mayBegin(quest, run && isOver ? { ...run, state: 'expired' } : run, nowMs),
    steps: quest.steps.map(({ id, name, reach }) => {
      const step = run?.progress.get(id)
      const doneAt = isoOf(step?.doneAtMs ?? null)
      return { id, name, amount: step?.amount ?? 0n, reach: BigInt(reach), doneAt }
    }),
  }
}
