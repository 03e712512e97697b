import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess, guard } from '../access/index.ts'
import { createMessaging, type Messaging, messagingDocuments } from '../messaging/index.ts'
import { createHttp, Documents, type FastifyInstance, Loop, ManualClock } from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
import { clockRoutes } from './clock.ts'

const startMs = Date.parse('2026-03-10T12:00:00Z')
const tenantId = 'alpha'

let stores: TestDatabase
let http: FastifyInstance
let messaging: Messaging
const clock = new ManualClock(startMs)
const keys: Record<string, string> = {}
const ranAt: number[] = []
let nextDueMs: number | null = startMs + 3_600_000
beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  const documents = new Documents(database, [attributesKind, ...messagingDocuments])
  const access = createAccess({ database, clock })
  const profiles = createProfiles({ database, access, documents, clock })
  messaging = createMessaging({ database, clock, documents, profiles, wake: () => undefined })
  const loop = new Loop(clock, () => undefined)
  http = createHttp((error) => console.error(error))
  guard(http, access)
  clockRoutes(http, clock, loop, messaging)
  const settings = {
    name: 'x',
    currency: 'EUR',
    currencyDecimals: 2,
    timeZone: 'UTC',
    language: 'en' as const,
  }
  keys['admin'] = (await access.createTenant({ tenantId, ...settings })).apiKey
  keys['ingest'] = (await access.createKey(tenantId, { name: 'i', role: 'ingest' })).apiKey
  const run = async () => {
    ranAt.push(clock.nowMs())
    if (nextDueMs !== null && nextDueMs <= clock.nowMs()) nextDueMs = null
    return { more: false, nextDueMs }
  }
  loop.addTenant(tenantId, [{ name: 'only', run }])
})
afterAll(async () => {
  await http.close()
  await messaging.gateways.stop()
  await stores.close()
})

const set = (now: unknown, role = 'admin') =>
  http.inject({
    method: 'POST',
    url: '/v1/clock',
    headers: { authorization: `Bearer ${keys[role]}` },
    payload: { now },
  })

test('it sets the moment, works until nothing is left, and tells the next due moment', async () => {
  expect((await set('2026-03-10T12:30:00Z')).json()).toEqual({ nextDueAt: '2026-03-10T13:00:00Z' })
  expect((await set('2026-03-10T14:00:00+01:00')).json()).toEqual({ nextDueAt: null })
  expect(ranAt).toEqual([startMs + 1_800_000, startMs + 3_600_000])
})

test('time never goes back, and only an admin’s key moves it', async () => {
  const before = clock.nowMs()
  expect((await set('2020-01-01T00:00:00Z')).statusCode).toBe(200)
  expect((await set('2027-01-01T00:00:00Z', 'ingest')).statusCode).toBe(403)
  expect(clock.nowMs()).toBe(before)
})

test('what is no moment is refused with its field', async () => {
  const answer = await set('tomorrow')
  expect(answer.statusCode).toBe(422)
  expect(answer.json()).toMatchObject({ code: 'request_invalid', field: 'now', found: 'tomorrow' })
})
