import { expect, test } from 'vitest'
import { durationMs } from './duration.ts'

test.for([
  ['PT24H', 86_400_000],
  ['P7D', 604_800_000],
  ['P2W', 1_209_600_000],
  ['P1DT30M', 88_200_000],
  ['PT0.5S', 500],
  ['P1M', undefined],
  ['P1Y', undefined],
  ['PT0S', undefined],
  ['-PT1H', undefined],
  ['7 days', undefined],
] as const)('%s is %s', ([text, ms]) => {
  expect(durationMs(text)).toBe(ms)
})
