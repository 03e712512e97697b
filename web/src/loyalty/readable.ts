import type { Format } from '../format/format.ts'

/** The text with each moment in it as the reader writes moments. */
export const withMoments = (text: string, format: Format): string =>
  text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d(?::[\d.]+)?Z/g, (moment) => format.moment(moment))

/** Values with their moments made readable; others stay as they are. */
export const readableValues = (
  values: Readonly<Record<string, unknown>>,
  format: Format,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? withMoments(value, format) : value,
    ]),
  )
