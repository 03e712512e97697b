import { z } from 'zod'
import type { CelType } from '../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../platform/index.ts'
import { compileSchema } from './schema.ts'

const eventTypeSchema = z.strictObject({
  kind: z.literal('EventType'),
  /** The `type` of the CloudEvent, such as `usage.recorded`. */
  id: z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
  description: z.string().optional(),
  /** Present: an event of this type must name a subscriber. */
  subject: z.literal('subscriber').optional(),
  /**
   * An event whose subscriber nobody knows: `reject` it, `create` the subscriber, or `hold` it until an import makes
   * the identity known.
   */
  unknownSubscriber: z.enum(['reject', 'create', 'hold']).optional(),
  /** JSON Schema (2020-12) of `data`. */
  schema: z.looseObject({
    type: z.literal('object'),
    properties: z.record(z.string(), z.looseObject({})).default({}),
  }),
})
export type EventType = z.infer<typeof eventTypeSchema>
export type PropertySchema = EventType['schema']['properties'][string]

const identityKinds = new Set<unknown>(['msisdn', 'account', 'external'])

/** `{ kind: 'EventType', id: 'usage.recorded', subject: 'subscriber', schema: { … } }` */
export const eventTypeKind: DocumentKind = {
  kind: 'EventType',
  schema: eventTypeSchema,
  check: (document: EventType) => [...checkIdentityMarks(document), ...checkCompiles(document)],
}

/** What expressions may read of `event` for a type: its declared data fields. Empty for an unknown type. */
export function eventDeclarations(reader: DocumentReader, type: string): Record<string, CelType> {
  const document = reader.get('EventType', type) as EventType | undefined
  const declarations: Record<string, CelType> = {}
  for (const [name, schema] of Object.entries(document?.schema.properties ?? {})) {
    const celType = celTypeOf(schema)
    if (celType) declarations[name] = celType
  }
  return declarations
}

/**
 * The type in which expressions see a field of this schema: number is double, integer is int, a date-time is a
 * timestamp, an array of one scalar type is a list. Undefined for what the language has no type for.
 */
export function celTypeOf(schema: PropertySchema): CelType | undefined {
  const types = [schema['type']].flat().filter((type) => type !== 'null')
  if (types.length !== 1) return undefined
  switch (types[0]) {
    case 'number':
      return 'double'
    case 'integer':
      return 'int'
    case 'boolean':
      return 'bool'
    case 'string':
      return schema['format'] === 'date-time' ? 'timestamp' : 'string'
    case 'array': {
      const items = schema['items']
      const of = typeof items === 'object' && items !== null ? celTypeOf(items as PropertySchema) : undefined
      return typeof of === 'string' ? { list: of } : undefined
    }
    default:
      return undefined
  }
}

function checkCompiles(document: EventType): Problem[] {
  try {
    compileSchema(document.schema)
    return []
  } catch (error) {
    const message = (error as Error).message
    return [{ code: 'event_schema_invalid', message, field: 'schema', expected: 'JSON Schema 2020-12' }]
  }
}

/** `x-identity` is honoured on the data's own fields; anywhere deeper a phone number would pass unseen. */
function checkIdentityMarks(document: EventType): Problem[] {
  const problems: Problem[] = []
  for (const [name, schema] of Object.entries(document.schema.properties)) {
    const { 'x-identity': kind, ...rest } = schema
    const field = `schema.properties.${name}`
    if (kind !== undefined && (!identityKinds.has(kind) || schema['type'] !== 'string')) {
      const expected = 'msisdn | account | external on a field of type string'
      const message = 'x-identity marks a text field that holds an identity'
      problems.push({ code: 'event_schema_invalid', message, field, found: kind, expected })
    }
    if (JSON.stringify(rest).includes('"x-identity"')) {
      const message = 'x-identity is possible on the fields of data themselves, not inside them'
      problems.push({ code: 'event_schema_invalid', message, field, expected: 'x-identity one level up' })
    }
  }
  return problems
}
