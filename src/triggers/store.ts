import type { Tx } from '../platform/index.ts'

/** A firing to be stored. */
export type NewFiring = {
  ruleId: string
  subscriberId: number
  /** Id of the event that made the rule fire, for absence of the one that started the wait. */
  cause: string
  /** Event time, epoch ms. */
  firedAtMs: number
  values: Record<string, unknown>
  readTo: number | null
}

/** A stored firing. */
export type Firing = {
  firingId: bigint
  ruleId: string
  subscriberId: number
  cause: string
  /** When it happened, in event time. */
  firedAt: Temporal.Instant
  values: Record<string, unknown>
}

const firingColumns = `firing_id as "firingId", rule_id as "ruleId", subscriber_id as "subscriberId", cause,
  fired_at as "firedAt", values`

/** Stores firings; those of a known rule, subscriber and cause have no effect. Returns how many were new. */
export async function insertFirings(tx: Tx, firings: NewFiring[]): Promise<number> {
  const rows = await tx.query<{ count: number }>(
    `with added as (
       insert into triggers.firing (tenant_id, rule_id, subscriber_id, cause, fired_at, values, read_to)
       select current_setting('tenure.tenant_id'), rule_id, subscriber_id, cause,
              to_timestamp(fired_ms / 1000.0), values, read_to
       from unnest($1::text[], $2::int[], $3::text[], $4::float8[], $5::jsonb[], $6::bigint[])
         with ordinality as f (rule_id, subscriber_id, cause, fired_ms, values, read_to, place)
       order by place
       on conflict do nothing
       returning 1)
     select count(*)::int as count from added`,
    [
      firings.map((firing) => firing.ruleId),
      firings.map((firing) => firing.subscriberId),
      firings.map((firing) => firing.cause),
      firings.map((firing) => firing.firedAtMs),
      firings.map((firing) => JSON.stringify(firing.values)),
      firings.map((firing) => firing.readTo),
    ],
  )
  return rows[0]!.count
}

/** Up to `limit` firings that nobody has handled, oldest first, locked for this transaction. */
export function takeFirings(tx: Tx, limit: number): Promise<Firing[]> {
  return tx.query<Firing>(
    `select ${firingColumns} from triggers.firing where handled_at is null
     order by firing_id limit $1 for update skip locked`,
    [limit],
  )
}

/** Marks firings as handled at a moment. */
export async function markFiringsHandled(tx: Tx, ids: bigint[], at: Temporal.Instant): Promise<void> {
  if (ids.length === 0) return
  tx.execute('update triggers.firing set handled_at = $2 where firing_id = any($1::bigint[])', [ids, at])
}

/** Firings that the clock made when the log had been read to `fromOffset` or further, in that order. */
export async function selectClockFirings(
  tx: Tx,
  ruleIds: string[],
  fromOffset: number,
): Promise<{ ruleId: string; subscriberId: number; firedAtMs: number; readTo: number }[]> {
  const rows = await tx.query<{
    ruleId: string
    subscriberId: number
    firedAt: Temporal.Instant
    readTo: bigint
  }>(
    `select rule_id as "ruleId", subscriber_id as "subscriberId", fired_at as "firedAt", read_to as "readTo"
     from triggers.firing
     where read_to >= $2 and rule_id = any($1)
     order by read_to, firing_id`,
    [ruleIds, fromOffset],
  )
  return rows.map(({ firedAt, readTo, ...row }) => ({
    ...row,
    firedAtMs: firedAt.epochMilliseconds,
    readTo: Number(readTo),
  }))
}

/** A rule's latest firings, newest first. */
export function selectFirings(
  tx: Tx,
  ruleId: string,
  limit: number,
): Promise<(Firing & { handledAt: Temporal.Instant | null })[]> {
  return tx.query(
    `select ${firingColumns}, handled_at as "handledAt" from triggers.firing
     where rule_id = $1 order by firing_id desc limit $2`,
    [ruleId, limit],
  )
}

/** How often each rule has fired, and when last. */
export function countFirings(
  tx: Tx,
): Promise<{ ruleId: string; count: number; lastFiredAt: Temporal.Instant }[]> {
  return tx.query(
    `select rule_id as "ruleId", count(*)::int as count, max(fired_at) as "lastFiredAt"
     from triggers.firing group by rule_id`,
  )
}
