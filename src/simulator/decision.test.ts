import fc from 'fast-check'
import { expect, test } from 'vitest'

import { defaultBehaviour as b } from './behaviour.ts'
import { catalogue } from './catalogue.ts'
import {
  choose,
  matchOf,
  type Option,
  type Shortage,
  type Situation,
  urgencyOf,
  utilityOf,
} from './decision.ts'
import { Draws } from './draw.ts'

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
const option: Option = { sizeMb: 500, priceMinor: 15_000, onCredit: false, keyPresses: 1, byMessage: true }
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
      return at(early + more) < at(early) || at(early) < 1.0001 * at(1e6)
    }),
  )
  const lost = (exhaustedForH: number): number =>
    urgencyOf({ ...shortage, exhaustedForH }, b) - urgencyOf({ ...shortage, exhaustedForH: 1e6 }, b)
  expect(lost(7)).toBeCloseTo(lost(0) / 2, 10)
  expect(urgencyOf(shortage, b) / urgencyOf({ ...shortage, exhaustedForH: 1e6 }, b)).toBeGreaterThan(10)
  expect(urgencyOf({ ...shortage, wifi: true }, b)).toBeLessThan(urgencyOf(shortage, b))
  expect(urgencyOf({ ...shortage, daysToRenewal: 0.5 }, b)).toBeLessThan(urgencyOf(shortage, b))
})

test('near the end a saver feels less urgency than others, and both less than at the end', () => {
  const near = { ...shortage, exhaustedForH: undefined }
  expect(urgencyOf({ ...near, saver: true }, b)).toBeLessThan(urgencyOf(near, b))
  expect(urgencyOf(near, b)).toBeLessThan(urgencyOf(shortage, b))
})

test('effort, price, debt and annoyance lower the utility; too little falls short, too much costs only its price', () => {
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
  const ownIdea = { ...option, byMessage: false }
  expect(utilityOf(ownIdea, { ...situation, annoyance: 1 }, b)).toBe(utilityOf(ownIdea, situation, b))
  expect(utilityOf(option, situation, b)).toBeLessThan(utilityOf(ownIdea, situation, b))
  expect(matchOf(500, 500, 0.5)).toBe(1)
  expect(matchOf(1000, 500, 0.5)).toBe(1)
  expect(matchOf(100, 500, 0.5)).toBeLessThan(matchOf(300, 500, 0.5))
})

test('acceptance by the same tastes never grows with effort', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -3, max: 6, noNaN: true }), { minLength: 3, maxLength: 3 }),
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
    choose([{ ...option, onCredit: true }], never, (index) => (index === 1 ? 0 : 100), b),
  ).toBeUndefined()
  expect(choose([option], never, (index) => (index === 1 ? 0 : 100), b)).toBe(0)
})

/** Share of 4,000 independent tastes that buy. */
function acceptance(options: Option[], how: Situation): number {
  const draws = new Draws('acceptance', ['one'])
  let bought = 0
  for (let i = 0; i < 4000; i++) {
    if (choose(options, how, (index) => draws.gumbel(0, 1, i * 8 + index), b) !== undefined) bought++
  }
  return bought / 4000
}

test('the same size offered four times sells hardly better than once, needed or not', () => {
  for (const urgency of [0.02, 1]) {
    const how = { ...situation, urgency }
    const odds = (share: number): number => share / (1 - share)
    const once = odds(acceptance([option], how))
    const fourTimes = odds(acceptance([option, option, option, option], how))
    expect(fourTimes).toBeLessThan(2.5 * once + 0.01)
  }
})

test('magnitudes: no need well under 1 %, ten per cent left 1–5 %, the moment of need several times that', () => {
  const menu = catalogue.map(({ volumeMb, priceMinor }): Option => ({
    ...option,
    sizeMb: volumeMb,
    priceMinor,
    keyPresses: 12,
  }))
  const at = (urgency: number): number => acceptance(menu, { ...situation, wantedMb: 300, urgency })
  expect(at(b.exhaustion.urgencyWithPlenty)).toBeLessThan(0.01)
  expect(at(b.exhaustion.urgencyNearEnd)).toBeLessThan(0.05)
  expect(at(1)).toBeGreaterThan(3 * at(b.exhaustion.urgencyNearEnd))
})
