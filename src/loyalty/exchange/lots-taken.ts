import { lotsOf } from '../../ledger/index.ts'
import { instantOf, type Tx } from '../../platform/index.ts'
import type { PartOfLot } from './quote.ts'

/** What the ledger is going to take of each lot for an amount; it lists lots in the order in which they are spent. */
export async function partsTaken(
  tx: Tx,
  accountId: string,
  amountMinor: bigint,
  atMs: number,
): Promise<PartOfLot[]> {
  const lots = (await lotsOf(tx, [accountId])).filter(
    ({ availableFrom, expiresAt }) =>
      availableFrom.epochMilliseconds <= atMs &&
      (expiresAt === undefined || expiresAt.epochMilliseconds > atMs),
  )
  let missing = amountMinor
  const parts: PartOfLot[] = []
  for (const { remainingMinor, earnedAt, expiresAt, keepsExpiry } of lots) {
    if (missing === 0n) break
    const taken = remainingMinor < missing ? remainingMinor : missing
    parts.push({ amountMinor: taken, earnedAt, expiresAt, keepsExpiry })
    missing -= taken
  }
  return parts
}

/** How much of what was taken expires first, and when; undefined: none of it does. */
export function soonestOf(
  parts: readonly PartOfLot[],
): { amountMinor: bigint; expiresAt: Temporal.Instant } | undefined {
  const ends = parts.flatMap(({ expiresAt }) => expiresAt?.epochMilliseconds ?? [])
  if (ends.length === 0) return undefined
  const firstMs = Math.min(...ends)
  const first = parts.filter(({ expiresAt }) => expiresAt?.epochMilliseconds === firstMs)
  const amountMinor = first.reduce((sum, part) => sum + part.amountMinor, 0n)
  return { amountMinor, expiresAt: instantOf(firstMs) }
}
