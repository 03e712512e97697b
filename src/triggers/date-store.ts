import { json, type Tx } from '../platform/index.ts'

/** One row a rule: all zones are looked at together, so that a zone which is new begins where the others are. */
const ALL_ZONES = ''

/** Forgets date rules that are gone, notes new ones as having looked up to `now`, and says how far each has looked. */
export async function noteDateRules(
  tx: Tx,
  ruleIds: string[],
  now: Temporal.Instant,
): Promise<Map<string, Temporal.Instant>> {
  tx.execute('delete from triggers.date_run where rule_id <> all($1::text[])', [ruleIds])
  if (ruleIds.length === 0) return new Map()
  tx.execute(
    `insert into triggers.date_run (tenant_id, rule_id, time_zone, ran_to)
     select current_setting('tenure.tenant_id'), rule_id, $2, $3 from unnest($1::text[]) as given (rule_id)
     on conflict do nothing`,
    [ruleIds, ALL_ZONES, now],
  )
  const rows = await tx.query<{ ruleId: string; ranTo: Temporal.Instant }>(
    'select rule_id as "ruleId", ran_to as "ranTo" from triggers.date_run',
  )
  return new Map(rows.map(({ ruleId, ranTo }) => [ruleId, ranTo]))
}

/** Up to which moment a rule has looked; the row is locked, so that two processes do not look at once. */
export async function lockDateRun(tx: Tx, ruleId: string): Promise<Temporal.Instant | undefined> {
  const rows = await tx.query<{ ranTo: Temporal.Instant }>(
    'select ran_to as "ranTo" from triggers.date_run where rule_id = $1 for update',
    [ruleId],
  )
  return rows[0]?.ranTo
}

/** Notes that these rules have looked up to a moment. */
export function advanceDateRuns(tx: Tx, ruleIds: string[], at: Temporal.Instant): void {
  tx.execute('update triggers.date_run set ran_to = $2 where rule_id = any($1::text[]) and ran_to < $2', [
    ruleIds,
    at,
  ])
}

/** A firing by a date. */
export type DateFiring = { subscriberId: number; cause: string; firedAtMs: number; values: { date: string } }

/** Stores firings of a rule; those that are stored already stay as they are. Returns how many are new. */
export async function insertDateFirings(tx: Tx, ruleId: string, firings: DateFiring[]): Promise<number> {
  if (firings.length === 0) return 0
  const rows = await tx.query<{ count: number }>(
    `with saved as (
       insert into triggers.firing (tenant_id, rule_id, subscriber_id, cause, fired_at, values)
       select current_setting('tenure.tenant_id'), $1, subscriber_id, cause, to_timestamp(fired_ms / 1000.0), values
       from unnest($2::int[], $3::text[], $4::float8[], $5::jsonb[])
         with ordinality as f (subscriber_id, cause, fired_ms, values, place)
       order by place
       on conflict (tenant_id, rule_id, subscriber_id, cause) do nothing
       returning 1)
     select count(*)::int as count from saved`,
    [
      ruleId,
      firings.map((row) => row.subscriberId),
      firings.map((row) => row.cause),
      firings.map((row) => row.firedAtMs),
      firings.map((row) => json(row.values)),
    ],
  )
  return rows[0]!.count
}

/** The firings of a rule for some subscribers, in order of time. */
export async function selectEarlierFirings(
  tx: Tx,
  ruleId: string,
  subscriberIds: number[],
): Promise<{ subscriberId: number; cause: string; firedAtMs: number }[]> {
  const rows = await tx.query<{ subscriberId: number; cause: string; firedAt: Temporal.Instant }>(
    `select subscriber_id as "subscriberId", cause, fired_at as "firedAt" from triggers.firing
     where rule_id = $1 and subscriber_id = any($2::int[]) and retracted_at is null order by fired_at`,
    [ruleId, subscriberIds],
  )
  return rows.map(({ firedAt, ...row }) => ({ ...row, firedAtMs: firedAt.epochMilliseconds }))
}

/** How often a rule fired between two moments. */
export async function countFiringsBetween(
  tx: Tx,
  ruleId: string,
  from: Temporal.Instant,
  to: Temporal.Instant,
): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*)::int as count from triggers.firing
     where rule_id = $1 and fired_at >= $2 and fired_at < $3 and retracted_at is null`,
    [ruleId, from, to],
  )
  return row!.count
}
