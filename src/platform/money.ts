import assert from 'node:assert/strict'

/** An amount in minor units (kopecks, cents, whole points) with its currency code. */
export type Money = { amountMinor: bigint; currency: string }

/** Sum of two amounts of one currency. */
export function addMoney(a: Money, b: Money): Money {
  assert.equal(a.currency, b.currency, 'amounts of two currencies were added')
  return { amountMinor: a.amountMinor + b.amountMinor, currency: a.currency }
}

/**
 * `amountMinor` × `basisPoints` / 10,000, rounded half up toward positive infinity; fees and rates are stated
 * in basis points (1 % = 100) so that no float touches value.
 */
export function shareOf(amountMinor: bigint, basisPoints: bigint): bigint {
  const scaled = amountMinor * basisPoints * 2n + 10_000n
  const quotient = scaled / 20_000n
  return scaled < 0n && scaled % 20_000n !== 0n ? quotient - 1n : quotient
}

/** `123456n` with 2 decimals as `1234.56`: an exact decimal text for templates, files and terminals. */
export function decimalText(amountMinor: bigint, decimals = 2): string {
  const sign = amountMinor < 0n ? '-' : ''
  const digits = (amountMinor < 0n ? -amountMinor : amountMinor).toString().padStart(decimals + 1, '0')
  if (decimals === 0) return sign + digits
  const whole = digits.slice(0, -decimals)
  const fraction = digits.slice(-decimals)
  return /^0+$/.test(fraction) ? sign + whole : `${sign}${whole}.${fraction}`
}
