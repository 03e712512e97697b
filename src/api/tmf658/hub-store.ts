import type { Tx } from '../../platform/index.ts'

export type Hub = { hubId: string; callback: string; query: string; secret: string }

/** Keeps a listener. */
export async function insertHub(tx: Tx, hub: Hub, at: Temporal.Instant): Promise<void> {
  await tx.query(
    `insert into api.hub (tenant_id, hub_id, callback, query, secret, created_at)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, $5)`,
    [hub.hubId, hub.callback, hub.query, hub.secret, at],
  )
}

/** All listeners, the earliest first. */
export const selectHubs = (tx: Tx): Promise<Hub[]> =>
  tx.query<Hub>('select hub_id as "hubId", callback, query, secret from api.hub order by created_at, hub_id')

/** Forgets a listener; false when there is none. */
export async function deleteHub(tx: Tx, hubId: string): Promise<boolean> {
  const rows = await tx.query('delete from api.hub where hub_id = $1 returning hub_id', [hubId])
  return rows.length === 1
}
