import type { Tx } from '../platform/index.ts'
import type { IdentityKind } from './contract.ts'
import type { Identity } from './identity.ts'

export type NewStop = {
  stopId: string
  subscriberId: number | null
  identity: Identity | null
  scope: 'all' | 'marketing'
  reason: string
  from: Temporal.Instant
  until: Temporal.Instant | null
}

export type StoredStop = Omit<NewStop, 'identity'> & {
  kind: IdentityKind | null
  value: string | null
  addedAt: Temporal.Instant
}

/** Puts entries on the list. */
export async function insertStops(
  tx: Tx,
  stops: NewStop[],
  addedAt: Temporal.Instant,
  addedBy: string | null,
): Promise<void> {
  if (stops.length === 0) return
  await tx.query(
    `insert into profiles.stop_list
       (tenant_id, stop_id, subscriber_id, kind, value, scope, reason, from_at, until_at, added_at, added_by)
     select current_setting('tenure.tenant_id'), *, $9, $10
     from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[],
                 $7::timestamptz[], $8::timestamptz[])`,
    [
      stops.map((stop) => stop.stopId),
      stops.map((stop) => stop.subscriberId),
      stops.map((stop) => stop.identity?.kind ?? null),
      stops.map((stop) => stop.identity?.value ?? null),
      stops.map((stop) => stop.scope),
      stops.map((stop) => stop.reason),
      stops.map((stop) => stop.from),
      stops.map((stop) => stop.until),
      addedAt,
      addedBy,
    ],
  )
}

/** Takes an entry off the list; false when it is not on it. The row stays, with when that was. */
export async function updateStopRemoved(tx: Tx, stopId: string, at: Temporal.Instant): Promise<boolean> {
  const rows = await tx.query(
    `update profiles.stop_list set removed_at = $2, txid = pg_current_xact_id()
     where stop_id = $1 and removed_at is null returning stop_id`,
    [stopId, at],
  )
  return rows.length > 0
}

/** Entries on the list, in the order in which they were added, behind `afterId`. */
export function selectStops(tx: Tx, afterId: string | null, limit: number): Promise<StoredStop[]> {
  return tx.query<StoredStop>(
    `select stop_id as "stopId", subscriber_id as "subscriberId", kind, value, scope, reason, from_at as "from",
            until_at as "until", added_at as "addedAt"
     from profiles.stop_list where removed_at is null and ($1::uuid is null or stop_id > $1) order by stop_id limit $2`,
    [afterId, limit],
  )
}
