import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalText } from '../platform/index.ts'
import { minorDigits, minorOf } from './amount.ts'

test('places follow the currency', () => {
  expect(['RUB', 'JPY', 'KWD', 'points'].map(minorDigits)).toEqual([2, 0, 3, 2])
  expect(minorOf('12.5', 'KWD')).toBe(12_500n)
  expect(minorOf('12', 'JPY')).toBe(12n)
})

test('what is too fine is cut downwards, what is no plain decimal is refused', () => {
  expect(minorOf('0.999', 'RUB')).toBe(99n)
  expect(minorOf('-0.001', 'RUB')).toBe(-1n)
  expect(['', '1e3', '.5', '1.', '1,5', ' 1'].map((text) => minorOf(text, 'RUB'))).toEqual(
    Array(6).fill(undefined),
  )
})

test('an amount survives the way out and back', () => {
  fc.assert(
    fc.property(
      fc.bigInt(-(10n ** 17n), 10n ** 17n),
      fc.constantFrom('RUB', 'JPY', 'KWD'),
      (amount, currency) => {
        expect(minorOf(decimalText(amount, minorDigits(currency)), currency)).toBe(amount)
      },
    ),
  )
})
