import { createHash } from 'node:crypto'
import type { SubscriberRow } from '../src/profiles/contract.ts'
import { type Cell, CellError, type RawRow, readCell } from './cell.ts'
import type { EventMap, SubscriberMap } from './mapping.ts'

/** A file's row as a row of the subscriber import. Throws `CellError`. */
export function subscriberOf(row: RawRow, map: SubscriberMap): SubscriberRow {
  const timeZone = map.timeZone && readCell(map.timeZone, row)
  const language = map.language && readCell(map.language, row)
  const identities = read(map.identities, row, (value) => String(value))
  return {
    identities,
    attributes: read(map.attributes, row, (value) => value),
    ...(timeZone === undefined ? {} : { timeZone: String(timeZone) }),
    ...(language === undefined ? {} : { language: String(language) as 'en' }),
    consents: read(map.consents, row, (value) => toBool(value), 'bool'),
  }
}

/** A constant from the command line is text; a consent is yes or no. */
const toBool = (value: string | number | boolean): boolean =>
  typeof value === 'boolean' ? value : ['true', 'yes', '1'].includes(String(value).toLowerCase())

function read<T>(
  cells: Partial<Record<string, Cell>>,
  row: RawRow,
  convert: (value: string | number | boolean) => T,
  defaultType?: 'bool',
): Record<string, T> {
  const result: Record<string, T> = {}
  for (const [name, from] of Object.entries(cells)) {
    const value = from && readCell(from, row, defaultType)
    if (value !== undefined) result[name] = convert(value)
  }
  return result
}

/** A file's row as a CloudEvent 1.0. `rowNumber` counts data rows from 1. Throws `CellError`. */
export function eventOf(
  row: RawRow,
  rowNumber: number,
  map: EventMap,
  type: string,
  fileName: string,
): Record<string, unknown> {
  const subject = map.subject && row[map.subject.column]?.trim()
  const time = readCell(map.time, row, 'timestamp')
  return {
    specversion: '1.0',
    id: idOf(row, rowNumber, map, fileName),
    source: map.source ?? `file:${fileName}`,
    type,
    ...(time === undefined ? {} : { time }),
    ...(subject ? { subject: `${map.subject!.kind}:${subject}` } : {}),
    data: read(map.data, row, (value) => value),
  }
}

/**
 * A row's id must be the same when the file is imported again and different when the file's content is: the hash
 * tells a corrected row from the one that was imported before.
 */
function idOf(row: RawRow, rowNumber: number, map: EventMap, fileName: string): string {
  if (map.id === 'row') {
    const hash = createHash('sha256')
      .update(JSON.stringify(Object.entries(row)))
      .digest('hex')
    return `${fileName}#${rowNumber}-${hash.slice(0, 16)}`
  }
  const parts = map.id.columns.map((column) => {
    const text = row[column]?.trim() ?? ''
    if (text === '') throw new CellError(column, text, 'a value that names the event')
    return text
  })
  return parts.join(':')
}
