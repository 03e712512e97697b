import { z } from 'zod'
import { parseMoment } from './moment.ts'

/** What a file's cell becomes. `minor` is a decimal amount as whole minor units, without passing through a float. */
export const cellType = z.enum(['string', 'int', 'double', 'bool', 'timestamp', 'minor'])
export type CellType = z.infer<typeof cellType>

const scalar = z.union([z.string(), z.number(), z.boolean()])

const fromColumn = z.strictObject({
  column: z.string().min(1),
  type: cellType.optional(),
  /** Value in the file → value to send; `*` stands for every other value. */
  values: z.record(z.string(), scalar).optional(),
  /** For `minor`: how many decimals the minor unit has. */
  decimals: z.int().min(0).max(6).optional(),
  /** For `double` and `minor`: what stands before the decimals. */
  decimal: z.enum(['.', ',']).optional(),
  /** For `timestamp`: the zone of times that carry none, and their format. */
  zone: z.string().optional(),
  format: z.string().optional(),
})
type FromColumn = z.infer<typeof fromColumn>
const constant = z.strictObject({ value: scalar })

/** A column of the file, or one value for all rows. A bare text is a column's name. */
export const cell = z.union([
  z
    .string()
    .min(1)
    .transform((column) => ({ column })),
  fromColumn,
  constant,
])
export type Cell = FromColumn | z.infer<typeof constant>

/** How a file writes what its cells do not say themselves. */
export type CellDefaults = {
  decimal?: '.' | ',' | undefined
  zone?: string | undefined
  format?: string | undefined
}

/** A row of the file as the file has it. */
export type RawRow = Record<string, string>

/** What is wrong with a cell. */
export type CellProblem = { code: string; message: string; field: string; found: string; expected: string }

/** Thrown for a cell that cannot be what the map wants; the row is rejected, the import goes on. */
export class CellError extends Error {
  readonly problem: CellProblem

  constructor(column: string, found: string, expected: string) {
    super(`column "${column}" does not hold ${expected}`)
    this.problem = { code: 'cell_invalid', message: this.message, field: column, found, expected }
  }
}

/** The value of a cell in a row; undefined when the cell is empty. Throws `CellError`. */
export function readCell(
  from: Cell,
  row: RawRow,
  defaultType: CellType = 'string',
  defaults: CellDefaults = {},
): string | number | boolean | undefined {
  if ('value' in from) return from.value
  const text = (row[from.column] ?? '').trim()
  if (from.values) {
    const mapped = Object.hasOwn(from.values, text) ? from.values[text] : from.values['*']
    if (mapped !== undefined) return mapped
    if (text === '') return undefined
    throw new CellError(from.column, text, Object.keys(from.values).join(' | '))
  }
  return text === '' ? undefined : convert(text, { ...defaults, ...from }, from.type ?? defaultType)
}

/** Columns that a cell needs. */
export function columnsOf(from: Cell): string[] {
  return 'column' in from ? [from.column] : []
}

const words: Record<string, boolean> = {
  true: true,
  yes: true,
  y: true,
  '1': true,
  false: false,
  no: false,
  n: false,
  '0': false,
}

function convert(text: string, from: FromColumn, type: CellType): string | number | boolean {
  switch (type) {
    case 'string':
      return text
    case 'int': {
      const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
      if (!Number.isSafeInteger(value)) throw new CellError(from.column, text, 'a whole number')
      return value
    }
    case 'double': {
      const value = Number(plainDecimal(text, from.decimal))
      if (!Number.isFinite(value)) throw new CellError(from.column, text, 'a number')
      return value
    }
    case 'bool': {
      const value = words[text.toLowerCase()]
      if (value === undefined) throw new CellError(from.column, text, 'true, false, yes, no, 1 or 0')
      return value
    }
    case 'timestamp': {
      const moment = parseMoment(text, from)
      if (moment === undefined) throw new CellError(from.column, text, from.format ?? 'a date and time')
      return moment
    }
    case 'minor':
      return minorUnits(plainDecimal(text, from.decimal), text, from)
  }
}

/** `1 234,5` as `1234.5`: with a decimal comma, blanks and points only divide thousands. */
function plainDecimal(text: string, decimal: '.' | ',' = '.'): string {
  return decimal === ',' && /^[+-]?\d+(?:[\s.]\d{3})*(?:,\d*)?$/.test(text)
    ? text.replace(/[\s.]/g, '').replace(',', '.')
    : decimal === ','
      ? 'NaN'
      : text
}

function minorUnits(plain: string, text: string, { column, decimals = 2 }: FromColumn): number {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(plain)
  const fraction = (match?.[3] ?? '').replace(/0+$/, '')
  if (!match || fraction.length > decimals) {
    throw new CellError(column, text, `an amount with at most ${decimals} decimals`)
  }
  const value = Number(match[2]! + fraction.padEnd(decimals, '0')) * (match[1] === '-' ? -1 : 1)
  if (!Number.isSafeInteger(value)) throw new CellError(column, text, 'an amount of at most 15 digits')
  return value + 0
}
