/** `123456n` with 2 decimals as `1234.56`: an exact decimal text for templates, files and terminals. */
export function decimalText(amountMinor: bigint, decimals = 2): string {
  const sign = amountMinor < 0n ? '-' : ''
  const digits = (amountMinor < 0n ? -amountMinor : amountMinor).toString().padStart(decimals + 1, '0')
  if (decimals === 0) return sign + digits
  const whole = digits.slice(0, -decimals)
  const fraction = digits.slice(-decimals)
  return /^0+$/.test(fraction) ? sign + whole : `${sign}${whole}.${fraction}`
}
