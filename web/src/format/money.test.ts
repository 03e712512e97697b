import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exactDecimal, formatMoney, formatMoneyStatistic, negated } from './money.ts'

/** Spaces of every kind as one plain space, so that an expectation can be read. */
const plain = (text: string): string => text.replaceAll(/\s/g, ' ')

describe('formatMoney', () => {
  it('writes amounts as each language has them', () => {
    expect(formatMoney('123456789', 2, 'RUB', 'en-GB')).toBe('₽1,234,567.89')
    expect(plain(formatMoney('123456789', 2, 'RUB', 'ru'))).toBe('1 234 567,89 ₽')
    expect(plain(formatMoney('123456789', 2, 'UAH', 'uk'))).toBe('1 234 567,89 ₴')
  })

  it('keeps every digit of amounts that a float would round', () => {
    expect(formatMoney('900719925474099312345', 2, 'RUB', 'en-GB')).toBe('₽9,007,199,254,740,993,123.45')
    expect(formatMoney('-900719925474099312345', 2, 'RUB', 'en-GB')).toBe('−₽9,007,199,254,740,993,123.45')
  })

  it('knows amounts under one unit, no decimals, three decimals, zero and minus zero', () => {
    expect(formatMoney('5', 2, 'RUB', 'en-GB')).toBe('₽0.05')
    expect(formatMoney('-5', 2, 'RUB', 'en-GB')).toBe('−₽0.05')
    expect(formatMoney('1234', 0, 'JPY', 'en-GB')).toBe('¥1,234')
    expect(plain(formatMoney('1234', 3, 'KWD', 'en-GB'))).toContain('1.234')
    expect(formatMoney('0', 2, 'RUB', 'en-GB', { signed: true })).toBe('₽0.00')
    expect(formatMoney('-0', 2, 'RUB', 'en-GB')).toBe('₽0.00')
    expect(formatMoney('000123', 2, 'RUB', 'en-GB')).toBe('₽1.23')
  })

  it('writes a currency that is no ISO code after the amount', () => {
    expect(plain(formatMoney('1250', 0, 'points', 'en-GB'))).toBe('1,250 points')
  })

  it('refuses what is not an amount', () => {
    for (const wrong of ['', 'NaN', '1.5', '1e3', ' 1', '--1']) {
      expect(() => formatMoney(wrong, 2, 'RUB', 'en-GB')).toThrow(RangeError)
    }
    expect(() => exactDecimal('1', 2.5)).toThrow(RangeError)
  })

  it('says the same as whole-number arithmetic for any amount', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.nat({ max: 6 }),
        (amount, decimals) => {
          const text = exactDecimal(String(amount), decimals)
          expect(BigInt(text.replace('.', ''))).toBe(amount)
          expect(text.split('.')[1]?.length ?? 0).toBe(decimals)
          expect(BigInt(negated(negated(String(amount))))).toBe(amount)
        },
      ),
    )
  })
})

describe('formatMoneyStatistic', () => {
  it('signs differences and shows a dash for what is not known', () => {
    expect(formatMoneyStatistic(412.4, 2, 'RUB', 'en-GB', { signed: true })).toBe('+₽4.12')
    expect(formatMoneyStatistic(-31.2, 2, 'RUB', 'en-GB', { signed: true })).toBe('−₽0.31')
    expect(formatMoneyStatistic(undefined, 2, 'RUB', 'en-GB')).toBe('—')
    expect(formatMoneyStatistic(Number.NaN, 2, 'RUB', 'en-GB')).toBe('—')
    expect(formatMoneyStatistic(Number.POSITIVE_INFINITY, 2, 'RUB', 'en-GB')).toBe('—')
  })
})
