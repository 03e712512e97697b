import type { Tx } from '../platform/index.ts'

/** Stands between the fields of a line, and between lines: no value contains it. */
export const FIELD = '\u001f'
export const LINE = '\u001e'

/**
 * What the tables say of many subscribers, a text a column: a row each would cost a sender more than all it does with
 * them. Each line begins with a subscriber's number.
 */
export type RecipientColumns = {
  tenantId: string
  /** Numbers, and in the same order time zones and languages, empty where the tenant's hold. */
  ids: string | null
  timeZones: string | null
  languages: string | null
  /** `number+digits`, the latest last. */
  phones: string | null
  /** Subscriber, kind and value of identities of other kinds behind which somebody is, the latest last. */
  others: [number, string, string][] | null
  /** `number` and words `channel/purpose` with `+` or `-`. */
  consents: string | null
  /** Who has a word on all channels: which word is the latest is another question. */
  general: number[] | null
}

/** Columns of the subscribers with these numbers, which are written as PostgreSQL's array: `{1,2}`. */
export async function selectRecipients(tx: Tx, ids: string): Promise<RecipientColumns> {
  const [[subscribers], [identities], [words]] = await Promise.all([
    tx.query<Pick<RecipientColumns, 'tenantId' | 'ids' | 'timeZones' | 'languages'>>(
      `select current_setting('tenure.tenant_id') as "tenantId", string_agg(subscriber_id::text, chr(30)) as ids,
         string_agg(coalesce(time_zone, ''), chr(30)) as "timeZones", string_agg(coalesce(language, ''), chr(30)) as languages
       from profiles.subscriber where subscriber_id = any($1::int[])`,
      [ids],
    ),
    tx.query<Pick<RecipientColumns, 'phones' | 'others'>>(
      `select string_agg(subscriber_id || value, chr(30) order by seq) filter (where kind = 'msisdn') as phones,
         json_agg(json_build_array(subscriber_id, kind, value) order by seq) filter (where kind <> 'msisdn') as others
       from profiles.identity
       where subscriber_id = any($1::int[]) and gone_at is null and kind not in ('account', 'external')`,
      [ids],
    ),
    tx.query<Pick<RecipientColumns, 'consents' | 'general'>>(
      `select string_agg(subscriber_id || chr(31) || words, chr(30)) as consents,
         array_agg(subscriber_id) filter (where has_general) as general
       from (select subscriber_id, bool_or(channel = '*') as has_general,
               string_agg(channel || '/' || purpose || case when granted then '+' else '-' end, chr(31)
                          order by channel, purpose) as words
             from profiles.consent where subscriber_id = any($1::int[]) group by subscriber_id) as said`,
      [ids],
    ),
  ])
  return { ...subscribers!, ...identities!, ...words! }
}

/** The latest word on each channel and purpose, `atMs` in epoch ms. */
export type StoredConsent = {
  subscriberId: number
  channel: string
  purpose: string
  granted: boolean
  atMs: number
}

/** Every word of these subscribers with its moment. */
export function selectDatedConsents(tx: Tx, ids: number[]): Promise<StoredConsent[]> {
  return tx.query(
    `select subscriber_id as "subscriberId", channel, purpose, granted, (extract(epoch from at) * 1000)::float8 as "atMs"
     from profiles.consent where subscriber_id = any($1::int[])`,
    [ids],
  )
}

/** An entry of the stop list that names a subscriber or one of its identities. Epoch ms. */
export type StoredStop = {
  subscriberId: number
  fromMs: number
  untilMs: number | null
  scope: 'all' | 'marketing'
  reason: string
}

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`
const stopColumns = `${ms('t.from_at')} as "fromMs", ${ms('t.until_at')} as "untilMs", t.scope, t.reason`

/** What of the stop list concerns these subscribers (`{1,2}`), by their identities as well. */
export function selectRecipientStops(tx: Tx, ids: string): Promise<StoredStop[]> {
  return tx.query(
    `select t.subscriber_id as "subscriberId", ${stopColumns} from profiles.stop_list t
     where t.subscriber_id = any($1::int[]) and t.removed_at is null
     union all
     select i.subscriber_id, ${stopColumns} from profiles.identity i
     join profiles.stop_list t on t.tenant_id = i.tenant_id and t.kind = i.kind and t.value = i.value
     where i.subscriber_id = any($1::int[]) and t.kind is not null and t.removed_at is null
       -- Nobody is looked up where the list names nobody in this way.
       and exists (select 1 from profiles.stop_list where kind is not null)`,
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
