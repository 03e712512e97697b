import { afterAll, beforeAll, expect, test } from 'vitest'
import { HOUR_MS, sms, World } from '../../test/messaging-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { stopsAnswer } from './contract.ts'
import { policyRoutes } from './policy-http.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

test('what was held lately and what waits now, by reason', async () => {
  const world = await World.with(
    stores,
    [
      sms('offer', { validFor: 'P2D' }),
      {
        kind: 'ContactPolicy',
        id: 'default',
        quietHours: { from: '21:00', to: '09:00' },
        caps: [{ limit: 1, period: 'P3D' }],
      },
    ],
    [{}, { consents: {} }, {}],
  )
  const { messaging, clock } = world
  policyRoutes(world.http, { messaging, database: stores.database, clock })
  const stops = async (query = '') =>
    stopsAnswer.parse((await world.ask('GET', `/v1/contact-policy/stops${query}`)).body)
  expect(await stops()).toMatchObject({ held: [], postponed: [] })
  await world.start('offer', 1)
  await world.start('offer', 1)
  await world.start('offer', 1)
  await world.start('offer', 2)
  await world.pass(10 * HOUR_MS)
  await world.start('offer', 3)
  expect(await stops()).toMatchObject({
    held: [
      { reason: 'cap_reached', messages: 2, subscribers: 1 },
      { reason: 'no_consent', messages: 1, subscribers: 1 },
    ],
    postponed: [{ reason: 'quiet_hours', messages: 1, subscribers: 1 }],
  })
  await world.pass(12 * HOUR_MS)
  expect((await stops()).postponed).toEqual([])
  await world.pass(8 * 24 * HOUR_MS)
  expect((await stops()).held).toEqual([])
  expect((await stops('?days=30')).held).toHaveLength(2)
  expect((await world.ask('GET', '/v1/contact-policy/stops?days=0')).status).toBe(422)
  await world.stop()
})
