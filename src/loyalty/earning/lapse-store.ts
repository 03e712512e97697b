import { transferIdOf } from '../../ledger/index.ts'
import type { Tx } from '../../platform/index.ts'
import { MOVED } from '../reinstating.ts'

/**
 * How much of what awards brought has expired or was forfeited since, by the keys of the transfers that brought it and by
 * the journal: what their lots gave to breakage, less what came back from there. The award's account is read backwards from
 * its latest entry as far as the award, and so is each account to which points moved on from there with a merge or a
 * household. A lot that was made when points came back or moved is followed back to the one from which they had come: what
 * a transfer takes, or spends of what was reserved before, and what it gives of one moment of earning stand in the same
 * order, and of what it gives the first may be missing, because it paid a debt.
 *
 * Transfers are looked for by columns and `case` alone: beneath row-level security PostgreSQL takes neither a division nor
 * `coalesce` for an index, and would read the tenant's whole journal.
 */
export async function selectLapsed(
  tx: Tx,
  tenantId: string,
  postedKeys: string[],
): Promise<Map<string, bigint>> {
  if (postedKeys.length === 0) return new Map()
  const columns = `t.seq, t.kind, case when t.debit_no = a.account_no then t.credit_no else t.debit_no end as counter_no,
    case when t.debit_no = a.account_no then t.debit_prev else t.credit_prev end as prev_seq,
    t.debit_no = a.account_no and t.memo is not distinct from $3 as moves_on`
  const rows = await tx.query<{ postedKey: string; points: bigint }>(
    `with recursive origin as (
       select asked.posted_key, t.seq, t.credit_no
       from unnest($1::text[], $2::uuid[]) as asked (posted_key, transfer_id) join ledger.transfer t using (transfer_id)),
     walk as (
       select o.posted_key, o.seq as origin_seq, a.account_no, ${columns}
       from origin o
       join ledger.account a on a.account_no = o.credit_no
       join ledger.transfer t on t.seq = a.last_seq
       where t.seq > o.seq
       union
       select w.posted_key, w.origin_seq, a.account_no, ${columns}
       from walk w
       cross join lateral (
         select w.account_no, w.prev_seq as seq
         union all
         select account_no, last_seq from ledger.account
         where w.moves_on and account_no = w.counter_no and purpose = 'member') a
       join ledger.transfer t on t.seq = a.seq
       where a.seq > w.origin_seq),
     gone as (
       select w.posted_key, w.origin_seq, m.lot_no, m.lot_no / 65536 as maker_seq, m.account_no, m.earned_ms,
              m.spent_minor - case when w.kind = 'reverse' and m.delta_minor > 0 then m.delta_minor else 0 end as points
       from walk w
       join ledger.account c on c.account_no = w.counter_no and c.purpose = 'breakage'
       join ledger.lot_move m on m.seq = w.seq and m.account_no = w.account_no),
     trail as (
       select posted_key, origin_seq, lot_no as gone_no, lot_no, maker_seq, account_no, earned_ms from gone
       union
       select t.posted_key, t.origin_seq, t.gone_no, source.lot_no, source.maker_seq, source.account_no, t.earned_ms
       from trail t
       join ledger.transfer maker on maker.seq = t.maker_seq and maker.seq > t.origin_seq
       cross join lateral (
         select lot_no, row_number() over (order by place desc) as nth from ledger.lot_move
         where seq = maker.seq and account_no = t.account_no and earned_ms = t.earned_ms and delta_minor > 0) landed
       cross join lateral (
         select lot_no, lot_no / 65536 as maker_seq, account_no, row_number() over (order by place desc) as nth
         from ledger.lot_move
         where seq = case when maker.related_seq is null then maker.seq else maker.related_seq end
           and earned_ms = t.earned_ms and (delta_minor < 0 or spent_minor > 0)) source
       where landed.lot_no = t.lot_no and source.nth = landed.nth)
     select g.posted_key as "postedKey", sum(g.points)::bigint as points
     from gone g join trail t on t.posted_key = g.posted_key and t.gone_no = g.lot_no
     where t.maker_seq = t.origin_seq
     group by 1`,
    [postedKeys, postedKeys.map((key) => transferIdOf(tenantId, key)), MOVED],
  )
  return new Map(rows.map(({ postedKey, points }) => [postedKey, points]))
}
