import { describe, expect, test } from 'vitest'
import { bestHour, nextHourMs } from './best-hour.ts'

const counts = (...hours: number[]): number[] => {
  const all = Array.from({ length: 24 }, () => 0)
  for (const hour of hours) all[hour]!++
  return all
}
const evenings = Array.from({ length: 24 }, (_, hour) => (hour >= 18 && hour <= 21 ? 1_000 : 50))
const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds

describe('the best hour', () => {
  test('is unknown before there is enough history', () => {
    expect(bestHour(counts(8, 8, 8, 8), evenings)).toBeUndefined()
    expect(bestHour(counts(8, 8, 8, 8, 8, 8, 8), evenings)).toBe(8)
  })

  test('a few scattered reactions follow everybody’s habit, many their own', () => {
    expect(bestHour(counts(3, 9, 14, 20, 23), evenings)).toBe(20)
    expect(bestHour(counts(7, 7, 8, 8, 7, 20, 7), evenings)).toBe(7)
  })

  test('neighbours strengthen each other, over midnight too', () => {
    expect(bestHour(counts(23, 23, 0, 0, 0, 1, 1, 12, 12, 12, 12), [])).toBe(0)
  })

  test('begins at the next such hour of the subscriber’s own clock', () => {
    const text = (hour: number, now: string, zone: string) =>
      Temporal.Instant.fromEpochMilliseconds(nextHourMs(hour, at(now), zone)).toString()
    expect(text(20, '2026-03-10T12:00:00Z', 'Europe/Moscow')).toBe('2026-03-10T17:00:00Z')
    expect(text(20, '2026-03-10T17:25:00Z', 'Europe/Moscow')).toBe('2026-03-10T17:25:00Z')
    expect(text(9, '2026-03-10T12:00:00Z', 'Europe/Moscow')).toBe('2026-03-11T06:00:00Z')
    // The clock jumps from two to three: the hour of two does not come that night.
    expect(text(2, '2026-03-28T20:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T01:00:00Z')
  })
})
