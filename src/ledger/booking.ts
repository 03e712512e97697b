import { newId, type Problem } from '../platform/index.ts'
import type {
  MoveRequest,
  SettleRequest,
  TransferRequest,
  TransferResult,
  TransferState,
} from './contract.ts'
import { inputHash, largestMinor, problemOfRequest, refusal } from './transfer.ts'

/** An account while its row is locked. */
export type LockedAccount = {
  accountId: string
  currency: string
  mayGoNegative: boolean
  balanceMinor: bigint
  pendingDebitsMinor: bigint
  pendingCreditsMinor: bigint
}

/** A row of the journal: what was asked and how it was answered. */
export type JournalRow = {
  transferId: string
  key: string
  inputHash: string
  kind: TransferRequest['kind']
  state: TransferState | 'refused'
  debitAccount: string
  creditAccount: string
  amountMinor: bigint
  currency: string
  pendingId?: string
  refusal?: string
  at: Temporal.Instant
  memo?: string
}

export type EntryRow = {
  accountId: string
  transferId: string
  amountMinor: bigint
  balanceAfter: bigint
  at: Temporal.Instant
}

/** What became of a pending transfer. */
export type Hold = { transferId: string; state: TransferState; postedMinor: bigint }

/**
 * The books while a batch goes through them: loaded under locks, changed here in the order of the batch, stored
 * at once. Pure but for new ids: no clock, no I/O.
 */
export class Books {
  readonly journal: JournalRow[] = []
  readonly entries: EntryRow[] = []
  readonly changedAccounts = new Map<string, LockedAccount>()
  readonly changedHolds = new Map<string, Hold>()
  readonly #accounts: Map<string, LockedAccount>
  readonly #byKey: Map<string, JournalRow>
  readonly #holds: Map<string, Hold>

  constructor(accounts: LockedAccount[], known: JournalRow[], holds: Hold[]) {
    this.#accounts = new Map(accounts.map((account) => [account.accountId, account]))
    this.#byKey = new Map(known.map((row) => [row.key, row]))
    this.#holds = new Map(holds.map((hold) => [hold.transferId, hold]))
  }

  /** Books one request, or says why not; a refusal changes nothing and hinders nobody else. */
  book(request: TransferRequest): TransferResult {
    const invalid = problemOfRequest(request)
    if (invalid) return { key: request.key, outcome: 'refused', problem: invalid }
    const hash = inputHash(request)
    const before = this.#byKey.get(request.key)
    if (before) return repeated(before, hash)
    const problem = 'pendingKey' in request ? this.#settle(request, hash) : this.#move(request, hash)
    if (problem) return { key: request.key, outcome: 'refused', problem }
    const row = this.#byKey.get(request.key)!
    return row.state === 'refused' ? repeated(row, hash) : answerOf(row, 'booked')
  }

  #move(request: MoveRequest, hash: string): Problem | undefined {
    const { amountMinor, currency, kind } = request
    const debit = this.#accounts.get(request.debitAccount)
    const credit = this.#accounts.get(request.creditAccount)
    if (!debit) return notFound('debitAccount', request.debitAccount)
    if (!credit) return notFound('creditAccount', request.creditAccount)
    if (debit.currency !== currency) return differs('debitAccount', debit, currency)
    if (credit.currency !== currency) return differs('creditAccount', credit, currency)
    if (outOfRange(debit, credit, amountMinor)) {
      return refusal('ledger_balance_out_of_range', 'the balance would not fit any more', {
        field: 'amountMinor',
      })
    }
    const row: JournalRow = {
      transferId: newId(),
      key: request.key,
      inputHash: hash,
      kind,
      state: kind === 'post' ? 'posted' : 'pending',
      debitAccount: debit.accountId,
      creditAccount: credit.accountId,
      amountMinor,
      currency,
      at: request.at,
      ...(request.memo === undefined ? {} : { memo: request.memo }),
    }
    if (!debit.mayGoNegative && debit.balanceMinor - debit.pendingDebitsMinor < amountMinor) {
      this.#write({ ...row, state: 'refused', refusal: 'ledger_balance_insufficient' })
      return undefined
    }
    if (kind === 'pending') {
      debit.pendingDebitsMinor += amountMinor
      credit.pendingCreditsMinor += amountMinor
      this.#touch(debit, credit)
      this.#changeHold({ transferId: row.transferId, state: 'pending', postedMinor: 0n })
    } else {
      this.#post(row, debit, credit)
    }
    this.#write(row)
    return undefined
  }

  #settle(request: SettleRequest, hash: string): Problem | undefined {
    const { pendingKey } = request
    const pending = this.#byKey.get(pendingKey)
    const hold = pending && this.#holds.get(pending.transferId)
    const debit = pending && this.#accounts.get(pending.debitAccount)
    const credit = pending && this.#accounts.get(pending.creditAccount)
    if (!hold || !debit || !credit) {
      return refusal('ledger_pending_not_found', 'no pending transfer has this key', {
        field: 'pendingKey',
        found: pendingKey,
      })
    }
    if (hold.state !== 'pending') {
      return refusal('ledger_pending_settled', `the pending transfer was ${hold.state} before`, {
        field: 'pendingKey',
        found: pendingKey,
      })
    }
    const amountMinor = request.amountMinor ?? pending.amountMinor
    if (amountMinor > pending.amountMinor) {
      return refusal('ledger_pending_exceeded', 'more would be posted than was reserved', {
        field: 'amountMinor',
        found: amountMinor,
        expected: `up to ${pending.amountMinor}`,
      })
    }
    const state = request.kind === 'post_pending' ? 'posted' : 'voided'
    const row: JournalRow = {
      transferId: newId(),
      key: request.key,
      inputHash: hash,
      kind: request.kind,
      state,
      debitAccount: pending.debitAccount,
      creditAccount: pending.creditAccount,
      amountMinor,
      currency: pending.currency,
      pendingId: pending.transferId,
      at: request.at,
      ...(request.memo === undefined ? {} : { memo: request.memo }),
    }
    debit.pendingDebitsMinor -= pending.amountMinor
    credit.pendingCreditsMinor -= pending.amountMinor
    this.#touch(debit, credit)
    if (state === 'posted') this.#post(row, debit, credit)
    this.#changeHold({ ...hold, state, postedMinor: state === 'posted' ? amountMinor : 0n })
    this.#write(row)
    return undefined
  }

  #post(row: JournalRow, debit: LockedAccount, credit: LockedAccount): void {
    const { transferId, amountMinor, at } = row
    debit.balanceMinor -= amountMinor
    credit.balanceMinor += amountMinor
    this.#touch(debit, credit)
    this.entries.push(
      {
        accountId: debit.accountId,
        transferId,
        amountMinor: -amountMinor,
        balanceAfter: debit.balanceMinor,
        at,
      },
      { accountId: credit.accountId, transferId, amountMinor, balanceAfter: credit.balanceMinor, at },
    )
  }

  #touch(...accounts: LockedAccount[]): void {
    for (const account of accounts) this.changedAccounts.set(account.accountId, account)
  }

  #changeHold(hold: Hold): void {
    this.#holds.set(hold.transferId, hold)
    this.changedHolds.set(hold.transferId, hold)
  }

  #write(row: JournalRow): void {
    this.journal.push(row)
    this.#byKey.set(row.key, row)
  }
}

/** The first answer again, unless the key now stands before other input. */
function repeated(row: JournalRow, hash: string): TransferResult {
  const { key } = row
  if (row.inputHash !== hash) {
    const problem = refusal('ledger_key_mismatch', 'the key was used before with other input', {
      field: 'key',
      found: key,
    })
    return { key, outcome: 'refused', problem }
  }
  if (row.state !== 'refused') return answerOf(row, 'repeated')
  const problem = refusal('ledger_balance_insufficient', 'the debited account has not enough', {
    field: 'amountMinor',
    found: row.amountMinor,
  })
  return { key, outcome: 'refused', problem }
}

function answerOf(row: JournalRow, outcome: 'booked' | 'repeated'): TransferResult {
  const { key, transferId, amountMinor } = row
  return { key, outcome, transferId, state: row.state as TransferState, amountMinor }
}

/** Pending amounts count as if they were posted, so that posting them later cannot fail. */
function outOfRange(debit: LockedAccount, credit: LockedAccount, amountMinor: bigint): boolean {
  return (
    debit.balanceMinor - debit.pendingDebitsMinor - amountMinor < -largestMinor ||
    credit.balanceMinor + credit.pendingCreditsMinor + amountMinor > largestMinor
  )
}

const notFound = (field: string, accountId: string): Problem =>
  refusal('ledger_account_not_found', `no account "${accountId}"`, { field, found: accountId })

const differs = (field: string, account: LockedAccount, currency: string): Problem =>
  refusal('ledger_currency_differs', `account "${account.accountId}" keeps ${account.currency}`, {
    field,
    found: currency,
    expected: account.currency,
  })
