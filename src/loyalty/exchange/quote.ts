import { millionths } from '../earning/points.ts'
import type { Exchange, TransferTerms } from './documents.ts'

const MILLION = 1_000_000n

/** Amounts of an exchange in minor units of each currency. */
export type Amounts = {
  /** What is taken: never more than what the result needs. */
  fromMinor: bigint
  toMinor: bigint
  /** What the spread kept, in minor units of `to`. */
  spreadMinor: bigint
}

export type Decimals = { from: number; to: number }

/**
 * What comes of an amount: amount × rate × (1 − spread), rounded down to a minor unit of `to`; and of the amount only
 * as much is taken as this result needs, rounded up. Undefined when nothing would come of it.
 */
export function amountsOf(
  { rate, spreadPercent }: Pick<Exchange, 'rate' | 'spreadPercent'>,
  amountMinor: bigint,
  decimals: Decimals,
): Amounts | undefined {
  const over = millionths(rate) * 10n ** BigInt(decimals.to)
  const under = MILLION * 10n ** BigInt(decimals.from)
  const kept = 100n * MILLION - millionths(spreadPercent)
  const netOver = over * kept
  const netUnder = under * 100n * MILLION
  const toMinor = (amountMinor * netOver) / netUnder
  if (toMinor <= 0n) return undefined
  const fromMinor = (toMinor * netUnder + netOver - 1n) / netOver
  return { fromMinor, toMinor, spreadMinor: (fromMinor * over) / under - toMinor }
}

/** A lot on the way to another currency. */
export type PartOfLot = {
  amountMinor: bigint
  earnedAt: Temporal.Instant
  expiresAt: Temporal.Instant | undefined
  keepsExpiry: boolean
}

/**
 * Shares a result among the lots that gave the amount, in their order: each gets what the sum up to its end comes to,
 * so that together they get the whole, rounded once.
 */
export function sharesOf(parts: readonly PartOfLot[], { fromMinor, toMinor }: Amounts): PartOfLot[] {
  let passed = 0n
  return parts
    .map((part) => {
      const before = (passed * toMinor) / fromMinor
      passed += part.amountMinor
      return { ...part, amountMinor: (passed * toMinor) / fromMinor - before }
    })
    .filter(({ amountMinor }) => amountMinor > 0n)
}

/** The fee of a transfer: its fixed part and its percent, rounded down. */
export function feeOf({ fee }: Pick<TransferTerms, 'fee'>, points: bigint): bigint {
  const percent = (points * millionths(fee.percent ?? '0')) / (100n * MILLION)
  return BigInt(fee.fixed ?? '0') + percent
}
