import type { Tx } from '../../platform/index.ts'

/** From which place of the ledger's journal on nothing was added up yet. */
export async function selectPosition(tx: Tx): Promise<bigint> {
  const [row] = await tx.query<{ next: bigint }>('select next_seq as next from loyalty.flow_position')
  return row?.next ?? 1n
}

/** Where the journal ends in what this transaction sees: everything up to there is committed. */
export async function selectJournalEnd(tx: Tx): Promise<bigint> {
  const [row] = await tx.query<{ last: bigint }>('select last_seq as last from ledger.head')
  return row?.last ?? 0n
}

/** Moves on from a place; false when somebody else has. */
export async function advanceFlows(tx: Tx, from: bigint, to: bigint): Promise<boolean> {
  const rows = await tx.query(
    `insert into loyalty.flow_position values (current_setting('tenure.tenant_id'), $2)
     on conflict (tenant_id) do update set next_seq = excluded.next_seq where flow_position.next_seq = $1
     returning next_seq`,
    [from, to],
  )
  return rows.length === 1
}

/**
 * What a transfer is to the members, from the purposes of its two accounts; null for what is between members, or
 * between the programme's own accounts.
 */
const FLOW = `case
    when d.purpose = 'member' and c.purpose = 'member' then null
    when c.purpose = 'member' then case d.purpose
      when 'liability' then 'issued' when 'expense' then 'refunded' when 'breakage' then 'restored' else 'received' end
    when d.purpose = 'member' then case c.purpose
      when 'liability' then 'returned' when 'expense' then 'redeemed'
      when 'breakage' then case when t.memo like 'expiry %' then 'expired' else 'forfeited' end else 'sent' end
  end`

const PAGE = `page as (
    select t.seq, t.debit_no, t.credit_no, t.amount_minor, t.lots, d.currency, ${FLOW} as flow,
           t.effective_at at time zone z.zone as local_at, z.zone
    from ledger.transfer t
    join ledger.account d on d.account_no = t.debit_no join ledger.account c on c.account_no = t.credit_no
    join unnest($3::text[], $4::text[]) as z (currency, zone) on z.currency = d.currency
    where t.seq >= $1 and t.seq < $2 and t.debit_prev is not null)`

/** Zones of currencies: in which one the months of each run. */
export type Zones = { currencies: string[]; timeZones: string[] }

/** Adds transfers from one place up to before another one to the sums by month, in two statements. */
export async function addFlows(tx: Tx, from: bigint, to: bigint, zones: Zones): Promise<void> {
  const parameters = [from, to, zones.currencies, zones.timeZones]
  await tx.query(
    `with ${PAGE}
     insert into loyalty.points_flow (tenant_id, currency, month, flow, points, transfers)
     select current_setting('tenure.tenant_id'), currency, to_char(local_at, 'YYYY-MM') as month, flow,
            sum(amount_minor), count(*)
     from page where flow is not null and amount_minor > 0 group by currency, month, flow
     on conflict (tenant_id, currency, month, flow) do update
       set points = points_flow.points + excluded.points, transfers = points_flow.transfers + excluded.transfers`,
    parameters,
  )
  await tx.query(
    `with ${PAGE},
     part as (
       select p.currency, p.zone, p.local_at, p.flow, p.lots[n * 7 + 5] as earned_ms,
              case when p.lots[n * 7 + 1] = p.credit_no and p.lots[n * 7 + 3] > 0 then p.lots[n * 7 + 3]
                   when p.lots[n * 7 + 1] = p.debit_no then p.lots[n * 7 + 4] else 0 end as points
       from page p, generate_series(0, cardinality(p.lots) / 7 - 1) as n
       where p.flow is not null and p.lots is not null)
     insert into loyalty.cohort_flow (tenant_id, currency, earned_month, month, flow, points)
     select current_setting('tenure.tenant_id'), currency,
            to_char(to_timestamp(earned_ms / 1000.0) at time zone zone, 'YYYY-MM') as earned_month,
            to_char(local_at, 'YYYY-MM') as month, flow, sum(points)
     from part where points > 0 group by currency, earned_month, month, flow
     on conflict (tenant_id, currency, earned_month, month, flow) do update
       set points = cohort_flow.points + excluded.points`,
    parameters,
  )
}

/** What somebody else than loyalty has posted on a member's account. */
export type Direct = {
  key: string
  memo: string | null
  at: Temporal.Instant
  currency: string
  accountId: string
  counterAccount: string
  /** Below zero where they were taken. */
  points: bigint
}

/** Entries on members' accounts from one place of the journal up to before another one that loyalty did not book. */
export function selectDirect(tx: Tx, from: bigint, to: bigint, currencies: string[]): Promise<Direct[]> {
  return tx.query(
    `select e.key, e.memo, e.effective_at as at, a.currency, a.account_id as "accountId",
            c.account_id as "counterAccount", e.amount_minor as points
     from ledger.entry e
     join ledger.batch b on b.batch_no = e.batch_no and b.booked_by is distinct from 'loyalty'
     join ledger.account a on a.account_no = e.account_no and a.purpose = 'member' and a.currency = any($3::text[])
     join ledger.account c on c.account_no = e.counter_no
     where e.seq >= $1 and e.seq < $2 and e.amount_minor <> 0 order by e.seq, e.amount_minor`,
    [from, to, currencies],
  )
}

export type FlowSum = { month: string; flow: string; points: bigint; transfers: bigint }

/** What became of a currency's points, by month. */
export function selectFlows(tx: Tx, currency: string): Promise<FlowSum[]> {
  return tx.query(
    `select month, flow, points, transfers from loyalty.points_flow where currency = $1 order by month, flow`,
    [currency],
  )
}

export type CohortSum = { earnedMonth: string; month: string; flow: string; points: bigint }

/** The same by the month in which points were earned. */
export function selectCohorts(tx: Tx, currency: string): Promise<CohortSum[]> {
  return tx.query(
    `select earned_month as "earnedMonth", month, flow, points from loyalty.cohort_flow where currency = $1
     order by 1, 2, 3`,
    [currency],
  )
}

/** All that members hold of a currency. */
export type Held = { accounts: number; balanceMinor: bigint; reservedMinor: bigint; debtMinor: bigint }

/** What members hold: their balances, what of them is reserved, and what those who owe owe. */
export async function selectHeld(tx: Tx, currency: string): Promise<Held> {
  const [row] = await tx.query<Held>(
    `select count(*)::int as accounts, coalesce(sum(balance_minor), 0)::bigint as "balanceMinor",
            coalesce(sum(pending_debits_minor), 0)::bigint as "reservedMinor",
            coalesce(-sum(least(balance_minor - pending_debits_minor, 0)), 0)::bigint as "debtMinor"
     from ledger.account where currency = $1 and purpose = 'member'`,
    [currency],
  )
  return row!
}

/** Balances of all other accounts of a currency by purpose: the other side of what members hold. */
export function selectOtherSide(
  tx: Tx,
  currency: string,
): Promise<{ purpose: string; balanceMinor: bigint }[]> {
  return tx.query(
    `select purpose, sum(balance_minor)::bigint as "balanceMinor" from ledger.account
     where currency = $1 and purpose <> 'member' group by purpose order by purpose`,
    [currency],
  )
}
