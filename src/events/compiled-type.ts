import type { ValidateFunction } from 'ajv/dist/2020.js'
import { celTypeOf, type EventType } from './event-type.ts'
import { parseRfc3339 } from './rfc3339.ts'
import { compileSchema } from './schema.ts'

/** Subscriber id of an identity, as `profiles` gives it. */
export type Resolver = (identity: string) => number | undefined

/** An event type made ready for millions of events. */
export type CompiledType = {
  needsSubscriber: boolean
  validate: ValidateFunction
  /** The declared fields of valid data in the form in which the log keeps them. */
  project(data: Record<string, unknown>, resolve: Resolver): Record<string, unknown>
}

type Field = { name: string; convert: ((value: unknown, resolve: Resolver) => unknown) | undefined }

/** Compiles the document; it has passed its checks, so an error here is a bug. */
export function compileType(document: EventType): CompiledType {
  const fields = Object.entries(document.schema.properties).map(([name, schema]): Field => {
    const kind = schema['x-identity']
    if (typeof kind === 'string') return { name, convert: referenceConverter(kind) }
    const type = celTypeOf(schema)
    if (type === 'timestamp') return { name, convert: instantMs }
    const isTimeList = typeof type === 'object' && type.list === 'timestamp'
    return { name, convert: isTimeList ? (list) => (list as unknown[]).map(instantMs) : undefined }
  })
  const isClosed = document.schema['additionalProperties'] === false
  const asIs = isClosed && fields.every((field) => field.convert === undefined)
  return {
    needsSubscriber: document.subject === 'subscriber',
    validate: compileSchema(document.schema),
    project: asIs ? (data) => data : (data, resolve) => projectFields(fields, data, resolve),
  }
}

function projectFields(
  fields: Field[],
  data: Record<string, unknown>,
  resolve: Resolver,
): Record<string, unknown> {
  const projected: Record<string, unknown> = {}
  for (const { name, convert } of fields) {
    const value = data[name]
    if (value === undefined) continue
    projected[name] = convert && value !== null ? convert(value, resolve) : value
  }
  return projected
}

/** The schema's format has been checked already; null only stands for a null inside a list. */
const instantMs = (value: unknown): number | null => parseRfc3339(String(value)) ?? null

/** `subscriber:123`, or `unknown`: somebody else's number is personal data too, hashed or not. */
function referenceConverter(kind: string): NonNullable<Field['convert']> {
  return (value, resolve) => {
    const id = resolve(`${kind}:${String(value)}`)
    return id === undefined ? 'unknown' : `subscriber:${id}`
  }
}
