import { instantOf, json, type Tx } from '../../platform/index.ts'
import type { TakenEvent } from '../consumer.ts'
import type { ReadyLadder } from './ladder.ts'

/** How far a ladder was filled with the past, by which terms, and how far there is to go. */
export type Fill = { ladderId: string; terms: string; positions: number[]; ends: number[]; isDone: boolean }

/** What decides which of the past counts, and how it is kept. */
function termsOf({ document: { programme, by, period, grace } }: ReadyLadder): string {
  const counted = by.measure === 'spend' ? { ...by, unit: undefined } : by
  return JSON.stringify({ programme, by: counted, period, grace })
}

/** Whether all of the past stands in a ladder as it is now. */
export const isFilled = (fills: readonly Fill[], ladder: ReadyLadder): boolean =>
  fills.some((fill) => fill.ladderId === ladder.document.id && fill.isDone && fill.terms === termsOf(ladder))

/**
 * Notes ladders that are new or count anew, and answers with all that are not filled yet. One is full at once when nothing
 * was read of the log before it, or nobody is there to have earned. The caller has loyalty's turn, so nothing moves
 * meanwhile.
 */
export async function startFills(tx: Tx, ladders: readonly ReadyLadder[]): Promise<Fill[]> {
  if (ladders.length === 0) return []
  const known = new Map((await selectFills(tx)).map((fill) => [fill.ladderId, fill]))
  const fresh = ladders.filter((one) => known.get(one.document.id)?.terms !== termsOf(one))
  if (fresh.length > 0) {
    await tx.query(
      `insert into loyalty.tier_fill (tenant_id, ladder_id, terms, filling, positions, ends, is_done)
       select current_setting('tenure.tenant_id'), ladder_id, terms, 1, array_fill(0::bigint, array[cardinality(ends)]),
              ends, 0 >= all (ends)
       from (select ladder_id, terms, case measure when 'spend' then ${readEnds} when 'points' then array(
                 select coalesce(max(m.subscriber_id), 0) from loyalty.member m where m.programme_id = g.programme_id)
               else '{}' end::bigint[] as ends
             from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as g (ladder_id, terms, programme_id, measure)) fresh
       on conflict (tenant_id, ladder_id) do update set terms = excluded.terms, filling = tier_fill.filling + 1,
         positions = excluded.positions, ends = excluded.ends, is_done = excluded.is_done`,
      [
        fresh.map(({ document }) => document.id),
        fresh.map(termsOf),
        fresh.map(({ programme }) => programme.id),
        fresh.map(({ document }) => document.by.measure),
      ],
    )
    for (const fill of await selectFills(tx)) known.set(fill.ladderId, fill)
  }
  return ladders.map(({ document }) => known.get(document.id)!).filter(({ isDone }) => !isDone)
}

/** The last purchase of campaigns, and behind it up to where each partition of the log was read. */
const readEnds = `(select coalesce(max(seq), 0) from loyalty.campaign_purchase) || array(
  select coalesce(p.next_offset, 0)
  from generate_series(0, (select max(partition) from loyalty.read_position)) n
  left join loyalty.read_position p on p.partition = n order by n)`

/** How far ladders were filled. */
export async function selectFills(tx: Tx): Promise<Fill[]> {
  const rows = await tx.query<
    Pick<Fill, 'ladderId' | 'terms' | 'isDone'> & { positions: bigint[]; ends: bigint[] }
  >('select ladder_id as "ladderId", terms, positions, ends, is_done as "isDone" from loyalty.tier_fill')
  return rows.map((row) => ({ ...row, positions: row.positions.map(Number), ends: row.ends.map(Number) }))
}

/** Up to where there is anything by now, as in `Fill`. */
export async function selectReadEnds(tx: Tx): Promise<number[]> {
  const [row] = await tx.query<{ ends: bigint[] }>(`select ${readEnds}::bigint[] as ends`)
  return row!.ends.map(Number)
}

/** Stores how far a ladder was filled. */
export async function saveFill(tx: Tx, { ladderId, positions, ends, isDone }: Fill): Promise<void> {
  await tx.query(
    'update loyalty.tier_fill set positions = $2, ends = $3, is_done = $4 where ladder_id = $1',
    [ladderId, positions, ends, isDone],
  )
}

/** Keeps what campaigns sold. */
export async function insertCampaignPurchases(tx: Tx, purchases: TakenEvent[]): Promise<void> {
  if (purchases.length === 0) return
  await tx.query(
    `insert into loyalty.campaign_purchase (tenant_id, event_id, subscriber_id, at, data)
     select current_setting('tenure.tenant_id'), * from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::jsonb[])`,
    [
      purchases.map(({ eventId }) => eventId),
      purchases.map(({ subscriberId }) => subscriberId),
      purchases.map(({ atMs }) => instantOf(atMs)),
      purchases.map(({ data }) => json(data)),
    ],
  )
}

/** What campaigns sold behind a place and up to another one. */
export function selectCampaignPurchases(
  tx: Tx,
  { from, end, limit }: { from: number; end: number; limit: number },
): Promise<{ seq: bigint; subscriberId: number; at: Temporal.Instant; data: Record<string, unknown> }[]> {
  return tx.query(
    `select seq, subscriber_id as "subscriberId", at, data from loyalty.campaign_purchase
     where seq > $1 and seq <= $2 order by seq limit $3`,
    [from, end, limit],
  )
}

/** Points that a member once earned and still has to their credit, and when they began to count. */
export type Earned = { subscriberId: number; rule: string; points: bigint; at: Temporal.Instant }

/**
 * What members earned: the awards of rules net of returns, and from the journal what else the programme gave to their own
 * accounts under a name such as `quest:first`, those of members merged into them included.
 */
export async function selectEarned(
  tx: Tx,
  {
    programmeId,
    currency,
    subscriberIds,
  }: { programmeId: string; currency: string; subscriberIds: number[] },
): Promise<Earned[]> {
  return tx.query<Earned>(
    `with recursive own as (
       select subscriber_id, coalesce(merged_into, subscriber_id) as present_id from loyalty.member
       where programme_id = $1 and (subscriber_id = any($3::int[]) or merged_into = any($3::int[]))),
     walk as (
       select own.present_id, a.account_no, a.last_seq as seq
       from own join ledger.account a on a.account_id = 'member:' || $1 || ':' || own.subscriber_id || ':' || $2
       where a.last_seq > 0
       union all
       select w.present_id, w.account_no, case when t.debit_no = w.account_no then t.debit_prev else t.credit_prev end
       from walk w join ledger.transfer t on t.seq = w.seq
       where case when t.debit_no = w.account_no then t.debit_prev else t.credit_prev end > 0)
     select subscriber_id as "subscriberId", rule_id as rule, points - returned_points as points,
            case when settle_on is null then at else available_from end as at
     from loyalty.award
     where programme_id = $1 and subscriber_id = any($3::int[]) and state = 'posted' and points > returned_points
     union all
     select w.present_id, t.memo, t.amount_minor, t.effective_at
     from walk w join ledger.transfer t on t.seq = w.seq
     join ledger.account source on source.account_no = t.debit_no and source.purpose = 'liability'
     where t.credit_no = w.account_no and t.kind = 'post' and t.memo like '%:%'`,
    [programmeId, currency, subscriberIds],
  )
}
