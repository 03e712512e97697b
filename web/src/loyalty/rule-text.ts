import { useTranslation } from 'react-i18next'
import type { EarnRule } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'

/** How many points a rule gives, in a line; `decimals` are those of the programme. */
export function useRuleText(decimals: number): (rule: EarnRule) => string {
  const { t } = useTranslation()
  const format = useFormat()
  return ({ points, multipliers, pending, budget, bestOf }) => {
    const given =
      'steps' in points
        ? t('loyalty.givesSteps', { steps: points.steps.length })
        : points.fixed === undefined
          ? t('loyalty.givesRate', { rate: format.decimal(points.perMajorUnit ?? '') })
          : t('loyalty.givesFixed', { points: format.points(points.fixed, decimals) })
    const times = multipliers.map((one) => `×${format.decimal(one.times)} ${one.id}`)
    return [
      given,
      ...times,
      ...(pending === undefined ? [] : [t('loyalty.givesLater')]),
      ...(bestOf === undefined ? [] : [t('loyalty.givesBestOf', { group: bestOf })]),
      ...(budget === undefined ? [] : [t('loyalty.givesFromBudget', { budget })]),
    ].join(' · ')
  }
}
