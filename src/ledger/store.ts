import type { Tx } from '../platform/index.ts'
import { spendOrder } from './lots.ts'
import type { AccountState, JournalRow, LotMove, OpenLot, Standing } from './state.ts'
import { isStorable, uuidDigits, uuidText } from './transfer.ts'

/** Where a tenant's journal ends, and the numbers under which this database knows the record types. */
export type Head = {
  tenantId: string
  batchNo: number
  lastSeq: number
  hash: Buffer
  oids: { journal: number; account: number; lot: number }
}

const steer = `select set_config('enable_seqscan', $1, true), set_config('enable_hashjoin', $1, true),
  set_config('enable_mergejoin', $1, true)`

/**
 * Plans are made once a connection and are kept, perhaps since the tables were empty: whatever they were then, rows are
 * looked up one by one by index.
 */
export const lookUpByIndex = (tx: Tx): void => tx.execute(steer, ['off'])
/** Ends `lookUpByIndex` for what the caller does afterwards. */
export const planAsUsual = (tx: Tx): void => tx.execute(steer, ['on'])

/** Reads by index what `work` reads. */
export async function byIndex<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  lookUpByIndex(tx)
  const result = await work()
  planAsUsual(tx)
  return result
}

const headColumns = `tenant_id as "tenantId", batch_no as "batchNo", last_seq as "lastSeq", hash,
  'ledger.journal_row'::regtype::oid::int as journal, 'ledger.account_row'::regtype::oid::int as account,
  'ledger.lot_row'::regtype::oid::int as lot`

type HeadRow = {
  tenantId: string
  batchNo: bigint
  lastSeq: bigint
  hash: Buffer
  journal: number
  account: number
  lot: number
}

/** Locks the tenant's head until the transaction ends; whoever books waits here for the one before. */
export async function lockHead(tx: Tx): Promise<Head> {
  const select = `select ${headColumns} from ledger.head where tenant_id = current_setting('tenure.tenant_id') for update`
  const [row] = await tx.query<HeadRow>(select)
  if (row) return headOf(row)
  await tx.query(
    `insert into ledger.head (tenant_id, batch_no, last_seq, hash)
     values (current_setting('tenure.tenant_id'), 0, 0, '') on conflict (tenant_id) do nothing`,
  )
  return headOf((await tx.query<HeadRow>(select))[0]!)
}

/** The head as it is committed, without waiting; undefined for a tenant that never booked. */
export async function readHead(tx: Tx): Promise<Head | undefined> {
  const [row] = await tx.query<HeadRow>(
    `select ${headColumns} from ledger.head where tenant_id = current_setting('tenure.tenant_id')`,
  )
  return row && headOf(row)
}

/** Moves the head on, if it is where it is expected, else it throws; waits for whoever is booking. */
export async function advanceHead(tx: Tx, from: Head, to: Pick<Head, 'lastSeq' | 'hash'>): Promise<void> {
  // By itself the update would look for the expected place before it waits, and there would not be a row of it yet.
  tx.execute(`select from ledger.head where tenant_id = current_setting('tenure.tenant_id') for update`, [])
  // The division fails the transaction, so that what is sent behind it need not wait for an answer.
  await tx.query(
    `with moved as (
       update ledger.head set batch_no = batch_no + 1, last_seq = $3, hash = $4
       where tenant_id = current_setting('tenure.tenant_id') and batch_no = $1 and last_seq = $2 and hash = $5
       returning batch_no)
     select 1 / count(*) from moved`,
    [from.batchNo, from.lastSeq, to.lastSeq, to.hash, from.hash],
  )
}

function headOf({ tenantId, batchNo, lastSeq, hash, ...oids }: HeadRow): Head {
  return { tenantId, batchNo: Number(batchNo), lastSeq: Number(lastSeq), hash, oids }
}

const accountColumns = `account_no as no, account_id as id, currency, floor_minor as floor, keeps_lots as lots,
  balance_minor as balance, pending_debits_minor as debits, pending_credits_minor as credits, last_seq as last`

type AccountRow = {
  no: bigint
  id: string
  currency: string
  floor: bigint | null
  lots: boolean
  balance: bigint
  debits: bigint
  credits: bigint
  last: bigint
}

/** Accounts by their readable ids; unknown ones are absent. */
export async function accountsByIds(tx: Tx, asked: string[]): Promise<AccountState[]> {
  // What cannot be stored is nobody's id, and would fail the question for all.
  const ids = asked.filter(isStorable)
  const rows = await tx.query<AccountRow>(
    `select ${accountColumns} from ledger.account
     where tenant_id = current_setting('tenure.tenant_id') and account_id = any($1::text[])`,
    [ids],
  )
  return rows.map(stateOf)
}

/** Accounts by the numbers under which the journal knows them. */
export async function accountsByNumbers(tx: Tx, numbers: number[]): Promise<AccountState[]> {
  const rows = await tx.query<AccountRow>(
    `select ${accountColumns} from ledger.account where account_no = any($1::bigint[])`,
    [numbers],
  )
  return rows.map(stateOf)
}

function stateOf(row: AccountRow): AccountState {
  return {
    accountNo: Number(row.no),
    accountId: row.id,
    currency: row.currency,
    ...(row.floor === null ? {} : { floorMinor: row.floor }),
    keepsLots: row.lots,
    balanceMinor: row.balance,
    pendingDebitsMinor: row.debits,
    pendingCreditsMinor: row.credits,
    lastSeq: Number(row.last),
  }
}

/** Journal rows by their ids. */
export async function transfersByIds(tx: Tx, ids: string[]): Promise<JournalRow[]> {
  const rows = await tx.query(
    `select seq, debit_no as "debitNo", credit_no as "creditNo", amount_minor as "amountMinor",
            debit_after as "debitAfter", credit_after as "creditAfter", debit_prev as "debitPrev",
            credit_prev as "creditPrev", effective_at as at, transfer_id as id, input_hash as hash, kind, key,
            related_seq as "relatedSeq", forgiven_minor as "forgivenMinor", refusal, memo, group_id as "group", lots
     from ledger.transfer where transfer_id = any($1::uuid[])`,
    [ids.map(uuidText)],
  )
  return rows.map(journalRowOf)
}

const NUMBERS = new Set(['seq', 'debitNo', 'creditNo', 'debitPrev', 'creditPrev', 'relatedSeq'])

function journalRowOf(row: Record<string, unknown>): JournalRow {
  const { at, id, hash, lots, ...rest } = row
  const kept = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, NUMBERS.has(name) ? Number(value) : value])
  return {
    ...(Object.fromEntries(kept) as Omit<JournalRow, 'moves'>),
    effectiveMs: (at as Temporal.Instant).epochMilliseconds,
    transferId: uuidDigits(id as string),
    inputHash: uuidDigits(hash as string),
    moves: movesOf((lots as bigint[] | null) ?? []),
  }
}

function movesOf(lots: bigint[]): LotMove[] {
  return Array.from({ length: lots.length / 7 }, (_, i) => {
    const [accountNo, lotNo, deltaMinor, spentMinor, earned, available, expires] = lots.slice(
      i * 7,
      i * 7 + 7,
    )
    return {
      accountNo: Number(accountNo),
      lotNo: Number(lotNo),
      deltaMinor: deltaMinor!,
      spentMinor: spentMinor!,
      earnedMs: Number(earned),
      availableMs: Number(available),
      expiresMs: msOf(expires!),
    }
  })
}

const NEVER = 9_223_372_036_854_775_807n
const msOf = (expires: bigint): number => (expires === NEVER ? Number.POSITIVE_INFINITY : Number(expires))

/** Open lots by account, in the order of spending. */
export async function openLots(tx: Tx, accountNumbers: number[]): Promise<Map<number, OpenLot[]>> {
  const rows = await tx.query<{
    no: bigint
    lot: bigint
    left: bigint
    earned: bigint
    from: bigint
    to: bigint
  }>(
    `select account_no as no, lot_no as lot, remaining_minor as left, earned_ms as earned, available_ms as from,
            expires_ms as to
     from ledger.lot where account_no = any($1::bigint[])`,
    [accountNumbers],
  )
  const lots = new Map(accountNumbers.map((no): [number, OpenLot[]] => [no, []]))
  for (const row of rows) {
    lots.get(Number(row.no))!.push({
      lotNo: Number(row.lot),
      remainingMinor: row.left,
      earnedMs: Number(row.earned),
      availableMs: Number(row.from),
      expiresMs: msOf(row.to),
      stored: true,
    })
  }
  for (const ofOne of lots.values()) ofOne.sort(spendOrder)
  return lots
}

/** What became of transfers, by their place in the journal; those of which nothing is known are absent. */
export async function standingsOf(tx: Tx, seqs: number[]): Promise<Standing[]> {
  const rows = await tx.query<Omit<Standing, 'seq' | 'timeoutMs'> & { seq: bigint; timeout: bigint | null }>(
    `select seq, state, timeout_ms as timeout, reversed_minor as "reversedMinor", restored, taken
     from ledger.standing where seq = any($1::bigint[])`,
    [seqs],
  )
  return rows.map(({ seq, timeout, ...row }) => ({
    ...row,
    seq: Number(seq),
    ...(timeout === null ? {} : { timeoutMs: Number(timeout) }),
  }))
}
