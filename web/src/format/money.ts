const formatters = new Map<string, Intl.NumberFormat>()

/** Number formatters are dear to make, and a live page formats hundreds of figures a second. */
export function numberFormatter(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options)
  let formatter = formatters.get(key)
  if (!formatter) formatters.set(key, (formatter = new Intl.NumberFormat(locale, options)))
  return formatter
}

/** Joins parts with a true minus sign and narrow spaces between groups: figures stay whole and line up. */
export function joinParts(parts: Intl.NumberFormatPart[]): string {
  return parts
    .map(({ type, value }) => {
      if (type === 'minusSign') return '−'
      return type === 'group' && /\s/.test(value) ? '\u202f' : value
    })
    .join('')
}

/**
 * `'-123456'` with 2 decimals as `'-1234.56'`, by moving the point in the text: no float is involved, so any
 * number of digits stays exact.
 * @throws RangeError when the text is not a whole number of minor units, or `decimals` is not 0 to 20.
 */
export function exactDecimal(amountMinor: string, decimals: number): Intl.StringNumericLiteral {
  if (!/^-?\d+$/.test(amountMinor)) throw new RangeError(`not an amount in minor units: ${amountMinor}`)
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 20) {
    throw new RangeError(`not a number of decimals: ${decimals}`)
  }
  const negative = amountMinor.startsWith('-') && /[1-9]/.test(amountMinor)
  const digits = amountMinor.replace('-', '').padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals).replace(/^0+(?=\d)/, '')
  const fraction = decimals === 0 ? '' : `.${digits.slice(-decimals)}`
  return `${negative ? '-' : ''}${whole}${fraction}` as Intl.StringNumericLiteral
}

export type MoneyStyle = {
  /** Write a plus before gains: for differences. */
  signed?: boolean
  /** Digits after the point; all of the currency's when left out. Averages may show more. */
  fractionDigits?: number
}

function moneyParts(
  value: Intl.StringNumericLiteral | number,
  decimals: number,
  currency: string,
  locale: string,
  style: MoneyStyle,
): string {
  const digits = style.fractionDigits ?? decimals
  const options: Intl.NumberFormatOptions = {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: style.signed ? 'exceptZero' : 'negative',
  }
  // A code that ISO 4217 could not hold (points, a test's own) is written after the amount as it is.
  if (!/^[A-Za-z]{3}$/.test(currency)) {
    return `${joinParts(numberFormatter(locale, options).formatToParts(value))}\u00a0${currency}`
  }
  const formatter = numberFormatter(locale, {
    ...options,
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  })
  return joinParts(formatter.formatToParts(value))
}

/**
 * An exact amount for people: minor units as text, the currency's decimals and code, and the reader's locale.
 * @throws RangeError as `exactDecimal`.
 */
export function formatMoney(
  amountMinor: string,
  decimals: number,
  currency: string,
  locale: string,
  style: MoneyStyle = {},
): string {
  return moneyParts(exactDecimal(amountMinor, decimals), decimals, currency, locale, style)
}

/** A statistic in minor units (an average, a bound of an interval) as money; a dash when there is none. */
export function formatMoneyStatistic(
  valueMinor: number | undefined,
  decimals: number,
  currency: string,
  locale: string,
  style: MoneyStyle = {},
): string {
  if (valueMinor === undefined || !Number.isFinite(valueMinor)) return '—'
  return moneyParts(valueMinor / 10 ** decimals, decimals, currency, locale, style)
}

/** The amount with its sign turned, for what is taken off a sum. */
export const negated = (amountMinor: string): string => String(-BigInt(amountMinor))
