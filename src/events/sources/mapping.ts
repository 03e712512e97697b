import { z } from 'zod'
import { cell, type CellDefaults, CellError, columnsOf, type RawRow, readCell } from './cell.ts'

const identityKind = z.enum(['msisdn', 'account', 'external'])

/** How the columns of a row become an event. */
export const eventMap = z.strictObject({
  subject: z.strictObject({ kind: identityKind, column: z.string().min(1) }).optional(),
  time: cell,
  /** Columns whose values name the event, or `row`: the row's own place and content do. */
  id: z.union([z.literal('row'), z.strictObject({ columns: z.array(z.string()).min(1) })]).default('row'),
  /** The events' source, where the reader of the rows has none of its own. */
  source: z.string().min(1).max(300).optional(),
  data: z.record(z.string(), cell).default({}),
})
export type EventMap = z.infer<typeof eventMap>

/** Every column that the map reads. */
export function columnsOfEventMap(map: EventMap): string[] {
  return [
    ...[map.time, ...Object.values(map.data)].flatMap(columnsOf),
    ...(map.subject ? [map.subject.column] : []),
    ...(map.id === 'row' ? [] : map.id.columns),
  ]
}

export type MappedHead = {
  source: string
  type: string
  /** The event's id where the map says `row`. */ rowId: string
}

/** A row as a CloudEvent 1.0. Throws `CellError` for the first cell that does not hold what the map wants. */
export function eventOfRow(
  row: RawRow,
  map: EventMap,
  { source, type, rowId }: MappedHead,
  defaults: CellDefaults = {},
): Record<string, unknown> {
  const subject = map.subject && row[map.subject.column]?.trim()
  const time = readCell(map.time, row, 'timestamp', defaults)
  const data: Record<string, unknown> = {}
  for (const [name, from] of Object.entries(map.data)) {
    const value = readCell(from, row, 'string', defaults)
    if (value !== undefined) data[name] = value
  }
  return {
    specversion: '1.0',
    id: map.id === 'row' ? rowId : idOfColumns(row, map.id.columns),
    source: map.source ?? source,
    type,
    ...(time === undefined ? {} : { time }),
    ...(subject ? { subject: `${map.subject!.kind}:${subject}` } : {}),
    data,
  }
}

function idOfColumns(row: RawRow, columns: string[]): string {
  return columns
    .map((column) => {
      const text = row[column]?.trim() ?? ''
      if (text === '') throw new CellError(column, text, 'a value that names the event')
      return text
    })
    .join(':')
}
