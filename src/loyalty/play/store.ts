import { instantOf, json, type Tx } from '../../platform/index.ts'
import type { Merge } from '../consumer.ts'
import type { AchievementState } from './achievement.ts'
import type { BadgeHeld } from './memory.ts'
import type { QuestRun, StepProgress } from './quest.ts'
import type { StreakState } from './streak.ts'

type RunRow = Omit<QuestRun, 'joinedAtMs' | 'deadlineAtMs' | 'endedAtMs' | 'progress'> & {
  joinedAt: Temporal.Instant
  deadlineAt: Temporal.Instant | null
  endedAt: Temporal.Instant | null
  progress: Record<string, { amount: string; seen?: string[]; doneAtMs: number | null }>
}

function runOf({ joinedAt, deadlineAt, endedAt, progress, ...row }: RunRow): QuestRun {
  const steps = Object.entries(progress).map(
    ([step, { amount, seen = [], doneAtMs }]): [string, StepProgress] => [
      step,
      { amount: BigInt(amount), seen, doneAtMs },
    ],
  )
  return {
    ...row,
    joinedAtMs: joinedAt.epochMilliseconds,
    deadlineAtMs: deadlineAt?.epochMilliseconds ?? null,
    endedAtMs: endedAt?.epochMilliseconds ?? null,
    progress: new Map(steps),
  }
}

const progressOf = ({ progress }: QuestRun): string =>
  json(
    Object.fromEntries(
      [...progress].map(([step, { amount, seen, doneAtMs }]) => [
        step,
        { amount, doneAtMs, ...(seen.length > 0 ? { seen } : {}) },
      ]),
    ),
  )

/** The latest run of each quest of these members. */
export async function selectLatestRuns(tx: Tx, subscriberIds: number[]): Promise<QuestRun[]> {
  if (subscriberIds.length === 0) return []
  const rows = await tx.query<RunRow>(
    `select distinct on (quest_id, subscriber_id) quest_id as "questId", programme_id as "programmeId",
            subscriber_id as "subscriberId", run, state, completed, joined_at as "joinedAt",
            deadline_at as "deadlineAt", ended_at as "endedAt", progress
     from loyalty.quest_run where subscriber_id = any($1::int[]) order by quest_id, subscriber_id, run desc`,
    [subscriberIds],
  )
  return rows.map(runOf)
}

/** Stores runs as they are now. */
export function saveRuns(tx: Tx, runs: QuestRun[]): void {
  if (runs.length === 0) return
  tx.execute(
    `insert into loyalty.quest_run (tenant_id, programme_id, quest_id, subscriber_id, run, state, completed, joined_at,
                                    deadline_at, ended_at, progress)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::text[],
       $6::int[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::jsonb[])
     on conflict (tenant_id, quest_id, subscriber_id, run) do update
       set state = excluded.state, completed = excluded.completed, joined_at = excluded.joined_at,
           deadline_at = excluded.deadline_at, ended_at = excluded.ended_at, progress = excluded.progress`,
    [
      runs.map((run) => run.programmeId),
      runs.map((run) => run.questId),
      runs.map((run) => run.subscriberId),
      runs.map((run) => run.run),
      runs.map((run) => run.state),
      runs.map((run) => run.completed),
      runs.map((run) => instantOf(run.joinedAtMs)),
      runs.map((run) => instantOf(run.deadlineAtMs)),
      runs.map((run) => instantOf(run.endedAtMs)),
      runs.map(progressOf),
    ],
  )
}

/** All achievements of these members. */
export async function selectAchievements(tx: Tx, subscriberIds: number[]): Promise<AchievementState[]> {
  if (subscriberIds.length === 0) return []
  const rows = await tx.query<Omit<AchievementState, 'reachedAtMs'> & { reachedAt: Temporal.Instant | null }>(
    `select achievement_id as "achievementId", programme_id as "programmeId", subscriber_id as "subscriberId", amount,
            seen, level, reached_at as "reachedAt"
     from loyalty.achievement where subscriber_id = any($1::int[])`,
    [subscriberIds],
  )
  return rows.map(({ reachedAt, ...row }) => ({ ...row, reachedAtMs: reachedAt?.epochMilliseconds ?? null }))
}

/** Stores achievements as they are now; the values that were seen travel as JSON, for arrays in arrays have one length. */
export function saveAchievements(tx: Tx, states: AchievementState[]): void {
  if (states.length === 0) return
  tx.execute(
    `insert into loyalty.achievement (tenant_id, programme_id, achievement_id, subscriber_id, amount, seen, level,
                                      reached_at)
     select current_setting('tenure.tenant_id'), programme, achievement, subscriber, amount,
            array(select jsonb_array_elements_text(seen)), level, reached
     from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::jsonb[], $6::int[], $7::timestamptz[])
       as given (programme, achievement, subscriber, amount, seen, level, reached)
     on conflict (tenant_id, achievement_id, subscriber_id) do update
       set amount = excluded.amount, seen = excluded.seen, level = excluded.level, reached_at = excluded.reached_at`,
    [
      states.map((state) => state.programmeId),
      states.map((state) => state.achievementId),
      states.map((state) => state.subscriberId),
      states.map((state) => state.amount),
      states.map((state) => json(state.seen)),
      states.map((state) => state.level),
      states.map((state) => instantOf(state.reachedAtMs)),
    ],
  )
}

/** All streaks of these members. */
export async function selectStreaks(tx: Tx, subscriberIds: number[]): Promise<StreakState[]> {
  if (subscriberIds.length === 0) return []
  return tx.query<StreakState>(
    `select streak_id as "streakId", programme_id as "programmeId", subscriber_id as "subscriberId", started, latest,
            length, best, freezes, open_period as "openPeriod", open_amount as "openAmount"
     from loyalty.streak where subscriber_id = any($1::int[])`,
    [subscriberIds],
  )
}

/** Stores streaks as they are now. */
export function saveStreaks(tx: Tx, states: StreakState[]): void {
  if (states.length === 0) return
  tx.execute(
    `insert into loyalty.streak (tenant_id, programme_id, streak_id, subscriber_id, started, latest, length, best,
                                 freezes, open_period, open_amount)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[],
       $6::int[], $7::int[], $8::int[], $9::int[], $10::bigint[])
     on conflict (tenant_id, streak_id, subscriber_id) do update
       set started = excluded.started, latest = excluded.latest, length = excluded.length, best = excluded.best,
           freezes = excluded.freezes, open_period = excluded.open_period, open_amount = excluded.open_amount`,
    [
      states.map((state) => state.programmeId),
      states.map((state) => state.streakId),
      states.map((state) => state.subscriberId),
      states.map((state) => state.started),
      states.map((state) => state.latest),
      states.map((state) => state.length),
      states.map((state) => state.best),
      states.map((state) => state.freezes),
      states.map((state) => state.openPeriod),
      states.map((state) => state.openAmount),
    ],
  )
}

/** All badges of these members. */
export async function selectBadges(tx: Tx, subscriberIds: number[]): Promise<BadgeHeld[]> {
  if (subscriberIds.length === 0) return []
  const rows = await tx.query<Omit<BadgeHeld, 'atMs'> & { at: Temporal.Instant }>(
    `select badge_id as "badgeId", programme_id as "programmeId", subscriber_id as "subscriberId", cause, at
     from loyalty.badge where subscriber_id = any($1::int[]) order by at, badge_id`,
    [subscriberIds],
  )
  return rows.map(({ at, ...row }) => ({ ...row, atMs: at.epochMilliseconds }))
}

/** Gives badges; one that is worn already stays as it is. */
export function insertBadges(tx: Tx, badges: BadgeHeld[]): void {
  if (badges.length === 0) return
  tx.execute(
    `insert into loyalty.badge (tenant_id, programme_id, badge_id, subscriber_id, cause, at)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::text[], $3::int[], $4::text[],
       $5::timestamptz[])
     on conflict do nothing`,
    [
      badges.map((badge) => badge.programmeId),
      badges.map((badge) => badge.badgeId),
      badges.map((badge) => badge.subscriberId),
      badges.map((badge) => badge.cause),
      badges.map((badge) => instantOf(badge.atMs)),
    ],
  )
}

/**
 * Carries what a member played over to the one into whom they are merged: runs of quests, amounts of achievements
 * together, the better of two streaks, all badges. Where both have a run of a quest, the session has made one of them.
 */
export async function mergePlay(tx: Tx, { programmeId, from, into }: Merge): Promise<void> {
  const parameters = [programmeId, from, into]
  await tx.query(
    `update loyalty.quest_run q set subscriber_id = $3 where programme_id = $1 and subscriber_id = $2
       and not exists (select from loyalty.quest_run o where o.quest_id = q.quest_id and o.subscriber_id = $3)`,
    parameters,
  )
  await tx.query(
    `insert into loyalty.achievement
     select tenant_id, programme_id, achievement_id, $3, amount, seen, level, reached_at
     from loyalty.achievement where programme_id = $1 and subscriber_id = $2
     on conflict (tenant_id, achievement_id, subscriber_id) do update set
       amount = achievement.amount + excluded.amount, level = greatest(achievement.level, excluded.level),
       seen = array(select distinct v from unnest(achievement.seen || excluded.seen) v),
       reached_at = greatest(achievement.reached_at, excluded.reached_at)`,
    parameters,
  )
  await tx.query(
    `insert into loyalty.streak
     select tenant_id, programme_id, streak_id, $3, started, latest, length, best, freezes, open_period, open_amount
     from loyalty.streak where programme_id = $1 and subscriber_id = $2
     on conflict (tenant_id, streak_id, subscriber_id) do update set
       started = excluded.started, latest = excluded.latest, length = excluded.length,
       freezes = excluded.freezes, open_period = excluded.open_period, open_amount = excluded.open_amount
     where (excluded.open_period, excluded.length) > (streak.open_period, streak.length)`,
    parameters,
  )
  // Whichever goes on: a milestone that either has passed is not passed for the first time again.
  await tx.query(
    `update loyalty.streak s set best = greatest(s.best, f.best) from loyalty.streak f
     where s.programme_id = $1 and f.subscriber_id = $2 and s.subscriber_id = $3 and f.streak_id = s.streak_id`,
    parameters,
  )
  await tx.query(
    `insert into loyalty.badge select tenant_id, programme_id, badge_id, $3, cause, at
     from loyalty.badge where programme_id = $1 and subscriber_id = $2 on conflict do nothing`,
    parameters,
  )
  for (const table of ['quest_run', 'achievement', 'streak', 'badge']) {
    await tx.query(`delete from loyalty.${table} where programme_id = $1 and subscriber_id = $2`, [
      programmeId,
      from,
    ])
  }
}
