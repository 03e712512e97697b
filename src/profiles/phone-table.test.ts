import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PhoneTable, phoneDigits } from './phone-table.ts'

test('a table of numbers holds what a map would, however it grows', () => {
  const digits = fc.oneof(
    fc.integer({ min: 1, max: 999_999_999_999_999 }),
    fc.integer({ min: 79_990_000_000, max: 79_990_002_000 }),
    // Numbers that differ in their upper half alone.
    fc.integer({ min: 0, max: 2_000 }).map((i) => 7 + i * 2 ** 32),
  )
  const entries = fc.array(fc.tuple(digits, fc.integer({ min: 1, max: 2 ** 31 - 1 })), { size: '+2' })
  fc.assert(
    fc.property(entries, digits, (given, other) => {
      const table = new PhoneTable()
      for (const [number, id] of given) table.set(number, id)
      const truth = new Map(given)
      expect(table.size).toBe(truth.size)
      for (const [number, id] of truth) expect(table.get(number)).toBe(id)
      expect(table.get(other)).toBe(truth.get(other) ?? 0)
    }),
  )
})

test('a hundred thousand neighbours are found', () => {
  const table = new PhoneTable()
  for (let i = 0; i < 100_000; i++) table.set(79_990_000_000 + i, i + 1)
  expect(table.size).toBe(100_000)
  for (let i = 0; i < 100_000; i++) expect(table.get(79_990_000_000 + i)).toBe(i + 1)
  expect(table.get(79_990_100_000)).toBe(0)
})

test.for([
  ['msisdn:+79991234567', 79_991_234_567],
  ['msisdn:+1', 1],
  ['msisdn:+999999999999999', 999_999_999_999_999],
  ['msisdn:+1234567890123456', undefined],
  ['msisdn:+', undefined],
  ['msisdn:+0123', undefined],
  ['msisdn:79991234567', undefined],
  ['msisdn:+7999 1234567', undefined],
  ['account:+79991234567', undefined],
] as const)('%s', ([identity, digits]) => {
  expect(phoneDigits(identity)).toBe(digits)
})
