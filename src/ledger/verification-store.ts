import type { Tx } from '../platform/index.ts'
import type { Difference } from './contract.ts'

/**
 * Every check as a query that gives (subject, kept, expected, place) for each difference; all run in one
 * statement, so that they see one moment of the books while others go on booking.
 */
const checks: [name: string, sql: string][] = [
  [
    'entries_follow_transfers',
    `select coalesce(l.transfer_id, e.transfer_id)::text || ' on ' || coalesce(l.account_id, e.account_id),
            e.amount_minor::text, l.amount_minor::text, coalesce(l.seq, e.seq)
     from leg l full join ledger.entry e on e.transfer_id = l.transfer_id and e.account_id = l.account_id
     where e.amount_minor is distinct from l.amount_minor`,
  ],
  [
    'balance_after_is_running_sum',
    `select account_id || ' at entry ' || seq, balance_after::text, running::text, seq
     from (select account_id, seq, balance_after,
                  sum(amount_minor) over (partition by account_id order by seq) as running from ledger.entry) r
     where balance_after <> running`,
  ],
  [
    'balance_is_sum_of_journal',
    `select coalesce(a.account_id, s.account_id), a.balance_minor::text, coalesce(s.total, 0)::text, 0
     from ledger.account a
     full join (select account_id, sum(amount_minor) as total from leg group by account_id) s
       on s.account_id = a.account_id
     where a.balance_minor is distinct from coalesce(s.total, 0)`,
  ],
  [
    'pending_is_sum_of_open_holds',
    `select a.account_id, a.pending_debits_minor || ' / ' || a.pending_credits_minor,
            coalesce(o.debits, 0) || ' / ' || coalesce(o.credits, 0), 0
     from ledger.account a
     left join (select account_id, sum(debit) as debits, sum(credit) as credits from (
                  select debit_account as account_id, amount_minor as debit, 0 as credit from reserved
                  union all select credit_account, 0, amount_minor from reserved) p
                group by account_id) o on o.account_id = a.account_id
     where a.pending_debits_minor <> coalesce(o.debits, 0) or a.pending_credits_minor <> coalesce(o.credits, 0)`,
  ],
  [
    'pending_settled_once_and_within',
    `select p.transfer_id::text, coalesce(sum(s.amount_minor), 0) || ' in ' || count(s.transfer_id),
            'up to ' || p.amount_minor || ' in 1', min(p.seq)
     from ledger.transfer p
     join ledger.transfer s on s.pending_id = p.transfer_id and s.state <> 'refused'
     group by p.transfer_id, p.amount_minor
     having count(s.transfer_id) > 1 or sum(s.amount_minor) > p.amount_minor`,
  ],
  [
    'balance_keeps_its_rule',
    `select account_id, (balance_minor - pending_debits_minor)::text, 'not below 0', 0
     from ledger.account where not may_go_negative and balance_minor - pending_debits_minor < 0`,
  ],
  [
    'currency_sums_to_zero',
    `select currency, sum(balance_minor)::text, '0', 0 from ledger.account
     group by currency having sum(balance_minor) <> 0`,
  ],
]

const sql = `with leg as (
    select transfer_id, seq, debit_account as account_id, -amount_minor as amount_minor
    from ledger.transfer where state = 'posted'
    union all
    select transfer_id, seq, credit_account, amount_minor from ledger.transfer where state = 'posted'),
  reserved as (
    select p.debit_account, p.credit_account, p.amount_minor from ledger.transfer p
    where p.state = 'pending' and not exists (
      select from ledger.transfer s where s.pending_id = p.transfer_id and s.state in ('posted', 'voided')))
  ${checks
    .map(
      ([name, query], at) =>
        `(select ${at} as rank, '${name}' as check, c.* from (${query}) c (subject, kept, expected, place)
          order by place, subject limit 1)`,
    )
    .join(' union all ')}
  order by rank limit 1`

/** The first difference between what is kept and what the journal says, if any. */
export async function firstDifference(tx: Pick<Tx, 'query'>): Promise<Difference | undefined> {
  const rows = await tx.query<Difference>(`select "check", subject, kept, expected from (${sql}) d`)
  return rows[0]
}

/** How much was checked: rows of accounts, journal and entries. */
export async function countBooks(
  tx: Pick<Tx, 'query'>,
): Promise<{ accounts: number; transfers: number; entries: number }> {
  const rows = await tx.query<{ accounts: number; transfers: number; entries: number }>(
    `select (select count(*)::int from ledger.account) as accounts,
            (select count(*)::int from ledger.transfer) as transfers,
            (select count(*)::int from ledger.entry) as entries`,
  )
  return rows[0]!
}
