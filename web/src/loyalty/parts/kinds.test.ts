import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { reward } from '../../../../src/loyalty/contract.ts'
import { noWords } from '../draft.ts'
import { blankReward, gifts as kindsOfGifts } from '../gifts.ts'
import { gifts, rewardForm } from '../reward-form.ts'
import { placeOf, type Field } from './field.ts'
import type { PartKind } from './kind.ts'
import { partKindOf, partKinds } from './kinds.ts'

type Schema = {
  properties?: Record<string, Schema>
  anyOf?: Schema[]
  items?: Schema
}

const schemaOf = ({ schema }: Pick<PartKind, 'schema'>): Schema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema

/** Every form that a schema may have. */
const formsOf = (schema: Schema): Schema[] => (schema.anyOf ? schema.anyOf.flatMap(formsOf) : [schema])

/** What a schema has at a place, whichever of its forms it is in. */
const schemasAt = (schema: Schema, place: string): Schema[] =>
  place
    .split('.')
    .reduce<Schema[]>(
      (at, key) => at.flatMap(formsOf).flatMap(({ properties }) => properties?.[key] ?? []),
      [schema],
    )

/** Fields that ask for what the schema does not have, and parts that begin with it. */
function strangers(schema: Schema, fields: readonly Field[], before: string): string[] {
  return fields.flatMap((field) => {
    const place = placeOf(field)
    const found = schemasAt(schema, place)
    if (found.length === 0) return [`${before}${place}`]
    if (field.as === 'money' && schemasAt(schema, field.currencyAt).length === 0)
      return [`${before}${field.currencyAt}`]
    const inside = (of: Schema[], own: readonly Field[], blank: object | string = {}): string[] => [
      ...strangers({ anyOf: of }, own, `${before}${place}.`),
      ...Object.keys(typeof blank === 'string' ? {} : blank)
        .filter((key) => schemasAt({ anyOf: of }, key).length === 0)
        .map((key) => `${before}${place}.${key}`),
    ]
    if (field.as === 'rows') {
      const items = found.flatMap(formsOf).flatMap((one) => one.items ?? [])
      return inside(items, field.fields, field.blank)
    }
    if (field.as !== 'either') return []
    return field.ways.flatMap((way) => inside(found, way.fields ?? [], way.blank))
  })
}

const words = { en: 'a', ru: 'б', uk: 'в' }

/** The document with whatever somebody has to fill in. */
const filled = (value: unknown): unknown => {
  if (value === '') return 'main'
  if (Array.isArray(value)) return value.length === 0 ? value : value.map(filled)
  if (typeof value !== 'object' || value === null) return value
  if (value === noWords) return words
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one)]))
}

describe.each(partKinds.map((kind) => [kind.kind, kind] as [string, PartKind]))('%s', (_, kind) => {
  const schema = schemaOf(kind)

  it('asks for nothing that its schema does not have', () => {
    expect(strangers(schema, kind.form.flat(), '')).toEqual([])
  })

  it('begins as a document that lacks nothing but what must be filled in', () => {
    const parsed = kind.schema.safeParse(filled(kind.blank('a', 'main')))
    expect(parsed.error?.issues ?? []).toEqual([])
  })
})

it('a reward is asked for nothing that its schema does not have', () => {
  expect(
    strangers(schemaOf({ schema: reward as unknown as PartKind['schema'] }), rewardForm.flat(), ''),
  ).toEqual([])
})

it('a reward may give each kind of thing, which lacks nothing but what must be filled in', () => {
  for (const { blank } of gifts) {
    const written = { ...blankReward('a'), name: words, gives: filled(blank) }
    expect(reward.safeParse(written).error?.issues ?? []).toEqual([])
  }
  expect(gifts.map(({ mark }) => mark)).toEqual(kindsOfGifts)
})

it('a field of another kind is a stranger, wherever it stands', () => {
  const schema = schemaOf(partKindOf('Wheel')!)
  expect(strangers(schema, [{ name: 'rate', as: 'amount' }], '')).toEqual(['rate'])
  const prizes = { name: 'prizes', as: 'rows', stem: 'prize', fields: [], blank: { worth: 1 } } as const
  expect(strangers(schema, [prizes], '')).toEqual(['prizes.worth'])
})

it('a kind that has no such editor is told from one that has', () => {
  expect(partKindOf('Programme')).toBeUndefined()
  expect(partKindOf('Wheel')?.group).toBe('games')
})
