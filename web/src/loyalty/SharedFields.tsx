import { TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { EarnRule, Programme } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { useFormat } from '../format/format.ts'
import { groupedWith } from './draft.ts'
import { ChoiceField, type PartProps } from './fields.tsx'
import page from '../shell/page.module.css'

type SharedFieldsProps = PartProps<EarnRule> & {
  programme: Programme
  /** All saved rules. */
  rules: readonly EarnRule[]
}

/** What a rule shares with others: a budget of the programme, and a group of which only the best gives. */
export const SharedFields = (props: SharedFieldsProps) => (
  <div className={page.row}>
    <BudgetField {...props} />
    <GroupField {...props} />
  </div>
)

function BudgetField({ document, change, problems, programme: { budgets, decimals } }: SharedFieldsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <ChoiceField
      label={t('loyalty.budget')}
      description={t(budgets.length === 0 ? 'loyalty.noBudgets' : 'loyalty.budgetMeans')}
      value={document.budget ?? ''}
      error={problemAt(problems, 'budget')}
      options={[
        { value: '', label: t('loyalty.noBudget') },
        ...budgets.map(({ id, points, period }) => ({
          value: id,
          label: t(`loyalty.budgetIs.${period}`, { id, points: format.points(points, decimals) }),
        })),
      ]}
      change={(budget) => change(withPart(document, 'budget', budget || undefined))}
    />
  )
}

function GroupField({ document, change, problems, rules }: SharedFieldsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const others = groupedWith(document, rules).map(({ id, name }) => (name && format.name(name)) || id)
  return (
    <TextInput
      className={page.grow}
      label={t('loyalty.bestOf')}
      description={
        others.length > 0
          ? t('loyalty.bestOfWith', { rules: others.join(', ') })
          : t(document.bestOf === undefined ? 'loyalty.bestOfMeans' : 'loyalty.bestOfAlone')
      }
      value={document.bestOf ?? ''}
      error={problemAt(problems, 'bestOf')}
      autoComplete="off"
      spellCheck={false}
      onChange={({ currentTarget: { value } }) => change(withPart(document, 'bestOf', value || undefined))}
    />
  )
}
