import { instantOf, type Tx } from '../platform/index.ts'
import type { BalanceInDetail } from './contract.ts'
import { balancesOf, lotKeepers, lotSums } from './reading-store.ts'
import { byIndex } from './store.ts'

const NEVER = 9_223_372_036_854_775_807n

/** Balances with what is available, upcoming and expiring at a moment; unknown accounts are absent. */
export async function balancesInDetail(
  tx: Tx,
  accountIds: string[],
  at: Temporal.Instant,
): Promise<Map<string, BalanceInDetail>> {
  const [balances, keepers, sums] = await byIndex(tx, () =>
    Promise.all([
      balancesOf(tx, accountIds),
      lotKeepers(tx, accountIds),
      lotSums(tx, accountIds, at.epochMilliseconds),
    ]),
  )
  const nowMs = BigInt(at.epochMilliseconds)
  return new Map(
    [...balances].map(([accountId, balance]) => {
      const free = balance.balanceMinor - balance.pendingDebitsMinor
      const mine = sums.filter((sum) => sum.accountId === accountId)
      const live = mine.filter(({ expiresMs }) => expiresMs > nowMs)
      const sumOf = (rows: typeof mine, field: 'available' | 'upcoming'): bigint =>
        rows.reduce((sum, row) => sum + row[field], 0n)
      const expired = mine.filter(({ expiresMs }) => expiresMs <= nowMs)
      return [
        accountId,
        {
          ...balance,
          availableMinor: keepers.has(accountId) && free > 0n ? sumOf(live, 'available') : free,
          upcomingMinor: sumOf(live, 'upcoming'),
          expiredMinor: sumOf(expired, 'available') + sumOf(expired, 'upcoming'),
          expiring: live
            .filter(({ expiresMs }) => expiresMs < NEVER)
            .map(({ expiresMs, available, upcoming }) => ({
              expiresAt: instantOf(Number(expiresMs)),
              amountMinor: available + upcoming,
            })),
        },
      ]
    }),
  )
}
