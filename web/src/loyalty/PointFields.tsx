import { SegmentedControl } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { EarnRule } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { useFormat } from '../format/format.ts'
import { storedOf } from './amount.ts'
import { inAmountDecimals, inWay, wayOf, type Way } from './draft.ts'
import {
  AmountField,
  CurrencyField,
  ExpressionField,
  UnitsField,
  type PartProps,
  type PointDecimals,
} from './fields.tsx'
import { AddRow, Row } from './rows.tsx'
import page from '../shell/page.module.css'

const WAYS: readonly Way[] = ['rate', 'fixed', 'steps']
type Rate = Exclude<EarnRule['points'], { steps: unknown }>
type Steps = Extract<EarnRule['points'], { steps: unknown }>

/** How many points: by rate, fixed, or by steps of the amount. */
export function PointFields(props: PartProps<EarnRule> & PointDecimals) {
  const { t } = useTranslation()
  const { document, change, problems, decimals } = props
  const { points } = document
  const amountDecimalsOf = useAmountDecimals()
  const set = (next: EarnRule['points']): void => change({ ...document, points: next })
  return (
    <>
      <SegmentedControl
        aria-label={t('loyalty.way')}
        value={wayOf(points)}
        onChange={(value) => set(inWay(points, WAYS.find((way) => way === value) ?? 'rate', decimals))}
        data={WAYS.map((way) => ({ value: way, label: t(`loyalty.wayOf.${way}`) }))}
      />
      {'steps' in points ? (
        <StepRows
          points={points}
          set={set}
          problems={problems}
          decimals={decimals}
          amountDecimals={amountDecimalsOf(document)}
        />
      ) : (
        <RateField points={points} set={set} error={rateError(problems, 'points')} decimals={decimals} />
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
            change={(currency) => {
              const next = withPart(document, 'currency', currency)
              change(inAmountDecimals(next, amountDecimalsOf(document), amountDecimalsOf(next)))
            }}
          />
        </div>
      )}
    </>
  )
}

/** Decimals of the amounts that a rule counts by. */
function useAmountDecimals(): (rule: EarnRule) => number {
  const format = useFormat()
  return ({ amountDecimals, currency = format.currency }) => amountDecimals ?? format.minorDigits(currency)
}

/** The problem of a rate: of the number in it, or of the rate as a whole. */
const rateError = (problems: PartProps<EarnRule>['problems'], at: string): string | undefined =>
  problemAt(problems, `${at}.fixed`) ?? problemAt(problems, `${at}.perMajorUnit`) ?? problemAt(problems, at)

type RateFieldProps = PointDecimals & { points: Rate; set(next: Rate): void; error: string | undefined }

function RateField({ points, set, error, decimals }: RateFieldProps) {
  const { t } = useTranslation()
  return points.fixed === undefined ? (
    <AmountField
      label={t('loyalty.perMajorUnit')}
      value={points.perMajorUnit}
      error={error}
      change={(perMajorUnit = '') => set({ perMajorUnit })}
    />
  ) : (
    <UnitsField
      label={t('loyalty.points')}
      decimals={decimals}
      value={points.fixed}
      error={error}
      change={(fixed = '') => set({ fixed })}
    />
  )
}

type StepRowsProps = PointDecimals &
  Pick<PartProps<EarnRule>, 'problems'> & { points: Steps; set(next: Steps): void; amountDecimals: number }

function StepRows({ points, set, problems, decimals, amountDecimals }: StepRowsProps) {
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
          <UnitsField
            label={t('loyalty.fromAnAmount')}
            decimals={amountDecimals}
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
              error={rateError(problems, `points.steps.${index}`)}
              decimals={decimals}
            />
          </div>
        </Row>
      ))}
      <AddRow
        act={t('loyalty.addRow.step')}
        add={() => {
          const fromMinor = storedOf('100', amountDecimals)
          set({ ...points, steps: [...steps, { fromMinor, perMajorUnit: '2' }] })
        }}
      />
    </>
  )
}
