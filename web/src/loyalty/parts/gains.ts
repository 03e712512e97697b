import { useTranslation } from 'react-i18next'
import type { PlayReward, ReferralGift } from '../../../../src/loyalty/contract.ts'
import { useFormat } from '../../format/format.ts'
import { useCalled } from '../called.ts'

/** What a reward of a game or quest gives, thing by thing; `decimals` are those of the programme. */
export function useGain(decimals: number): (reward: PlayReward | undefined) => string[] {
  const { t } = useTranslation()
  const format = useFormat()
  const called = useCalled()
  return (reward) => [
    ...(reward?.points === undefined
      ? []
      : [t('loyalty.somePoints', { points: format.points(reward.points, decimals) })]),
    ...(reward?.badge === undefined
      ? []
      : [t('loyalty.someBadge', { badge: called('Badge', reward.badge) })]),
  ]
}

/** What one side of an invitation gets, in a line. */
export function useGift(decimals: number): (gift: ReferralGift) => string {
  const { t } = useTranslation()
  const format = useFormat()
  return (gift) => {
    if ('points' in gift) return t('loyalty.somePoints', { points: format.points(gift.points, decimals) })
    if ('product' in gift) return t('loyalty.someProduct', { product: gift.product.id })
    const { amountMinor, currency } = gift.money
    return /^[A-Z]{3}$/.test(currency) ? format.moneyIn(amountMinor, currency) : `${amountMinor} ${currency}`
  }
}
