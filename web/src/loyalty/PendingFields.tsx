import { useTranslation } from 'react-i18next'
import type { EarnRule } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { MomentField } from '../documents/MomentField.tsx'
import { withPart } from '../documents/parts.ts'
import { useFormat } from '../format/format.ts'
import { momentIn, wallTimeIn } from '../triggers/buckets.ts'
import { pendingOf, inPending, type Pending } from './draft.ts'
import { ChoiceField, CountField, EventTypeField, ExpressionField, type PartProps } from './fields.tsx'
import page from '../shell/page.module.css'

const KINDS: readonly Pending[] = ['none', 'days', 'until', 'event']

/** From when what was given can be spent. */
export function PendingFields(props: PartProps<EarnRule> & { types: readonly string[] }) {
  const { t } = useTranslation()
  const { document, change, problems, types } = props
  const { pending } = document
  const isEvent = pendingOf(document) === 'event'
  const set = (next: EarnRule['pending']): void => change(withPart(document, 'pending', next))
  return (
    <div className={page.row}>
      <ChoiceField
        label={t('loyalty.pending')}
        value={pendingOf(document)}
        error={problemAt(problems, 'pending')}
        options={KINDS.map((kind) => ({ value: kind, label: t(`loyalty.pendingOf.${kind}`) }))}
        change={(kind) => set(inPending(document, kind))}
      />
      {pending !== undefined && 'event' in pending && (
        <EventTypeField
          value={pending.event}
          types={types}
          error={problemAt(problems, 'pending.event')}
          change={(event) => set({ ...pending, event })}
        />
      )}
      {pending !== undefined && 'until' in pending && (
        <ExpressionField
          label={t('loyalty.pendingUntil')}
          value={pending.until}
          error={problemAt(problems, 'pending.until')}
          change={(until = '') => set({ until })}
        />
      )}
      {pending !== undefined && 'days' in pending && (
        <CountField
          label={t(isEvent ? 'loyalty.pendingAtMost' : 'loyalty.pendingDays')}
          value={pending.days}
          error={problemAt(problems, 'pending.days')}
          change={(days) => set({ ...pending, days })}
        />
      )}
    </div>
  )
}

/** Between which moments the rule gives anything. */
export function ValidityFields({ document, change, problems }: PartProps<EarnRule>) {
  const { t } = useTranslation()
  const { timeZone } = useFormat()
  return (
    <div className={page.row}>
      {(['validFrom', 'validTo'] as const).map((end) => {
        const moment = document[end]
        return (
          <MomentField
            key={end}
            label={t(`loyalty.validity.${end}`)}
            value={moment === undefined ? '' : wallTimeIn(timeZone, moment)}
            isRequired={false}
            error={problemAt(problems, end)}
            change={(wall) =>
              change(withPart(document, end, wall === '' ? undefined : momentIn(timeZone, wall)))
            }
          />
        )
      })}
    </div>
  )
}
