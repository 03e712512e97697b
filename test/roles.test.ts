import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, composeApp } from '../src/app/compose.ts'
import { LmdbLogStore, readConfig, systemClock } from '../src/platform/index.ts'
import { testAnalytics, testDatabase, testFolder } from './stores.ts'

/*
 * Who may do what is held at the doors of the whole server, as it is composed: each role knocks at every route that the
 * description of the API names.
 */

let app: App
let close: () => Promise<void>
let routes: { method: string; url: string }[]
const keys: Record<string, string> = {}

beforeAll(async () => {
  const [stores, analytics] = await Promise.all([testDatabase(), testAnalytics()])
  const logs = new LmdbLogStore(testFolder())
  const config = readConfig({ TENURE_TRIGGER_THREADS: '0', TENURE_DATA_DIR: testFolder() })
  app = await composeApp(
    {
      database: stores.database,
      databaseUrl: stores.ownerUrl,
      log: { log: (name) => logs.log(name), close: () => logs.close() },
      kafka: undefined,
      checkpoints: logs.checkpoints(),
      clock: systemClock,
      analytics,
      close: () => Promise.resolve(),
    },
    config,
    (where, error) => console.error(where, error),
  )
  close = async () => {
    await app.stop()
    await analytics.close()
    await logs.close()
    await stores.close()
  }
  const tenant = { name: 'Acme', currency: 'EUR', currencyDecimals: 2, timeZone: 'UTC' }
  keys['admin'] = (await app.access.createTenant({ tenantId: 'acme', ...tenant, language: 'en' })).apiKey
  for (const role of ['ingest', 'read', 'partner'] as const)
    keys[role] = (await app.access.createKey('acme', { name: role, role })).apiKey
  const { paths } = (await app.http.inject({ url: '/v1/openapi.json' })).json<{
    paths: Record<string, Record<string, object>>
  }>()
  routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => ({
      method: method.toUpperCase(),
      url: path.replace(/\{(\w+)\}/g, ':$1'),
    })),
  )
})
afterAll(() => close?.())

/** Answers without a key. */
const OPEN = new Set(['GET /v1/openapi.json', 'POST /v1/m', 'GET /v1/projects/:key/settings'])

/** The calls of the Segment libraries, in long and as browsers write them. */
const SEGMENT = 'identify track page screen group alias batch import i t p s g a b'.split(' ')

/** Computes what it is given and knows nothing of any member. */
const VERIFY = 'POST /v1/rounds/verify'

/** What a key opens: a source reports, a reader looks and tries out, a till gives and takes points. */
const OPENED: Record<string, string[]> = {
  ingest: [
    ...SEGMENT.map((call) => `POST /v1/${call}`),
    'POST /v1/events',
    'POST /tmf-api/loyalty/v4/loyaltyEvent',
    'POST /v1/channels/ussd',
    'POST /v1/subscribers/:id/inbox/reports',
    'GET /v1/tenant',
    VERIFY,
  ],
  read: [
    'POST /v1/cascades/expectation',
    'POST /v1/templates/preview',
    'POST /v1/triggers/try',
    'POST /v1/loyalty/earn-rules/try',
    'POST /v1/loyalty/play/try',
    VERIFY,
  ],
  partner: [
    'POST /tmf-api/loyalty/v4/loyaltyBalance/:id/loyaltyBurn',
    'POST /tmf-api/loyalty/v4/loyaltyBalance/:id/loyaltyEarn',
    'POST /v1/loyalty/discounts/use',
    'GET /v1/tenant',
  ],
}

test.for(['ingest', 'read', 'partner'])('a key of role %s opens these doors and no others', async (role) => {
  const headers = { authorization: `Bearer ${keys[role]}` }
  const opened: string[] = []
  for (const { method, url } of routes) {
    const door = `${method} ${url}`
    // Whoever may read may read nearly everything, and some answers never end.
    if (OPEN.has(door) || (role === 'read' && method === 'GET')) continue
    const payload = method === 'GET' ? {} : { payload: {} }
    const { statusCode } = await app.http.inject({
      method: method as 'POST',
      url: url.replace(/:\w+/g, '1'),
      headers,
      ...payload,
    })
    if (statusCode !== 403) opened.push(door)
  }
  expect(routes.length).toBeGreaterThan(150)
  expect(opened.toSorted()).toEqual(OPENED[role]!.toSorted())
})

test('whoever may read is told no secret of a channel, and what is told can be applied again', async () => {
  const call = async (method: 'GET' | 'PUT', role: string, payload?: object[]) => {
    const headers = { authorization: `Bearer ${keys[role]}` }
    return app.http.inject({ method, url: '/v1/documents', headers, ...(payload ? { payload } : {}) })
  }
  const hush = 'hush'.repeat(8)
  const smpp = { host: 'smsc.example', port: 2775, systemId: 's', password: hush, sourceAddress: 'T' }
  const common = { kind: 'Channel', priceMinor: '1', callbackSecret: hush }
  const account = { client_email: 'a@b.example', private_key: hush }
  const channels = [
    { ...common, id: 'dstk', via: 'sms', smpp, tar: 'b00001' },
    { ...common, id: 'push', projectId: 'p', account, reportSecret: hush },
    { ...common, id: 'whatsapp', phoneNumberId: '1', accessToken: hush, appSecret: hush, verifyToken: hush },
  ]
  const outcomes = async (documents: object[]) =>
    (await call('PUT', 'admin', documents)).json<{ outcome: string }[]>().map(({ outcome }) => outcome)
  expect(await outcomes(channels)).toEqual(['created', 'created', 'created'])
  const told = await call('GET', 'read')
  expect(told.body).toContain('smsc.example')
  expect(told.body).not.toContain('hush')
  expect(await outcomes(told.json<object[]>())).toEqual(['unchanged', 'unchanged', 'unchanged'])
})
