import type { Tx } from '../platform/index.ts'

/** What a sender must know of a subscriber; time zone and language are null where the tenant's hold. */
export type StoredRecipient = {
  tenantId: string
  subscriberId: number
  timeZone: string | null
  language: 'en' | 'ru' | 'uk' | null
  /** The latest identity of each kind behind which somebody is. */
  addresses: Record<string, string> | null
  /** The latest word on each channel and purpose, `atMs` in epoch ms. */
  consents: { channel: string; purpose: string; granted: boolean; atMs: number }[] | null
  /** Entries of the stop list; by their identities as well. Epoch ms. */
  stops: { fromMs: number; untilMs: number | null; scope: 'all' | 'marketing'; reason: string }[] | null
}

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::int8`
const stopColumns = `json_build_object('fromMs', ${ms('t.from_at')}, 'untilMs', ${ms('t.until_at')},
  'scope', t.scope, 'reason', t.reason)`

/** Recipients by id, each in one row. */
export function selectRecipients(tx: Tx, ids: number[]): Promise<StoredRecipient[]> {
  return tx.query<StoredRecipient>(
    `select s.tenant_id as "tenantId", s.subscriber_id as "subscriberId", s.time_zone as "timeZone", s.language,
       (select json_object_agg(i.kind, i.value order by i.seq) from profiles.identity i
        where i.tenant_id = s.tenant_id and i.subscriber_id = s.subscriber_id and i.gone_at is null) as addresses,
       (select json_agg(json_build_object('channel', c.channel, 'purpose', c.purpose, 'granted', c.granted,
                                          'atMs', ${ms('c.at')})) from profiles.consent c
        where c.tenant_id = s.tenant_id and c.subscriber_id = s.subscriber_id) as consents,
       (select json_agg(stop) from (
          select ${stopColumns} as stop from profiles.stop_list t
          where t.tenant_id = s.tenant_id and t.subscriber_id = s.subscriber_id and t.removed_at is null
          union all
          select ${stopColumns} from profiles.identity i
          join profiles.stop_list t on t.tenant_id = i.tenant_id and t.kind = i.kind and t.value = i.value
          where i.tenant_id = s.tenant_id and i.subscriber_id = s.subscriber_id and t.removed_at is null
            and t.kind is not null) as stopped) as stops
     from profiles.subscriber s where s.subscriber_id = any($1::int[])`,
    [ids],
  )
}

/**
 * Subscribers of whom something was written by transactions from `lowWater` on: themselves, an identity, a
 * consent or a stop;
 * at most `limit` of each. `lowWater` of the answer is where the next look begins; nothing falls between two looks,
 * and something may be told twice.
 */
export async function selectChangedRecipients(
  tx: Tx,
  lowWater: string,
  limit: number,
): Promise<{ lowWater: string; ids: number[] }> {
  const [row] = await tx.query<{ lowWater: string; ids: number[] | null }>(
    `select pg_snapshot_xmin(pg_current_snapshot())::text as "lowWater",
       (select array_agg(id) from (
          (select subscriber_id as id from profiles.subscriber where txid >= $1::text::xid8 limit $2)
          union all (select subscriber_id from profiles.identity where txid >= $1::text::xid8 limit $2)
          union all (select subscriber_id from profiles.consent where txid >= $1::text::xid8 limit $2)
          union all (select coalesce(t.subscriber_id, i.subscriber_id) from profiles.stop_list t
                     left join profiles.identity i on i.kind = t.kind and i.value = t.value
                     where t.txid >= $1::text::xid8 and coalesce(t.subscriber_id, i.subscriber_id) is not null
                     limit $2)) as changed) as ids`,
    [lowWater, limit],
  )
  return { lowWater: row!.lowWater, ids: row!.ids ?? [] }
}
