import type { Tx } from '../platform/index.ts'
import type { Loaded } from './booking.ts'
import type { TransferRequest } from './contract.ts'
import type { AccountState, JournalRow } from './state.ts'
import { accountsByIds, accountsByNumbers, openLots, standingsOf, transfersByIds } from './store.ts'
import { transferIdOf } from './transfer.ts'

/** The key of the earlier transfer that a request speaks of. */
export function relatedKey(request: TransferRequest): string | undefined {
  if (request.kind === 'reverse') return request.reversedKey
  return 'pendingKey' in request ? request.pendingKey : undefined
}

/** Accounts that a request names. */
export function namedAccounts(request: TransferRequest): string[] {
  if ('debitAccount' in request) return [request.debitAccount, request.creditAccount]
  return request.kind === 'extend' ? [request.account] : []
}

/** The named account out of which a request may take lots. */
export function accountOfLots(request: TransferRequest): string | undefined {
  if ('debitAccount' in request) return request.debitAccount
  return request.kind === 'extend' ? request.account : undefined
}

/** Everything that the books need for these requests; the caller holds the tenant's head. */
export async function load(
  tx: Tx,
  head: { tenantId: string; lastSeq: number },
  requests: readonly TransferRequest[],
): Promise<Omit<Loaded, 'bookedMs'>> {
  const { tenantId, lastSeq } = head
  const keys = new Set(requests.map(({ key }) => key))
  const relatedKeys = new Set(requests.flatMap((request) => relatedKey(request) ?? []))
  const ids = [...keys.union(relatedKeys)].map((key) => transferIdOf(tenantId, key))
  const [known, named] = await Promise.all([
    transfersByIds(tx, ids),
    accountsByIds(tx, [...new Set(requests.flatMap(namedAccounts))]),
  ])
  // A request that settles another of the same batch finds its accounts among the named ones.
  const related = known.filter(({ key }) => relatedKeys.has(key))
  const here = new Set(named.map(({ accountNo }) => accountNo))
  const numbers = [...new Set(related.flatMap(bothAccounts))]
  const [others, standings] = await Promise.all([
    accountsByNumbers(
      tx,
      numbers.filter((accountNo) => !here.has(accountNo)),
    ),
    standingsOf(
      tx,
      related.map(({ seq }) => seq),
    ),
  ])
  const accounts = [...named, ...others]
  await loadLots(tx, accounts, requests, new Set(numbers), related.length < relatedKeys.size)
  return { tenantId, lastSeq, accounts, known, standings }
}

const bothAccounts = ({ debitNo, creditNo }: JournalRow): number[] => [debitNo, creditNo]

async function loadLots(
  tx: Tx,
  accounts: AccountState[],
  requests: readonly TransferRequest[],
  touched: Set<number>,
  all: boolean,
): Promise<void> {
  const ids = new Set(requests.map(accountOfLots))
  const needing = accounts.filter(
    ({ keepsLots, accountId, accountNo }) =>
      keepsLots && (all || ids.has(accountId) || touched.has(accountNo)),
  )
  if (needing.length === 0) return
  const lots = await openLots(
    tx,
    needing.map(({ accountNo }) => accountNo),
  )
  for (const account of needing) account.lots = lots.get(account.accountNo)!
}
