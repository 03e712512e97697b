import type { Tx } from '../platform/index.ts'

/** Subscribers column by column, all lists in the same order. */
export type SubscriberColumns = {
  ids: number[]
  timeZones: (string | null)[]
  /** Of each attribute asked for; null where a subscriber has none. */
  attributes: unknown[][]
}

/** A place in the walk through what has changed. */
export type ChangePlace = { txid: string; subscriberId: number }

/** What a read that follows is certain to see. */
export async function selectSnapshot(tx: Tx): Promise<string> {
  const [row] = await tx.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot')
  return row!.snapshot
}

/** A page of all subscribers above `afterId`, in order of their numbers, with some of their attributes. */
export async function selectSubscriberPage(
  tx: Tx,
  attributes: string[],
  afterId: number,
  limit: number,
): Promise<SubscriberColumns> {
  // One row of long lists: half a million small rows would cost several times as much to send and to read.
  const [row] = await tx.query<PageRow>(
    `select ${pageColumns(attributes, 3)}
     from (select * from profiles.subscriber where subscriber_id > $1 order by subscriber_id limit $2) as page`,
    [afterId, limit, ...attributes],
  )
  return columnsOf(row!)
}

/**
 * A page of the subscribers that were written by transactions which `snapshot` does not see, behind `after`; `last` is
 * the place behind which to read on, null at the end.
 */
export async function selectSubscriberChanges(
  tx: Tx,
  attributes: string[],
  snapshot: string,
  after: ChangePlace | null,
  limit: number,
): Promise<SubscriberColumns & { last: ChangePlace | null }> {
  // Everything before the oldest running transaction of the snapshot is seen by it: there the reading begins.
  const { txid, subscriberId } = after ?? { txid: snapshot.slice(0, snapshot.indexOf(':')), subscriberId: -1 }
  const [row] = await tx.query<PageRow & { txid: string | null }>(
    `select ${pageColumns(attributes, 5)}, max(txid)::text as txid
     from (select * from profiles.subscriber
           where (txid, subscriber_id) > ($2::text::xid8, $3)
             and not pg_visible_in_snapshot(txid, $1::text::pg_snapshot)
           order by txid, subscriber_id limit $4) as page`,
    [snapshot, txid, subscriberId, limit, ...attributes],
  )
  const columns = columnsOf(row!)
  if (columns.ids.length < limit) return { ...columns, last: null }
  return { ...columns, last: { txid: row!.txid!, subscriberId: columns.ids.at(-1)! } }
}

type PageRow = { ids: number[] | null; timeZones: (string | null)[] | null; [attribute: string]: unknown }

function pageColumns(attributes: string[], firstParameter: number): string {
  const given = attributes.map((_, i) => `, json_agg(attributes -> $${firstParameter + i}::text) as a${i}`)
  return `json_agg(subscriber_id) as ids, json_agg(time_zone) as "timeZones"${given.join('')}`
}

function columnsOf(row: PageRow): SubscriberColumns {
  const attributes: unknown[][] = []
  for (let i = 0; `a${i}` in row; i++) attributes.push((row[`a${i}`] as unknown[] | null) ?? [])
  return { ids: row.ids ?? [], timeZones: row.timeZones ?? [], attributes }
}

/** Subscribers of some time zones whose attribute may hold one of some dates. */
export type DateQuery = {
  attribute: string
  /** Zones as they are stored; `tenantZone` stands for those who have none. */
  zones: string[]
  tenantZone: string
  /** Which part of `YYYY-MM-DD` to compare, counted from 1. */
  from: number
  length: number
  /** What it is in a text, and in an instant (epoch ms between the bounds) read as a day in UTC. */
  texts: string[]
  textsOfInstants: string[]
  firstMs: number
  lastMs: number
}

/** A page of such subscribers above `afterId`, in order of their numbers. */
export function selectByDate(
  tx: Tx,
  query: DateQuery,
  afterId: number,
  limit: number,
): Promise<{ subscriberId: number; timeZone: string; value: unknown }[]> {
  return tx.query(
    `select subscriber_id as "subscriberId", coalesce(time_zone, $3) as "timeZone", attributes -> $1::text as value
     from profiles.subscriber
     where subscriber_id > $10 and coalesce(time_zone, $3) = any($2::text[])
       and case jsonb_typeof(attributes -> $1::text)
             when 'string' then substr(attributes ->> $1::text, $4, $5) = any($6::text[])
             when 'number' then
               case when (attributes ->> $1::text)::numeric between $8::numeric and $9::numeric
                 then substr(to_char(timestamp '1970-01-01'
                   + floor((attributes ->> $1::text)::numeric / 1000)::float8 * interval '1 second', 'YYYY-MM-DD'),
                   $4, $5) = any($7::text[])
                 else false end
             else false end
     order by subscriber_id limit $11`,
    [
      query.attribute,
      query.zones,
      query.tenantZone,
      query.from,
      query.length,
      query.texts,
      query.textsOfInstants,
      query.firstMs,
      query.lastMs,
      afterId,
      limit,
    ],
  )
}
