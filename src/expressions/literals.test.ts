import { expect, test } from 'vitest'
import { parseDuration, parseTimestamp } from './literals.ts'

test.each([
  ['72h', 259_200_000],
  ['1h30m', 5_400_000],
  ['-1.5s', -1500],
  ['250ms', 250],
  ['1000us', 1],
  ['0s', 0],
  ['-0s', 0],
  ['1us', undefined],
  ['3d', undefined],
  ['1h ', undefined],
  ['', undefined],
  ['-', undefined],
  ['9999999999h', undefined],
])('duration %j', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each([
  ['2026-01-31T09:00:00Z', Date.UTC(2026, 0, 31, 9)],
  ['2026-01-31T09:00:00.120000+03:00', Date.UTC(2026, 0, 31, 6, 0, 0, 120)],
  ['1899-12-31T23:59:59Z', undefined],
  ['2300-01-01T00:00:00Z', undefined],
  ['2026-01-31T09:00:00.0001Z', undefined],
  ['2026-01-31T09:00:60Z', undefined],
  ['2026-02-29T09:00:00Z', undefined],
  ['2026-01-31', undefined],
  ['2026-01-31T09:00:00', undefined],
])('timestamp %j', (text, ms) => {
  expect(parseTimestamp(text)).toBe(ms)
})
