import type { Achievement } from './documents.ts'
import { added, type Count, together } from './measure.ts'

/** What a member has collected of an achievement; level 0 is none. */
export type AchievementState = {
  achievementId: string
  programmeId: string
  subscriberId: number
  amount: bigint
  seen: string[]
  level: number
  reachedAtMs: number | null
}

/** An achievement before its first event. */
export function newAchievement({ id, programme }: Achievement, subscriberId: number): AchievementState {
  const blank = { amount: 0n, seen: [], level: 0, reachedAtMs: null }
  return { achievementId: id, programmeId: programme, subscriberId, ...blank }
}

/** Collects a count; returns the levels that it reached, from 1 on, or null when it does not count. */
export function collect(
  achievement: Achievement,
  state: AchievementState,
  count: Count,
  atMs: number,
): number[] | null {
  const after = added(state, count)
  if (!after) return null
  Object.assign(state, after)
  return passLevels(achievement, state, atMs)
}

/** What two members have collected who turned out to be one; a level that either has reached is reached. */
export function joinedAchievement(
  achievement: Achievement,
  own: AchievementState,
  other: AchievementState,
): AchievementState {
  const times = [own, other].flatMap(({ reachedAtMs }) => reachedAtMs ?? [])
  return {
    ...own,
    ...together(achievement, own, other),
    level: Math.max(own.level, other.level),
    reachedAtMs: times.length === 0 ? null : Math.max(...times),
  }
}

/** Levels that what was collected reaches and that were not reached yet. */
export function passLevels(achievement: Achievement, state: AchievementState, atMs: number): number[] {
  const reached: number[] = []
  while (
    state.level < achievement.levels.length &&
    state.amount >= BigInt(achievement.levels[state.level]!.at)
  ) {
    state.level++
    state.reachedAtMs = atMs
    reached.push(state.level)
  }
  return reached
}
