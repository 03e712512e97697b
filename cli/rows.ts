import { createHash } from 'node:crypto'
import { type Cell, type EventMap, eventOfRow, type RawRow, readCell } from '../src/events/contract.ts'
import type { SubscriberRow } from '../src/profiles/contract.ts'
import type { SubscriberMap } from './mapping.ts'

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

/**
 * A file's row as a CloudEvent 1.0. `rowNumber` counts data rows from 1. Throws `CellError`. A row's id must be the same
 * when the file is imported again and different when the file's content is: the hash tells a corrected row from the
 * one that was imported before.
 */
export function eventOf(
  row: RawRow,
  rowNumber: number,
  map: EventMap,
  type: string,
  fileName: string,
): Record<string, unknown> {
  const rowId = map.id === 'row' ? `${fileName}#${rowNumber}-${hashOf(row)}` : ''
  return eventOfRow(row, map, { source: `file:${fileName}`, type, rowId })
}

const hashOf = (row: RawRow): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(row)))
    .digest('hex')
    .slice(0, 16)
