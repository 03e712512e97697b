import { json, type Tx } from '../../platform/index.ts'
import type { Redemption, RedemptionState } from './redemption.ts'

const instant = (ms: number): Temporal.Instant => Temporal.Instant.fromEpochMilliseconds(ms)
const instantOrNull = (ms: number | null): Temporal.Instant | null => (ms === null ? null : instant(ms))

const columns = `redemption_id as "redemptionId", programme_id as "programmeId", reward_id as "rewardId",
  reward_version as "rewardVersion", subscriber_id as "subscriberId", recipient_id as "recipientId", points, gives,
  state, reason, note, code, code_expires_at as "codeExpiresAt", used_at as "usedAt", attempts,
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

/** Stores redemptions as they are now. */
export async function saveRedemptions(tx: Tx, redemptions: Redemption[]): Promise<void> {
  if (redemptions.length === 0) return
  await tx.query(
    `insert into loyalty.redemption (tenant_id, redemption_id, programme_id, reward_id, reward_version, subscriber_id,
       recipient_id, points, gives, state, reason, note, code, code_expires_at, used_at, attempts, next_try_at,
       deadline_at, at, settled_at)
     select current_setting('tenure.tenant_id'), * from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[],
       $6::int[], $7::bigint[], $8::jsonb[], $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[],
       $14::timestamptz[], $15::int[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[])
     on conflict (tenant_id, redemption_id) do update
       set state = excluded.state, reason = excluded.reason, note = excluded.note, used_at = excluded.used_at,
           attempts = excluded.attempts, next_try_at = excluded.next_try_at, settled_at = excluded.settled_at,
           code = excluded.code, code_expires_at = excluded.code_expires_at`,
    [
      redemptions.map((one) => one.redemptionId),
      redemptions.map((one) => one.programmeId),
      redemptions.map((one) => one.rewardId),
      redemptions.map((one) => one.rewardVersion),
      redemptions.map((one) => one.subscriberId),
      redemptions.map((one) => one.recipientId),
      redemptions.map((one) => one.points),
      redemptions.map((one) => json(one.gives)),
      redemptions.map((one) => one.state),
      redemptions.map((one) => one.reason),
      redemptions.map((one) => one.note),
      redemptions.map((one) => one.code),
      redemptions.map((one) => instantOrNull(one.codeExpiresAtMs)),
      redemptions.map((one) => instantOrNull(one.usedAtMs)),
      redemptions.map((one) => one.attempts),
      redemptions.map((one) => instantOrNull(one.nextTryAtMs)),
      redemptions.map((one) => instant(one.deadlineAtMs)),
      redemptions.map((one) => instant(one.atMs)),
      redemptions.map((one) => instantOrNull(one.settledAtMs)),
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

/** Open redemptions whose turn has come, the longest waiting first, locked until the transaction ends. */
export async function selectDue(tx: Tx, now: Temporal.Instant, limit: number): Promise<Redemption[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from loyalty.redemption where next_try_at <= $1
     order by next_try_at, redemption_id limit $2 for update skip locked`,
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

export type Count = { rewardId: string; subscriberId: number | null; fromMs: number | null }

/** How often a reward was taken since a moment, by one member or by all, cancelled and refunded ones left out. */
export async function countRedemptions(tx: Tx, asked: Count[]): Promise<number[]> {
  if (asked.length === 0) return []
  const rows = await tx.query<{ count: number }>(
    `select (select count(*) from loyalty.redemption r
             where r.reward_id = g.reward_id and (g.subscriber_id is null or r.subscriber_id = g.subscriber_id)
               and (g.from_at is null or r.at >= g.from_at)
               and r.state not in ('cancelled', 'refunded'))::int as count
     from unnest($1::text[], $2::int[], $3::timestamptz[]) with ordinality as g (reward_id, subscriber_id, from_at, n)
     order by n`,
    [
      asked.map((one) => one.rewardId),
      asked.map((one) => one.subscriberId),
      asked.map((one) => instantOrNull(one.fromMs)),
    ],
  )
  return rows.map(({ count }) => count)
}

export type RedemptionQuery = {
  /** Who paid or got it. */
  subscriberId: number | null
  rewardId: string | null
  state: RedemptionState | null
  before: Temporal.Instant | null
  limit: number
}

/** Redemptions, the newest first; those before a moment make the next page. */
export async function selectLatest(tx: Tx, query: RedemptionQuery): Promise<Redemption[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from loyalty.redemption
     where ($1::int is null or subscriber_id = $1 or recipient_id = $1) and ($2::text is null or reward_id = $2)
       and ($3::text is null or state = $3) and ($4::timestamptz is null or at < $4)
     order by at desc, redemption_id limit $5`,
    [query.subscriberId, query.rewardId, query.state, query.before, query.limit],
  )
  return rows.map(redemptionOf)
}

/** The redemption whose code this is, locked until the transaction ends. */
export async function selectByCode(tx: Tx, code: string): Promise<Redemption[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from loyalty.redemption where code = $1 order by at for update`,
    [code],
  )
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
export function countStates(tx: Tx): Promise<{ rewardId: string; state: string; redemptions: number }[]> {
  return tx.query(
    `select reward_id as "rewardId", state, count(*)::int as redemptions from loyalty.redemption group by 1, 2`,
  )
}
