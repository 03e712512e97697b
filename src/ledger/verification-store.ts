import type { Tx } from '../platform/index.ts'
import type { Difference } from './contract.ts'

/** The rows of a batch as `encodeJournal` writes them: each with its length before it. */
const journalBytes = `string_agg(int4send(octet_length(r)) || r, ''::bytea order by seq)`
const journalRow = `record_send(row(seq, batch_no, debit_no, credit_no, amount_minor, debit_after, credit_after,
  debit_prev, credit_prev, effective_at, transfer_id, input_hash, kind, key, related_seq, forgiven_minor, refusal, memo,
  group_id, lots))`

/**
 * Every check as a query that gives (subject, kept, expected, place) for each difference. Each is one statement, so it
 * sees one moment of the books while others go on booking.
 */
const checks: [name: string, sql: string][] = [
  [
    'batches_are_chained',
    `select 'batch ' || coalesce(b.batch_no, j.batch_no), encode(b.hash, 'hex'), encode(h.hash, 'hex'),
            coalesce(b.batch_no, j.batch_no)
     from (select *, coalesce(lag(hash) over chain, '') as before, coalesce(lag(batch_no) over chain, 0) + 1 as number,
                  coalesce(lag(last_seq) over chain, 0) + 1 as start
           from ledger.batch window chain as (partition by tenant_id order by batch_no)) b
     full join (select tenant_id, batch_no, ${journalBytes} as bytes, min(seq) as first, max(seq) as last, count(*) as n
                from (select tenant_id, batch_no, seq, ${journalRow} as r from ledger.transfer) t
                group by tenant_id, batch_no) j on j.tenant_id = b.tenant_id and j.batch_no = b.batch_no
     cross join lateral (select sha256(b.before || int8send(b.number)
              || int8send(floor(extract(epoch from b.booked_at) * 1000)::bigint) || j.bytes) as hash) h
     where b.hash is distinct from h.hash or b.batch_no <> b.number or b.first_seq <> b.start
        or (b.first_seq, b.last_seq, b.last_seq - b.first_seq + 1) is distinct from (j.first, j.last, j.n)`,
  ],
  [
    'head_is_last_batch',
    `select 'head', h.batch_no || ' ' || h.last_seq || ' ' || encode(h.hash, 'hex'),
            b.batch_no || ' ' || b.last_seq || ' ' || encode(b.hash, 'hex'), 0
     from ledger.head h
     left join lateral (select * from ledger.batch b where b.tenant_id = h.tenant_id
                        order by batch_no desc limit 1) b on true
     where (h.batch_no, h.last_seq, h.hash) is distinct from
           (coalesce(b.batch_no, 0), coalesce(b.last_seq, 0), coalesce(b.hash, ''))`,
  ],
  [
    'accounts_are_as_opened',
    `select coalesce(a.account_id, 'account ' || o.account_no), encode(o.hash, 'hex'), encode(h.hash, 'hex'),
            coalesce(o.opening_no, 0)
     from (select *, coalesce(lag(hash) over chain, '') as before, coalesce(lag(opening_no) over chain, 0) + 1 as number
           from ledger.opening window chain as (partition by tenant_id order by opening_no)) o
     full join ledger.account a on a.account_no = o.account_no and a.tenant_id = o.tenant_id
     cross join lateral (select sha256(o.before || int8send(o.opening_no) || int8send(a.account_no)
              || convert_to(a.account_id, 'UTF8') || '\\x00' || convert_to(a.owner, 'UTF8') || '\\x00'
              || convert_to(a.purpose, 'UTF8') || '\\x00' || convert_to(a.currency, 'UTF8') || '\\x00'
              || convert_to(coalesce(a.floor_minor::text, ''), 'UTF8') || '\\x00'
              || convert_to(a.keeps_lots::text, 'UTF8')) as hash) h
     where o.hash is null or o.hash is distinct from h.hash or o.opening_no <> o.number`,
  ],
  [
    'balance_after_is_running_sum',
    `select coalesce(a.account_id, 'account ' || r.account_no) || ' at ' || r.seq,
            r.balance_after || ' behind ' || r.prev_seq, r.running || ' behind ' || r.before, r.seq
     from (select tenant_id, account_no, seq, balance_after, prev_seq, sum(amount_minor) over line as running,
                  coalesce(lag(seq) over line, 0) as before
           from ledger.entry window line as (partition by tenant_id, account_no order by seq)) r
     left join ledger.account a on a.account_no = r.account_no
     where r.balance_after <> r.running or r.prev_seq <> r.before`,
  ],
  [
    'balance_is_sum_of_journal',
    `select coalesce(a.account_id, 'account ' || s.account_no), a.balance_minor || ' at ' || a.last_seq,
            coalesce(s.total, 0) || ' at ' || coalesce(s.last, 0), 0
     from ledger.account a
     full join (select account_no, sum(amount_minor) as total, max(seq) as last from ledger.entry group by account_no) s
       on s.account_no = a.account_no
     where a.balance_minor is distinct from coalesce(s.total, 0) or a.last_seq is distinct from coalesce(s.last, 0)`,
  ],
  [
    'pending_settled_once_and_within',
    `select p.key, coalesce(sum(s.amount_minor), 0) || ' in ' || count(s.seq), 'up to ' || p.amount_minor || ' in 1', p.seq
     from ledger.transfer p
     join ledger.transfer s on s.tenant_id = p.tenant_id and s.related_seq = p.seq and s.refusal is null
     where p.kind = 'pending'
     group by p.tenant_id, p.seq, p.key, p.amount_minor
     having count(s.seq) > 1 or sum(s.amount_minor) > p.amount_minor`,
  ],
  [
    'standing_follows_journal',
    `select coalesce(t.key, 'transfer ' || k.seq), k.state || ', back ' || k.reversed_minor,
            e.state || ', back ' || e.reversed, coalesce(k.seq, e.seq)
     from ledger.standing k
     full join (
       select p.tenant_id, p.seq, case min(s.kind) filter (where s.kind <> 'reverse') when 'post_pending' then 'posted'
                when 'void_pending' then 'voided' else case p.kind when 'pending' then 'pending' else 'posted' end end as state,
              coalesce(sum(s.amount_minor + coalesce(s.forgiven_minor, 0)) filter (where s.kind = 'reverse'), 0) as reversed
       from ledger.transfer p
       left join ledger.transfer s on s.tenant_id = p.tenant_id and s.related_seq = p.seq and s.refusal is null
       where p.refusal is null and (p.kind = 'pending' or s.kind = 'reverse')
       group by p.tenant_id, p.seq, p.kind) e on e.tenant_id = k.tenant_id and e.seq = k.seq
     left join ledger.transfer t on t.tenant_id = coalesce(k.tenant_id, e.tenant_id) and t.seq = coalesce(k.seq, e.seq)
     where k.state is distinct from e.state or k.reversed_minor is distinct from e.reversed
        or k.reversed_minor > t.amount_minor`,
  ],
  [
    'pending_is_sum_of_open_holds',
    `select a.account_id, a.pending_debits_minor || ' / ' || a.pending_credits_minor,
            coalesce(o.debits, 0) || ' / ' || coalesce(o.credits, 0), 0
     from ledger.account a
     left join (select account_no, sum(debit) as debits, sum(credit) as credits from (
                  select debit_no as account_no, amount_minor as debit, 0 as credit from reserved
                  union all select credit_no, 0, amount_minor from reserved) p
                group by account_no) o on o.account_no = a.account_no
     where a.pending_debits_minor <> coalesce(o.debits, 0) or a.pending_credits_minor <> coalesce(o.credits, 0)`,
  ],
  [
    'lots_follow_journal',
    `select coalesce(a.account_id, 'account ' || coalesce(l.account_no, m.account_no)) || ' lot ' ||
              coalesce(l.lot_no, m.lot_no),
            l.remaining_minor || ' ' || l.earned_ms || ' ' || l.available_ms || ' ' || l.expires_ms,
            m.remaining || ' ' || m.earned_ms || ' ' || m.available_ms || ' ' || m.expires_ms,
            coalesce(l.lot_no, m.lot_no)
     from ledger.lot l
     full join (select account_no, lot_no, sum(delta_minor) as remaining,
                       (array_agg(earned_ms order by seq desc, place desc))[1] as earned_ms,
                       (array_agg(available_ms order by seq desc, place desc))[1] as available_ms,
                       (array_agg(expires_ms order by seq desc, place desc)
                          filter (where delta_minor <> 0 or spent_minor = 0))[1] as expires_ms
                from ledger.lot_move where lot_no >= 65536 group by account_no, lot_no
                having sum(delta_minor) <> 0) m on m.account_no = l.account_no and m.lot_no = l.lot_no
     left join ledger.account a on a.account_no = coalesce(l.account_no, m.account_no)
     where (l.remaining_minor, l.earned_ms, l.available_ms, l.expires_ms)
           is distinct from (m.remaining, m.earned_ms, m.available_ms, m.expires_ms)`,
  ],
  [
    'lots_cover_balance',
    `select a.account_id, coalesce(l.held, 0)::text, greatest(a.balance_minor - a.pending_debits_minor, 0)::text, 0
     from ledger.account a
     left join (select account_no, sum(remaining_minor) as held from ledger.lot group by account_no) l
       on l.account_no = a.account_no
     where coalesce(l.held, 0) <>
           case when a.keeps_lots then greatest(a.balance_minor - a.pending_debits_minor, 0) else 0 end`,
  ],
  [
    'balance_keeps_its_rule',
    `select account_id, (balance_minor - pending_debits_minor)::text, 'not below ' || floor_minor, 0
     from ledger.account where balance_minor - pending_debits_minor < floor_minor`,
  ],
  [
    'currency_sums_to_zero',
    `select currency, sum(balance_minor)::text, '0', 0 from ledger.account
     group by tenant_id, currency having sum(balance_minor) <> 0`,
  ],
]

const reserved = `with reserved as (
    select p.debit_no, p.credit_no, p.amount_minor from ledger.transfer p
    where p.kind = 'pending' and p.refusal is null and not exists (
      select from ledger.transfer s where s.tenant_id = p.tenant_id and s.related_seq = p.seq
        and s.kind in ('post_pending', 'void_pending') and s.refusal is null))`

/** The first difference between what is kept and what the journal says, if any. */
export async function firstDifference(tx: Pick<Tx, 'query'>): Promise<Difference | undefined> {
  // Everything is joined with everything: before the tables are analyzed, the planner would do it row by row.
  await tx.query('set enable_nestloop = off')
  try {
    for (const [check, sql] of checks) {
      const [row] = await tx.query<Omit<Difference, 'check'>>(
        `${sql.includes('from reserved') ? reserved : ''}
         select subject, kept, expected from (${sql}) c (subject, kept, expected, place) order by place, subject limit 1`,
      )
      if (row) return { check, ...row }
    }
    return undefined
  } finally {
    await tx.query('set enable_nestloop = on').catch(() => undefined)
  }
}

/** How much was checked. */
export async function countBooks(
  tx: Pick<Tx, 'query'>,
): Promise<{ accounts: number; transfers: number; entries: number; lots: number; batches: number }> {
  const rows = await tx.query<Awaited<ReturnType<typeof countBooks>>>(
    `select (select count(*)::int from ledger.account) as accounts,
            (select count(*)::int from ledger.transfer) as transfers,
            (select (count(debit_prev) + count(credit_prev))::int from ledger.transfer) as entries,
            (select count(*)::int from ledger.lot) as lots,
            (select count(*)::int from ledger.batch) as batches`,
  )
  return rows[0]!
}
