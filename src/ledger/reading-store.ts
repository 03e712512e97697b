import type { Tx } from '../platform/index.ts'
import type { AccountBalance, Entry, Lot, Outstanding } from './contract.ts'
import { keepsExpiry } from './lots.ts'

const balanceColumns = `account_id as "accountId", owner, purpose, currency, balance_minor as "balanceMinor",
  pending_debits_minor as "pendingDebitsMinor", pending_credits_minor as "pendingCreditsMinor"`

/** Balances by account id; unknown accounts are absent. */
export async function balancesOf(tx: Tx, accountIds: string[]): Promise<Map<string, AccountBalance>> {
  if (accountIds.length === 0) return new Map()
  const rows = await tx.query<AccountBalance>(
    `select ${balanceColumns} from ledger.account where account_id = any($1::text[])`,
    [accountIds],
  )
  return new Map(rows.map((row) => [row.accountId, row]))
}

/** Accounts of one owner, in order of id. */
export function accountsOfOwner(tx: Tx, owner: string): Promise<AccountBalance[]> {
  return tx.query<AccountBalance>(
    `select ${balanceColumns} from ledger.account where owner = $1 order by account_id`,
    [owner],
  )
}

/** Whether there is any account of a currency whose owner's name begins with one of these; it may look at every account. */
export async function hasAccounts(tx: Tx, currency: string, ownersFrom: string[]): Promise<boolean> {
  const [row] = await tx.query<{ found: boolean }>(
    `select exists (select from ledger.account a join unnest($2::text[]) as o (beginning)
                      on starts_with(a.owner, o.beginning) where a.currency = $1) as found`,
    [currency, ownersFrom],
  )
  return row!.found
}

/** Open lots of accounts in the order in which they are spent, with the keys of the transfers that made them. */
export async function lotsOf(tx: Tx, accountIds: string[]): Promise<Lot[]> {
  const rows = await tx.query<Omit<Lot, 'lotId' | 'keepsExpiry'> & { lotId: bigint }>(
    `select l.lot_no as "lotId", a.account_id as "accountId", l.remaining_minor as "remainingMinor",
            to_timestamp(l.earned_ms / 1000.0) as "earnedAt", to_timestamp(l.available_ms / 1000.0) as "availableFrom",
            to_timestamp(nullif(l.expires_ms, 9223372036854775807) / 1000.0) as "expiresAt",
            (select key from ledger.transfer t where t.seq = l.lot_no / 65536) as "originKey"
     from ledger.account a join ledger.lot l on l.account_no = a.account_no
     where a.account_id = any($1::text[])
     order by a.account_id, l.expires_ms, l.earned_ms, l.lot_no`,
    [accountIds],
  )
  return rows.map(
    (row) =>
      withoutNulls({ ...row, lotId: String(row.lotId), keepsExpiry: keepsExpiry(Number(row.lotId)) }) as Lot,
  )
}

/** What is in an account's lots, in no order; nothing where it keeps none. */
export type LotColumns = {
  keepsLots: boolean
  expiresMs: bigint[]
  availableMs: bigint[]
  remainingMinor: bigint[]
}

const balanceWithLotColumns = `
    select ${balanceColumns}, keeps_lots as "keepsLots", coalesce(expires, '{}') as "expiresMs",
           coalesce(available, '{}') as "availableMs", coalesce(remaining, '{}') as "remainingMinor"
    from ledger.account a, lateral (
      select array_agg(expires_ms) as expires, array_agg(available_ms) as available,
             array_agg(remaining_minor) as remaining
      from ledger.lot l where l.account_no = a.account_no) s`

/** Balances with what is in lots; unknown accounts are absent. */
export function balancesWithLots(tx: Tx, accountIds: string[]): Promise<(AccountBalance & LotColumns)[]> {
  return tx.query(`${balanceWithLotColumns} where a.account_id = any($1::text[])`, [accountIds])
}

/** The same of one account, which is found by its keys whatever the planner believes of the tables. */
export async function balanceWithLots(
  tx: Tx,
  accountId: string,
): Promise<(AccountBalance & LotColumns) | undefined> {
  const [row] = await tx.query<AccountBalance & LotColumns>(
    `${balanceWithLotColumns} where a.account_id = $1`,
    [accountId],
  )
  return row
}

/** Open lots of a currency by the local months in which they were earned and expire. */
export async function outstanding(tx: Tx, currency: string, timeZone: string): Promise<Outstanding[]> {
  const month = (column: string): string =>
    `to_char(to_timestamp(${column} / 1000.0) at time zone $2, 'YYYY-MM')`
  const rows = await tx.query(
    `select ${month('l.earned_ms')} as "earnedMonth",
            ${month('nullif(l.expires_ms - 1, 9223372036854775806)')} as "expiresMonth",
            count(*)::int as lots, sum(l.remaining_minor)::bigint as "amountMinor"
     from ledger.lot l join ledger.account a on a.account_no = l.account_no
     where a.currency = $1 group by 1, 2 order by 1, 2`,
    [currency, timeZone],
  )
  return rows.map((row) => withoutNulls(row) as Outstanding)
}

/**
 * An account's entries from one of them backwards: each names the one before on its account. PostgreSQL walks only as
 * far as rows are asked for.
 */
const entry = `t.seq, t.batch_no, t.transfer_id, t.key, t.kind, t.effective_at, t.memo,
    case when t.debit_no = $1 then t.credit_no else t.debit_no end as counter_no,
    case when t.debit_no = $1 then -t.amount_minor else t.amount_minor end as amount_minor,
    case when t.debit_no = $1 then t.debit_after else t.credit_after end as balance_after,
    case when t.debit_no = $1 then t.debit_prev else t.credit_prev end as prev_seq`
const walk = `with recursive walk as (
    select ${entry} from ledger.transfer t
    where t.seq = $2 and $1 in (t.debit_no, t.credit_no) and t.debit_prev is not null
    union all
    select ${entry} from walk w join ledger.transfer t on t.seq = w.prev_seq
    where w.prev_seq > 0 and w.seq >= $3)`

export type AccountHead = { accountNo: bigint; currency: string; lastSeq: bigint }

/** What a statement begins with: the account's number, currency and latest entry. */
export async function accountHead(tx: Tx, accountId: string): Promise<AccountHead | undefined> {
  const [row] = await tx.query<AccountHead>(
    `select account_no as "accountNo", currency, last_seq as "lastSeq" from ledger.account where account_id = $1`,
    [accountId],
  )
  return row
}

/** A period as places in the journal and as effective times; what was not asked for is without end. */
export type Period = { fromSeq: bigint; toSeq: bigint; from: string; to: string }

/** Where in the journal a period of booking begins and ends. */
export async function seqsOfPeriod(
  tx: Tx,
  from: Temporal.Instant | undefined,
  to: Temporal.Instant | undefined,
): Promise<{ fromSeq: bigint; toSeq: bigint }> {
  const [row] = await tx.query<{ fromSeq: bigint; toSeq: bigint }>(
    `select coalesce((select first_seq from ledger.batch where booked_at >= coalesce($1::timestamptz, '-infinity')
                      order by booked_at, first_seq limit 1), 9223372036854775807) as "fromSeq",
            coalesce((select first_seq from ledger.batch where booked_at >= coalesce($2::timestamptz, 'infinity')
                      order by booked_at, first_seq limit 1), 9223372036854775807) as "toSeq"`,
    [from ?? null, to ?? null],
  )
  return row!
}

const within = `e.seq >= $3 and e.seq < $4 and e.effective_at >= $5::timestamptz and e.effective_at < $6::timestamptz`

/** Entries of a period from `start` backwards, the latest booked first. */
export async function entriesFrom(
  tx: Tx,
  { accountNo }: AccountHead,
  start: bigint,
  period: Period,
  limit: number,
): Promise<(Entry & { prevSeq: bigint })[]> {
  const rows = await tx.query(
    `${walk}
     select e.seq, e.prev_seq as "prevSeq", e.transfer_id as "transferId", e.key, e.kind,
            (select account_id from ledger.account c where c.account_no = e.counter_no) as "counterAccount",
            e.amount_minor as "amountMinor", e.balance_after as "balanceAfter", e.effective_at as "effectiveAt",
            (select booked_at from ledger.batch b where b.batch_no = e.batch_no) as "bookedAt", e.memo
     from walk e where ${within} limit $7`,
    [accountNo, start, period.fromSeq, period.toSeq, period.from, period.to, limit],
  )
  return rows.map((row) => withoutNulls(row) as Entry & { prevSeq: bigint })
}

export type Totals = { opening: bigint; closing: bigint; credits: bigint; debits: bigint; count: number }

/** Sums of a period; balances are those of its edges in the journal, or sums of what took effect before. */
export async function totalsOf(
  tx: Tx,
  { accountNo, lastSeq }: AccountHead,
  period: Period,
  by: 'booked' | 'effective',
): Promise<Totals> {
  const balanceBefore = (seq: string, at: string): string =>
    by === 'booked'
      ? `coalesce((array_agg(e.balance_after order by e.seq desc) filter (where e.seq < ${seq}))[1], 0)`
      : `coalesce(sum(e.amount_minor) filter (where e.effective_at < ${at}::timestamptz), 0)::bigint`
  const [row] = await tx.query<Totals>(
    `${walk}
     select ${balanceBefore('$3', '$5')} as opening, ${balanceBefore('$4', '$6')} as closing,
            coalesce(sum(e.amount_minor) filter (where e.amount_minor > 0 and ${within}), 0)::bigint as credits,
            coalesce(-sum(e.amount_minor) filter (where e.amount_minor < 0 and ${within}), 0)::bigint as debits,
            (count(*) filter (where ${within}))::int as count
     from walk e`,
    [accountNo, lastSeq, period.fromSeq, period.toSeq, period.from, period.to],
  )
  return row!
}

/** Accounts with lots that are expired, and what is in them; in the order of expiry, whole accounts. */
export function expiredLots(
  tx: Tx,
  currency: string,
  asOfMs: number,
  limit: number,
): Promise<{ accountId: string; accountNo: bigint; lots: number; amountMinor: bigint; expiredMs: bigint }[]> {
  return tx.query(
    `select a.account_id as "accountId", a.account_no as "accountNo", count(*)::int as lots, sum(l.remaining_minor)::bigint as "amountMinor",
            max(l.expires_ms) as "expiredMs"
     from (select distinct account_no from
             (select l.account_no from ledger.lot l join ledger.account a on a.account_no = l.account_no
              where l.expires_ms <= $2 and a.currency = $1 order by l.expires_ms limit $3) as first) as due
     join ledger.account a on a.account_no = due.account_no
     join ledger.lot l on l.account_no = a.account_no and l.expires_ms <= $2
     group by a.account_id, a.account_no order by a.account_id`,
    [currency, asOfMs, limit],
  )
}

/** When the next pending transfer's time is over; null: none has an end. */
export async function nextTimeout(tx: Tx): Promise<bigint | null> {
  const [row] = await tx.query<{ ms: bigint | null }>(
    `select min(timeout_ms) as ms from ledger.standing where state = 'pending' and timeout_ms is not null`,
  )
  return row!.ms
}

/** Keys of pending transfers whose time is over, the oldest first. */
export function timedOut(
  tx: Tx,
  asOfMs: number,
  limit: number,
): Promise<{ transferId: string; key: string; timeoutMs: bigint }[]> {
  return tx.query(
    `select t.transfer_id as "transferId", t.key, s.timeout_ms as "timeoutMs" from ledger.standing s join ledger.transfer t on t.seq = s.seq
     where s.state = 'pending' and s.timeout_ms <= $1 order by s.timeout_ms, s.seq limit $2`,
    [asOfMs, limit],
  )
}

function withoutNulls(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}
