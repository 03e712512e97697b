import { instantOf, type Tx } from '../../platform/index.ts'

/** An award whose lapsed points are asked for. */
export type LapseQuestion = {
  /** Key of the transfer that brought the points. */
  postedKey: string
  accountId: string
  /** Where the member's points are now: after a merge or in a household another account. */
  presentAccountId: string
  earnedAtMs: number
}

/**
 * How much of what awards brought has expired or was forfeited since, by the journal: what their lots gave to breakage,
 * less what came back from there. Each account is read backwards from its latest entry as far as the award. A lot in
 * which points came back or moved to another account is known by the moment at which they were earned.
 */
export async function selectLapsed(tx: Tx, asked: LapseQuestion[]): Promise<Map<string, bigint>> {
  if (asked.length === 0) return new Map()
  const columns = `t.seq, t.key, t.kind, case when t.debit_no = a.account_no then t.credit_no else t.debit_no end as counter_no,
    case when t.debit_no = a.account_no then t.debit_prev else t.credit_prev end as prev_seq`
  const rows = await tx.query<{ postedKey: string; points: bigint }>(
    `with recursive asked as (
       select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
         as asked (posted_key, account_id, present_id, earned_at)),
     own as (
       select asked.posted_key, a.account_no, ${columns}
       from asked join ledger.account a using (account_id) join ledger.transfer t on t.seq = a.last_seq
       union all
       select o.posted_key, a.account_no, ${columns}
       from own o cross join lateral (select o.account_no) a join ledger.transfer t on t.seq = o.prev_seq
       where o.prev_seq > 0 and o.key <> o.posted_key),
     origin as (select posted_key, seq from own where key = posted_key),
     present as (
       select asked.posted_key, o.seq as origin_seq, a.account_no, ${columns}
       from asked join origin o using (posted_key) join ledger.account a on a.account_id = asked.present_id
       join ledger.transfer t on t.seq = a.last_seq
       where asked.present_id <> asked.account_id
       union all
       select p.posted_key, p.origin_seq, a.account_no, ${columns}
       from present p cross join lateral (select p.account_no) a join ledger.transfer t on t.seq = p.prev_seq
       where p.prev_seq > p.origin_seq),
     lapse as (
       select o.posted_key, own.account_no, own.seq, own.kind, own.counter_no, o.seq as origin_seq
       from own join origin o using (posted_key) where own.seq > o.seq
       union all
       select posted_key, account_no, seq, kind, counter_no, origin_seq from present where seq > origin_seq)
     select asked.posted_key as "postedKey",
            sum(m.spent_minor - case when l.kind = 'reverse' and m.delta_minor > 0 then m.delta_minor else 0 end)::bigint as points
     from lapse l join asked using (posted_key)
     join ledger.account c on c.account_no = l.counter_no and c.purpose = 'breakage'
     join ledger.lot_move m on m.seq = l.seq and m.account_no = l.account_no
     join ledger.transfer maker on maker.seq = m.lot_no / 65536
     join ledger.account source on source.account_no = maker.debit_no
     where maker.seq = l.origin_seq or (source.purpose <> 'liability'
       and m.earned_ms = floor(extract(epoch from asked.earned_at) * 1000)::bigint)
     group by 1`,
    [
      asked.map(({ postedKey }) => postedKey),
      asked.map(({ accountId }) => accountId),
      asked.map(({ presentAccountId }) => presentAccountId),
      asked.map(({ earnedAtMs }) => instantOf(earnedAtMs)),
    ],
  )
  return new Map(rows.map(({ postedKey, points }) => [postedKey, points]))
}
