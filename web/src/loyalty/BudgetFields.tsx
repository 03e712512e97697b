import { TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Programme } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { storedOf } from './amount.ts'
import { freshId } from './draft.ts'
import { ChoiceField, UnitsField, type PartProps } from './fields.tsx'
import { AddRow, Row } from './rows.tsx'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

const PERIODS = ['day', 'week', 'month', 'year', 'ever'] as const

/** Purses of a programme that its rules draw from. */
export function BudgetFields({ document, change, problems }: PartProps<Programme>) {
  const { t } = useTranslation()
  const { budgets, decimals } = document
  const set = (next: Programme['budgets']): void => change({ ...document, budgets: next })
  return (
    <div className={page.form} role="group" aria-label={t('loyalty.budgets')}>
      <h3 className={styles.part}>{t('loyalty.budgets')}</h3>
      <p className="soft">{t('loyalty.budgetsMeans')}</p>
      {budgets.map((budget, index) => (
        <Row
          key={index}
          removal={t('loyalty.removeBudget', { id: budget.id })}
          remove={() => set(budgets.toSpliced(index, 1))}
        >
          <TextInput
            className={page.grow}
            label={t('loyalty.budget')}
            value={budget.id}
            error={problemAt(problems, `budgets.${index}.id`)}
            autoComplete="off"
            spellCheck={false}
            onChange={({ currentTarget: { value } }) => set(budgets.with(index, { ...budget, id: value }))}
          />
          <UnitsField
            label={t('loyalty.points')}
            decimals={decimals}
            value={budget.points}
            error={problemAt(problems, `budgets.${index}.points`)}
            change={(points = '') => set(budgets.with(index, { ...budget, points }))}
          />
          <ChoiceField
            isShort
            label={t('loyalty.capPeriod')}
            value={budget.period}
            options={PERIODS.map((value) => ({ value, label: t(`loyalty.period.${value}`) }))}
            change={(period) => set(budgets.with(index, { ...budget, period }))}
          />
        </Row>
      ))}
      <AddRow
        act={t('loyalty.addBudget')}
        add={() => {
          const points = storedOf('10000', decimals)
          set([...budgets, { id: freshId('budget', budgets), points, period: 'month' }])
        }}
      />
    </div>
  )
}
