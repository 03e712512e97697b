import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assumedReach, believedReach, expectedSteps } from './cascade-expectation.ts'

const step = fc.record({
  messageMinor: fc.integer({ min: 0, max: 1_000 }),
  reach: fc.double({ min: 0, max: 1, noNaN: true }),
  sentShare: fc.double({ min: 0, max: 1, noNaN: true }),
})

test('by hand: a push for three of ten, an SMS for the rest', () => {
  const steps = [
    { place: 0, messageMinor: 10, reach: 0.3, sentShare: 1 },
    { place: 1, messageMinor: 150, reach: 0.9, sentShare: 1 },
  ]
  expect(expectedSteps(steps, false)).toEqual([
    { place: 0, entering: 1_000, sent: 1_000, reached: 300, costMinor: 10_000 },
    { place: 1, entering: 700, sent: 700, reached: 630, costMinor: 105_000 },
  ])
  // 10 / 0.3 = 33 for one reached is less than 150 / 0.9 = 167: turned round it would cost 151,000 and is not asked for.
  const turned = steps.toReversed().map((one, place) => ({ ...one, place }))
  expect(expectedSteps(turned, true).map(({ place }) => place)).toEqual([1, 0])
  expect(expectedSteps(turned, false)[0]!.costMinor).toBe(150_000)
})

test('nobody comes to a step who was reached before, and ordering by cost never costs more', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
      const placed = steps.map((one, place) => ({ ...one, place }))
      const written = expectedSteps(placed, false)
      const cheapest = expectedSteps(placed, true)
      const cost = (all: typeof written): number => all.reduce((sum, { costMinor }) => sum + costMinor, 0)
      const left = (all: typeof written): number => all.at(-1)!.entering - all.at(-1)!.reached
      for (const [i, { entering }] of written.slice(1).entries())
        expect(entering).toBeCloseTo(written[i]!.entering - written[i]!.reached, 6)
      expect(left(cheapest)).toBeCloseTo(left(written), 6)
      // Prices are weighed to a thousandth of a minor unit.
      expect(cost(cheapest)).toBeLessThanOrEqual(cost(written) + 1)
    }),
  )
})

test('history is believed when there is enough of it, and what somebody gives before it', () => {
  const history = {
    channel: 'sms',
    tried: 1_000,
    sent: 900,
    accepted: 890,
    delivered: 800,
    seen: 0,
    clicked: 0,
    answered: 60,
  }
  expect(believedReach('sms', 'delivered', history, undefined)).toEqual({
    reach: 0.8,
    from: 'history',
    tried: 1_000,
    sentShare: 0.9,
  })
  expect(believedReach('sms', 'answered', { ...history, tried: 10 }, undefined)).toMatchObject({
    reach: assumedReach('sms', 'answered'),
    from: 'assumption',
    tried: 10,
  })
  expect(believedReach('sms', 'answered', history, 0.5)).toMatchObject({ reach: 0.5, from: 'given' })
  for (const until of ['accepted', 'delivered', 'seen', 'clicked', 'answered'] as const)
    expect(assumedReach('sms', until)).toBeLessThanOrEqual(1)
})
