import { instantOf, type Tx } from '../platform/index.ts'
import type { AccountBalance, BalanceInDetail } from './contract.ts'
import { balancesWithLots, type LotSums } from './reading-store.ts'
import { byIndex } from './store.ts'

const NEVER = 9_223_372_036_854_775_807n

/** Balances with what is available, upcoming and expiring at a moment; unknown accounts are absent. */
export async function balancesInDetail(
  tx: Tx,
  accountIds: string[],
  at: Temporal.Instant,
): Promise<Map<string, BalanceInDetail>> {
  const rows = await byIndex(tx, () => balancesWithLots(tx, accountIds, at.epochMilliseconds))
  const nowMs = BigInt(at.epochMilliseconds)
  return new Map(rows.map((row) => [row.accountId, detailOf(row, nowMs)]))
}

function detailOf(row: AccountBalance & LotSums, nowMs: bigint): BalanceInDetail {
  const { keepsLots, expiresMs, available, upcoming, ...balance } = row
  const free = balance.balanceMinor - balance.pendingDebitsMinor
  const sums = { available: 0n, upcoming: 0n, expired: 0n }
  const expiring: BalanceInDetail['expiring'] = []
  for (const [i, expires] of expiresMs.entries()) {
    const amountMinor = available[i]! + upcoming[i]!
    if (expires <= nowMs) {
      sums.expired += amountMinor
      continue
    }
    sums.available += available[i]!
    sums.upcoming += upcoming[i]!
    if (expires < NEVER) expiring.push({ expiresAt: instantOf(Number(expires)), amountMinor })
  }
  return {
    ...balance,
    availableMinor: keepsLots && free > 0n ? sums.available : free,
    upcomingMinor: sums.upcoming,
    expiredMinor: sums.expired,
    expiring,
  }
}
