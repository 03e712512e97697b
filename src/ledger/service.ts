import { DomainError, type Tx } from '../platform/index.ts'
import { encodeJournal, hashedPart, storeBatch } from './batch-store.ts'
import { Books } from './booking.ts'
import { chainHash } from './chain.ts'
import type { AccountOpening, TransferRequest, TransferResult } from './contract.ts'
import { load } from './loading.ts'
import { identitiesOf, type Identity, insertOpenings } from './opening-store.ts'
import type { Opening } from './state.ts'
import { advanceHead, lockHead, lookUpByIndex, planAsUsual } from './store.ts'

/**
 * Opens accounts; those that exist alike are left alone. Throws `ledger_account_conflict` when one exists with
 * another owner, purpose, currency or rule. A new account holds the tenant's ledger until the transaction ends.
 */
export async function openAccounts(tx: Tx, accounts: AccountOpening[]): Promise<void> {
  if (accounts.length === 0) return
  const byId = new Map(accounts.map((account) => [account.accountId, account]))
  const missing = await missingOf(tx, [...byId.values()].map(withRule))
  if (missing.length === 0) return
  await lockHead(tx)
  // Somebody else may have opened them meanwhile.
  const fresh = await missingOf(tx, missing)
  if (fresh.length > 0) await insertOpenings(tx, fresh)
}

async function missingOf(tx: Tx, openings: Opening[]): Promise<Opening[]> {
  const known = await identitiesOf(
    tx,
    openings.map(({ accountId }) => accountId),
  )
  return openings.filter((opening) => {
    const { accountId } = opening
    const there = known.get(accountId)
    if (!there) return true
    const isAlike = (Object.keys(there) as (keyof Identity)[]).every((name) => there[name] === opening[name])
    if (isAlike) return false
    throw new DomainError('ledger_account_conflict', `account "${accountId}" exists with other properties`, {
      field: 'accountId',
      found: accountId,
    })
  })
}

function withRule(account: AccountOpening): Opening {
  const { accountId, purpose, mayGoNegative, debtLimitMinor = 0n } = account
  const keepsLots = account.keepsLots ?? (purpose === 'member' && !mayGoNegative)
  if (mayGoNegative && keepsLots) {
    throw new DomainError(
      'ledger_request_invalid',
      `account "${accountId}" cannot keep lots and a debt without end`,
      {
        field: 'keepsLots',
        found: true,
        expected: 'mayGoNegative: false',
      },
    )
  }
  return { ...account, floorMinor: mayGoNegative ? null : -debtLimitMinor, keepsLots }
}

/**
 * Books a batch in its order, within the caller's transaction: a constant number of statements whatever its
 * size. Results stand at the places of their requests; a request that cannot be booked is refused alone. The
 * same key with the same input gives the same answer for ever, a refusal for lack of balance included (other
 * refusals leave no trace and may be asked again). From here to its end the transaction holds the tenant's ledger, so
 * call it late and with all that is to be booked. `bookedAt` is the moment of booking; when a transfer takes effect is
 * its own `at`.
 */
export async function postTransfers(
  tx: Tx,
  requests: TransferRequest[],
  bookedAt: Temporal.Instant,
): Promise<TransferResult[]> {
  if (requests.length === 0) return []
  lookUpByIndex(tx)
  const head = await lockHead(tx)
  const books = new Books({
    ...(await load(tx, head, requests)),
    bookedMs: bookedAt.epochMilliseconds,
  })
  const results = books.bookAll(requests)
  const { layer } = books
  if (layer.journal.length > 0) {
    const batchNo = head.batchNo + 1
    const journal = encodeJournal(layer.journal, batchNo, head.oids.journal)
    const hash = chainHash(head.hash, batchNo, bookedAt.epochMilliseconds, hashedPart(journal))
    const moved = advanceHead(tx, head, { lastSeq: layer.journal.at(-1)!.seq, hash })
    storeBatch(tx, layer, journal, { batchNo, hash, bookedAt, oids: head.oids })
    await moved
  }
  planAsUsual(tx)
  return results
}
