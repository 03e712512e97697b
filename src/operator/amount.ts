const digitsByCurrency = new Map<string, number>()

/** Decimal places of a currency's major unit: ISO 4217 by way of CLDR, 2 for a code that is not in it. */
export function minorDigits(currency: string): number {
  let digits = digitsByCurrency.get(currency)
  if (digits === undefined) {
    digits = /^[A-Z]{3}$/.test(currency)
      ? (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
          .maximumFractionDigits ?? 2)
      : 2
    digitsByCurrency.set(currency, digits)
  }
  return digits
}

/**
 * A TM Forum amount, given as the decimal text that stood on the wire, in minor units. Places beyond the
 * currency's own are cut toward minus infinity: a subscriber is never thought richer than billing says.
 * `undefined` when the text is no plain decimal.
 */
export function minorOf(decimal: string, currency: string): bigint | undefined {
  const match = /^(-?)(\d{1,18})(?:\.(\d{1,18}))?$/.exec(decimal)
  if (!match) return undefined
  const digits = minorDigits(currency)
  const fraction = match[3] ?? ''
  const kept = BigInt(match[2]! + fraction.slice(0, digits).padEnd(digits, '0'))
  if (match[1] === '') return kept
  return /[1-9]/.test(fraction.slice(digits)) ? -kept - 1n : -kept
}
