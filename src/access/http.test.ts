import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createHttp, type FastifyInstance, systemClock } from '../platform/index.ts'
import { accessRoutes, guard, tenantOf } from './http.ts'
import { sourceRoles } from './key.ts'
import { createAccess } from './service.ts'

let stores: TestDatabase
let http: FastifyInstance
const keys: Record<string, string> = {}

beforeAll(async () => {
  stores = await testDatabase()
  const access = createAccess({ database: stores.database, clock: systemClock })
  const { apiKey } = await access.createTenant({
    tenantId: 'acme',
    name: 'Acme',
    currency: 'EUR',
    currencyDecimals: 2,
    timeZone: 'UTC',
    language: 'en',
  })
  keys['admin'] = apiKey
  for (const role of ['ingest', 'read', 'partner'] as const) {
    keys[role] = (await access.createKey('acme', { name: role, role })).apiKey
  }
  http = createHttp(() => undefined)
  guard(http, access)
  accessRoutes(http, access, '1.2.3')
  http.get('/open', () => ({ open: true }))
  http.post('/v1/report', { config: { roles: sourceRoles } }, (request) => ({ tenantId: tenantOf(request) }))
  http.route({
    method: ['GET', 'POST', 'PUT', 'DELETE'],
    url: '/v1/thing',
    handler: (request, reply) => reply.send({ tenantId: tenantOf(request) }),
  })
})
afterAll(async () => {
  await http.close()
  await stores.close()
})

const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, key?: string) =>
  http.inject({ method, url, headers: key === undefined ? {} : { authorization: `Bearer ${key}` } })

test('without a key there is no way in, with a wrong one neither', async () => {
  for (const key of [undefined, 'tk_wrong', '']) {
    const answer = await call('GET', '/v1/thing', key)
    expect(answer.statusCode).toBe(401)
    expect(answer.json()).toMatchObject({ code: 'key_unauthenticated', status: 401 })
  }
  expect((await call('GET', '/%761/thing')).statusCode).toBe(401)
  expect((await call('GET', '/open')).json()).toEqual({ open: true })
})

test.for([
  ['admin', [200, 200, 200, 200]],
  ['ingest', [403, 403, 403, 403]],
  ['read', [200, 403, 403, 403]],
  ['partner', [403, 403, 403, 403]],
] as const)('a key of role %s may GET, POST, PUT, DELETE: %j', async ([role, expected]) => {
  const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const
  const answers = await Promise.all(methods.map((method) => call(method, '/v1/thing', keys[role])))
  expect(answers.map((answer) => answer.statusCode)).toEqual(expected)
})

test('a gateway may give its key in the URL', async () => {
  const answer = await call('POST', `/v1/report?key=${keys['ingest']}`)
  expect(answer.json()).toEqual({ tenantId: 'acme' })
})

test('every key learns whom it speaks for; only an admin makes and revokes keys', async () => {
  const who = await call('GET', '/v1/tenant', keys['ingest'])
  expect(who.json()).toMatchObject({ tenant: { tenantId: 'acme' }, role: 'ingest', version: '1.2.3' })
  const refused = await call('POST', '/v1/keys', keys['ingest'])
  expect(refused.statusCode).toBe(403)

  const authorization = `Bearer ${keys['admin']}`
  const payload = { name: 'till', role: 'ingest' }
  const made = await http.inject({ method: 'POST', url: '/v1/keys', headers: { authorization }, payload })
  expect(made.statusCode).toBe(201)
  const { keyId, apiKey } = made.json() as { keyId: string; apiKey: string }
  expect((await call('POST', '/v1/report', apiKey)).statusCode).toBe(200)
  expect((await call('DELETE', `/v1/keys/${keyId}`, keys['admin'])).statusCode).toBe(204)
  expect((await call('POST', '/v1/report', apiKey)).statusCode).toBe(401)

  const trail = await call('GET', '/v1/audit', keys['admin'])
  expect(trail.json()).toMatchObject({
    entries: [
      { action: 'key_revoked', target: keyId },
      { action: 'key_created', target: keyId },
    ],
  })
})
