import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newId } from '../platform/index.ts'
import { ContactPool, tailOf } from './contact-pool.ts'
import { DroppedRuns } from './dropped-runs.ts'
import type { Run } from './message.ts'
import { NumberIndex } from './number-index.ts'
import { Timers } from './timers.ts'

test('an index of numbers says the same as a Map', () => {
  const step = fc.record({ key: fc.integer({ min: 1, max: 60 }), isAdded: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const index = new NumberIndex()
      const map = new Map<number, number>()
      for (const [value, { key, isAdded }] of steps.entries()) {
        // Far apart and close together.
        const id = key % 2 === 0 ? key : key * 16_777_259
        if (!isAdded) index.delete(id)
        else if (!map.has(id)) index.add(id, value)
        if (!isAdded) map.delete(id)
        else if (!map.has(id)) map.set(id, value)
        expect(index.get(id)).toBe(map.get(id) ?? -1)
      }
      for (const [id, value] of map) expect(index.get(id)).toBe(value)
      expect(index.size).toBe(map.size)
    }),
  )
  const large = new NumberIndex()
  for (let i = 1; i <= 100_000; i++) large.add(i, i + 1)
  for (let i = 1; i <= 100_000; i += 2) large.delete(i)
  expect([large.get(2), large.get(99_999), large.get(100_000)]).toEqual([3, -1, 100_001])
})

test('contacts of many subscribers lie in one pool and do not mix', () => {
  const step = fc.record({
    subscriber: fc.nat(5),
    what: fc.constantFrom('add', 'add', 'remove', 'since', 'clear'),
    message: fc.nat(9),
    atMs: fc.nat(100),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const pool = new ContactPool()
      const firsts = Array.from({ length: 6 }, () => pool.none)
      const known: { message: number; atMs: number }[][] = Array.from({ length: 6 }, () => [])
      for (const { subscriber, what, message, atMs } of steps) {
        const first = firsts[subscriber]!
        if (what === 'add') {
          const contact = { channel: 'sms', purpose: 'marketing' as const, run: message, message, atMs }
          firsts[subscriber] = pool.add(first, contact)
          known[subscriber]!.unshift({ message, atMs })
        } else if (what === 'remove') {
          firsts[subscriber] = pool.remove(first, message)
          known[subscriber] = known[subscriber]!.filter((one) => one.message !== message)
        } else if (what === 'since') {
          firsts[subscriber] = pool.since(first, atMs)
          known[subscriber] = known[subscriber]!.filter((one) => one.atMs > atMs)
        } else {
          pool.clear(first)
          firsts[subscriber] = pool.none
          known[subscriber] = []
        }
      }
      for (const [subscriber, first] of firsts.entries()) {
        const read = pool.read(first, { runId: 'own', tail: 3 })
        expect(read).toEqual(
          known[subscriber]!.map(({ message, atMs }) => {
            return { channel: 'sms', purpose: 'marketing', runId: message === 3 ? 'own' : '', atMs }
          }),
        )
      }
    }),
  )
  expect(tailOf('00000000-0000-7000-8000-ffffffffffff')).toBe(2 ** 48 - 1)
})

test('runs that left are remembered until the tables know them, and longer while somebody watches', () => {
  const dropped = new DroppedRuns()
  const ids = Array.from({ length: 270_000 }, newId)
  for (const [i, id] of ids.entries()) dropped.add(id, i < 262_144 ? 1 : 2)
  expect(ids.every((id) => dropped.tickOf(id) !== undefined)).toBe(true)
  expect(dropped.tickOf(newId())).toBeUndefined()
  expect([dropped.tickOf(ids[0]!), dropped.tickOf(ids.at(-1)!)]).toEqual([1, 2])
  const departures = dropped.watch()
  dropped.forget((tick) => tick <= 1)
  expect([dropped.tickOf(ids[0]!), dropped.tickOf(ids.at(-1)!)]).toEqual([undefined, 2])
  expect([departures.has(ids[0]!), departures.has(ids.at(-1)!)]).toEqual([true, false])
})

test('timers come in time, whether they stand in the heap or in the line of those that are due', () => {
  const dueMs = fc.option(fc.oneof(fc.nat(100), fc.nat(100_000)))
  const step = fc.record({ run: fc.nat(9), dueMs, passMs: fc.oneof(fc.nat(20), fc.nat(20_000)) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.boolean(), (steps, isCrowded) => {
      const timers = new Timers()
      const runs = Array.from({ length: 10 }, () => ({ dueMs: null, timerAt: -1 }) as unknown as Run)
      const waiting = new Set<Run>()
      let nowMs = 0
      // Far timers that are taken back are forgotten now and then.
      for (let i = isCrowded ? 3_000 : 0; i > 0; i--) {
        const other = { dueMs: 50_000 as number | null, timerAt: -1 } as Run
        timers.set(other)
        other.dueMs = null
        timers.set(other)
      }
      for (const { run: i, dueMs, passMs } of steps) {
        const run = runs[i]!
        run.dueMs = dueMs
        timers.set(run)
        if (dueMs === null) waiting.delete(run)
        else waiting.add(run)
        nowMs += passMs
        timers.begin(nowMs)
        const due = [...waiting].filter((one) => one.dueMs! <= nowMs)
        expect(due.length === 0 || timers.nextMs! <= nowMs).toBe(true)
        const taken: Run[] = []
        for (let one = timers.takeDue(nowMs); one; one = timers.takeDue(nowMs)) taken.push(one)
        expect(new Set(taken)).toEqual(new Set(due))
        expect(taken).toHaveLength(due.length)
        for (const one of due) waiting.delete(one)
        const next = Math.min(...[...waiting].map((one) => one.dueMs!))
        expect(timers.nextMs ?? Number.POSITIVE_INFINITY).toBe(next)
      }
    }),
  )
})
