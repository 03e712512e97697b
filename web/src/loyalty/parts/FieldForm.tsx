import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Words } from '../../../../src/loyalty/contract.ts'
import { problemAt, type AnyDocument } from '../../documents/documents.ts'
import { MomentField } from '../../documents/MomentField.tsx'
import { useFormat } from '../../format/format.ts'
import type { FieldProblem } from '../../server.ts'
import { momentIn, wallTimeIn } from '../../triggers/buckets.ts'
import { eventTypesOf, ofKind, programmesOf } from '../documents.ts'
import { freshId, noWords } from '../draft.ts'
import { AmountField, ChoiceField, EventTypeField, ExpressionField, NameFields } from '../fields.tsx'
import { AddRow, Row } from '../rows.tsx'
import { inWay, placeOf, valueAt, wayOf, withValue, type Field, type Form } from './field.ts'
import page from '../../shell/page.module.css'
import styles from '../loyalty.module.css'

type Context = {
  problems: readonly FieldProblem[]
  /** All documents, for fields that name others. */
  documents: readonly AnyDocument[]
}

type FieldFormProps<Value extends object> = Context & {
  form: Form
  value: Value
  change(next: Value): void
}

/** A form made of a list of fields: what is typed goes to its place in the document. */
export function FieldForm<Value extends object>({ form, ...rest }: FieldFormProps<Value>) {
  return (
    <div className={page.form}>
      {form.map((line) => (
        <Line key={line.map(placeOf).join(' ')} line={line} {...rest} at="" />
      ))}
    </div>
  )
}

type PartProps<Value extends object = object> = Context & {
  value: Value
  change(next: Value): void
  /** Where the value stands in the document, as problems name it. */
  at: string
}

function Line<Value extends object>({ line, ...part }: PartProps<Value> & { line: readonly Field[] }) {
  const [only] = line
  if (line.length === 1 && only?.as === 'rows') return <Rows field={only} {...part} />
  return (
    <div className={page.row}>
      {line.map((field) => (
        <OneField key={placeOf(field)} field={field} {...part} />
      ))}
    </div>
  )
}

const under = (at: string, place: string): string => (at === '' ? place : `${at}.${place}`)

/** What every kind of field is given. */
function useField<Value extends object>(field: Field, { value, change, at, problems }: PartProps<Value>) {
  const { t } = useTranslation()
  const place = placeOf(field)
  return {
    label: t(`loyalty.field.${field.name}`),
    own: valueAt(value, place),
    error: problemAt(problems, under(at, place)),
    set: (next: unknown): void => change(withValue(value, place, next)),
  }
}

function OneField<Value extends object>({ field, ...part }: PartProps<Value> & { field: Field }) {
  const { t } = useTranslation()
  const { label, own, error, set } = useField(field, part)
  const { documents } = part
  switch (field.as) {
    case 'words':
      return (
        <div className={styles.whole}>
          <NameFields
            label={label}
            value={(own as Words | undefined) ?? noWords}
            field={under(part.at, placeOf(field))}
            problems={part.problems}
            change={set}
          />
        </div>
      )
    case 'text':
      return <TextField label={label} value={(own as string | undefined) ?? ''} error={error} change={set} />
    case 'list':
      return <ListField label={label} value={own} error={error} change={set} />
    case 'counts':
      return (
        <ListField
          label={label}
          value={own}
          error={error}
          change={(next) => set(next?.map(Number).filter((one) => one > 0))}
        />
      )
    case 'expression':
      return <ExpressionField label={label} value={own as string | undefined} error={error} change={set} />
    case 'eventType':
      return (
        <EventTypeField
          value={(own as string | undefined) ?? ''}
          types={eventTypesOf(documents)}
          error={error}
          change={set}
        />
      )
    case 'amount':
      return (
        <AmountField label={label} value={own as string | undefined} error={error} change={set} isShort />
      )
    case 'count':
      return (
        <AmountField
          label={label}
          value={own === undefined ? undefined : String(own)}
          error={error}
          change={(next) => set(next === undefined ? undefined : Number(next.replace(/\D/g, '')))}
          isShort
        />
      )
    case 'moment':
      return <MomentOf label={label} value={own as string | undefined} error={error} change={set} />
    case 'flag':
      return (
        <ChoiceField
          label={label}
          value={own === true ? 'yes' : 'no'}
          error={error}
          options={(['yes', 'no'] as const).map((value) => ({ value, label: t(`loyalty.option.${value}`) }))}
          change={(next) => set(next === 'yes')}
          isShort
        />
      )
    case 'choice':
      return (
        <ChoiceField
          label={label}
          value={(own as string | undefined) ?? ''}
          error={error}
          options={field.of.map((value) => ({ value: value as string, label: t(`loyalty.option.${value}`) }))}
          change={set}
        />
      )
    case 'document':
      return (
        <IdField
          isOptional={field.isOptional}
          among={field.kind === 'Programme' ? programmesOf(documents) : ofKind<Named>(field.kind)(documents)}
          label={label}
          value={own as string | undefined}
          error={error}
          change={set}
        />
      )
    case 'oneOf':
      return (
        <IdField
          isOptional={field.isOptional}
          among={(valueAt(part.value, field.among) as Named[] | undefined) ?? []}
          label={label}
          value={own as string | undefined}
          error={error}
          change={set}
        />
      )
    case 'either':
      return <Either field={field} {...part} />
    case 'rows':
      return (
        <div className={styles.whole}>
          <Rows field={field} {...part} />
        </div>
      )
  }
}

type TextProps = { label: string; error: string | undefined }

const TextField = ({
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
function ListField({
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
function MomentOf({
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

type Named = { id: string; name?: Words; text?: Words }

type IdFieldProps = TextProps & {
  /** The things that can be named. */
  among: readonly Named[]
  isOptional: true | undefined
  value: string | undefined
  change(next: string | undefined): void
}

/** One of several things, by its id. */
function IdField({ among, isOptional, label, value, error, change }: IdFieldProps) {
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

type EitherProps<Value extends object> = PartProps<Value> & { field: Extract<Field, { as: 'either' }> }

/** Which form a part has, and the fields of that form. */
function Either<Value extends object>({ field: either, ...part }: EitherProps<Value>) {
  const { t } = useTranslation()
  const { label, own, error, set } = useField(either, part)
  const { ways } = either
  const way = wayOf(own, ways)
  return (
    <>
      <ChoiceField
        label={label}
        value={(way?.name as string | undefined) ?? ''}
        error={error}
        options={ways.map(({ name }) => ({ value: name as string, label: t(`loyalty.option.${name}`) }))}
        change={(next) => {
          const chosen = ways.find(({ name }) => name === next)
          if (chosen) set(inWay(own, chosen))
        }}
      />
      {(way?.fields ?? []).map((field) => (
        <OneField
          key={placeOf(field)}
          field={field}
          {...part}
          value={(own ?? {}) as object}
          change={set}
          at={under(part.at, placeOf(either))}
        />
      ))}
    </>
  )
}

type RowsProps<Value extends object> = PartProps<Value> & { field: Extract<Field, { as: 'rows' }> }

/** Several things of one form, and the button that adds one. */
function Rows<Value extends object>({ field, ...part }: RowsProps<Value>) {
  const { t } = useTranslation()
  const { label, own, set } = useField(field, part)
  const { stem, fields, blank, areNamed = false } = field
  const rows = (own as { id: string }[] | undefined) ?? []
  const place = under(part.at, placeOf(field))
  return (
    <div className={page.form} role="group" aria-label={label}>
      <h3 className={styles.part}>{label}</h3>
      {rows.map((row, index) => (
        <Row
          key={row.id ?? index}
          removal={t('loyalty.removeRow', { list: label, number: index + 1 })}
          remove={() => set(rows.length === 1 ? undefined : rows.toSpliced(index, 1))}
        >
          {fields.map((one) => (
            <OneField
              key={placeOf(one)}
              field={one}
              {...part}
              value={row}
              change={(next) => set(rows.with(index, next))}
              at={`${place}.${index}`}
            />
          ))}
        </Row>
      ))}
      <AddRow
        act={t(`loyalty.addRow.${stem}`)}
        add={() => set([...rows, areNamed ? { id: freshId(stem, rows), ...blank } : blank])}
      />
    </div>
  )
}
