import fc from 'fast-check'
import { expect, test } from 'vitest'

import { defaultBehaviour as b } from './behaviour.ts'
import {
  choose,
  matchOf,
  type Option,
  type Shortage,
  type Situation,
  urgencyOf,
  utilityOf,
} from './decision.ts'

const situation: Situation = {
  importance: 1,
  urgency: 1,
  wantedMb: 500,
  pickiness: 0.5,
  priceSensitivity: 0.8,
  debtAversion: 0.5,
  effortPerKey: 0.07,
  annoyance: 0,
}
const option: Option = { sizeMb: 500, priceMinor: 15_000, onCredit: false, keyPresses: 1 }
const shortage: Shortage = {
  exhaustedForH: 0,
  nearEnd: true,
  saver: false,
  wifi: false,
  halfLifeH: 7,
  daysToRenewal: 10,
}
const positive = fc.double({ min: 0.01, max: 500, noNaN: true })

test('urgency fades with every hour, with Wi-Fi, and with a near renewal', () => {
  fc.assert(
    fc.property(positive, positive, (early, more) => {
      const at = (exhaustedForH: number): number => urgencyOf({ ...shortage, exhaustedForH }, b)
      return at(early + more) < at(early) || at(early) < 1e-12
    }),
  )
  expect(urgencyOf({ ...shortage, exhaustedForH: 7 }, b)).toBeCloseTo(urgencyOf(shortage, b) / 2, 10)
  expect(urgencyOf({ ...shortage, wifi: true }, b)).toBeLessThan(urgencyOf(shortage, b))
  expect(urgencyOf({ ...shortage, daysToRenewal: 0.5 }, b)).toBeLessThan(urgencyOf(shortage, b))
})

test('near the end a saver feels less urgency than others, and both less than at the end', () => {
  const near = { ...shortage, exhaustedForH: undefined }
  expect(urgencyOf({ ...near, saver: true }, b)).toBeLessThan(urgencyOf(near, b))
  expect(urgencyOf(near, b)).toBeLessThan(urgencyOf(shortage, b))
})

test('effort, price, debt and annoyance lower the utility; the wanted size fits best', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 50_000 }), (keys, price) => {
      const one = utilityOf({ ...option, keyPresses: keys, priceMinor: price }, situation, b)
      expect(utilityOf({ ...option, keyPresses: keys + 1, priceMinor: price }, situation, b)).toBeLessThan(
        one,
      )
      expect(utilityOf({ ...option, keyPresses: keys, priceMinor: price + 1 }, situation, b)).toBeLessThan(
        one,
      )
    }),
  )
  expect(utilityOf({ ...option, onCredit: true }, situation, b)).toBeLessThan(utilityOf(option, situation, b))
  expect(utilityOf(option, { ...situation, annoyance: 1 }, b)).toBeLessThan(utilityOf(option, situation, b))
  expect(matchOf(500, 500, 0.5)).toBe(1)
  expect(matchOf(100, 500, 0.5)).toBeLessThan(matchOf(300, 500, 0.5))
})

test('acceptance by the same tastes never grows with effort', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -3, max: 6, noNaN: true }), { minLength: 2, maxLength: 2 }),
      (tastes) => {
        const accepts = (keyPresses: number): boolean =>
          choose([{ ...option, keyPresses }], situation, (index) => tastes[index]!, b) === 0
        expect(accepts(1) || !accepts(14)).toBe(true)
      },
    ),
  )
})

test('who never borrows takes no credit, whatever the taste', () => {
  const never = { ...situation, debtAversion: Infinity }
  expect(
    choose([{ ...option, onCredit: true }], never, (index) => (index === 0 ? 100 : 0), b),
  ).toBeUndefined()
  expect(choose([option], never, (index) => (index === 0 ? 100 : 0), b)).toBe(0)
})
