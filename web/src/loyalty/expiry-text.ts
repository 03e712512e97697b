import { useTranslation } from 'react-i18next'
import type { Expiry } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'

/** What a programme says about expiry, in a line. */
export function useExpiryText(): (expiry: Expiry) => string {
  const { t } = useTranslation()
  const format = useFormat()
  return (expiry) => {
    if (expiry === 'never') return t('loyalty.neverExpires')
    const count = expiry.months ?? expiry.days ?? 0
    const formatted = format.count(count)
    const length =
      expiry.days === undefined
        ? t('loyalty.months', { count, formatted })
        : t('loyalty.days', { count, formatted })
    if (expiry.after === 'earn') return t('loyalty.expiresAfterEarning', { length })
    return t('loyalty.expiresAfterActivity', { length })
  }
}
