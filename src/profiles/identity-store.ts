import type { Tx } from '../platform/index.ts'
import type { Identity } from './identity.ts'

/** Marks identities as gone, where they are not yet; returns their subscribers. */
export async function updateIdentitiesGone(
  tx: Tx,
  gone: (Identity & { reason: string; at: Temporal.Instant })[],
): Promise<number[]> {
  if (gone.length === 0) return []
  const rows = await tx.query<{ id: number }>(
    `update profiles.identity i set gone_at = given.at, gone_reason = given.reason, txid = pg_current_xact_id()
     from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as given (kind, value, reason, at)
     where i.tenant_id = current_setting('tenure.tenant_id') and i.kind = given.kind and i.value = given.value
       and gone_at is null
     returning i.subscriber_id as id`,
    [
      gone.map((one) => one.kind),
      gone.map((one) => one.value),
      gone.map((one) => one.reason),
      gone.map((one) => one.at),
    ],
  )
  return rows.map((row) => row.id)
}

/** Uses identities again that were gone; returns their subscribers. */
export async function updateIdentitiesBack(tx: Tx, back: Identity[]): Promise<number[]> {
  if (back.length === 0) return []
  const rows = await tx.query<{ id: number }>(
    `update profiles.identity i set gone_at = null, gone_reason = null, txid = pg_current_xact_id()
     from unnest($1::text[], $2::text[]) as given (kind, value)
     where i.tenant_id = current_setting('tenure.tenant_id') and i.kind = given.kind and i.value = given.value
       and gone_at is not null
     returning i.subscriber_id as id`,
    [back.map((one) => one.kind), back.map((one) => one.value)],
  )
  return rows.map((row) => row.id)
}
