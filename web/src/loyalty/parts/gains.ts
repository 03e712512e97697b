import { useTranslation } from 'react-i18next'
import type { PlayReward, ReferralGift } from '../../../../src/loyalty/contract.ts'
import { useFormat } from '../../format/format.ts'
import { useCalled } from '../called.ts'

/** So many points; a dash while what is written is no number of them. */
function usePoints(decimals: number): (stored: string) => string {
  const { t } = useTranslation()
  const format = useFormat()
  return (stored) =>
    t('loyalty.somePoints', { points: isWhole(stored) ? format.points(stored, decimals) : '—' })
}

const isWhole = (stored: string): boolean => /^\d+$/.test(stored)

/** What a reward of a game or quest gives, thing by thing; `decimals` are those of the programme. */
export function useGain(decimals: number): (reward: PlayReward | undefined) => string[] {
  const { t } = useTranslation()
  const called = useCalled()
  const points = usePoints(decimals)
  return (reward) => [
    ...(reward?.points === undefined ? [] : [points(reward.points)]),
    ...(reward?.badge === undefined
      ? []
      : [t('loyalty.someBadge', { badge: called('Badge', reward.badge) })]),
  ]
}

/** What one side of an invitation gets, in a line. */
export function useGift(decimals: number): (gift: ReferralGift) => string {
  const { t } = useTranslation()
  const format = useFormat()
  const points = usePoints(decimals)
  return (gift) => {
    if ('points' in gift) return points(gift.points)
    if ('product' in gift) return t('loyalty.someProduct', { product: gift.product.id })
    const { amountMinor, currency } = gift.money
    return isWhole(amountMinor) ? format.moneyIn(amountMinor, currency) : '—'
  }
}
