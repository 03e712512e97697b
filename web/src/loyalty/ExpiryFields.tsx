import { useTranslation } from 'react-i18next'
import type { Expiry } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import type { FieldProblem } from '../server.ts'
import page from '../shell/page.module.css'
import { expiryKindOf, expiryOf, lasting, type ExpiryKind } from './draft.ts'
import { ChoiceField, CountField } from './fields.tsx'

const KINDS: readonly ExpiryKind[] = ['never', 'earn', 'activity']
const UNITS = ['months', 'days'] as const
const ENDS = ['day', 'month', 'year'] as const

type ExpiryFieldsProps = {
  expiry: Expiry
  problems: readonly FieldProblem[]
  change(next: Expiry): void
}

/** Whether points expire, and when. */
export function ExpiryFields({ expiry, problems, change }: ExpiryFieldsProps) {
  const { t } = useTranslation()
  return (
    <div className={page.row}>
      <ChoiceField
        label={t('loyalty.expiry')}
        value={expiryKindOf(expiry)}
        error={problemAt(problems, 'expiry')}
        options={KINDS.map((kind) => ({ value: kind, label: t(`loyalty.expiryKind.${kind}`) }))}
        change={(kind) => change(expiryOf(kind, expiry))}
      />
      {expiry !== 'never' && (
        <>
          <CountField
            label={t('loyalty.expiryAfter')}
            value={expiry.months ?? expiry.days ?? 0}
            error={problemAt(problems, 'expiry.months') ?? problemAt(problems, 'expiry.days')}
            change={(count) => change(lasting(expiry, expiry.days === undefined ? 'months' : 'days', count))}
          />
          <ChoiceField
            isShort
            label={t('loyalty.expiryUnit')}
            value={expiry.days === undefined ? 'months' : 'days'}
            options={UNITS.map((unit) => ({ value: unit, label: t(`loyalty.unitOf.${unit}`) }))}
            change={(unit) => change(lasting(expiry, unit, expiry.months ?? expiry.days ?? 1))}
          />
          <ChoiceField
            isShort
            label={t('loyalty.expiryEnd')}
            value={expiry.endOf}
            options={ENDS.map((end) => ({ value: end, label: t(`loyalty.endOf.${end}`) }))}
            change={(endOf) => change({ ...expiry, endOf })}
          />
        </>
      )}
    </div>
  )
}
