import { useTranslation } from 'react-i18next'
import type { EarnRule } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { storedOf } from './amount.ts'
import { freshId } from './draft.ts'
import {
  AmountField,
  ChoiceField,
  ExpressionField,
  UnitsField,
  type PartProps,
  type PointDecimals,
} from './fields.tsx'
import { AddRow, Row } from './rows.tsx'

/** For whom and when a rule gives more. */
export function MultiplierFields({ document, change, problems }: PartProps<EarnRule>) {
  const { t } = useTranslation()
  const { multipliers } = document
  const set = (next: EarnRule['multipliers']): void => change({ ...document, multipliers: next })
  return (
    <>
      {multipliers.map((one, index) => (
        <Row
          key={one.id}
          removal={t('loyalty.removeMultiplier', { id: one.id })}
          remove={() => set(multipliers.toSpliced(index, 1))}
        >
          <AmountField
            isShort
            label={t('loyalty.times')}
            value={one.times}
            error={problemAt(problems, `multipliers.${index}.times`)}
            change={(times = '') => set(multipliers.with(index, { ...one, times }))}
          />
          <ExpressionField
            label={t('loyalty.multiplierWhen')}
            value={one.when}
            error={problemAt(problems, `multipliers.${index}.when`)}
            change={(when = '') => set(multipliers.with(index, { ...one, when }))}
          />
        </Row>
      ))}
      <AddRow
        act={t('loyalty.addMultiplier')}
        add={() => {
          const id = freshId('more', multipliers)
          set([...multipliers, { id, when: 'member.tier == "gold"', times: '2', best: false }])
        }}
      />
    </>
  )
}

const PERIODS = ['event', 'day', 'week', 'month', 'year', 'ever'] as const

/** How much a rule gives at most. */
export function CapFields({ document, change, problems, decimals }: PartProps<EarnRule> & PointDecimals) {
  const { t } = useTranslation()
  const { caps } = document
  const set = (next: EarnRule['caps']): void => change({ ...document, caps: next })
  return (
    <>
      {caps.map((cap, index) => (
        <Row
          key={index}
          removal={t('loyalty.removeCap', { number: index + 1 })}
          remove={() => set(caps.toSpliced(index, 1))}
        >
          <ChoiceField
            label={t('loyalty.capFor')}
            value={cap.per}
            options={(['member', 'rule'] as const).map((value) => ({
              value,
              label: t(`loyalty.capPer.${value}`),
            }))}
            change={(per) => set(caps.with(index, { ...cap, per }))}
          />
          <ChoiceField
            isShort
            label={t('loyalty.capPeriod')}
            value={cap.period}
            options={PERIODS.map((value) => ({ value, label: t(`loyalty.period.${value}`) }))}
            change={(period) => set(caps.with(index, { ...cap, period }))}
          />
          <UnitsField
            isShort
            label={t('loyalty.points')}
            decimals={decimals}
            value={cap.points}
            error={problemAt(problems, `caps.${index}.points`) ?? problemAt(problems, `caps.${index}`)}
            change={(points) => set(caps.with(index, withPart(cap, 'points', points)))}
          />
          <AmountField
            isShort
            label={t('loyalty.capTimes')}
            value={cap.times === undefined ? undefined : String(cap.times)}
            error={problemAt(problems, `caps.${index}.times`)}
            change={(times) =>
              set(caps.with(index, withPart(cap, 'times', times ? Number(times) : undefined)))
            }
          />
        </Row>
      ))}
      <AddRow
        act={t('loyalty.addCap')}
        add={() => set([...caps, { per: 'member', period: 'month', points: storedOf('1000', decimals) }])}
      />
    </>
  )
}
