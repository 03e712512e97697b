import { Checkbox, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Programme } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { Panel } from '../report/Panel.tsx'
import { storedOf } from './amount.ts'
import { BudgetFields } from './BudgetFields.tsx'
import { ofDecimals } from './draft.ts'
import { ExpiryFields } from './ExpiryFields.tsx'
import {
  ChoiceField,
  CountField,
  DocumentName,
  ExpressionField,
  UnitsField,
  type PartProps,
} from './fields.tsx'
import page from '../shell/page.module.css'

type ProgrammeFormProps = PartProps<Programme> & { types: readonly string[] }

/** The terms of a programme. */
export function ProgrammeForm(props: ProgrammeFormProps) {
  const { t } = useTranslation()
  const { document, change, problems } = props
  const at = (field: string): string | undefined => problemAt(problems, field)
  return (
    <Panel title={t('loyalty.terms')} unit={t('loyalty.termsUnit')} means={t('loyalty.termsMeans')}>
      <div className={page.form}>
        <DocumentName {...props} />
        <div className={page.row}>
          <TextInput
            className={page.grow}
            label={t('loyalty.currency')}
            value={document.currency}
            error={at('currency')}
            onChange={(event) => change({ ...document, currency: event.currentTarget.value })}
          />
          <ChoiceField
            isShort
            label={t('loyalty.decimals')}
            value={String(document.decimals)}
            options={['0', '1', '2', '3', '4'].map((value) => ({ value, label: value }))}
            change={(decimals) => change(ofDecimals(document, Number(decimals)))}
          />
          <TextInput
            className={page.grow}
            label={t('loyalty.timeZone')}
            placeholder={t('loyalty.timeZoneTenant')}
            value={document.timeZone ?? ''}
            error={at('timeZone')}
            onChange={({ currentTarget: { value } }) =>
              change(withPart(document, 'timeZone', value || undefined))
            }
          />
        </div>
        <ExpiryFields
          expiry={document.expiry}
          problems={problems}
          change={(expiry = 'never') => change({ ...document, expiry })}
        />
        <Enrolment {...props} />
        <Policies {...props} />
        <BudgetFields {...props} />
      </div>
    </Panel>
  )
}

/** Who becomes a member, and what greets them. */
function Enrolment({ document, change, problems, types }: ProgrammeFormProps) {
  const { t } = useTranslation()
  const { enrolment, welcome } = document
  const on = enrolment === 'by_hand' ? 'by_hand' : Array.isArray(enrolment.on) ? 'types' : enrolment.on
  const where = enrolment === 'by_hand' ? undefined : enrolment.where
  const set = (kind: 'by_hand' | 'any' | 'rules' | 'types'): void => {
    const rest = where === undefined ? {} : { where }
    const next = { on: kind === 'types' ? [types[0] ?? 'purchase'] : kind, ...rest }
    change({ ...document, enrolment: kind === 'by_hand' ? 'by_hand' : (next as Programme['enrolment']) })
  }
  return (
    <>
      <div className={page.row}>
        <ChoiceField
          label={t('loyalty.enrolment')}
          value={on}
          error={problemAt(problems, 'enrolment.on')}
          options={(['rules', 'any', 'types', 'by_hand'] as const).map((value) => ({
            value,
            label: t(`loyalty.enrolmentOn.${value}`),
          }))}
          change={set}
        />
        <UnitsField
          label={t('loyalty.welcome')}
          decimals={document.decimals}
          value={welcome?.points}
          error={problemAt(problems, 'welcome.points')}
          change={(points) =>
            change(withPart(document, 'welcome', points === undefined ? undefined : { ...welcome, points }))
          }
        />
      </div>
      {enrolment !== 'by_hand' && Array.isArray(enrolment.on) && (
        <TextInput
          label={t('loyalty.enrolmentTypes')}
          value={enrolment.on.join(' ')}
          error={problemAt(problems, 'enrolment.on')}
          onChange={({ currentTarget: { value } }) =>
            change({ ...document, enrolment: { ...enrolment, on: value.split(/[\s,]+/) } })
          }
        />
      )}
      {enrolment !== 'by_hand' && (
        <ExpressionField
          label={t('loyalty.enrolmentWhere')}
          value={where}
          error={problemAt(problems, 'enrolment.where')}
          change={(next) => change({ ...document, enrolment: withPart(enrolment, 'where', next) })}
        />
      )}
    </>
  )
}

/** What happens to points that were spent already or whose member leaves, and households. */
function Policies({ document, change, problems }: ProgrammeFormProps) {
  const { t } = useTranslation()
  const { returns, leaving, households, decimals } = document
  return (
    <>
      <div className={page.row}>
        <ChoiceField
          label={t('loyalty.onSpent')}
          value={returns.onSpent}
          options={(['debt', 'limit', 'forgive'] as const).map((value) => ({
            value,
            label: t(`loyalty.onSpentOf.${value}`),
          }))}
          change={(onSpent) => {
            const limit = storedOf('100', decimals)
            change({ ...document, returns: onSpent === 'limit' ? { onSpent, limit } : { onSpent } })
          }}
        />
        {returns.onSpent === 'limit' && (
          <UnitsField
            label={t('loyalty.debtLimit')}
            decimals={decimals}
            value={returns.limit}
            error={problemAt(problems, 'returns.limit')}
            change={(limit) => change({ ...document, returns: withPart(returns, 'limit', limit) })}
          />
        )}
        <ChoiceField
          label={t('loyalty.leaving')}
          value={leaving.points}
          options={(['keep', 'forfeit'] as const).map((value) => ({
            value,
            label: t(`loyalty.leavingOf.${value}`),
          }))}
          change={(points) => change({ ...document, leaving: { points } })}
        />
        <CountField
          label={t('loyalty.reinstatedForDays')}
          value={document.reinstatedForDays}
          error={problemAt(problems, 'reinstatedForDays')}
          change={(reinstatedForDays) => change({ ...document, reinstatedForDays })}
        />
      </div>
      <Checkbox
        label={t('loyalty.households')}
        description={t('loyalty.householdsMeans')}
        checked={households?.sharesBalance ?? false}
        onChange={({ currentTarget: { checked } }) =>
          change(
            withPart(
              document,
              'households',
              checked ? { maxMembers: 10, ...households, sharesBalance: true } : undefined,
            ),
          )
        }
      />
    </>
  )
}
