import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Access, accessRoutes, createAccess, guard } from '../src/access/index.ts'
import {
  createEvents,
  type DeadLetterPage,
  type Events,
  eventsRoutes,
  eventTypeKind,
} from '../src/events/index.ts'
import {
  createHttp,
  Documents,
  type FastifyInstance,
  LmdbLogStore,
  systemClock,
} from '../src/platform/index.ts'
import { attributesKind, createProfiles, profilesRoutes } from '../src/profiles/index.ts'
import { loggedEvents } from './log-events.ts'
import { type TestDatabase, testDatabase, testFolder } from './stores.ts'

/*
 * Two tenants on one server, with the same phone number, the same event id and each its own key: whatever one of
 * them asks, over HTTP or in SQL, nothing of the other may come back.
 */

let stores: TestDatabase
let logs: LmdbLogStore
let access: Access
let events: Events
let http: FastifyInstance
const keys: Record<string, string> = {}
const tenants = ['alpha', 'beta'] as const

beforeAll(async () => {
  stores = await testDatabase()
  logs = new LmdbLogStore(testFolder())
  const { database } = stores
  const clock = systemClock
  access = createAccess({ database, clock })
  const documents = new Documents(database, [attributesKind, eventTypeKind])
  const profiles = createProfiles({ database, access, documents, clock })
  const log = (name: string) => logs.log(name)
  events = createEvents({ database, documents, profiles, clock, log, wake: () => undefined })
  http = createHttp((error) => console.error(error))
  guard(http, access)
  accessRoutes(http, access, '0.0.0')
  profilesRoutes(http, profiles, access)
  eventsRoutes(http, events, access)

  for (const tenantId of tenants) {
    const tenant = {
      name: tenantId,
      currency: 'EUR',
      currencyDecimals: 2,
      timeZone: 'UTC',
      language: 'en' as const,
    }
    keys[tenantId] = (await access.createTenant({ tenantId, ...tenant })).apiKey
    const properties = { secret: { type: 'string' } }
    const schema = { type: 'object', properties }
    await documents.apply(tenantId, [
      { kind: 'EventType', id: 'thing.happened', subject: 'subscriber', schema },
    ])
    await call(tenantId, 'POST', '/v1/subscribers/import', [
      {
        identities: { msisdn: '+380671234567' },
        attributes: { secret: `of ${tenantId}` },
        consents: { sms: true },
      },
      { identities: { external: `only-${tenantId}` } },
    ])
    await call(tenantId, 'POST', '/v1/events', [
      event({ data: { secret: `of ${tenantId}` } }),
      event({ id: 'bad', time: `time of ${tenantId}` }),
    ])
  }
})
afterAll(async () => {
  await http.close()
  await logs.close()
  await stores.close()
})

function event(rest: object): object {
  const at = '2026-03-01T10:00:00Z'
  return {
    specversion: '1.0',
    id: 'same-id',
    source: 'same-source',
    type: 'thing.happened',
    time: at,
    subject: '+380671234567',
    ...rest,
  }
}

function call(tenantId: string, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
  const headers = { authorization: `Bearer ${keys[tenantId]}` }
  return http.inject({ method, url, headers, ...(payload ? { payload } : {}) })
}

test('the same phone number is another subscriber for each tenant', async () => {
  const views = []
  for (const tenantId of tenants) {
    const url = `/v1/subscribers?identity=${encodeURIComponent('msisdn:+380671234567')}`
    const answer = await call(tenantId, 'GET', url)
    expect(answer.json()).toMatchObject({ attributes: { secret: `of ${tenantId}` } })
    views.push(answer.json<{ subscriberId: number }>())
  }
  expect(views[0]?.subscriberId).not.toBe(views[1]?.subscriberId)
})

test('a key does not open the subscriber of another tenant, by number or by identity', async () => {
  for (const [mine, other] of [
    ['alpha', 'beta'],
    ['beta', 'alpha'],
  ] as const) {
    const found = await call(other, 'GET', `/v1/subscribers?identity=external:only-${other}`)
    const { subscriberId } = found.json<{ subscriberId: number }>()
    expect(subscriberId).toBeTypeOf('number')
    expect((await call(mine, 'GET', `/v1/subscribers/${subscriberId}`)).statusCode).toBe(404)
    expect((await call(mine, 'GET', `/v1/subscribers?identity=external:only-${other}`)).statusCode).toBe(404)
  }
})

test('the same event id is a new event for each tenant, and each has its own log', async () => {
  for (const tenantId of tenants) {
    const logged = await loggedEvents(events.log(tenantId))
    expect(logged).toMatchObject([{ id: 'same-id', data: { secret: `of ${tenantId}` } }])
  }
})

test('dead letters are listed, replayed and discarded by their own tenant only', async () => {
  const listOf = async (tenantId: string): Promise<DeadLetterPage['deadLetters']> =>
    (await call(tenantId, 'GET', '/v1/dead-letters')).json<DeadLetterPage>().deadLetters
  const [ofAlpha] = await listOf('alpha')
  expect(ofAlpha?.event).toMatchObject({ time: 'time of alpha' })
  const ids = [ofAlpha!.deadLetterId]
  expect((await call('beta', 'POST', '/v1/dead-letters/replay', { ids })).json()).toMatchObject({
    notOpen: 1,
  })
  expect((await call('beta', 'POST', '/v1/dead-letters/discard', { ids })).json()).toEqual({ discarded: [] })
  expect(await listOf('alpha')).toHaveLength(1)
  expect(await listOf('beta')).toMatchObject([{ event: { time: 'time of beta' } }])
})

test('keys and the audit trail are the tenant’s own, and a key cannot be revoked from next door', async () => {
  const keyIds: Record<string, string> = {}
  for (const tenantId of tenants) {
    const { keys: own } = (await call(tenantId, 'GET', '/v1/keys')).json<{ keys: { keyId: string }[] }>()
    expect(own).toHaveLength(1)
    keyIds[tenantId] = own[0]!.keyId
  }
  expect((await call('beta', 'DELETE', `/v1/keys/${keyIds['alpha']}`)).statusCode).toBe(404)
  expect((await call('alpha', 'GET', '/v1/tenant')).json()).toMatchObject({ tenant: { tenantId: 'alpha' } })
  for (const tenantId of tenants) {
    const trail = (await call(tenantId, 'GET', '/v1/audit')).json<{ entries: { keyId: string }[] }>()
    expect(trail.entries.filter(({ keyId }) => keyId !== keyIds[tenantId])).toEqual([])
    expect(trail.entries.slice(-1)).toMatchObject([
      { action: 'subscribers_imported', details: { inserted: 2 } },
    ])
  }
})

const tables = [
  'access.tenant',
  'access.api_key',
  'access.audit',
  'profiles.subscriber',
  'profiles.identity',
  'profiles.consent',
  'events.dead_letter',
  'platform.document',
]

test.for(tables)('SQL on %s shows a tenant its own rows, and none without a tenant', async (table) => {
  const { database } = stores
  const ask = `select distinct tenant_id from ${table}`
  for (const tenantId of tenants) {
    expect(await database.tx(tenantId, (tx) => tx.query(ask))).toEqual([{ tenant_id: tenantId }])
    const other = tenantId === 'alpha' ? 'beta' : 'alpha'
    const asked = `select * from ${table} where tenant_id = '${other}'`
    expect(await database.tx(tenantId, (tx) => tx.query(asked))).toEqual([])
  }
  expect(await database.system((tx) => tx.query(ask))).toEqual([])
})

test('SQL of one tenant changes nothing of the other, even when it asks by name', async () => {
  const { database } = stores
  await database.tx('alpha', async (tx) => {
    await tx.query(`update profiles.subscriber set attributes = '{}' where tenant_id = 'beta'`)
    await tx.query(`delete from profiles.consent where tenant_id = 'beta'`)
    await tx.query(`update access.api_key set revoked_at = now() where tenant_id = 'beta'`)
  })
  const move = database.tx('alpha', (tx) => tx.query(`update profiles.subscriber set tenant_id = 'beta'`))
  await expect(move).rejects.toThrow(/row-level security/)
  const url = `/v1/subscribers?identity=${encodeURIComponent('+380671234567')}`
  expect((await call('beta', 'GET', url)).json()).toMatchObject({
    attributes: { secret: 'of beta' },
    consents: [{ channel: 'sms', granted: true }],
  })
})
