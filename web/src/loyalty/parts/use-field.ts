import { useTranslation } from 'react-i18next'
import { problemAt, type AnyDocument } from '../../documents/documents.ts'
import type { FieldProblem } from '../../server.ts'
import { placeOf, valueAt, withValue, type Field } from './field.ts'

/** What all fields of a form are given. */
export type FieldContext = {
  problems: readonly FieldProblem[]
  /** All documents, for fields that name others. */
  documents: readonly AnyDocument[]
  /** Decimals of the points that fields ask for. */
  decimals: number
}

/** What a field is given beside what it is: the part of the document that it stands in. */
export type FieldProps<Value extends object = object> = FieldContext & {
  value: Value
  change(next: Value): void
  /** Where the value stands in the document, as problems name it. */
  at: string
}

/** The place of something within a part, as problems name it. */
export const under = (at: string, place: string): string => (at === '' ? place : `${at}.${place}`)

/** What every kind of field is given. */
export function useField<Value extends object>(
  field: Field,
  { value, change, at, problems }: FieldProps<Value>,
) {
  const { t } = useTranslation()
  const place = placeOf(field)
  return {
    label: t(`loyalty.field.${field.name}`),
    own: valueAt(value, place),
    error: problemAt(problems, under(at, place)),
    set: (next: unknown): void => change(withValue(value, place, next)),
  }
}
