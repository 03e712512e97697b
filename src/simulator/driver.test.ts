import { expect, test } from 'vitest'

import { makeBase } from './base.ts'
import { defaultBehaviour as b } from './behaviour.ts'
import { drive } from './driver.ts'
import { begin } from './life.ts'
import type { TenurePort } from './tenure-port.ts'
import { makeWorld, type World } from './world.ts'

const startMs = Date.parse('2026-01-05T00:00:00Z')
const stepMs = b.worldStepS * 1000

/** A Tenure that notes what it is asked; `dueAfter` gives its next due moment. */
function noting(dueAfter: (nowMs: number) => number | null) {
  const clocks: number[] = []
  const bodies: string[] = []
  const none = async (): Promise<void> => {}
  const port: TenurePort = {
    postEvents: async (body) => {
      bodies.push(body)
      return { accepted: 0, duplicates: 0, rejected: 0 }
    },
    moveClock: async (nowMs) => {
      clocks.push(nowMs)
      return dueAfter(nowMs)
    },
    dstkCallback: none,
    dialHttp: async () => '',
    dialSmpp: async () => '',
    sendKeyword: none,
    sendReceipt: none,
  }
  return { port, clocks, bodies }
}

function worldOf(days: number): World {
  const rows = makeBase(1, 'driver', startMs, b)
  return makeWorld({ rows, seed: 'driver', startMs, endMs: startMs + days * 86_400_000 })
}

test('time with nothing due on either side is jumped over, and no empty batch is posted', async () => {
  const { port, clocks, bodies } = noting(() => null)
  const totals = await drive(worldOf(30), port)
  expect(totals.steps).toBe(2)
  expect(clocks).toEqual([startMs, startMs + 30 * 86_400_000, startMs + 30 * 86_400_000 + stepMs])
  expect(bodies).toEqual([])
})

test('one subscriber in a month needs a step only where something is due, and a post only where something is said', async () => {
  const { port, clocks, bodies } = noting(() => null)
  const world = worldOf(30)
  begin(world)
  await drive(world, port)
  expect(bodies.length).toBeGreaterThan(5)
  expect(bodies.length).toBeLessThanOrEqual(clocks.length)
  expect(clocks.length).toBeLessThan(200)
  for (const body of bodies) expect(JSON.parse(body)).not.toEqual([])
})

test('a due moment of Tenure is met on the grid', async () => {
  const dueMs = startMs + 7 * 3_600_000 + 1
  const { port, clocks } = noting((nowMs) => (nowMs < dueMs ? dueMs : null))
  await drive(worldOf(1), port)
  expect(clocks[1]).toBe(startMs + 7 * 3_600_000 + stepMs)
})
