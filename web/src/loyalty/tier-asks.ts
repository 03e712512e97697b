import { useTranslation } from 'react-i18next'
import type { Tier, TierLadder } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'

/** What a tier asks for, in a line; `decimals` are those of the programme's points. */
export function useTierAsks(
  decimals: number,
): (ladder: Pick<TierLadder, 'by'>, tier: Pick<Tier, 'at' | 'after'>) => string {
  const { t } = useTranslation()
  const format = useFormat()
  return ({ by }, { at, after }) => {
    if (after !== undefined) {
      const { months, days } = after
      if (months + days === 0) return t('loyalty.fromTheBeginning')
      const parts = [
        ...(months > 0 ? [t('loyalty.months', { count: months, formatted: format.count(months) })] : []),
        ...(days > 0 ? [t('loyalty.days', { count: days, formatted: format.count(days) })] : []),
      ]
      return t('loyalty.afterTime', { length: parts.join(' ') })
    }
    if (at === undefined || !/^\d*[1-9]\d*$/.test(at)) return t('loyalty.fromTheBeginning')
    if (by.measure !== 'spend')
      return t('loyalty.fromAmount', { amount: `${format.points(at, decimals)} ${t('loyalty.pointsUnit')}` })
    const { currency = format.currency, amountDecimals, unit } = by
    const isMoney = unit === undefined && format.minorDigits(currency) === amountDecimals
    return t('loyalty.fromAmount', {
      amount: isMoney
        ? format.moneyIn(at, currency)
        : `${format.points(at, amountDecimals)} ${unit?.[format.language] ?? currency}`,
    })
  }
}
