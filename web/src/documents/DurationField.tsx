import { NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { durationOf, durationUnits, partsIn, partsOf } from '../cascades/duration.ts'
import page from '../shell/page.module.css'

type DurationFieldProps = {
  label: string
  value: string
  error: string | undefined
  change(next: string): void
}

/** A count with its unit; a duration of another form stays as it is written. */
export function DurationField({ label, value, error, change }: DurationFieldProps) {
  const { t } = useTranslation()
  const read = partsOf(value)
  // The unit stays while somebody types: "24 hours" on the way to "240" is not "1 day".
  const [unit, setUnit] = useState(read?.unit)
  const parts = read && unit ? partsIn(read, unit) : read
  if (!parts)
    return (
      <TextInput
        className={page.grow}
        label={label}
        value={value}
        error={error}
        onChange={(event) => change(event.currentTarget.value)}
      />
    )
  return (
    <div className={page.duration} role="group" aria-label={label}>
      <TextInput
        label={label}
        inputMode="numeric"
        value={parts.count === 0 ? '' : String(parts.count)}
        error={error}
        onChange={({ currentTarget }) => {
          const digits = currentTarget.value.replace(/\D/g, '').slice(0, 4)
          change(durationOf({ ...parts, count: Number(digits) }))
        }}
      />
      <NativeSelect
        aria-label={t('cascades.durationUnit')}
        value={parts.unit}
        onChange={(event) => {
          const next = durationUnits.find((one) => one === event.currentTarget.value) ?? parts.unit
          setUnit(next)
          change(durationOf({ ...parts, unit: next }))
        }}
        data={durationUnits.map((one) => ({ value: one, label: t(`cascades.unitOf.${one}`) }))}
      />
    </div>
  )
}
