import { instantOf, json, type Tx } from '../../platform/index.ts'
import { behind, given } from '../pages.ts'
import type { Redemption, RedemptionState } from './redemption.ts'

const columns = `redemption_id as "redemptionId", programme_id as "programmeId", reward_id as "rewardId",
  reward_version as "rewardVersion", subscriber_id as "subscriberId", recipient_id as "recipientId",
  account_id as "accountId", points, gives, state, reason, note, code, code_expires_at as "codeExpiresAt", used_at as "usedAt", used_key as "usedKey", attempts,
  next_try_at as "nextTryAt", deadline_at as "deadlineAt", at, settled_at as "settledAt"`

type Moments = 'codeExpiresAtMs' | 'usedAtMs' | 'nextTryAtMs' | 'deadlineAtMs' | 'atMs' | 'settledAtMs'
type Row = Omit<Redemption, Moments> & {
  codeExpiresAt: Temporal.Instant | null
  usedAt: Temporal.Instant | null
  nextTryAt: Temporal.Instant | null
  deadlineAt: Temporal.Instant
  at: Temporal.Instant
  settledAt: Temporal.Instant | null
}

function redemptionOf({
  codeExpiresAt,
  usedAt,
  nextTryAt,
  deadlineAt,
  at,
  settledAt,
  ...row
}: Row): Redemption {
  return {
    ...row,
    codeExpiresAtMs: codeExpiresAt?.epochMilliseconds ?? null,
    usedAtMs: usedAt?.epochMilliseconds ?? null,
    nextTryAtMs: nextTryAt?.epochMilliseconds ?? null,
    deadlineAtMs: deadlineAt.epochMilliseconds,
    atMs: at.epochMilliseconds,
    settledAtMs: settledAt?.epochMilliseconds ?? null,
  }
}

/** Stores new redemptions, each with its day in the programme's zone. */
export async function insertRedemptions(
  tx: Tx,
  made: readonly { redemption: Redemption; day: string }[],
): Promise<void> {
  if (made.length === 0) return
  const column = <T>(of: (one: Redemption) => T): T[] => made.map(({ redemption }) => of(redemption))
  await tx.query(
    `insert into loyalty.redemption (tenant_id, redemption_id, programme_id, reward_id, reward_version, subscriber_id,
       recipient_id, account_id, points, gives, state, code, code_expires_at, next_try_at, deadline_at, at, day,
       settled_at)
     select current_setting('tenure.tenant_id'), * from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[],
       $6::int[], $7::text[], $8::bigint[], $9::jsonb[], $10::text[], $11::text[], $12::timestamptz[],
       $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::date[], $17::timestamptz[])`,
    [
      column((one) => one.redemptionId),
      column((one) => one.programmeId),
      column((one) => one.rewardId),
      column((one) => one.rewardVersion),
      column((one) => one.subscriberId),
      column((one) => one.recipientId),
      column((one) => one.accountId),
      column((one) => one.points),
      column((one) => json(one.gives)),
      column((one) => one.state),
      column((one) => one.code),
      column((one) => instantOf(one.codeExpiresAtMs)),
      column((one) => instantOf(one.nextTryAtMs)),
      column((one) => instantOf(one.deadlineAtMs)),
      column((one) => instantOf(one.atMs)),
      made.map(({ day }) => day),
      column((one) => instantOf(one.settledAtMs)),
    ],
  )
}

/** Stores what can change of redemptions. */
export async function updateRedemptions(tx: Tx, redemptions: readonly Redemption[]): Promise<void> {
  if (redemptions.length === 0) return
  await tx.query(
    `update loyalty.redemption r
     set state = n.state, reason = n.reason, note = n.note, used_at = n.used_at, used_key = n.used_key,
         attempts = n.attempts, next_try_at = n.next_try_at, settled_at = n.settled_at
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::int[],
       $8::timestamptz[], $9::timestamptz[])
       as n (id, state, reason, note, used_at, used_key, attempts, next_try_at, settled_at)
     where r.redemption_id = n.id`,
    [
      redemptions.map((one) => one.redemptionId),
      redemptions.map((one) => one.state),
      redemptions.map((one) => one.reason),
      redemptions.map((one) => one.note),
      redemptions.map((one) => instantOf(one.usedAtMs)),
      redemptions.map((one) => one.usedKey),
      redemptions.map((one) => one.attempts),
      redemptions.map((one) => instantOf(one.nextTryAtMs)),
      redemptions.map((one) => instantOf(one.settledAtMs)),
    ],
  )
}

/** Redemptions by id. */
export async function selectRedemptions(tx: Tx, ids: string[]): Promise<Map<string, Redemption>> {
  const rows = await tx.query<Row>(
    `select ${columns} from loyalty.redemption where redemption_id = any($1::uuid[])`,
    [ids],
  )
  return new Map(rows.map((row) => [row.redemptionId, redemptionOf(row)]))
}

/** Open redemptions whose turn has come, the longest waiting first. */
export async function selectDue(tx: Tx, now: Temporal.Instant, limit: number): Promise<Redemption[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from loyalty.redemption where next_try_at <= $1
     order by next_try_at, redemption_id limit $2`,
    [now, limit],
  )
  return rows.map(redemptionOf)
}

/** When the next turn comes; null: nothing is open. */
export async function selectNextDue(tx: Tx): Promise<Temporal.Instant | null> {
  const [row] = await tx.query<{ due: Temporal.Instant | null }>(
    'select min(next_try_at) as due from loyalty.redemption where next_try_at is not null',
  )
  return row!.due
}

/** `fromDay`: from which day of the programme's zone on; `-infinity`: ever. `subscriberId` null: all members. */
export type Count = { rewardId: string; subscriberId: number | null; fromDay: string }

/** How often a reward was taken since a day, by one member or by all, cancelled and refunded ones left out. */
export async function countRedemptions(tx: Tx, asked: readonly Count[]): Promise<number[]> {
  if (asked.length === 0) return []
  const rows = await tx.query<{ count: number }>(
    `select case when g.subscriber_id is null
              then (select coalesce(sum(c.redemptions), 0) from loyalty.redemption_count c
                    where c.reward_id = g.reward_id and c.day >= g.from_day and c.state not in ('cancelled', 'refunded'))
              else (select count(*) from loyalty.redemption r
                    where r.reward_id = g.reward_id and r.subscriber_id = g.subscriber_id and r.day >= g.from_day
                      and r.state not in ('cancelled', 'refunded'))
            end::int as count
     from unnest($1::text[], $2::int[], $3::date[]) with ordinality as g (reward_id, subscriber_id, from_day, n)
     order by n`,
    [asked.map((one) => one.rewardId), asked.map((one) => one.subscriberId), asked.map((one) => one.fromDay)],
  )
  return rows.map(({ count }) => count)
}

/** What members have set aside since a moment for rewards that are still on their way, by member and programme. */
export function selectReserved(
  tx: Tx,
  subscriberIds: number[],
  since: Temporal.Instant,
): Promise<{ subscriberId: number; programmeId: string; points: bigint }[]> {
  return tx.query(
    `select subscriber_id as "subscriberId", programme_id as "programmeId", sum(points)::bigint as points
     from loyalty.redemption
     where subscriber_id = any($1::int[]) and state in ('reserved', 'ordered') and at > $2 group by 1, 2`,
    [subscriberIds, since],
  )
}

export type RedemptionQuery = {
  /** Who paid or got it. */
  subscriberId: number | null
  rewardId: string | null
  state: RedemptionState | null
  before: string | null
  limit: number
}

/** Redemptions, the latest first, behind a place. */
export async function selectLatest(tx: Tx, query: RedemptionQuery): Promise<Redemption[]> {
  const { where, values } = given([
    ['(subscriber_id = ? or recipient_id = ?)', query.subscriberId],
    ['reward_id = ?', query.rewardId],
    ['state = ?', query.state],
    [behind('redemption_id'), query.before],
  ])
  const rows = await tx.query<Row>(
    `select ${columns} from loyalty.redemption where ${where}
     order by at desc, redemption_id desc limit $${values.length + 1}`,
    [...values, query.limit],
  )
  return rows.map(redemptionOf)
}

/** Redemptions with a code. */
export async function selectByCode(tx: Tx, code: string): Promise<Redemption[]> {
  const rows = await tx.query<Row>(`select ${columns} from loyalty.redemption where code = $1 order by at`, [
    code,
  ])
  return rows.map(redemptionOf)
}

/** Gives what one member had to the one into whom they were merged. */
export async function mergeRedemptions(
  tx: Tx,
  { programmeId, from, into }: { programmeId: string; from: number; into: number },
): Promise<void> {
  for (const column of ['subscriber_id', 'recipient_id']) {
    await tx.query(
      `update loyalty.redemption set ${column} = $3 where programme_id = $1 and ${column} = $2`,
      [programmeId, from, into],
    )
  }
}

/** How many redemptions each reward has, by state. */
export function selectCounts(tx: Tx): Promise<{ rewardId: string; state: string; redemptions: number }[]> {
  return tx.query(
    `select reward_id as "rewardId", state, sum(redemptions)::int as redemptions from loyalty.redemption_count
     group by 1, 2`,
  )
}
