import { useTranslation } from 'react-i18next'
import { problemAt } from '../../documents/documents.ts'
import { useFormat } from '../../format/format.ts'
import { laddersOf } from '../documents.ts'
import { MoneyFields, UnitsField } from '../fields.tsx'
import { placeOf, valueAt, withValue, type Field } from './field.ts'
import { under, useField, type FieldProps } from './use-field.ts'
import type { Named } from './ValueFields.tsx'
import page from '../../shell/page.module.css'
import styles from '../loyalty.module.css'

type MoneyProps<Value extends object> = FieldProps<Value> & { field: Extract<Field, { as: 'money' }> }

/** An amount and its currency, side by side. */
export function Money<Value extends object>({ field, ...part }: MoneyProps<Value>) {
  const { label, own, error } = useField(field, part)
  const { currencyAt } = field
  const { value, change, at, problems } = part
  return (
    <MoneyFields
      label={label}
      amountMinor={(own as string | undefined) ?? ''}
      currency={(valueAt(value, currencyAt) as string | undefined) ?? ''}
      errors={{ amountMinor: error, currency: problemAt(problems, under(at, currencyAt)) }}
      change={({ amountMinor, currency }) =>
        change(withValue(withValue(value, placeOf(field), amountMinor), currencyAt, currency))
      }
    />
  )
}

/** Points for each tier of the programme's ladder; where nothing is written, those of everybody. */
export function PointsByTier<Value extends object>({ field, ...part }: FieldProps<Value> & { field: Field }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { label, own, set } = useField(field, part)
  const { value, at, problems, documents, decimals } = part
  const points = (own as Record<string, string> | undefined) ?? {}
  const programme = valueAt(value, 'programme')
  const ladder = laddersOf(documents).find((one) => one.programme === programme && one.isPrimary)
  const tiers: readonly Named[] = ladder?.tiers ?? []
  // What is written for a tier that is gone can be seen and taken away.
  const gone = Object.keys(points).filter((tier) => !tiers.some(({ id }) => id === tier))
  if (tiers.length + gone.length === 0) return <p className="soft">{t('loyalty.noTiersToPrice')}</p>
  return (
    <div className={`${page.form} ${styles.whole}`} role="group" aria-label={label}>
      <h3 className={styles.part}>{label}</h3>
      <div className={page.row}>
        {[...tiers, ...gone.map((id): Named => ({ id }))].map(({ id, name }) => (
          <UnitsField
            key={id}
            isShort
            label={(name && format.name(name)) || id}
            decimals={decimals}
            value={points[id]}
            error={problemAt(problems, `${under(at, placeOf(field))}.${id}`)}
            change={(next) => {
              const { [id]: _before, ...others } = points
              set(next === undefined ? others : { ...others, [id]: next })
            }}
          />
        ))}
      </div>
    </div>
  )
}
