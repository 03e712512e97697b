import { useTranslation } from 'react-i18next'
import type { Expiry } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import type { FieldProblem } from '../server.ts'
import page from '../shell/page.module.css'
import { expiryKindOf, expiryOf, lasting, type ExpiryKind } from './draft.ts'
import { useExpiryText } from './expiry-text.ts'
import { ChoiceField, CountField } from './fields.tsx'

const KINDS: readonly ExpiryKind[] = ['never', 'earn', 'activity']
const UNITS = ['months', 'days'] as const
const ENDS = ['day', 'month', 'year'] as const

type ExpiryFieldsProps = {
  expiry: Expiry | undefined
  problems: readonly FieldProblem[]
  /** What holds where nothing is said here; without it something must be said. */
  inherited?: Expiry | undefined
  /** Undefined: what is inherited. */
  change(next: Expiry | undefined): void
}

/** Whether points expire, and when. */
export function ExpiryFields({ expiry, problems, inherited, change }: ExpiryFieldsProps) {
  const { t } = useTranslation()
  const means = useMeaning()
  const kind = expiryKindOf(expiry)
  const kinds = inherited === undefined ? KINDS : (['programme', ...KINDS] as const)
  return (
    <div className={page.row}>
      <ChoiceField
        label={t('loyalty.expiry')}
        {...(inherited !== undefined && { description: means(kind, inherited) })}
        value={kind}
        error={problemAt(problems, 'expiry')}
        options={kinds.map((value) => ({ value, label: t(`loyalty.expiryKind.${value}`) }))}
        change={(next) => change(expiryOf(next, expiry))}
      />
      {expiry !== undefined && expiry !== 'never' && (
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

/** What it means for the points of one rule that they expire in some way. */
function useMeaning(): (kind: ExpiryKind, programme: Expiry) => string {
  const { t } = useTranslation()
  const text = useExpiryText()
  return (kind, programme) => t(`loyalty.ownExpiry.${kind}`, { programme: text(programme) })
}
