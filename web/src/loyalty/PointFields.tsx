import { SegmentedControl } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { EarnRule } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { inWay, wayOf, type Way } from './draft.ts'
import { AmountField, CurrencyField, ExpressionField, type PartProps } from './fields.tsx'
import { AddRow, Row } from './rows.tsx'
import page from '../shell/page.module.css'

const WAYS: readonly Way[] = ['rate', 'fixed', 'steps']
type Rate = Exclude<EarnRule['points'], { steps: unknown }>
type Steps = Extract<EarnRule['points'], { steps: unknown }>

/** How many points: by rate, fixed, or by steps of the amount. */
export function PointFields({ document, change, problems }: PartProps<EarnRule>) {
  const { t } = useTranslation()
  const { points } = document
  const set = (next: EarnRule['points']): void => change({ ...document, points: next })
  return (
    <>
      <SegmentedControl
        aria-label={t('loyalty.way')}
        value={wayOf(points)}
        onChange={(value) => set(inWay(points, WAYS.find((way) => way === value) ?? 'rate'))}
        data={WAYS.map((way) => ({ value: way, label: t(`loyalty.wayOf.${way}`) }))}
      />
      {'steps' in points ? (
        <StepRows points={points} set={set} problems={problems} />
      ) : (
        <RateField points={points} set={set} error={problemAt(problems, 'points')} />
      )}
      {wayOf(points) !== 'fixed' && (
        <div className={page.row}>
          <ExpressionField
            label={t('loyalty.amount')}
            description={t('loyalty.amountMeans')}
            value={document.amount}
            error={problemAt(problems, 'amount')}
            change={(amount) => change(withPart(document, 'amount', amount))}
          />
          <CurrencyField
            description={t('loyalty.currencyMeans')}
            value={document.currency}
            error={problemAt(problems, 'currency')}
            change={(currency) => change(withPart(document, 'currency', currency))}
          />
        </div>
      )}
    </>
  )
}

function RateField({
  points,
  set,
  error,
}: {
  points: Rate
  set(next: Rate): void
  error: string | undefined
}) {
  const { t } = useTranslation()
  return points.fixed === undefined ? (
    <AmountField
      label={t('loyalty.perMajorUnit')}
      value={points.perMajorUnit}
      error={error}
      change={(perMajorUnit = '') => set({ perMajorUnit })}
    />
  ) : (
    <AmountField
      label={t('loyalty.fixed')}
      description={t('loyalty.minorUnits')}
      value={points.fixed}
      error={error}
      change={(fixed = '') => set({ fixed })}
    />
  )
}

type StepRowsProps = { points: Steps; set(next: Steps): void } & Pick<PartProps<EarnRule>, 'problems'>

function StepRows({ points, set, problems }: StepRowsProps) {
  const { t } = useTranslation()
  const { steps } = points
  return (
    <>
      {steps.map((step, index) => (
        <Row
          key={index}
          removal={t('loyalty.removeRow', { list: t('loyalty.field.steps'), number: index + 1 })}
          remove={steps.length > 1 ? () => set({ ...points, steps: steps.toSpliced(index, 1) }) : undefined}
        >
          <AmountField
            label={t('loyalty.fromMinor')}
            value={step.fromMinor}
            error={problemAt(problems, `points.steps.${index}.fromMinor`)}
            change={(fromMinor = '') => set({ ...points, steps: steps.with(index, { ...step, fromMinor }) })}
          />
          <div className={page.grow}>
            <RateField
              points={step}
              set={(rate) =>
                set({ ...points, steps: steps.with(index, { fromMinor: step.fromMinor, ...rate }) })
              }
              error={problemAt(problems, `points.steps.${index}`)}
            />
          </div>
        </Row>
      ))}
      <AddRow
        act={t('loyalty.addRow.step')}
        add={() => set({ ...points, steps: [...steps, { fromMinor: '10000', perMajorUnit: '2' }] })}
      />
    </>
  )
}
