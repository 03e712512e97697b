import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ArmReport } from '../../../src/insights/contract.ts'
import {
  creditRate,
  dayLines,
  drawnAmount,
  firstArm,
  positionBetween,
  ratioToFirst,
  reasonLines,
  roundTicks,
  shareOfAmount,
  verdict,
} from './figures.ts'

type Bounds = [mean: number, low: number, high: number]

const arm = (armId: string, salesOnCredit: number, enrolled: number, bounds?: Bounds): ArmReport =>
  ({
    armId,
    isControl: armId === 'control',
    salesOnCredit,
    enrolled,
    ...(bounds && { margin: { perSubscriberMinor: bounds[0], lowMinor: bounds[1], highMinor: bounds[2] } }),
  }) as ArmReport

describe('credit-backed sales', () => {
  it('are counted for 1,000 enrolled and measured against the first arm that is not control', () => {
    const arms = [arm('control', 5, 1000), arm('old', 20, 1000), arm('new', 120, 2000)]
    expect(creditRate(arms[2]!)).toBe(60)
    expect(ratioToFirst(arms[2]!, firstArm(arms))).toBe(3)
    expect(ratioToFirst(arms[0]!, firstArm(arms))).toBe(0.25)
  })

  it('are not said where nobody is enrolled or the first arm sold nothing', () => {
    expect(creditRate(arm('old', 0, 0))).toBeUndefined()
    expect(ratioToFirst(arm('new', 3, 10), arm('old', 0, 10))).toBeUndefined()
    expect(ratioToFirst(arm('new', 3, 10), undefined)).toBeUndefined()
  })
})

describe('verdict', () => {
  const control = arm('control', 0, 10)

  it('is yes only for an arm whose whole interval lies above zero', () => {
    expect(verdict([control, arm('wide', 0, 1, [9, -1, 19]), arm('sure', 0, 1, [5, 2, 8])])).toMatchObject({
      answer: 'paid',
      arm: { armId: 'sure' },
    })
  })

  it('is open while an interval holds zero, and no when all lie below', () => {
    expect(verdict([control, arm('bad', 0, 1, [-5, -8, -2]), arm('near', 0, 1, [-1, -3, 1])])).toMatchObject({
      answer: 'open',
      arm: { armId: 'near' },
    })
    expect(
      verdict([control, arm('bad', 0, 1, [-5, -8, -2]), arm('worse', 0, 1, [-9, -12, -7])]),
    ).toMatchObject({
      answer: 'lost',
      arm: { armId: 'bad' },
    })
  })

  it('is not given without intervals', () => {
    expect(verdict([control, arm('new', 0, 1)])).toEqual({ answer: 'unknown' })
    expect(verdict([])).toEqual({ answer: 'unknown' })
  })
})

describe('the axis', () => {
  it('has round ticks, zero among them, that span all values', () => {
    expect(roundTicks([-262, 953], 5)).toEqual([-500, 0, 500, 1000])
    expect(roundTicks([], 5)).toEqual([0, 1])
    const value = fc.double({ min: -1e9, max: 1e9, noNaN: true }).filter((one) => Math.abs(one) > 1e-3)
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
        const ticks = roundTicks(values, 5)
        expect(ticks.some((tick) => tick === 0)).toBe(true)
        expect(ticks.length).toBeLessThanOrEqual(9)
        const step = ticks[1]! - ticks[0]!
        expect(ticks[0]! - step * 1e-6).toBeLessThanOrEqual(Math.min(...values))
        expect(ticks.at(-1)! + step * 1e-6).toBeGreaterThanOrEqual(Math.max(...values))
      }),
    )
  })

  it('places values between its ends', () => {
    expect(positionBetween([-500, 0, 500], 0)).toBe(0.5)
    expect(positionBetween([-500, 0, 500], 900)).toBe(1)
  })
})

describe('lines', () => {
  it('put the most frequent reason first and leave out those nobody had', () => {
    const refusal = (
      armId: string,
      reason: 'refused' | 'no_answer' | 'renewal_near',
      subscribers: number,
    ) => ({
      armId,
      reason,
      subscribers,
      share: 0,
    })
    const lines = reasonLines([
      refusal('a', 'refused', 3),
      refusal('a', 'no_answer', 2),
      refusal('b', 'no_answer', 4),
      refusal('b', 'renewal_near', 0),
    ])
    expect(lines.map(({ reason }) => reason)).toEqual(['no_answer', 'refused'])
    expect(lines[0]!.byArm.get('b')!.subscribers).toBe(4)
  })

  it('put days in order, whatever the order of the answer', () => {
    const day = (of: string, armId: string) => ({
      day: of,
      armId,
      enrolled: 1,
      messages: 1,
      activated: 1,
      packageRevenueMinor: '1',
    })
    const lines = dayLines([day('2026-03-02', 'a'), day('2026-03-01', 'b'), day('2026-03-02', 'b')])
    expect(lines.map((line) => [line.day, [...line.byArm.keys()]])).toEqual([
      ['2026-03-01', ['b']],
      ['2026-03-02', ['a', 'b']],
    ])
  })
})

describe('amounts to draw', () => {
  it('become shares and numbers without a division by nothing', () => {
    expect(shareOfAmount('936640', '2202640')).toBeCloseTo(0.42523, 5)
    expect(shareOfAmount('1', '0')).toBe(0)
    expect(drawnAmount('-12345', 2)).toBe(-123.45)
  })
})
