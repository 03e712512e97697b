import type { Tx } from '../platform/index.ts'

/** Keeps a request under its key; returns the digest of the one that had the key before, if any. */
export async function keepRequest(
  tx: Tx,
  request: { key: string; digest: string; runId: string },
  at: Temporal.Instant,
): Promise<string | undefined> {
  const inserted = await tx.query(
    `insert into messaging.request (tenant_id, key, digest, run_id, requested_at)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4) on conflict do nothing returning 1`,
    [request.key, request.digest, request.runId, at],
  )
  if (inserted.length > 0) return undefined
  const [known] = await tx.query<{ digest: string }>('select digest from messaging.request where key = $1', [
    request.key,
  ])
  return known!.digest
}
