import { TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Tier, TierLadder } from '../../../src/loyalty/contract.ts'
import { problemAt, type AnyDocument } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { Panel } from '../report/Panel.tsx'
import { useFormat } from '../format/format.ts'
import { decimalsOf } from './documents.ts'
import { freshId } from './draft.ts'
import {
  ChoiceField,
  CountField,
  CurrencyField,
  DocumentName,
  ExpressionField,
  NameFields,
  UnitsField,
  type PartProps,
} from './fields.tsx'
import { askedDecimals, measuredBy, newTier, spentIn } from './ladder-draft.ts'
import type { Field, Form } from './parts/field.ts'
import { FieldForm } from './parts/FieldForm.tsx'
import { on, reference, where } from './parts/usual-fields.ts'
import { AddRow, Row } from './rows.tsx'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

type LadderFormProps = PartProps<TierLadder> & { documents: readonly AnyDocument[] }

const MEASURES = ['points', 'spend', 'tenure'] as const
const PERIODS = ['ever', 'calendar_year', 'rolling'] as const

/** What leads from one tier to the next; benefits are written beside. */
export function LadderForm(props: LadderFormProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { document, change, problems, documents } = props
  const { by, period, grace } = document
  const decimals = { points: decimalsOf(documents, document.programme), money: format.decimals }
  const isRolling = typeof period === 'object'
  return (
    <Panel
      title={t('loyalty.ladderTerms')}
      unit={t('loyalty.ladderTermsUnit')}
      means={t('loyalty.ladderTermsMeans')}
    >
      <div className={page.form}>
        <DocumentName {...props} />
        <div className={page.row}>
          <ChoiceField
            label={t('loyalty.counts')}
            value={by.measure}
            options={MEASURES.map((value) => ({ value, label: t(`loyalty.measure.${value}`) }))}
            change={(measure) => change(measuredBy(document, measure, decimals))}
          />
          {by.measure !== 'tenure' && (
            <ChoiceField
              label={t('loyalty.ladderPeriod')}
              value={isRolling ? 'rolling' : period}
              error={problemAt(problems, 'period')}
              options={PERIODS.map((value) => ({ value, label: t(`loyalty.ladderPeriodOf.${value}`) }))}
              change={(next) =>
                change({ ...document, period: next === 'rolling' ? { rollingMonths: 12 } : next })
              }
            />
          )}
          {isRolling && (
            <CountField
              label={t('loyalty.rollingMonths')}
              value={period.rollingMonths}
              error={problemAt(problems, 'period.rollingMonths')}
              change={(rollingMonths) => change({ ...document, period: { rollingMonths } })}
            />
          )}
          {by.measure !== 'tenure' && period !== 'ever' && (
            <CountField
              label={t('loyalty.graceMonths')}
              value={grace.months}
              error={problemAt(problems, 'grace')}
              change={(months) => change({ ...document, grace: { ...grace, months } })}
            />
          )}
        </div>
        <Counted {...props} />
        <h3 className={styles.part}>{t('loyalty.tiers')}</h3>
        <TierRows {...props} decimals={askedDecimals(document, decimals.points)} />
      </div>
    </Panel>
  )
}

const counting: readonly Field[] = [on, where, { name: 'amount', as: 'expression' }, reference]

/** Spend: the events that add to it, and those that take it back. */
const spendForm: Form = [
  [{ name: 'adds', at: 'by.adds', as: 'rows', stem: 'adds', blank: { on: '' }, fields: counting }],
  [
    {
      name: 'takesBack',
      at: 'by.takesBack',
      as: 'rows',
      stem: 'takesBack',
      blank: { on: '' },
      fields: counting,
    },
  ],
]

/** Which events count, or since when the time does. */
function Counted(props: LadderFormProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { document, change, problems } = props
  const { by } = document
  if (by.measure === 'tenure')
    return (
      <ExpressionField
        label={t('loyalty.since')}
        description={t('loyalty.sinceMeans')}
        value={by.since}
        error={problemAt(problems, 'by.since')}
        change={(since) => change({ ...document, by: withPart(by, 'since', since) })}
      />
    )
  if (by.measure === 'points')
    return (
      <ExpressionField
        label={t('loyalty.pointsWhere')}
        value={by.where}
        error={problemAt(problems, 'by.where')}
        change={(where) => change({ ...document, by: withPart(by, 'where', where) })}
      />
    )
  return (
    <>
      <CurrencyField
        description={t('loyalty.currencyMeans')}
        value={by.currency}
        error={problemAt(problems, 'by.currency')}
        change={(currency) =>
          change(spentIn(document, by, currency, format.minorDigits(currency ?? format.currency)))
        }
      />
      <FieldForm
        form={spendForm}
        value={document}
        change={change}
        problems={problems}
        documents={props.documents}
      />
    </>
  )
}

type TierRowsProps = PartProps<TierLadder> & {
  /** Decimals of what the tiers ask for. */
  decimals: number
}

function TierRows({ document, change, problems, decimals }: TierRowsProps) {
  const { t } = useTranslation()
  const { tiers } = document
  const set = (next: Tier[]): void => change({ ...document, tiers: next })
  return (
    <>
      {problemAt(problems, 'tiers') !== undefined && <p role="alert">{problemAt(problems, 'tiers')}</p>}
      {tiers.map((tier, index) => (
        <Row
          key={index}
          removal={t('loyalty.removeTier', { id: tier.id })}
          remove={tiers.length > 1 ? () => set(tiers.toSpliced(index, 1)) : undefined}
        >
          <TextInput
            className={page.grow}
            label={t('document.id')}
            value={tier.id}
            error={problemAt(problems, `tiers.${index}.id`)}
            onChange={(event) => set(tiers.with(index, { ...tier, id: event.currentTarget.value }))}
          />
          {tier.after === undefined ? (
            <UnitsField
              label={t('loyalty.tierAt')}
              decimals={decimals}
              value={tier.at}
              error={problemAt(problems, `tiers.${index}.at`)}
              change={(at = '') => set(tiers.with(index, { ...tier, at }))}
            />
          ) : (
            <CountField
              label={t('loyalty.tierAfter')}
              value={tier.after.months}
              error={problemAt(problems, `tiers.${index}.after`)}
              change={(months) => set(tiers.with(index, { ...tier, after: { ...tier.after!, months } }))}
            />
          )}
          <NameFields
            value={tier.name}
            field={`tiers.${index}.name`}
            problems={problems}
            change={(name) => set(tiers.with(index, { ...tier, name }))}
          />
        </Row>
      ))}
      <AddRow
        act={t('loyalty.addTier')}
        add={() => set([...tiers, newTier(document, freshId('tier', tiers), decimals)])}
      />
    </>
  )
}
