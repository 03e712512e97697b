import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Words } from '../../../../src/loyalty/contract.ts'
import { MomentField } from '../../documents/MomentField.tsx'
import { useFormat } from '../../format/format.ts'
import { momentIn, wallTimeIn } from '../../triggers/buckets.ts'
import { ChoiceField } from '../fields.tsx'
import page from '../../shell/page.module.css'

type TextProps = { label: string; error: string | undefined }

/** A word or a line of text. */
export const TextField = ({
  label,
  value,
  error,
  change,
}: TextProps & { value: string; change(next: string | undefined): void }) => (
  <TextInput
    className={page.grow}
    label={label}
    value={value}
    error={error}
    onChange={(event) => change(event.currentTarget.value || undefined)}
  />
)

const wordsOf = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean)

/** Several words, with blanks between. */
export function ListField({
  label,
  value,
  error,
  change,
}: TextProps & { value: unknown; change(next: string[] | undefined): void }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const written = Array.isArray(value) ? value.join(' ') : ''
  return (
    <TextInput
      className={page.grow}
      label={label}
      description={t('loyalty.blanksBetween')}
      // A blank at the end stays while the next word is on its way.
      value={wordsOf(typed).join(' ') === written ? typed : written}
      error={error}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value)
        const words = wordsOf(currentTarget.value)
        change(words.length === 0 ? undefined : words)
      }}
    />
  )
}

/** A moment as a clock on the wall of the operator shows it; none where it is left empty. */
export function MomentOf({
  label,
  value,
  error,
  change,
}: TextProps & { value: string | undefined; change(next: string | undefined): void }) {
  const { timeZone } = useFormat()
  return (
    <MomentField
      label={label}
      value={value === undefined ? '' : wallTimeIn(timeZone, value)}
      error={error}
      isRequired={false}
      change={(next) => change(next === '' ? undefined : momentIn(timeZone, next))}
    />
  )
}

export type Named = { id: string; name?: Words; text?: Words }

type IdFieldProps = TextProps & {
  /** The things that can be named. */
  among: readonly Named[]
  isOptional: true | undefined
  value: string | undefined
  change(next: string | undefined): void
}

/** One of several things, by its id. */
export function IdField({ among, isOptional, label, value, error, change }: IdFieldProps) {
  const format = useFormat()
  const called = ({ id, name, text }: Named): string => {
    const own = name ?? text
    return (own && format.name(own)) || id
  }
  return (
    <ChoiceField
      label={label}
      value={value ?? ''}
      error={error}
      options={[
        ...(isOptional ? [{ value: '', label: '—' }] : []),
        ...among.map((one) => ({ value: one.id, label: called(one) })),
      ]}
      change={(next) => change(next || undefined)}
    />
  )
}
