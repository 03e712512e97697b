import { instantOf, json, type Tx } from '../../platform/index.ts'
import type { Bucket, Standing } from './standing.ts'

const columns = `s.ladder_id as "ladderId", programme_id as "programmeId", subscriber_id as "subscriberId", tier_id as tier,
  since, looked_at as "lookedAt", case when s.filling < f.filling then '{}' else days end as days,
  case when s.filling < f.filling then '{}' else amounts end as amounts, start_day as "startDay", benefits, told_until as "toldUntil", moves,
  due_at as "dueAt", override_tier as "overrideTier", override_floor as "overrideFloor",
  override_reason as "overrideReason", override_by as "overrideBy", override_until as "overrideUntil"`

type Row = Pick<
  Standing,
  'ladderId' | 'programmeId' | 'subscriberId' | 'tier' | 'startDay' | 'benefits' | 'toldUntil' | 'moves'
> & {
  since: Temporal.Instant
  lookedAt: Temporal.Instant
  days: number[]
  amounts: bigint[]
  dueAt: Temporal.Instant | null
  overrideTier: string | null
  overrideFloor: boolean | null
  overrideReason: string | null
  overrideBy: string | null
  overrideUntil: Temporal.Instant | null
}

function standingOf(row: Row): Standing {
  const { since, lookedAt, days, amounts, dueAt } = row
  const { overrideTier, overrideFloor, overrideReason, overrideBy, overrideUntil } = row
  return {
    ladderId: row.ladderId,
    programmeId: row.programmeId,
    subscriberId: row.subscriberId,
    tier: row.tier,
    sinceMs: since.epochMilliseconds,
    lookedAtMs: lookedAt.epochMilliseconds,
    buckets: days.map((day, i): Bucket => ({ day, amount: amounts[i]! })),
    startDay: row.startDay,
    override:
      overrideTier === null
        ? null
        : {
            tier: overrideTier,
            isFloor: overrideFloor!,
            reason: overrideReason!,
            by: overrideBy!,
            untilMs: overrideUntil?.epochMilliseconds ?? null,
          },
    benefits: row.benefits,
    toldUntil: row.toldUntil,
    moves: row.moves,
    dueMs: dueAt?.epochMilliseconds ?? null,
  }
}

/** Where members stand on ladders; what was counted before the present filling of a ladder counts no more. */
export async function selectStandings(
  tx: Tx,
  ladderIds: string[],
  subscriberIds: number[],
): Promise<Standing[]> {
  if (ladderIds.length === 0 || subscriberIds.length === 0) return []
  const rows = await tx.query<Row>(
    `select ${columns} from loyalty.tier_standing s
     left join loyalty.tier_fill f on f.tenant_id = s.tenant_id and f.ladder_id = s.ladder_id
     where s.ladder_id = any($1::text[]) and subscriber_id = any($2::int[])`,
    [ladderIds, subscriberIds],
  )
  return rows.map(standingOf)
}

/** Stores standings as they are now. Arrays travel as text, because those of different rows differ in length. */
export async function saveStandings(tx: Tx, standings: Standing[]): Promise<void> {
  if (standings.length === 0) return
  const column = <T>(pick: (standing: Standing) => T): T[] => standings.map(pick)
  await tx.query(
    `insert into loyalty.tier_standing
       (tenant_id, ladder_id, programme_id, subscriber_id, tier_id, since, looked_at, days, amounts, start_day, benefits,
        told_until, moves, due_at, override_tier, override_floor, override_reason, override_by, override_until, filling)
     select current_setting('tenure.tenant_id'), ladder, programme, subscriber, tier, since, looked, days::int[],
            amounts::bigint[], start_day, benefits, told, moves, due, o_tier, o_floor,
            o_reason, o_by, o_until, f.filling
     from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[],
       $8::text[], $9::int[], $10::jsonb[], $11::int[], $12::int[], $13::timestamptz[], $14::text[], $15::boolean[],
       $16::text[], $17::text[], $18::timestamptz[])
       as given (ladder, programme, subscriber, tier, since, looked, days, amounts, start_day, benefits, told, moves, due,
                 o_tier, o_floor, o_reason, o_by, o_until)
     join loyalty.tier_fill f on f.ladder_id = ladder
     on conflict (tenant_id, ladder_id, subscriber_id) do update set
       tier_id = excluded.tier_id, since = excluded.since, looked_at = excluded.looked_at, days = excluded.days,
       amounts = excluded.amounts, start_day = excluded.start_day, benefits = excluded.benefits,
       told_until = excluded.told_until, moves = excluded.moves, due_at = excluded.due_at,
       override_tier = excluded.override_tier, override_floor = excluded.override_floor,
       override_reason = excluded.override_reason, override_by = excluded.override_by,
       override_until = excluded.override_until, filling = excluded.filling`,
    [
      column((s) => s.ladderId),
      column((s) => s.programmeId),
      column((s) => s.subscriberId),
      column((s) => s.tier),
      column((s) => instantOf(s.sinceMs)),
      column((s) => instantOf(s.lookedAtMs)),
      column((s) => `{${s.buckets.map(({ day }) => day).join()}}`),
      column((s) => `{${s.buckets.map(({ amount }) => amount).join()}}`),
      column((s) => s.startDay),
      column((s) => json(s.benefits)),
      column((s) => s.toldUntil),
      column((s) => s.moves),
      column((s) => instantOf(s.dueMs)),
      column((s) => s.override?.tier ?? null),
      column((s) => s.override?.isFloor ?? null),
      column((s) => s.override?.reason ?? null),
      column((s) => s.override?.by ?? null),
      column((s) => instantOf(s.override?.untilMs ?? null)),
    ],
  )
}

/** A move from tier to tier, with what decided it. */
export type TierChange = {
  ladderId: string
  subscriberId: number
  move: number
  former: string | null
  tier: string | null
  reason: string
  atMs: number
  saw: Record<string, unknown>
}

/** Adds moves to the history. */
export async function insertChanges(tx: Tx, changes: TierChange[]): Promise<void> {
  if (changes.length === 0) return
  await tx.query(
    `insert into loyalty.tier_change (tenant_id, ladder_id, subscriber_id, move, former, tier_id, reason, at, saw)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::text[],
       $6::text[], $7::timestamptz[], $8::jsonb[])`,
    [
      changes.map((c) => c.ladderId),
      changes.map((c) => c.subscriberId),
      changes.map((c) => c.move),
      changes.map((c) => c.former),
      changes.map((c) => c.tier),
      changes.map((c) => c.reason),
      changes.map((c) => instantOf(c.atMs)),
      changes.map((c) => json(c.saw)),
    ],
  )
}

/** A member's moves on a ladder, the latest first. */
export async function selectChanges(
  tx: Tx,
  ladderId: string,
  subscriberId: number,
  limit: number,
): Promise<TierChange[]> {
  const rows = await tx.query<Omit<TierChange, 'atMs'> & { at: Temporal.Instant }>(
    `select ladder_id as "ladderId", subscriber_id as "subscriberId", move, former, tier_id as tier, reason, at, saw
     from loyalty.tier_change where ladder_id = $1 and subscriber_id = $2 order by move desc limit $3`,
    [ladderId, subscriberId, limit],
  )
  return rows.map(({ at, ...row }) => ({ ...row, atMs: at.epochMilliseconds }))
}

/** Whose tier may change without an event up to a moment, those that wait longest first. */
export async function selectDue(
  tx: Tx,
  now: Temporal.Instant,
  limit: number,
): Promise<{ ladderId: string; programmeId: string; subscriberId: number; dueMs: number }[]> {
  const rows = await tx.query<{
    ladderId: string
    programmeId: string
    subscriberId: number
    due: Temporal.Instant
  }>(
    `select ladder_id as "ladderId", programme_id as "programmeId", subscriber_id as "subscriberId", due_at as due
     from loyalty.tier_standing where due_at <= $1 order by due_at limit $2`,
    [now, limit],
  )
  return rows.map(({ due, ...row }) => ({ ...row, dueMs: due.epochMilliseconds }))
}

/** When the next tier may change without an event; null: none. */
export async function selectNextDue(tx: Tx): Promise<Temporal.Instant | null> {
  const [row] = await tx.query<{ due: Temporal.Instant }>(
    'select due_at as due from loyalty.tier_standing where due_at is not null order by due_at limit 1',
  )
  return row?.due ?? null
}

/** Takes standings of ladders that are no more off the clock. */
export async function clearDue(tx: Tx, ladderId: string, subscriberIds: number[]): Promise<void> {
  await tx.query(
    'update loyalty.tier_standing set due_at = null where ladder_id = $1 and subscriber_id = any($2::int[])',
    [ladderId, subscriberIds],
  )
}

export type Walk = { ladderId: string; version: number; afterSubscriber: number; isDone: boolean }

/** How far all members were looked at after ladders changed. */
export function selectWalks(tx: Tx): Promise<Walk[]> {
  return tx.query(
    `select ladder_id as "ladderId", version, after_subscriber as "afterSubscriber", is_done as "isDone"
     from loyalty.tier_walk`,
  )
}

/** Stores how far a walk has come. */
export async function saveWalk(tx: Tx, { ladderId, version, afterSubscriber, isDone }: Walk): Promise<void> {
  await tx.query(
    `insert into loyalty.tier_walk values (current_setting('tenure.tenant_id'), $1, $2, $3, $4)
     on conflict (tenant_id, ladder_id) do update set version = excluded.version,
       after_subscriber = excluded.after_subscriber, is_done = excluded.is_done`,
    [ladderId, version, afterSubscriber, isDone],
  )
}

/** How many members stand on each tier of a ladder; null: on none. */
export function countByTier(tx: Tx, ladderId: string): Promise<{ tier: string | null; members: number }[]> {
  return tx.query(
    `select tier_id as tier, count(*)::int as members from loyalty.tier_standing where ladder_id = $1 group by 1`,
    [ladderId],
  )
}
