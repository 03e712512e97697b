import { type Database, DomainError, json, type Tx } from '../platform/index.ts'
import type { CheckpointSpace } from './checkpoints.ts'
import type { StoredDecision } from './decisions.ts'

/** A stored firing. */
export type Firing = {
  firingId: bigint
  ruleId: string
  subscriberId: number
  cause: string
  /** The value of a composite key; empty for a rule without one. */
  key: string
  /** When it happened, in event time. */
  firedAt: Temporal.Instant
  values: Record<string, unknown>
}

const firingColumns = `firing_id as "firingId", rule_id as "ruleId", subscriber_id as "subscriberId", cause, key,
  fired_at as "firedAt", values`

/**
 * Stores what was decided in one partition: new firings, those that stand again, those that are retracted. A decision
 * that is not later than the stored one has no effect. Returns how many rows stand anew.
 */
export async function saveDecisions(
  tx: Tx,
  partition: number,
  decisions: StoredDecision[],
  at: Temporal.Instant,
): Promise<number> {
  const stand = decisions.filter(({ stands }) => stands)
  const fall = decisions.filter(({ stands }) => !stands)
  if (fall.length > 0) {
    tx.execute(
      `update triggers.firing f set retracted_at = coalesce(f.retracted_at, $5), decided = given.decided
       from unnest($1::text[], $2::int[], $3::text[], $4::bigint[]) as given (rule_id, subscriber_id, cause, decided)
       where f.tenant_id = current_setting('tenure.tenant_id') and f.rule_id = given.rule_id
         and f.subscriber_id = given.subscriber_id and f.cause = given.cause and f.decided < given.decided`,
      [
        fall.map((row) => row.ruleId),
        fall.map((row) => row.subscriberId),
        fall.map((row) => row.cause),
        fall.map((row) => row.decided),
        at,
      ],
    )
  }
  if (stand.length === 0) return 0
  const rows = await tx.query<{ count: number }>(
    `with saved as (
       insert into triggers.firing
         (tenant_id, partition, rule_id, subscriber_id, key, key_code, cause, fired_at, values, decided)
       select current_setting('tenure.tenant_id'), $9, rule_id, subscriber_id, key, key_code, cause,
              to_timestamp(fired_ms / 1000.0), values, decided
       from unnest($1::text[], $2::int[], $3::text[], $4::float8[], $5::text[], $6::float8[], $7::jsonb[], $8::bigint[])
         with ordinality as f (rule_id, subscriber_id, key, key_code, cause, fired_ms, values, decided, place)
       order by place
       on conflict (tenant_id, rule_id, subscriber_id, cause) do update
       set retracted_at = null, decided = excluded.decided where firing.decided < excluded.decided
       returning 1)
     select count(*)::int as count from saved`,
    [
      stand.map((row) => row.ruleId),
      stand.map((row) => row.subscriberId),
      stand.map((row) => row.key),
      stand.map((row) => row.keyCode),
      stand.map((row) => row.cause),
      stand.map((row) => row.firedAtMs),
      stand.map((row) => json(row.values)),
      stand.map((row) => row.decided),
      partition,
    ],
  )
  return rows[0]!.count
}

/** Up to `limit` firings that stand and that nobody has handled, oldest first, locked for this transaction. */
export function takeFirings(tx: Tx, limit: number): Promise<Firing[]> {
  return tx.query<Firing>(
    `select ${firingColumns} from triggers.firing where handled_at is null and retracted_at is null
     order by firing_id limit $1 for update skip locked`,
    [limit],
  )
}

/** Marks firings as handled at a moment. */
export async function markFiringsHandled(tx: Tx, ids: bigint[], at: Temporal.Instant): Promise<void> {
  if (ids.length === 0) return
  tx.execute('update triggers.firing set handled_at = $2 where firing_id = any($1::bigint[])', [ids, at])
}

/** Marks what waits of all rules but these as handled at a moment, in one statement: nobody looks at it. */
export function markOthersHandled(tx: Tx, ruleIds: string[], at: Temporal.Instant): void {
  tx.execute(
    `update triggers.firing set handled_at = $2 where ctid = any (array(
       select ctid from triggers.firing
       where handled_at is null and retracted_at is null and rule_id <> all ($1::text[])
       order by firing_id for update skip locked))`,
    [ruleIds, at],
  )
}

/** Firings that the clock decided in a partition when `fromOffset` events or more had been read, in that order. */
export async function selectClockFirings(
  tx: Tx,
  partition: number,
  fromOffset: number,
): Promise<
  { ruleId: string; subscriberId: number; key: number | null; firedAtMs: number; readTo: number }[]
> {
  const rows = await tx.query<{
    ruleId: string
    subscriberId: number
    key: number | null
    firedAt: Temporal.Instant
    decided: bigint
  }>(
    `select rule_id as "ruleId", subscriber_id as "subscriberId", key_code as key, fired_at as "firedAt", decided
     from triggers.firing
     where partition = $1 and decided >= $2 and decided % 4 = 2
     order by decided, firing_id`,
    [partition, 4 * fromOffset],
  )
  return rows.map(({ firedAt, decided, ...row }) => ({
    ...row,
    firedAtMs: firedAt.epochMilliseconds,
    readTo: (Number(decided) - 2) / 4,
  }))
}

/** Firings of some subscribers that stand, decided from a place of the reading on. */
export async function selectStanding(
  tx: Tx,
  subscriberIds: number[],
  ruleId: string,
  fromDecided: number,
): Promise<{ subscriberId: number; cause: string }[]> {
  return tx.query(
    `select subscriber_id as "subscriberId", cause from triggers.firing
     where rule_id = $1 and subscriber_id = any($2::int[]) and decided >= $3 and retracted_at is null`,
    [ruleId, subscriberIds, fromDecided],
  )
}

/** A rule's latest firings, newest first; of one subscriber if given. */
export function selectFirings(
  tx: Tx,
  ruleId: string,
  limit: number,
  subscriberId: number | null = null,
): Promise<(Firing & { handledAt: Temporal.Instant | null; retractedAt: Temporal.Instant | null })[]> {
  return tx.query(
    `select ${firingColumns}, handled_at as "handledAt", retracted_at as "retractedAt" from triggers.firing
     where rule_id = $1 and ($3::int is null or subscriber_id = $3) order by firing_id desc limit $2`,
    [ruleId, limit, subscriberId],
  )
}

/** How often each rule has fired, how many firings were retracted, and when it fired last. */
export function countFirings(
  tx: Tx,
): Promise<{ ruleId: string; count: number; retracted: number; lastFiredAt: Temporal.Instant | null }[]> {
  return tx.query(
    `select rule_id as "ruleId", count(*) filter (where retracted_at is null)::int as count,
            count(retracted_at)::int as retracted, max(fired_at) filter (where retracted_at is null) as "lastFiredAt"
     from triggers.firing group by rule_id`,
  )
}

/** Standing firings of each rule by hour or day of event time, in a time zone. */
export function selectFiringsOverTime(
  tx: Tx,
  query: {
    from: Temporal.Instant
    to: Temporal.Instant
    unit: 'hour' | 'day'
    ruleId: string | null
    timeZone: string
  },
): Promise<{ ruleId: string; at: Temporal.Instant; firings: number }[]> {
  return tx.query(
    `select rule_id as "ruleId", date_trunc($3, fired_at, $5) as at, count(*)::int as firings
     from triggers.firing
     where fired_at >= $1 and fired_at < $2 and retracted_at is null and ($4::text is null or rule_id = $4)
     group by 1, 2 order by 2, 1`,
    [query.from, query.to, query.unit, query.ruleId, query.timeZone],
  )
}

/** An interval in which a rule stands still; `resumedAt` is null while it does. */
export type Pause = {
  ruleId: string
  pausedAt: Temporal.Instant
  resumedAt: Temporal.Instant | null
  reason: 'person' | 'ceiling'
}

/** All pauses of all rules. */
export function selectPauses(tx: Tx): Promise<Pause[]> {
  return tx.query(
    `select rule_id as "ruleId", paused_at as "pausedAt", resumed_at as "resumedAt", reason
     from triggers.pause order by rule_id, paused_at`,
  )
}

/** Stops a rule from a moment of event time on; false when it stands still already. */
export async function insertPause(
  tx: Tx,
  ruleId: string,
  at: Temporal.Instant,
  reason: Pause['reason'],
): Promise<boolean> {
  const rows = await tx.query(
    `insert into triggers.pause (tenant_id, rule_id, paused_at, reason)
     values (current_setting('tenure.tenant_id'), $1, $2, $3) on conflict do nothing returning 1`,
    [ruleId, at, reason],
  )
  return rows.length > 0
}

/** Lets a rule go on; false when it was not standing still. */
export async function updateResumed(tx: Tx, ruleId: string, at: Temporal.Instant): Promise<boolean> {
  const rows = await tx.query(
    `update triggers.pause set resumed_at = greatest(paused_at, $2) where rule_id = $1 and resumed_at is null returning 1`,
    [ruleId, at],
  )
  return rows.length > 0
}

/** Makes whoever calls the one writer for a partition; returns the epoch by which it is known. */
export async function claimPartition(tx: Tx, partition: number): Promise<bigint> {
  const rows = await tx.query<{ epoch: bigint }>(
    `insert into triggers.partition_owner as owner (tenant_id, partition, epoch)
     values (current_setting('tenure.tenant_id'), $1, 1)
     on conflict (tenant_id, partition) do update set epoch = owner.epoch + 1
     returning epoch`,
    [partition],
  )
  return rows[0]!.epoch
}

/** A machine that stands still in a transaction must not keep the next engine waiting for longer. */
const HOLD_TIMEOUT_MS = 5_000

/** Holds the right to write for a partition until the transaction ends. Throws `partition_lost`. */
export async function holdPartition(tx: Tx, partition: number, epoch: bigint): Promise<void> {
  tx.execute(`set local idle_in_transaction_session_timeout = ${HOLD_TIMEOUT_MS}`)
  const rows = await tx.query(
    'select 1 from triggers.partition_owner where partition = $1 and epoch = $2 for share',
    [partition, epoch],
  )
  if (rows.length === 0) throw partitionLost(partition)
}

/** Sent ahead of other statements: unless the partition is held, it fails and with it the transaction. */
function requirePartition(tx: Tx, partition: number, epoch: bigint): void {
  tx.execute(`set local idle_in_transaction_session_timeout = ${HOLD_TIMEOUT_MS}`)
  tx.execute(
    `select 1 / (select count(*) from (
       select 1 from triggers.partition_owner where partition = $1 and epoch = $2 for share) as held)`,
    [partition, epoch],
  )
}

const DIVISION_BY_ZERO = '22012'

/**
 * Stores what was decided in one partition, and what `more` does, in one transaction by a claim on the partition. No
 * statement waits for the answer to another. Returns how many firings stand anew. Throws `partition_lost`.
 */
export async function storeDecided(
  database: Database,
  tenantId: string,
  { partition, epoch, decisions, at }: DecidedBatch,
  more: (tx: Tx) => Promise<void>,
): Promise<number> {
  try {
    const { saved } = await database.tx(tenantId, async (tx) => {
      requirePartition(tx, partition, epoch)
      const saving = saveDecisions(tx, partition, decisions, at)
      // A failure is that of the transaction, which is waited for.
      saving.catch(() => undefined)
      await more(tx)
      return { saved: saving }
    })
    return await saved
  } catch (error) {
    throw (error as { code?: unknown }).code === DIVISION_BY_ZERO ? partitionLost(partition) : error
  }
}

/** `epoch` is the claim on the partition by which it is written. */
export type DecidedBatch = {
  partition: number
  epoch: bigint
  decisions: StoredDecision[]
  at: Temporal.Instant
}

const partitionLost = (partition: number): DomainError =>
  new DomainError('partition_lost', `another engine works on partition ${partition} now`, {
    field: 'partition',
    found: partition,
  })

/** What engines remember, kept in PostgreSQL: for partitions that move between machines. */
export function databaseCheckpoints(
  database: Database,
  tenantId: string,
  claim?: { partition: number; epoch: bigint },
): CheckpointSpace {
  return {
    get: async (key) => {
      const rows = await database.tx(tenantId, (tx) =>
        tx.query<{ value: Buffer }>('select value from triggers.checkpoint where key = $1', [key]),
      )
      return rows[0]?.value
    },
    put: (key, value) =>
      database.tx(tenantId, async (tx) => {
        if (claim) await holdPartition(tx, claim.partition, claim.epoch)
        await tx.query(
          `insert into triggers.checkpoint (tenant_id, key, value) values (current_setting('tenure.tenant_id'), $1, $2)
           on conflict (tenant_id, key) do update set value = excluded.value`,
          [key, value],
        )
      }),
    remove: (key) =>
      database.tx(tenantId, (tx) => tx.query('delete from triggers.checkpoint where key = $1', [key])),
  }
}
