import type en from '../../languages/en.json'
import { inDecimals } from '../amount.ts'

/** What a field is called, keyed as the texts have it. */
export type FieldName = keyof (typeof en)['loyalty']['field']
export type OptionName = keyof (typeof en)['loyalty']['option']
export type RowStem = keyof (typeof en)['loyalty']['addRow']

type Place = {
  name: FieldName
  /** Where its value stands, with dots between; without it under its name. */
  at?: string
}

/** One of several forms that a part of a document may have. */
export type Way = {
  name: OptionName
  /** The field by which this form is known; the form without one is that of a part that is left out. */
  mark?: string
  /** What the part begins with, or the word that it consists of. */
  blank?: object | string
  fields?: readonly Field[]
}

/** A field of a form: what it is called, where its value stands, and how it is asked for. */
export type Field =
  | (Place & { as: 'words'; isOptional?: true })
  | (Place & { as: 'text' | 'list' | 'expression' | 'eventType' | 'amount' | 'moment' })
  | (Place & { as: 'count' | 'flag' | 'counts' })
  /** Points, whose decimals are those that the form is given; `pointsByTier`: for each tier of the programme, or none. */
  | (Place & { as: 'points' | 'pointsByTier' })
  /** An amount of money, and where its currency stands. */
  | (Place & { as: 'money'; currencyAt: string })
  | (Place & { as: 'currency' })
  | (Place & { as: 'choice'; of: readonly OptionName[] })
  /** The id of a document of a kind; `isOptional`: or none. */
  | (Place & { as: 'document'; kind: string; isOptional?: true })
  /** The id of one of the things that stand as rows at another place of the same part. */
  | (Place & { as: 'oneOf'; among: string; isOptional?: true })
  | (Place & { as: 'either'; ways: readonly Way[] })
  /** Several things of one form; `stem` begins the id of a new one, where things have ids. */
  | (Place & { as: 'rows'; stem: RowStem; fields: readonly Field[]; blank: object; areNamed?: true })

/** Fields that stand side by side, line by line. */
export type Form = readonly (readonly Field[])[]

export const placeOf = ({ name, at = name }: Place): string => at

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** The value at a place; undefined where nothing stands. */
export const valueAt = (document: object, place: string): unknown =>
  place.split('.').reduce<unknown>((at, key) => (isFields(at) ? at[key] : undefined), document)

/** The document with a value at a place, or without it; a part of which nothing is left goes with it. */
export function withValue<Document extends object>(
  document: Document,
  place: string,
  value: unknown,
): Document {
  const [key = '', ...rest] = place.split('.')
  const { [key]: before, ...others } = document as Record<string, unknown>
  const after = rest.length === 0 ? value : withValue(isFields(before) ? before : {}, rest.join('.'), value)
  const isGone = after === undefined || (rest.length > 0 && Object.keys(after as object).length === 0)
  // What was there keeps its place, so that the order of fields stays.
  return (isGone ? others : { ...document, [key]: after }) as Document
}

/** Which of its forms a part has. */
export function wayOf(value: unknown, ways: readonly Way[]): Way | undefined {
  if (!isFields(value)) return ways.find(({ mark, blank }) => mark === undefined && blank === value)
  return ways.find(({ mark }) => mark !== undefined && mark in value)
}

/** The same part in another form; what both forms have is taken along. */
export function inWay(value: unknown, { blank }: Way): object | string | undefined {
  if (!isFields(blank) || !isFields(value)) return blank
  const shared = Object.entries(value).filter(([key]) => key in blank)
  return { ...blank, ...Object.fromEntries(shared) }
}

/** The part with its points as they are read, in other decimals. */
export function rescaled<Part extends object>(
  part: Part,
  fields: readonly Field[],
  from: number,
  to: number,
): Part {
  if (from === to) return part
  return fields.reduce((now, field) => {
    const place = placeOf(field)
    const value = valueAt(now, place)
    return value === undefined ? now : withValue(now, place, rescaledValue(value, field, from, to))
  }, part)
}

function rescaledValue(value: unknown, field: Field, from: number, to: number): unknown {
  switch (field.as) {
    case 'points':
      return inDecimals(String(value), from, to)
    case 'pointsByTier':
      return Object.fromEntries(
        Object.entries(value as object).map(([tier, points]) => [tier, inDecimals(String(points), from, to)]),
      )
    case 'rows':
      return (value as object[]).map((row) => rescaled(row, field.fields, from, to))
    case 'either':
      return isFields(value) ? rescaled(value, wayOf(value, field.ways)?.fields ?? [], from, to) : value
    default:
      return value
  }
}
