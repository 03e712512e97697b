import { instantOf, type Tx } from '../platform/index.ts'
import type { AccountBalance, BalanceInDetail } from './contract.ts'
import { balancesWithLots, balanceWithLots, type LotColumns } from './reading-store.ts'
import { byIndex } from './store.ts'

const NEVER = 9_223_372_036_854_775_807n

/** Balances with what is available, upcoming and expiring at a moment; unknown accounts are absent. */
export async function balancesInDetail(
  tx: Tx,
  accountIds: string[],
  at: Temporal.Instant,
): Promise<Map<string, BalanceInDetail>> {
  const rows = await byIndex(tx, () => balancesWithLots(tx, accountIds))
  const nowMs = BigInt(at.epochMilliseconds)
  return new Map(rows.map((row) => [row.accountId, detailOf(row, nowMs)]))
}

/** One account's balance with what is available, upcoming and expiring at a moment; undefined when there is none. */
export async function balanceInDetail(
  tx: Tx,
  accountId: string,
  at: Temporal.Instant,
): Promise<BalanceInDetail | undefined> {
  const row = await balanceWithLots(tx, accountId)
  return row && detailOf(row, BigInt(at.epochMilliseconds))
}

function detailOf(row: AccountBalance & LotColumns, nowMs: bigint): BalanceInDetail {
  const { keepsLots, expiresMs, availableMs, remainingMinor, ...balance } = row
  const free = balance.balanceMinor - balance.pendingDebitsMinor
  const sums = { available: 0n, upcoming: 0n, expired: 0n }
  const expiring = new Map<bigint, bigint>()
  for (const [i, expires] of expiresMs.entries()) {
    const amountMinor = remainingMinor[i]!
    if (expires <= nowMs) {
      sums.expired += amountMinor
      continue
    }
    if (availableMs[i]! <= nowMs) sums.available += amountMinor
    else sums.upcoming += amountMinor
    if (expires < NEVER) expiring.set(expires, (expiring.get(expires) ?? 0n) + amountMinor)
  }
  return {
    ...balance,
    availableMinor: keepsLots && free > 0n ? sums.available : free,
    upcomingMinor: sums.upcoming,
    expiredMinor: sums.expired,
    expiring: [...expiring]
      .toSorted(([a], [b]) => Number(a - b))
      .map(([expires, amountMinor]) => ({ expiresAt: instantOf(Number(expires)), amountMinor })),
  }
}
