import { expect, test } from 'vitest'
import { ManualClock, systemClock } from './clock.ts'
import { Loop } from './loop.ts'

test('a drain runs stages until none is woken or due and tells the next due moment', async () => {
  const clock = new ManualClock(1_000)
  const loop = new Loop(clock, () => undefined)
  const ran: string[] = []
  let work = 2
  loop.addTenant('alpha', [
    {
      name: 'first',
      run: async () => {
        ran.push('first')
        if (work > 0) loop.wake('alpha', 'second')
        return { more: work-- > 0, nextDueMs: clock.nowMs() < 5_000 ? 5_000 : null }
      },
    },
    { name: 'second', run: async () => ({ more: ran.push('second') < 0, nextDueMs: null }) },
  ])
  expect(await loop.drain()).toBe(5_000)
  expect(ran).toEqual(['first', 'second', 'first', 'second', 'first'])
  ran.length = 0
  expect(await loop.drain()).toBe(5_000)
  expect(ran).toEqual([])
  clock.setMs(5_000)
  await loop.drain()
  expect(ran).toEqual(['first'])
})

test('a failing stage surfaces in a drain and is tried again at the next', async () => {
  const errors: string[] = []
  const loop = new Loop(new ManualClock(0), (stage) => errors.push(stage))
  let fail = true
  loop.addTenant('alpha', [
    {
      name: 'only',
      run: async () => {
        if (fail) throw new Error('store away')
        return { more: false, nextDueMs: null }
      },
    },
  ])
  await expect(loop.drain()).rejects.toThrow('store away')
  fail = false
  expect(await loop.drain()).toBe(null)
  expect(errors).toEqual(['only'])
})

test('time that passes while a stage looks makes its next moment due, and no contradiction', async () => {
  const clock = new ManualClock(1_000)
  const loop = new Loop(clock, () => undefined)
  let runs = 0
  loop.addTenant('alpha', [
    {
      name: 'only',
      run: async () => {
        const nextDueMs = runs++ === 0 ? clock.nowMs() + 1 : null
        clock.setMs(clock.nowMs() + 5)
        return { more: false, nextDueMs }
      },
    },
  ])
  expect(await loop.drain()).toBe(null)
  expect(runs).toBe(2)
})

test('a stage that nobody wakes looks once a second, however busy another one is', async () => {
  const loop = new Loop(systemClock, () => undefined)
  let looks = 0
  loop.addTenant('alpha', [
    { name: 'busy', run: async () => ({ more: false, nextDueMs: systemClock.nowMs() + 20 }) },
    { name: 'quiet', run: async () => ({ more: looks++ < 0, nextDueMs: null }) },
  ])
  loop.start()
  await expect.poll(() => looks, { timeout: 10_000 }).toBe(3)
  await loop.stop()
})
