import type { Format } from '../format/format.ts'

/** The text with each moment in it as the reader writes moments. */
export const withMoments = (text: string, format: Format): string =>
  text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d(?::[\d.]+)?Z/g, (moment) => format.moment(moment))

/** Values as people read them: moments as the reader writes them, and what lies within one by its own name. */
export const readableValues = (
  values: Readonly<Record<string, unknown>>,
  format: Format,
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, readable(value, format)]))

function readable(value: unknown, format: Format): unknown {
  if (typeof value === 'string') return withMoments(value, format)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => String(readable(one, format))).join(', ')
  return Object.entries(value)
    .map(([name, one]) => `${name} ${String(readable(one, format))}`)
    .join(', ')
}
