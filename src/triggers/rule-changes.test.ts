/* oxlint-disable unicorn/no-thenable -- `then` is a word of the rule language; it holds data and is never called */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { eventTypes, everyEvent } from '../../test/trigger-arbitraries.ts'
import { World, type WorldOptions } from '../../test/trigger-world.ts'
import type { LoggedEvent } from '../events/index.ts'
import type { Trigger } from './contract.ts'

/*
 * Rules that come, change, pause and go while events flow, and events that come late: examples worked out by hand.
 */

const MINUTE = 60_000
const START = Date.parse('2020-01-01T00:00:00Z')

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const worldOf = (options: Partial<WorldOptions> = {}): World =>
  new World(stores, { startMs: START, latenessMs: 30 * MINUTE, ...options })

const event = (id: string, minute: number, rest: Partial<LoggedEvent> = {}): LoggedEvent => ({
  id,
  source: 'network',
  type: 'a',
  atMs: START + minute * MINUTE,
  receivedMs: START,
  subscriberId: 1,
  isReplayed: false,
  data: { amount: 1 },
  ...rest,
})
const rule = (id: string, body: Partial<Trigger>): Trigger => ({ kind: 'Trigger', id, on: 'a', ...body })
const counted = (reaches: number): Partial<Trigger> => ({
  threshold: { aggregate: 'count', window: 'PT1H', reaches },
})

test('a new rule begins at the end of the log, even when the process dies before it first ran', async () => {
  const world = worldOf({ checkpointEvents: Infinity })
  await world.append(event('1', 0))
  await world.save(rule('new', everyEvent))
  await world.append(event('2', 1))
  world.kill()
  await world.append(event('3', 2))
  await world.run()
  expect(await world.causes('new')).toEqual(['2', '3'])
  expect(world.woken).toBe(1)
  await world.close()
})

test('a new rule does not see what was appended before it and waits to be read', async () => {
  const world = worldOf()
  await world.save(rule('steady', everyEvent))
  await world.append(event('1', 0))
  await world.run()
  await world.append(event('2', 1))
  await world.save(rule('new', everyEvent))
  await world.append(event('3', 2))
  await world.run()
  expect(await world.causes('steady')).toEqual(['1', '2', '3'])
  expect(await world.causes('new')).toEqual(['3'])
  await world.close()
})

test('what came before the first rule says how late an event is', async () => {
  const world = worldOf()
  await world.append(event('far', 60))
  await world.save(rule('new', everyEvent))
  await world.append(event('late', 29), event('just', 30))
  await world.run()
  expect(await world.causes('new')).toEqual(['just'])
  expect(await world.deadLetters()).toEqual(['late'])
  await world.close()
})

test('a rule with backfill reads the whole log', async () => {
  const world = worldOf({ batchEvents: 1 })
  const old = Array.from({ length: 20 }, (_, i) => event(`${i}`, i))
  await world.save(rule('steady', everyEvent))
  for (const each of old) await world.append(each)
  await world.run()
  await world.save(rule('late', { ...everyEvent, backfill: true }))
  await world.append(event('fresh', 30))
  await world.runOnce()
  world.kill()
  await world.run()
  const ids = [...old.map(({ id }) => id), 'fresh']
  expect(await world.causes('late')).toEqual(ids)
  expect(await world.causes('steady')).toEqual(ids)
  await world.close()
})

test('a rule with backfill misses nothing when the process dies before a checkpoint', async () => {
  const world = worldOf({ checkpointEvents: Infinity })
  await world.save(rule('steady', everyEvent))
  await world.append(event('1', 0))
  await world.run()
  await world.save(rule('late', { ...everyEvent, backfill: true }))
  world.kill()
  await world.append(event('2', 1))
  await world.run()
  expect(await world.causes('late')).toEqual(['1', '2'])
  await world.close()
})

test.each(['before', 'after', 'death'] as const)(
  'a rule with backfill misses nothing when a write fails and slices were written at different places: %s',
  async (fault) => {
    for (const placeOfFault of [0, 1, 2, 3]) {
      const world = worldOf({ batchEvents: 1, sliceBits: 0, checkpointEvents: 4 })
      await world.save()
      for (const id of ['1', '2', '3']) {
        await world.append(event(id, Number(id), { subscriberId: 1 + 2 * (Number(id) % 2) }))
      }
      await world.run()
      await world.save(rule('late', { ...everyEvent, backfill: true }))
      world.faults = [fault, ...Array.from({ length: placeOfFault }, () => 'none' as const)]
      await world.run()
      expect([placeOfFault, await world.causes('late')]).toEqual([placeOfFault, ['1', '2', '3']])
      await world.close()
    }
  },
)

test('a changed rule loses only its own memory; another validity loses nothing', async () => {
  const world = worldOf({ checkpointEvents: Infinity })
  await world.save(rule('kept', counted(3)), rule('changed', counted(3)))
  await world.append(event('1', 0), event('2', 1))
  await world.run()
  await world.save(
    rule('kept', { ...counted(3), validTo: '2021-01-01T00:00:00Z' }),
    rule('changed', counted(2)),
  )
  await world.append(event('3', 2))
  await world.run()
  expect(await world.causes('kept')).toEqual(['3'])
  expect(await world.causes('changed')).toEqual([])
  await world.append(event('4', 3))
  await world.run()
  expect(await world.causes('changed')).toEqual(['4'])
  await world.close()
})

test('a late event takes back what it shows to be untrue, and a later one brings it back', async () => {
  const world = worldOf()
  const isLow = { threshold: { aggregate: 'sum', of: 'event.amount', window: 'PT1H', reaches: 3 } } as const
  await world.save(rule('sum', isLow), rule('silent', { absence: { then: 'b', within: 'PT10M' } }))
  await world.append(event('1', 0), event('2', 10, { data: { amount: 2 } }))
  world.clock.setMs(START + 30 * MINUTE)
  await world.run()
  expect([await world.causes('sum'), await world.causes('silent')]).toEqual([['2'], ['1', '2']])
  await world.append(event('less', 5, { data: { amount: -1 } }), event('end', 12, { type: 'b' }))
  await world.run()
  expect([await world.causes('sum'), await world.causes('silent')]).toEqual([[], []])
  await world.append(event('more', 7, { data: { amount: 1 } }))
  await world.run()
  expect([await world.causes('sum'), await world.causes('silent')]).toEqual([['2'], []])
  await world.close()
})

test('the stage wants to run at the earliest deadline at the latest, and fires exactly then', async () => {
  const world = worldOf({ partitions: 2 })
  await world.save(rule('silent', { absence: { within: 'PT30M' } }))
  await world.append(event('1', 0), event('2', 5, { subscriberId: 2 }), event('3', 10))
  // An hour, as a simulated clock goes through it: from one moment at which the stage wants to run to the next.
  const woken: number[] = []
  for (let dueMs = await world.run(); dueMs !== null; dueMs = await world.run()) {
    if (world.woken > woken.length) woken.push(world.clock.nowMs())
    world.clock.setMs(dueMs)
  }
  woken.push(world.clock.nowMs())
  expect(woken.map((ms) => (ms - START) / MINUTE)).toEqual([35, 40])
  expect(await world.causes('silent')).toEqual(['2', '3'])
  await world.close()
})

test('events without a subscriber and of unheard types have no effect', async () => {
  const world = worldOf()
  await world.save(rule('any', everyEvent))
  await world.append(event('1', 0, { subscriberId: null }), event('2', 1, { type: 'b' }))
  await world.run()
  expect(await world.firings()).toEqual([])
  await world.close()
})

test('a rule that no longer fits its event type stands still, says why, and goes on when it fits again', async () => {
  const world = worldOf()
  await world.save(rule('broken', { match: {}, where: 'event.amount > 0.0' }), rule('sound', everyEvent))
  await world.append(event('1', 0))
  await world.run()
  const withoutAmount = { kind: 'EventType', id: 'a', schema: { type: 'object', properties: {} } }
  await world.documents.apply(world.tenantId, [withoutAmount])
  await world.append(event('2', 1))
  await world.run()
  const views = await world.triggers.list(world.tenantId)
  expect(views.map(({ trigger, firings }) => [trigger.id, firings])).toEqual([
    ['broken', 1],
    ['sound', 2],
  ])
  expect(views[0]!.problem).toContain('amount')
  await world.documents.apply(world.tenantId, eventTypes)
  await world.run()
  await world.append(event('3', 2))
  await world.run()
  expect(await world.causes('broken')).toEqual(['1', '3'])
  expect(await world.causes('sound')).toEqual(['1', '2', '3'])
  await world.close()
})

test('a close leaves nothing to read again', async () => {
  const world = worldOf({ checkpointEvents: Infinity })
  await world.save(rule('pair', counted(2)))
  await world.append(event('1', 0))
  await world.run()
  await world.triggers.close()
  world.kill()
  await world.append(event('2', 1))
  await world.run()
  expect(await world.causes('pair')).toEqual(['2'])
  await world.close()
})
