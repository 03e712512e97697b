import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cheapestOrder, type OrderedStep, priorOf, reachability } from './reachability.ts'

/** What a cascade in this order costs and reaches on average for one subscriber. */
function expectation(steps: OrderedStep[]): { costMinor: number; reach: number } {
  let missed = 1
  let costMinor = 0
  for (const { priceMinor, reach } of steps) {
    costMinor += missed * Number(priceMinor)
    missed *= 1 - reach
  }
  return { costMinor, reach: 1 - missed }
}

describe('the chance that a channel reaches somebody', () => {
  test('begins with what is true of everybody and follows the subscriber’s own history', () => {
    const prior = { mean: 0.8, weight: 4 }
    expect(reachability({ tried: 0, reached: 0 }, prior)).toBe(0.8)
    expect(reachability({ tried: 4, reached: 0 }, prior)).toBe(0.4)
    expect(reachability({ tried: 96, reached: 96 }, prior)).toBeCloseTo(0.992)
  })

  test('a prior is heavy where people are alike and light where they are not', () => {
    const alike = Array.from({ length: 200 }, (_, i) => ({ tried: 10, reached: 7 + (i % 3) }))
    const different = Array.from({ length: 200 }, (_, i) => ({ tried: 10, reached: i % 2 === 0 ? 10 : 0 }))
    expect(priorOf(alike).mean).toBeCloseTo(0.8, 2)
    expect(priorOf(alike).weight).toBe(1_000)
    expect(priorOf(different).mean).toBe(0.5)
    expect(priorOf(different).weight).toBe(1)
  })

  test('drawn from a beta distribution, the weight comes back', () => {
    // Beta(8, 2): mean 0.8, weight 10. Its quantiles by rejection from a fixed sequence.
    let seed = 1
    const draw = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    const share = (): number => {
      for (;;) {
        const x = draw()
        if (draw() < (x ** 7 * (1 - x)) / ((7 / 8) ** 7 / 8)) return x
      }
    }
    const people = Array.from({ length: 4_000 }, () => {
      const p = share()
      const reached = Array.from({ length: 12 }, draw).filter((each) => each < p).length
      return { tried: 12, reached }
    })
    const prior = priorOf(people)
    expect(prior.mean).toBeCloseTo(0.8, 1)
    expect(prior.weight).toBeGreaterThan(7)
    expect(prior.weight).toBeLessThan(14)
  })

  test('without history it is even odds; certainty of all is no certainty of one', () => {
    expect(priorOf([])).toEqual({ mean: 0.5, weight: 1 })
    const { mean, weight } = priorOf([{ tried: 5, reached: 5 }])
    expect([mean, weight]).toEqual([1, 5])
  })
})

describe('the order of a cascade', () => {
  const step = fc.record({
    priceMinor: fc.bigInt(0n, 500n),
    reach: fc.double({ min: 0.01, max: 1, noNaN: true }),
  })
  const permutations = (places: number[]): number[][] =>
    places.length < 2
      ? [places]
      : places.flatMap((place) =>
          permutations(places.filter((other) => other !== place)).map((rest) => [place, ...rest]),
        )

  test('no other order costs less, and all reach the same', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
        const inOrder = (places: number[]): OrderedStep[] => places.map((place) => steps[place]!)
        const best = expectation(inOrder(cheapestOrder(steps)))
        for (const places of permutations(steps.map((_, i) => i))) {
          const other = expectation(inOrder(places))
          expect(other.costMinor).toBeGreaterThanOrEqual(best.costMinor - 1e-9 * best.costMinor - 1e-9)
          expect(other.reach).toBeCloseTo(best.reach, 9)
        }
      }),
    )
  })

  test('Telegram for a tenth of the price goes before SMS, but not to those who never see it', () => {
    const sms = { priceMinor: 400n, reach: 0.95 }
    expect(cheapestOrder([sms, { priceMinor: 40n, reach: 0.32 }])).toEqual([1, 0])
    expect(cheapestOrder([sms, { priceMinor: 40n, reach: 0.01 }])).toEqual([0, 1])
    expect(cheapestOrder([{ priceMinor: 1n, reach: 0 }, sms])).toEqual([1, 0])
    expect(expectation([{ priceMinor: 40n, reach: 0.32 }, sms]).costMinor).toBeCloseTo(40 + 0.68 * 400)
  })
})
