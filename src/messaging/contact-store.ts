import { instantOf, type Tx } from '../platform/index.ts'
import { plain } from './columns.ts'
import type { Purpose } from './contract.ts'

type StoredContact = { messageId: string; channel: string; purpose: Purpose; runId: string; atMs: number }

/** Messages to these subscribers that were handed over since a moment: what caps and gaps are counted from. */
export async function contactsSince(
  tx: Tx,
  subscriberIds: number[],
  sinceMs: number,
): Promise<Map<number, StoredContact[]>> {
  const rows = await tx.query<StoredContact & { subscriberId: number }>(
    `select message_id as "messageId", subscriber_id as "subscriberId", channel, purpose, run_id as "runId",
            (extract(epoch from submitted_at) * 1000)::float8 as "atMs"
     from messaging.message where subscriber_id = any($1::int[]) and submitted_at > $2`,
    [plain(subscriberIds), instantOf(sinceMs)],
  )
  return Map.groupBy(rows, (row) => row.subscriberId)
}

/** By subscriber and channel the hash of the address behind which nobody is any more. */
export async function goneAddresses(
  tx: Tx,
  subscriberIds: number[],
): Promise<Map<number, Map<string, string>>> {
  const rows = await tx.query<{ subscriberId: number; channel: string; hash: string }>(
    `select subscriber_id as "subscriberId", channel, address_hash as hash from messaging.address_gone
     where subscriber_id = any($1::int[])`,
    [plain(subscriberIds)],
  )
  const gone = new Map<number, Map<string, string>>()
  for (const { subscriberId, channel, hash } of rows) {
    const known = gone.get(subscriberId)
    if (known) known.set(channel, hash)
    else gone.set(subscriberId, new Map([[channel, hash]]))
  }
  return gone
}

/** Keeps the provider's word that nobody is behind these addresses. */
export function insertGoneAddresses(
  tx: Tx,
  gone: { subscriberId: number; channel: string; hash: string; reason: string; atMs: number }[],
): void {
  if (gone.length === 0) return
  tx.execute(
    `insert into messaging.address_gone as known (tenant_id, subscriber_id, channel, address_hash, reason, at)
     select distinct on (subscriber_id, channel) current_setting('tenure.tenant_id'), *
     from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
       as g (subscriber_id, channel, address_hash, reason, at) order by subscriber_id, channel, at desc
     on conflict (tenant_id, subscriber_id, channel)
     do update set address_hash = excluded.address_hash, reason = excluded.reason, at = excluded.at`,
    [
      gone.map((g) => g.subscriberId),
      gone.map((g) => g.channel),
      gone.map((g) => g.hash),
      gone.map((g) => g.reason),
      gone.map((g) => instantOf(g.atMs)),
    ],
  )
}
