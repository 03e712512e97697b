import { describe, expect, it } from 'vitest'
import { filled, momentIn, span, wallTimeIn } from './buckets.ts'

const total = (buckets: { firings: number }[]): number => buckets.reduce((sum, one) => sum + one.firings, 0)

describe('firings over time', () => {
  it('asks the same question for an hour, up to its end', () => {
    expect(span('2026-03-10T12:00:00Z', 'hour')).toEqual(span('2026-03-10T12:59:59.9Z', 'hour'))
    expect(span('2026-03-10T12:30:00Z', 'hour').to).toBe('2026-03-10T13:00:00.000Z')
  })

  it('shows the hours in which nothing fired', () => {
    const hours = filled(
      [{ ruleId: 'a', at: '2026-03-10T12:00:00Z', firings: 7 }],
      span('2026-03-10T12:30:00Z', 'hour'),
      'hour',
      'Europe/Moscow',
    )
    expect(hours).toHaveLength(48)
    expect(hours.at(-1)).toEqual({ at: '2026-03-10T12:00:00.000Z', firings: 7 })
    expect(total(hours)).toBe(7)
  })

  it('counts a day as the time zone has it, also one of 23 or 25 hours', () => {
    for (const [now, firedAt, day] of [
      ['2026-03-29T20:30:00Z', '2026-03-28T22:00:00Z', '2026-03-29'],
      ['2026-10-25T20:30:00Z', '2026-10-24T21:00:00Z', '2026-10-25'],
    ] as const) {
      const range = span(now, 'day')
      const days = filled([{ ruleId: 'a', at: firedAt, firings: 3 }], range, 'day', 'Europe/Kyiv')
      expect(days.find(({ firings }) => firings > 0)).toEqual({ at: day, firings: 3 })
      expect(new Set(days.map(({ at }) => at)).size).toBe(days.length)
      expect(days.length).toBeGreaterThanOrEqual(30)
    }
  })
})

describe('a wall clock', () => {
  it('is read in its zone, and back', () => {
    expect(momentIn('Europe/Kyiv', '2026-07-01T10:00')).toBe('2026-07-01T07:00:00.000Z')
    expect(momentIn('Europe/Kyiv', '2026-01-01T00:30')).toBe('2025-12-31T22:30:00.000Z')
    expect(momentIn('America/St_Johns', '2026-01-01T12:00')).toBe('2026-01-01T15:30:00.000Z')
    for (const moment of [
      '2026-03-29T00:59:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ]) {
      expect(momentIn('Europe/Kyiv', wallTimeIn('Europe/Kyiv', moment))).toBe(moment)
    }
  })

  it('gives some moment for a time that was skipped', () => {
    expect(['2026-03-29T00:30:00.000Z', '2026-03-29T01:30:00.000Z']).toContain(
      momentIn('Europe/Kyiv', '2026-03-29T03:30'),
    )
  })
})
