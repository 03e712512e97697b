import { DomainError, type Tx } from '../platform/index.ts'
import { Books } from './booking.ts'
import type { AccountOpening, TransferRequest, TransferResult, Verification } from './contract.ts'
import {
  holdsOf,
  insertAccounts,
  insertEntries,
  insertJournal,
  lockAccounts,
  releaseSavepoint,
  rollbackToSavepoint,
  setSavepoint,
  transfersByKeys,
  updateAccounts,
  upsertHolds,
} from './store.ts'
import { countBooks, firstDifference } from './verification-store.ts'

/**
 * Opens accounts; those that exist alike are left alone. Throws `ledger_account_conflict` when one exists with
 * another owner, purpose, currency or rule.
 */
export async function openAccounts(tx: Tx, accounts: AccountOpening[]): Promise<void> {
  if (accounts.length === 0) return
  const byId = new Map(accounts.map((account) => [account.accountId, account]))
  const [conflict] = await insertAccounts(tx, [...byId.values()])
  if (conflict !== undefined) {
    throw new DomainError('ledger_account_conflict', `account "${conflict}" exists with other properties`, {
      field: 'accountId',
      found: conflict,
    })
  }
}

/**
 * Books a batch in its order, within the caller's transaction: a constant number of statements whatever its
 * size. Results stand at the places of their requests; a request that cannot be booked is refused alone. The
 * same key with the same input gives the same answer for ever, a refusal for lack of balance included (other
 * refusals leave no trace and may be asked again). Call it once in a transaction: accounts are locked in order
 * of id, and a second call would break that order. `bookedAt` is the moment of booking; when a transfer takes
 * effect is its own `at`.
 */
export async function postTransfers(
  tx: Tx,
  requests: TransferRequest[],
  bookedAt: Temporal.Instant,
): Promise<TransferResult[]> {
  if (requests.length === 0) return []
  const pendingKeys = requests.flatMap((request) => ('pendingKey' in request ? [request.pendingKey] : []))
  const pending = pendingKeys.length > 0 ? await transfersByKeys(tx, pendingKeys) : []
  const named = requests.flatMap((request) =>
    'pendingKey' in request ? [] : [request.debitAccount, request.creditAccount],
  )
  const accountIds = [...new Set([...named, ...pending.flatMap((p) => [p.debitAccount, p.creditAccount])])]
  const keys = [...new Set(requests.map((request) => request.key))]
  for (;;) {
    const accounts = await lockAccounts(tx, accountIds)
    const known = await transfersByKeys(tx, keys)
    const holds =
      pending.length > 0
        ? await holdsOf(
            tx,
            pending.map((p) => p.transferId),
          )
        : []
    const books = new Books(accounts, [...pending, ...known], holds)
    const results = requests.map((request) => books.book(request))
    if (books.journal.length === 0) return results
    await setSavepoint(tx)
    if ((await insertJournal(tx, books.journal, bookedAt)) === books.journal.length) {
      await store(tx, books, bookedAt)
      await releaseSavepoint(tx)
      return results
    }
    // Somebody used one of the keys for other accounts at the same moment; by now that is to be seen.
    await rollbackToSavepoint(tx)
  }
}

async function store(tx: Tx, books: Books, bookedAt: Temporal.Instant): Promise<void> {
  if (books.entries.length > 0) await insertEntries(tx, books.entries, bookedAt)
  if (books.changedAccounts.size > 0) await updateAccounts(tx, [...books.changedAccounts.values()])
  if (books.changedHolds.size > 0) await upsertHolds(tx, [...books.changedHolds.values()])
}

/** Recomputes everything that is kept from the journal and names the first difference. */
export async function verifyLedger(tx: Pick<Tx, 'query'>): Promise<Verification> {
  const difference = await firstDifference(tx)
  const counts = await countBooks(tx)
  return { ok: difference === undefined, ...counts, ...(difference === undefined ? {} : { difference }) }
}
