import type { Tx } from '../../platform/index.ts'
import type { MigrationOutcome } from './programme-migration.ts'

export type MigratedAccount = {
  subscriberId: number
  outcome: MigrationOutcome
  fromMinor: bigint
  toMinor: bigint
  leftMinor: bigint
  problem: string | null
}

/** Adds to the report of a migration; an account that is empty once more, with nothing left behind, is not told twice. */
export async function insertMigrated(
  tx: Tx,
  migrationId: string,
  runId: string,
  accounts: MigratedAccount[],
  at: Temporal.Instant,
): Promise<void> {
  if (accounts.length === 0) return
  await tx.query(
    `insert into loyalty.migrated_account
       (tenant_id, migration_id, subscriber_id, run_id, outcome, from_minor, to_minor, left_minor, problem, at)
     select current_setting('tenure.tenant_id'), $1, subscriber_id, $2, outcome, from_minor, to_minor, left_minor,
            problem, $9
     from unnest($3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[])
       as given (subscriber_id, outcome, from_minor, to_minor, left_minor, problem)
     where outcome <> 'empty' or left_minor > 0 or not exists
       (select from loyalty.migrated_account m where m.migration_id = $1 and m.subscriber_id = given.subscriber_id)`,
    [
      migrationId,
      runId,
      accounts.map((a) => a.subscriberId),
      accounts.map((a) => a.outcome),
      accounts.map((a) => a.fromMinor),
      accounts.map((a) => a.toMinor),
      accounts.map((a) => a.leftMinor),
      accounts.map((a) => a.problem),
      at,
    ],
  )
}

/** A page of the report in order of subscribers and time. */
export function selectMigrated(
  tx: Tx,
  migrationId: string,
  afterId: number,
  limit: number,
): Promise<(MigratedAccount & { at: Temporal.Instant })[]> {
  return tx.query(
    `select subscriber_id as "subscriberId", outcome, from_minor as "fromMinor", to_minor as "toMinor",
            left_minor as "leftMinor", problem, at
     from loyalty.migrated_account
     where migration_id = $1 and subscriber_id in
       (select distinct subscriber_id from loyalty.migrated_account
        where migration_id = $1 and subscriber_id > $2 order by subscriber_id limit $3)
     order by subscriber_id, at, run_id`,
    [migrationId, afterId, limit],
  )
}

/** What a run did with some accounts; one that was empty once more has no row of its own and is empty. */
export function selectMigratedOfRun(
  tx: Tx,
  migrationId: string,
  runId: string,
  subscriberIds: number[],
): Promise<MigratedAccount[]> {
  return tx.query(
    `select asked.id as "subscriberId", coalesce(outcome, 'empty') as outcome, coalesce(from_minor, 0) as "fromMinor",
            coalesce(to_minor, 0) as "toMinor", coalesce(left_minor, 0) as "leftMinor", problem
     from unnest($3::int[]) as asked (id)
     left join loyalty.migrated_account m
       on m.subscriber_id = asked.id and m.migration_id = $1 and m.run_id = $2`,
    [migrationId, runId, subscriberIds],
  )
}
