import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { everyEvent } from '../../test/trigger-arbitraries.ts'
import { World, type WorldOptions } from '../../test/trigger-world.ts'
import type { LoggedEvent } from '../events/index.ts'
import type { Trigger } from './contract.ts'

/*
 * Events that were too late and are let in by a replay: the subscriber is then read anew from the log. Each example
 * puts that reading beside something else that happens in the same batch.
 */

const MINUTE = 60_000
const START = Date.parse('2020-01-01T00:00:00Z')

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

function worldOf(options: Partial<WorldOptions> = {}): World {
  const world = new World(stores, { startMs: START, latenessMs: 30 * MINUTE, ...options })
  onTestFinished(() => world.close())
  return world
}

const event = (id: string, minute: number, subscriberId = 1): LoggedEvent => ({
  id,
  source: 'network',
  type: 'a',
  atMs: START + minute * MINUTE,
  receivedMs: START,
  subscriberId,
  isReplayed: false,
  data: { amount: 1 },
})
const replayed = (id: string, subscriberId = 1): LoggedEvent => ({
  ...event(id, 0, subscriberId),
  isReplayed: true,
})
const rule = (id: string, body: Partial<Trigger>): Trigger => ({ kind: 'Trigger', id, on: 'a', ...body })
const thirdOfDay: Partial<Trigger> = { threshold: { aggregate: 'count', window: 'P1D', reaches: 3 } }

test.for([false, true])(
  'a rule with backfill that joins the others survives a crash; an event is let in with it: %s',
  async (isLetIn) => {
    const world = worldOf({ checkpointEvents: Infinity, checkpointWorkMs: Infinity })
    await world.save(rule('steady', thirdOfDay))
    await world.append(event('1', 100), event('2', 110), event('other', 110, 2))
    await world.run()
    await world.triggers.close()
    world.kill()
    await world.save(rule('new', { ...thirdOfDay, backfill: true }))
    // No checkpoint is written while somebody waits to be read anew, yet the one that names the rule must hold its memory.
    if (isLetIn) await world.append(replayed('late', 2))
    await world.run()
    world.kill()
    await world.append(event('3', 120))
    await world.run()
    expect(await world.causes('steady')).toEqual(['3'])
    expect(await world.causes('new')).toEqual(['3'])
  },
)

test.for([false, true])(
  'reading anew overrules what the last event of its batch decided; another event behind that one: %s',
  async (hasOther) => {
    const world = worldOf()
    await world.save(rule('steady', thirdOfDay))
    await world.append(event('1', 100), event('2', 110))
    await world.append(replayed('0'))
    // By the memory, which lacks the event let in, this is the third. Both decisions stand behind the same event.
    await world.append(event('3', 200))
    if (hasOther) await world.append(event('4', 200, 3))
    await world.run()
    expect(await world.causes('steady')).toEqual(['2'])
  },
)

test('a rule with backfill reads a history in which an event was let in', async () => {
  const world = worldOf()
  await world.save(rule('steady', everyEvent))
  await world.append(event('1', 100), event('2', 110))
  await world.append(replayed('0'))
  await world.append(event('3', 200))
  await world.run()
  await world.save(rule('new', { ...thirdOfDay, backfill: true }))
  await world.run()
  expect(await world.causes('new')).toEqual(['2'])
})
