import { expect, test } from 'vitest'
import { unitHash } from '../platform/index.ts'
import { anytimeDifference } from './confidence.ts'

test('the formula, worked by hand for two arms of 5,000', () => {
  // V = 4/5000 + 4/5000 = 0.0016; −2 ln 0.05 = 5.99146; ρ² = (5.99146 + ln 5.99146 + 1) / 10000 = 8.78180e-4;
  // tρ² = 8.78180; 2·9.78180/8.78180 = 2.22775; ln(√9.78180 / 0.05) = 4.13608; √(0.0016·2.22775·4.13608) = 0.12142.
  const interval = anytimeDifference({ mean: 3, variance: 4, n: 5_000 }, { mean: 2, variance: 4, n: 5_000 })!
  expect(interval.difference).toBe(1)
  expect(interval.high - 1).toBeCloseTo(0.12142, 4)
  expect(1 - interval.low).toBeCloseTo(0.12142, 4)
})

test('arms without two subjects have no interval', () => {
  expect(anytimeDifference({ mean: 1, variance: 0, n: 1 }, { mean: 0, variance: 1, n: 10 })).toBeUndefined()
})

test('looked at after every hundred subjects, it misses the truth in at most 5 % of experiments', () => {
  const experiments = 300
  let missed = 0
  for (let run = 0; run < experiments; run++) {
    const sums = [0, 0]
    const squares = [0, 0]
    let hasMissed = false
    for (let n = 1; n <= 2_000; n++) {
      for (const arm of [0, 1]) {
        // A skewed value like money: most buy nothing, few buy much; both arms alike, so the truth is 0.
        const value = unitHash('coverage', run, arm, n) < 0.1 ? 100 * unitHash('size', run, arm, n) : 0
        sums[arm]! += value
        squares[arm]! += value * value
      }
      if (n < 200 || n % 100 !== 0) continue
      const sample = (arm: number) => {
        const mean = sums[arm]! / n
        return { mean, variance: (squares[arm]! - n * mean * mean) / (n - 1), n }
      }
      const interval = anytimeDifference(sample(1), sample(0))!
      if (interval.low > 0 || interval.high < 0) hasMissed = true
    }
    if (hasMissed) missed++
  }
  expect(missed / experiments).toBeLessThanOrEqual(0.05)
})
