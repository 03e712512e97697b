import { expect, test } from 'vitest'
import type { DocumentReader } from '../platform/index.ts'
import { eventDeclarations, type EventType, eventTypeKind } from './event-type.ts'

const check = (document: unknown) => eventTypeKind.check!(document as never, {} as DocumentReader)
const typeOf = (properties: object, rest: object = {}) =>
  ({ kind: 'EventType', id: 'a.b', schema: { type: 'object', properties, ...rest } }) as EventType

test('declared fields become the types of expressions', () => {
  const document = typeOf({
    volumeMb: { type: 'number' },
    count: { type: 'integer' },
    cell: { type: ['string', 'null'] },
    startedAt: { type: 'string', format: 'date-time' },
    roaming: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    device: { type: 'object' },
    anything: {},
    either: { type: ['string', 'number'] },
  })
  const reader: DocumentReader = {
    tenantId: 'alpha',
    get: (kind, id) => (kind === 'EventType' && id === 'a.b' ? document : undefined),
    list: () => [document],
  }
  expect(check(document)).toEqual([])
  expect(eventDeclarations(reader, 'a.b')).toEqual({
    volumeMb: 'double',
    count: 'int',
    cell: 'string',
    startedAt: 'timestamp',
    roaming: 'bool',
    tags: { list: 'string' },
  })
  expect(eventDeclarations(reader, 'unknown')).toEqual({})
})

test.for([
  ['a misspelt keyword', typeOf({ a: { type: 'number', minimun: 1 } }), 'schema'],
  ['an unknown format', typeOf({ a: { type: 'string', format: 'phone' } }), 'schema'],
  ['a broken pattern', typeOf({ a: { type: 'string', pattern: '(' } }), 'schema'],
  [
    'an identity that is no text',
    typeOf({ a: { type: 'number', 'x-identity': 'msisdn' } }),
    'schema.properties.a',
  ],
  ['an unknown identity', typeOf({ a: { type: 'string', 'x-identity': 'email' } }), 'schema.properties.a'],
  [
    'an identity that hides inside a field',
    typeOf({ a: { type: 'object', properties: { b: { type: 'string', 'x-identity': 'msisdn' } } } }),
    'schema.properties.a',
  ],
] as const)('%s is refused', ([, document, field]) => {
  expect(check(document)).toMatchObject([{ code: 'event_schema_invalid', field }])
})

test('the shape of the document itself is checked', () => {
  const parse = (document: object) => eventTypeKind.schema.safeParse(document).success
  expect(parse(typeOf({}))).toBe(true)
  expect(parse({ ...typeOf({}), id: 'with blank' })).toBe(false)
  expect(parse({ ...typeOf({}), subject: 'shop' })).toBe(false)
  expect(parse({ ...typeOf({}), extra: 1 })).toBe(false)
  expect(parse({ ...typeOf({}), schema: { type: 'array' } })).toBe(false)
})
