import { useTranslation } from 'react-i18next'
import type { EarnRule } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { onReturnOf, withOnReturn, type OnReturn } from './draft.ts'
import { ChoiceField, EventTypeField, ExpressionField, type PartProps } from './fields.tsx'
import page from '../shell/page.module.css'

const WAYS: readonly OnReturn[] = ['kept', 'takenBack']

type ReturnFieldsProps = PartProps<EarnRule> & { types: readonly string[] }

/** Whether points are taken back when their purchase is returned, and how a return finds its purchase. */
export function ReturnFields({ document, change, problems, types }: ReturnFieldsProps) {
  const { t } = useTranslation()
  const { returns, reference } = document
  const onReturn = onReturnOf(document)
  const set = (next: EarnRule['returns']): void => change(withPart(document, 'returns', next))
  return (
    <>
      <div className={page.row}>
        <ChoiceField
          label={t('loyalty.onReturn')}
          description={t(`loyalty.onReturnMeans.${onReturn}`)}
          value={onReturn}
          error={problemAt(problems, 'returns')}
          options={WAYS.map((value) => ({ value, label: t(`loyalty.onReturnOf.${value}`) }))}
          change={(next) => change(withOnReturn(document, next))}
        />
        {returns !== undefined && (
          <EventTypeField
            label={t('loyalty.returnOn')}
            value={returns.on}
            // What loyalty announces itself is no return.
            types={types.filter((type) => !type.startsWith('loyalty.'))}
            error={problemAt(problems, 'returns.on')}
            change={(on) => set({ ...returns, on })}
          />
        )}
      </div>
      {returns !== undefined && (
        <>
          <div className={page.row}>
            <ExpressionField
              label={t('loyalty.purchaseReference')}
              description={t('loyalty.purchaseReferenceMeans')}
              value={reference}
              error={problemAt(problems, 'reference')}
              change={(next) => change(withPart(document, 'reference', next))}
            />
            <ExpressionField
              label={t('loyalty.returnReference')}
              description={t('loyalty.returnReferenceMeans')}
              value={returns.reference}
              error={problemAt(problems, 'returns.reference')}
              change={(next = '') => set({ ...returns, reference: next })}
            />
          </div>
          <div className={page.row}>
            <ExpressionField
              label={t('loyalty.returnAmount')}
              description={t('loyalty.returnAmountMeans')}
              value={returns.amount}
              error={problemAt(problems, 'returns.amount')}
              change={(amount) => set(withPart(returns, 'amount', amount))}
            />
            <ExpressionField
              label={t('loyalty.returnWhere')}
              description={t('loyalty.returnWhereMeans')}
              value={returns.where}
              error={problemAt(problems, 'returns.where')}
              change={(where) => set(withPart(returns, 'where', where))}
            />
          </div>
        </>
      )}
    </>
  )
}
