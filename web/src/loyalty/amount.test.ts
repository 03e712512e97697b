import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inDecimals, minorOf, storedOf, writtenOf } from './amount.ts'

const decimals = fc.integer({ min: 0, max: 4 })
const minor = fc.bigInt(0n, 10n ** 15n - 1n).map(String)

describe('what somebody writes', () => {
  it('becomes minor units', () => {
    expect(minorOf('25', 0)).toBe('25')
    expect(minorOf('12.50', 2)).toBe('1250')
    expect(minorOf('12,5', 2)).toBe('1250')
    expect(minorOf('-1 250,5', 2)).toBe('-125050')
    expect(minorOf('−3', 1)).toBe('-30')
    expect(minorOf('.5', 1)).toBe('5')
    expect(minorOf('12.', 2)).toBe('1200')
    expect(minorOf('90071992547409.93', 2)).toBe('9007199254740993')
    // Nothing behind the last place is nothing more.
    expect(minorOf('12.500', 2)).toBe('1250')
  })

  it('is no amount when it is too fine or no number', () => {
    for (const [written, of] of [
      ['', 2],
      ['.', 2],
      ['5x', 2],
      ['--5', 2],
      ['1.2.3', 4],
      ['1.5', 0],
      ['12.505', 2],
    ] as const)
      expect(minorOf(written, of)).toBeUndefined()
  })

  it('stays as it was written where it is no amount, which no document takes for minor units', () => {
    expect(['12.505', '1.2.3', '.', ''].map((written) => storedOf(written, 2))).toEqual([
      '12.505',
      '1.2.3',
      '.',
      '',
    ])
    const isKept = (written: string, of: number): boolean => {
      const stored = storedOf(written, of)
      return /^\d+$/.test(stored) || (stored === written && written.includes('.'))
    }
    expect(fc.check(fc.property(fc.stringMatching(/^[\d.]{1,12}$/), decimals, isKept)).failed).toBe(false)
  })
})

describe('an amount of a document', () => {
  it('reads as members read it', () => {
    expect(writtenOf('1250', 2)).toBe('12.50')
    expect(writtenOf('1200', 2)).toBe('12')
    expect(writtenOf('5', 3)).toBe('0.005')
    expect(writtenOf('12.505', 2)).toBe('12.505')
    expect(writtenOf('', 2)).toBe('')
  })

  it('is the same after it was written and read, however large', () => {
    fc.assert(
      fc.property(minor, decimals, (stored, of) => {
        expect(storedOf(writtenOf(stored, of), of)).toBe(stored)
      }),
    )
  })

  it('reads the same with other decimals, and is the same again with its own', () => {
    fc.assert(
      fc.property(minor, decimals, decimals, (stored, from, to) => {
        const other = inDecimals(stored, from, to)
        expect(Number(writtenOf(other, to))).toBe(Number(writtenOf(stored, from)))
        expect(inDecimals(other, to, from)).toBe(stored)
      }),
    )
  })
})
