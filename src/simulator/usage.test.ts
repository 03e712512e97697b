import { expect, test } from 'vitest'

import { reachable } from './attention.ts'
import { makeBase } from './base.ts'
import { defaultBehaviour as b } from './behaviour.ts'
import { eventType } from './event-writer.ts'
import { begin, live } from './life.ts'
import { makeWorld } from './world.ts'

const startMs = Date.parse('2026-01-05T00:00:00Z')
const dayMs = 86_400_000

type Event = { type: string; subject: string; time: string; data: { charging?: string; volumeMb?: number } }

function liveFor(days: number): { events: Event[]; awayWhileUsed: number } {
  const rows = makeBase(1000, 'usage', startMs, b)
  const world = makeWorld({ rows, seed: 'usage', startMs, endMs: startMs + days * dayMs })
  begin(world)
  for (let i = 0; i < rows.length; i += 2) world.state.balanceMinor[i] = 0
  const events: Event[] = []
  let awayWhileUsed = 0
  for (let atMs = startMs + 300_000; atMs <= world.endMs; atMs += 300_000) {
    live(world, atMs)
    for (const { body } of world.events.takeBatches()) events.push(...(JSON.parse(body) as Event[]))
    for (let i = 0; i < rows.length; i++) {
      if (atMs - world.state.lastUseMs[i]! < 60_000 && !reachable(world, i, atMs)) awayWhileUsed++
    }
  }
  return { events, awayWhileUsed }
}

test('the end of a package is followed by a record by the megabyte within seconds, even with nothing to pay it', () => {
  const { events, awayWhileUsed } = liveFor(15)
  const ended = events.filter((event) => event.type === eventType.dataExceeded)
  const falls = events.filter((event) => event.data.charging === 'payg')
  const fallOf = (end: Event): Event | undefined =>
    falls.find(
      (event) =>
        event.subject === end.subject &&
        Date.parse(event.time) - Date.parse(end.time) === b.exhaustion.paygBeginsS * 1000,
    )
  expect(ended.length).toBeGreaterThan(100)
  expect(ended.filter((end) => !fallOf(end))).toEqual([])
  expect(ended.some((end) => fallOf(end)?.data.volumeMb === 0)).toBe(true)
  expect(awayWhileUsed).toBe(0)
  expect(events.filter((event) => (event.data.volumeMb ?? 0) < 0)).toEqual([])
})
