import type { Resolver } from '../profiles/index.ts'
import { celTypeOf, type PropertySchema } from './event-type.ts'
import { parseRfc3339 } from './rfc3339.ts'

/** Turns a valid value, not null, into the form in which the log keeps it. */
export type Converter = (value: unknown, resolve: Resolver) => unknown

/** How a field's values are converted; undefined when they are kept as they come. */
export function converterOf(schema: PropertySchema): Converter | undefined {
  const kind = schema['x-identity']
  if (typeof kind === 'string') return (value, resolve) => referenceOf(resolve(`${kind}:${String(value)}`))
  const type = celTypeOf(schema)
  if (type === 'timestamp') return instantMs
  const isTimeList = typeof type === 'object' && type.list === 'timestamp'
  return isTimeList ? (list) => (list as unknown[]).map(instantMs) : undefined
}

/** The schema's format has been checked already; null only stands for a null inside a list. */
const instantMs = (value: unknown): number | null => parseRfc3339(String(value)) ?? null

/** `subscriber:123`, or `unknown`: somebody else's number is personal data too, hashed or not. */
export function referenceOf(subscriberId: number | undefined): string {
  return subscriberId === undefined ? 'unknown' : `subscriber:${subscriberId}`
}
