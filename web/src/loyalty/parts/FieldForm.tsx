import { useTranslation } from 'react-i18next'
import type { Words } from '../../../../src/loyalty/contract.ts'
import { eventTypesOf, ofKind, programmesOf } from '../documents.ts'
import { freshId, noWords } from '../draft.ts'
import {
  AmountField,
  ChoiceField,
  CurrencyField,
  EventTypeField,
  ExpressionField,
  NameFields,
  UnitsField,
} from '../fields.tsx'
import { AddRow, Row } from '../rows.tsx'
import { Money, PointsByTier } from './AmountFields.tsx'
import { inWay, placeOf, rescaled, valueAt, wayOf, type Field, type Form, type Way } from './field.ts'
import { under, useField, type FieldContext, type FieldProps } from './use-field.ts'
import { IdField, ListField, MomentOf, TextField, type Named } from './ValueFields.tsx'
import page from '../../shell/page.module.css'
import styles from '../loyalty.module.css'

type FieldFormProps<Value extends object> = Omit<FieldContext, 'decimals'> & {
  form: Form
  value: Value
  change(next: Value): void
  /** Decimals of the points that a document speaks of. */
  decimalsOf?(document: Value): number
}

/**
 * A form made of a list of fields: what is typed goes to its place in the document. Where the document comes to speak of
 * other points, all amounts of them stay as they are read.
 */
export function FieldForm<Value extends object>({
  form,
  change,
  decimalsOf = () => 0,
  ...rest
}: FieldFormProps<Value>) {
  const decimals = decimalsOf(rest.value)
  const write = (next: Value): void => change(rescaled(next, form.flat(), decimals, decimalsOf(next)))
  return (
    <div className={page.form}>
      {form.map((line) => (
        <Line
          key={line.map(placeOf).join(' ')}
          line={line}
          {...rest}
          decimals={decimals}
          change={write}
          at=""
        />
      ))}
    </div>
  )
}

function Line<Value extends object>({ line, ...part }: FieldProps<Value> & { line: readonly Field[] }) {
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

function OneField<Value extends object>({ field, ...part }: FieldProps<Value> & { field: Field }) {
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
            change={(next) => set(field.isOptional && next.en + next.ru + next.uk === '' ? undefined : next)}
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
    case 'points':
      return (
        <UnitsField
          isShort
          label={label}
          decimals={part.decimals}
          value={own as string | undefined}
          error={error}
          change={set}
        />
      )
    case 'pointsByTier':
      return <PointsByTier field={field} {...part} />
    case 'money':
      return <Money field={field} {...part} />
    case 'currency':
      return <CurrencyField value={own as string | undefined} error={error} change={set} />
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

type EitherProps<Value extends object> = FieldProps<Value> & { field: Extract<Field, { as: 'either' }> }

/** Which form a part has, and beside it the fields of that form. */
function Either<Value extends object>({ field: either, ...part }: EitherProps<Value>) {
  const { t } = useTranslation()
  const { label, own, error, set } = useField(either, part)
  const { ways } = either
  const way = wayOf(own, ways)
  const fields = way?.fields ?? []
  return (
    <div
      className={`${page.row} ${fields.length === 0 ? page.grow : styles.together}`}
      role="group"
      aria-label={label}
    >
      <ChoiceField
        label={label}
        value={(way?.name as string | undefined) ?? ''}
        error={error}
        options={ways.map(({ name }) => ({ value: name as string, label: t(`loyalty.option.${name}`) }))}
        change={(next) => {
          const chosen = ways.find(({ name }) => name === next)
          if (chosen) set(inWay(own, inPoints(chosen, part.decimals)))
        }}
      />
      {fields.map((field) => (
        <OneField
          key={placeOf(field)}
          field={field}
          {...part}
          value={(own ?? {}) as object}
          // The form that was chosen stays when the field by which it is known is emptied.
          change={(next) =>
            set(way?.mark === undefined || way.mark in next ? next : { ...next, [way.mark]: '' })
          }
          at={under(part.at, placeOf(either))}
        />
      ))}
    </div>
  )
}

/** A form with what it begins with in the programme's points: blanks are written in whole ones. */
const inPoints = (way: Way, decimals: number): Way =>
  typeof way.blank === 'object' ? { ...way, blank: rescaled(way.blank, way.fields ?? [], 0, decimals) } : way

type RowsProps<Value extends object> = FieldProps<Value> & { field: Extract<Field, { as: 'rows' }> }

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
        add={() => {
          const begun = rescaled(blank, fields, 0, part.decimals)
          set([...rows, areNamed ? { id: freshId(stem, rows), ...begun } : begun])
        }}
      />
    </div>
  )
}
