import { expect, test } from 'vitest'
import { type Cell, type CellDefaults, CellError, readCell } from './cell.ts'

const read = (text: string, cell: Partial<Cell>, defaults?: CellDefaults) =>
  readCell({ column: 'c', ...cell } as Cell, { c: text }, 'string', defaults)

test.for([
  ['12.5', 'double', '.', 12.5],
  ['12,5', 'double', ',', 12.5],
  ['-1 234,50', 'double', ',', -1234.5],
  ['1\u00a0234\u00a0567,5', 'double', ',', 1234567.5],
  ['1.234,5', 'double', ',', 1234.5],
  ['7', 'double', ',', 7],
  ['12,30', 'minor', ',', 1230],
  ['1 000,05', 'minor', ',', 100_005],
  ['29.85', 'minor', '.', 2985],
] as const)('%j as %s with "%s" is %j', ([text, type, decimal, value]) => {
  expect(read(text, { type, decimal })).toBe(value)
  expect(read(text, { type }, { decimal })).toBe(value)
})

test.for([
  ['12,5', 'double', '.'],
  ['12.5', 'double', ','],
  ['1,2,3', 'double', ','],
  ['12 34,5', 'double', ','],
  ['12,345', 'minor', ','],
  ['12,', 'minor', ','],
] as const)('%j is no %s with "%s"', ([text, type, decimal]) => {
  expect(() => read(text, { type, decimal })).toThrow(CellError)
})

test('an empty cell is no value', () => {
  expect(read(' ', { type: 'double', decimal: ',' })).toBeUndefined()
})

test('a cell says itself how it is written, before its file does', () => {
  const defaults = { decimal: ',', zone: 'Europe/Kyiv', format: 'dd.MM.yyyy HH:mm' } as const
  expect(read('1.5', { type: 'double', decimal: '.' }, defaults)).toBe(1.5)
  expect(read('01.03.2026 12:00', { type: 'timestamp' }, defaults)).toBe('2026-03-01T10:00:00Z')
  expect(read('01.03.2026 12:00', { type: 'timestamp', zone: 'UTC' }, defaults)).toBe('2026-03-01T12:00:00Z')
})
