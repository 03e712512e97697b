import type { Tx } from '../platform/index.ts'
import type { EntryRow, Hold, JournalRow, LockedAccount } from './booking.ts'
import type { AccountBalance, AccountOpening, Entry } from './contract.ts'

const balanceColumns = `account_id as "accountId", owner, purpose, currency, balance_minor as "balanceMinor",
  pending_debits_minor as "pendingDebitsMinor", pending_credits_minor as "pendingCreditsMinor"`

/** Opens accounts that are not there; returns the ids of those that are there with other properties. */
export async function insertAccounts(tx: Tx, accounts: AccountOpening[]): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `with given as (
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[])
         as g (account_id, owner, purpose, currency, may_go_negative)),
     made as (
       insert into ledger.account (tenant_id, account_id, owner, purpose, currency, may_go_negative)
       select current_setting('tenure.tenant_id'), * from given order by account_id
       on conflict (tenant_id, account_id) do nothing)
     select a.account_id as id from given g join ledger.account a on a.account_id = g.account_id
     where (a.owner, a.purpose, a.currency, a.may_go_negative)
           is distinct from (g.owner, g.purpose, g.currency, g.may_go_negative)`,
    [
      accounts.map((a) => a.accountId),
      accounts.map((a) => a.owner),
      accounts.map((a) => a.purpose),
      accounts.map((a) => a.currency),
      accounts.map((a) => a.mayGoNegative),
    ],
  )
  return rows.map((row) => row.id)
}

/** Locks accounts in order of id, which is what keeps two batches from waiting for each other. */
export function lockAccounts(tx: Tx, ids: string[]): Promise<LockedAccount[]> {
  return tx.query<LockedAccount>(
    `select account_id as "accountId", currency, may_go_negative as "mayGoNegative",
            balance_minor as "balanceMinor", pending_debits_minor as "pendingDebitsMinor",
            pending_credits_minor as "pendingCreditsMinor"
     from ledger.account where account_id = any($1::text[]) order by account_id for update`,
    [ids],
  )
}

/** Journal rows by idempotency key. */
export async function transfersByKeys(tx: Tx, keys: string[]): Promise<JournalRow[]> {
  const rows = await tx.query(
    `select transfer_id as "transferId", key, input_hash as "inputHash", kind, state,
            debit_account as "debitAccount", credit_account as "creditAccount", amount_minor as "amountMinor",
            currency, pending_id as "pendingId", refusal, effective_at as at, memo
     from ledger.transfer where key = any($1::text[])`,
    [keys],
  )
  return rows.map((row) => withoutNulls(row) as JournalRow)
}

/** What became of pending transfers, by their ids. */
export function holdsOf(tx: Tx, transferIds: string[]): Promise<Hold[]> {
  return tx.query<Hold>(
    `select transfer_id as "transferId", state, posted_minor as "postedMinor"
     from ledger.hold where transfer_id = any($1::uuid[])`,
    [transferIds],
  )
}

/** Adds rows to the journal in the order given; returns how many keys were still free. */
export async function insertJournal(tx: Tx, rows: JournalRow[], bookedAt: Temporal.Instant): Promise<number> {
  const column = <T>(pick: (row: JournalRow) => T): T[] => rows.map(pick)
  const inserted = await tx.query<{ n: number }>(
    `with made as (
       insert into ledger.transfer
         (tenant_id, booked_at, transfer_id, key, input_hash, kind, state, debit_account, credit_account,
          amount_minor, currency, pending_id, refusal, effective_at, memo)
       select current_setting('tenure.tenant_id'), $1::timestamptz, *
       from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                   $9::bigint[], $10::text[], $11::uuid[], $12::text[], $13::timestamptz[], $14::text[])
       on conflict (tenant_id, key) do nothing
       returning 1)
     select count(*)::int as n from made`,
    [
      bookedAt,
      column((r) => r.transferId),
      column((r) => r.key),
      column((r) => r.inputHash),
      column((r) => r.kind),
      column((r) => r.state),
      column((r) => r.debitAccount),
      column((r) => r.creditAccount),
      column((r) => r.amountMinor),
      column((r) => r.currency),
      column((r) => r.pendingId ?? null),
      column((r) => r.refusal ?? null),
      column((r) => r.at),
      column((r) => r.memo ?? null),
    ],
  )
  return inserted[0]!.n
}

/** Adds the sides of posted transfers, in the order given. */
export async function insertEntries(tx: Tx, rows: EntryRow[], bookedAt: Temporal.Instant): Promise<void> {
  await tx.query(
    `insert into ledger.entry
       (tenant_id, booked_at, account_id, transfer_id, amount_minor, balance_after, effective_at)
     select current_setting('tenure.tenant_id'), $1::timestamptz, *
     from unnest($2::text[], $3::uuid[], $4::bigint[], $5::bigint[], $6::timestamptz[])`,
    [
      bookedAt,
      rows.map((r) => r.accountId),
      rows.map((r) => r.transferId),
      rows.map((r) => r.amountMinor),
      rows.map((r) => r.balanceAfter),
      rows.map((r) => r.at),
    ],
  )
}

/** Stores the balances of accounts that the caller holds locked. */
export async function updateAccounts(tx: Tx, accounts: LockedAccount[]): Promise<void> {
  await tx.query(
    `update ledger.account a
     set balance_minor = n.balance, pending_debits_minor = n.debits, pending_credits_minor = n.credits
     from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) as n (account_id, balance, debits, credits)
     where a.account_id = n.account_id`,
    [
      accounts.map((a) => a.accountId),
      accounts.map((a) => a.balanceMinor),
      accounts.map((a) => a.pendingDebitsMinor),
      accounts.map((a) => a.pendingCreditsMinor),
    ],
  )
}

/** Stores what became of pending transfers, new ones included. */
export async function upsertHolds(tx: Tx, holds: Hold[]): Promise<void> {
  await tx.query(
    `insert into ledger.hold (tenant_id, transfer_id, state, posted_minor)
     select current_setting('tenure.tenant_id'), * from unnest($1::uuid[], $2::text[], $3::bigint[])
     on conflict (tenant_id, transfer_id)
     do update set state = excluded.state, posted_minor = excluded.posted_minor`,
    [holds.map((h) => h.transferId), holds.map((h) => h.state), holds.map((h) => h.postedMinor)],
  )
}

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

/** The latest lines of an account's statement, newest first. */
export async function entriesOf(tx: Tx, accountId: string, limit: number): Promise<Entry[]> {
  const rows = await tx.query(
    `select e.transfer_id as "transferId", e.amount_minor as "amountMinor", e.balance_after as "balanceAfter",
            e.effective_at as "effectiveAt", e.booked_at as "bookedAt", t.memo
     from ledger.entry e join ledger.transfer t on t.tenant_id = e.tenant_id and t.transfer_id = e.transfer_id
     where e.account_id = $1 order by e.seq desc limit $2`,
    [accountId, limit],
  )
  return rows.map((row) => withoutNulls(row) as Entry)
}

/** Marks the place to which a batch goes back when one of its keys was taken at the same moment. */
export const setSavepoint = (tx: Tx): Promise<unknown> => tx.query('savepoint ledger_batch')
/** Forgets the mark: the batch stands. */
export const releaseSavepoint = (tx: Tx): Promise<unknown> => tx.query('release savepoint ledger_batch')
/** Undoes everything since the mark; locks taken before it stay. */
export const rollbackToSavepoint = (tx: Tx): Promise<unknown> =>
  tx.query('rollback to savepoint ledger_batch')

function withoutNulls(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}
