import { describe, expect, it } from 'vitest'
import type { LiveSnapshot } from '../../../src/api/contract.ts'
import { grown, type LiveFeed, SHOWN_MS, typeLines } from './rates.ts'

const snapshot = (measuredMs: number, byType: Record<string, number>): LiveSnapshot => ({
  asOf: '2026-03-10T12:00:00Z',
  measuredMs,
  events: { byType, duplicates: 0, refused: 0, bytes: 0, newest: [] },
  rules: [],
  retracted: 0,
  tooLate: 0,
  behind: 0,
  stateBytes: 0,
  checkpointAgeMs: null,
  deadLetters: [],
})

const after = (...snapshots: LiveSnapshot[]): LiveFeed =>
  snapshots.reduce<LiveFeed | undefined>((feed, one) => grown(feed, one), undefined)!

describe('the feed', () => {
  it('makes rates of the time between two snapshots, whatever it was', () => {
    const { ticks } = after(snapshot(1_000, { a: 10 }), snapshot(3_000, { a: 30, b: 1 }))
    expect(ticks.map(({ total }) => total)).toEqual([10.5])
    expect([...ticks[0]!.perSecond!]).toEqual([
      ['a', 10],
      ['b', 0.5],
    ])
  })

  it('takes no rate from a snapshot that it has seen', () => {
    expect(after(snapshot(1_000, { a: 1 }), snapshot(1_000, { a: 1 })).ticks).toEqual([])
  })

  it('shows no fall when the server began to count anew', () => {
    const feed = after(snapshot(9_000, { a: 5 }), snapshot(9_500, { a: 9 }), snapshot(10_000, { a: 1 }))
    expect(feed.ticks).toEqual([{ measuredMs: 10_000, perSecond: null, total: null }])
    expect(grown(feed, snapshot(11_000, { a: 4 })).ticks.at(-1)!.total).toBe(3)
    expect(after(snapshot(9_000, { a: 5 }), snapshot(500, { a: 900 })).ticks[0]!.total).toBeNull()
  })

  it('forgets what is older than the picture', () => {
    const feed = after(...Array.from({ length: 200 }, (_, i) => snapshot(i * 1_000, { a: i })))
    expect(feed.ticks).toHaveLength(SHOWN_MS / 1_000 + 1)
  })
})

describe('the lines', () => {
  it('are the heaviest types in the order they were met, and the rest together', () => {
    const feed = after(snapshot(0, { a: 3, b: 2, c: 1 }), snapshot(1_000, { a: 4, b: 12, c: 6, d: 7 }))
    const lines = typeLines(feed, 2)
    expect(lines.map(({ type, now }) => [type, now])).toEqual([
      ['b', 10],
      ['d', 7],
      [null, 6],
    ])
    expect(lines[0]!.points).toEqual([[0, 10]])
  })

  it('are there, empty, before anything was measured', () => {
    expect(typeLines(after(snapshot(0, { a: 3 })), 4)).toEqual([{ type: 'a', now: null, points: [] }])
  })
})
