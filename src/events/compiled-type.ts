import type { ValidateFunction } from 'ajv/dist/2020.js'
import type { Resolver } from '../profiles/index.ts'
import { compileDataScanner, type DataScanner } from './data-scanner.ts'
import { type Converter, converterOf } from './converter.ts'
import type { EventType } from './event-type.ts'
import { typeHash } from './record.ts'
import { compileSchema } from './schema.ts'
import { Window } from './window.ts'

/** An event type made ready for millions of events. */
export type CompiledType = {
  id: string
  /** The type's text in UTF-8, and its hash as records bear it. */
  text: Window
  hash: number
  /** Counts the events of the type that were taken. */
  counter: { events: number }
  needsSubscriber: boolean
  /** What happens to an event whose subscriber nobody knows. */
  unknownSubscriber: 'reject' | 'create' | 'hold'
  validate: ValidateFunction
  /** The declared fields of valid data in the form in which the log keeps them. */
  project(data: Record<string, unknown>, resolve: Resolver): Record<string, unknown>
  /** The same two straight from bytes; undefined when the schema needs more than it can check. */
  scanner: DataScanner | undefined
}

type Field = { name: string; convert: Converter | undefined }

/** Compiles the document; it has passed its checks, so an error here is a bug. */
export function compileType(document: EventType, counter = { events: 0 }): CompiledType {
  const fields = Object.entries(document.schema.properties).map(([name, schema]): Field => {
    return { name, convert: converterOf(schema) }
  })
  const isClosed = document.schema['additionalProperties'] === false
  const asIs = isClosed && fields.every((field) => field.convert === undefined)
  return {
    id: document.id,
    text: new Window(Buffer.from(document.id)),
    hash: typeHash(document.id),
    counter,
    needsSubscriber: document.subject === 'subscriber',
    unknownSubscriber: document.unknownSubscriber ?? 'reject',
    validate: compileSchema(document.schema),
    project: asIs ? (data) => data : (data, resolve) => projectFields(fields, data, resolve),
    scanner: compileDataScanner(document.schema),
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
