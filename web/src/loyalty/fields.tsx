import { NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Words } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { useFormat } from '../format/format.ts'
import { languages } from '../paths.ts'
import type { FieldProblem } from '../server.ts'
import { inDecimals, storedOf, writtenOf } from './amount.ts'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

/** What every part of an editor is given. */
export type PartProps<Document> = {
  document: Document
  change(next: Document): void
  problems: readonly FieldProblem[]
}

/** What fields of points are given besides. */
export type PointDecimals = {
  /** Decimals of the programme's points. */
  decimals: number
}

type NameFieldsProps = {
  /** What the words are; without it: the name. */
  label?: string
  value: Words
  /** Where problems of it stand, such as `tiers.0.name`. */
  field: string
  problems: readonly FieldProblem[]
  change(next: Words): void
}

/** What something is called, in each language. */
export function NameFields({ label, value, field, problems, change }: NameFieldsProps) {
  const { t } = useTranslation()
  const what = label ?? t('loyalty.field.name')
  return (
    <div className={page.row}>
      {languages.map((language) => (
        <TextInput
          key={language}
          className={page.grow}
          label={t('loyalty.wordsIn', { what, language: t(`languageName.${language}`) })}
          lang={language}
          value={value[language]}
          error={problemAt(problems, `${field}.${language}`)}
          onChange={(event) => change({ ...value, [language]: event.currentTarget.value })}
        />
      ))}
    </div>
  )
}

/** The name of a document that must have one. */
export const DocumentName = <Document extends { name: Words }>({
  document,
  change,
  problems,
}: PartProps<Document>) => (
  <NameFields
    value={document.name}
    field="name"
    problems={problems}
    change={(name) => change({ ...document, name })}
  />
)

/** Why somebody decided; the member reads it too. */
export function WhyField({ value, change }: { value: string; change(next: string): void }) {
  const { t } = useTranslation()
  return (
    <TextInput
      label={t('loyalty.why')}
      description={t('loyalty.whyMeans')}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
      maxLength={500}
    />
  )
}

type TextFieldProps = {
  label: string
  description?: string
  value: string | undefined
  error: string | undefined
  /** Undefined when nothing is left. */
  change(next: string | undefined): void
}

/** A condition or an amount in CEL. */
export function ExpressionField({ label, description, value, error, change }: TextFieldProps) {
  return (
    <Textarea
      className={page.grow}
      classNames={{ input: styles.code! }}
      label={label}
      description={description}
      value={value ?? ''}
      error={error}
      autosize
      minRows={1}
      maxRows={8}
      spellCheck={false}
      onChange={(event) => change(event.currentTarget.value || undefined)}
    />
  )
}

/** The three letters of a currency; what amounts in it mean stands as the description. */
export function CurrencyField({ description, value, error, change }: Omit<TextFieldProps, 'label'>) {
  const { t } = useTranslation()
  return (
    <TextInput
      className={page.grow}
      label={t('loyalty.currency')}
      description={description}
      value={value ?? ''}
      error={error}
      maxLength={3}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => change(event.currentTarget.value.toUpperCase() || undefined)}
    />
  )
}

/** A whole or decimal number as documents write it. */
export function AmountField({
  label,
  description,
  value,
  error,
  change,
  isShort = false,
}: TextFieldProps & { isShort?: boolean }) {
  return (
    <TextInput
      className={isShort ? styles.short : page.grow}
      label={label}
      description={description}
      inputMode="decimal"
      value={value ?? ''}
      error={error}
      onChange={({ currentTarget }) =>
        change(currentTarget.value.replace(',', '.').replace(/[^\d.]/g, '') || undefined)
      }
    />
  )
}

type UnitsFieldProps = TextFieldProps & {
  /** Decimals of the programme's points or of the currency. */
  decimals: number
  isShort?: boolean
}

/** Points or money as people read them; the document has them in minor units. */
export function UnitsField({ decimals, value = '', error, change, ...rest }: UnitsFieldProps) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const isTooFine = !/^\d*$/.test(value)
  const isNothing = error !== undefined && /^0+$/.test(value)
  const finest =
    decimals === 0
      ? t('loyalty.wholeOnly')
      : t('loyalty.placesAtMost', { count: decimals, formatted: decimals })
  return (
    <AmountField
      {...rest}
      // What is typed stays as it is as long as it is what the document has: a zero at the end is no mistake.
      value={storedOf(typed, decimals) === value ? typed : writtenOf(value, decimals)}
      error={isTooFine ? finest : isNothing ? t('loyalty.moreThanNothing') : error}
      change={(next = '') => {
        setTyped(next)
        change(storedOf(next, decimals) || undefined)
      }}
    />
  )
}

type MoneyFieldsProps = {
  label: string
  amountMinor: string
  currency: string
  /** Problems of the amount and of the currency. */
  errors: Readonly<Record<'amountMinor' | 'currency', string | undefined>>
  change(next: { amountMinor: string; currency: string }): void
}

/** An amount of money and its currency, whose decimals the amount has. */
export function MoneyFields({ label, amountMinor, currency, errors, change }: MoneyFieldsProps) {
  const { minorDigits } = useFormat()
  return (
    <>
      <UnitsField
        isShort
        label={label}
        decimals={minorDigits(currency)}
        value={amountMinor}
        error={errors.amountMinor}
        change={(next = '') => change({ amountMinor: next, currency })}
      />
      <CurrencyField
        value={currency}
        error={errors.currency}
        change={(next = '') =>
          change({
            amountMinor: inDecimals(amountMinor, minorDigits(currency), minorDigits(next)),
            currency: next,
          })
        }
      />
    </>
  )
}

/** A whole number, where one must stand. */
export function CountField({
  label,
  value,
  error,
  change,
}: {
  label: string
  value: number
  error: string | undefined
  change(next: number): void
}) {
  return (
    <AmountField
      isShort
      label={label}
      value={value === 0 ? '' : String(value)}
      error={error}
      change={(next) => change(Number((next ?? '').replace(/\D/g, '').slice(0, 6)))}
    />
  )
}

type ChoiceFieldProps<Value extends string> = {
  label: string
  description?: string
  value: Value
  error?: string | undefined
  options: readonly { value: Value; label: string }[]
  isShort?: boolean
  change(next: Value): void
}

/** One of a few things. What is written and not among them stays. */
export function ChoiceField<Value extends string>({
  label,
  description,
  value,
  error,
  options,
  change,
  isShort = false,
}: ChoiceFieldProps<Value>) {
  const isListed = options.some((one) => one.value === value)
  return (
    <NativeSelect
      className={isShort ? styles.short : page.grow}
      label={label}
      description={description}
      value={value}
      error={error}
      onChange={(event) => change(event.currentTarget.value as Value)}
      data={[...(isListed ? [] : [{ value, label: value || '—' }]), ...options]}
    />
  )
}

/** The type of event that a rule or step is on, or that `label` says. */
export function EventTypeField({
  label,
  value,
  types,
  error,
  change,
}: {
  label?: string
  value: string
  types: readonly string[]
  error: string | undefined
  change(next: string): void
}) {
  const { t } = useTranslation()
  return (
    <ChoiceField
      label={label ?? t('loyalty.on')}
      value={value}
      error={error}
      options={types.map((type) => ({ value: type, label: type }))}
      change={change}
    />
  )
}
