import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyWorld, loyaltyWorld, orderTypes, programme } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { guard } from '../../access/index.ts'
import { createEvents } from '../../events/index.ts'
import { createHttp, type FastifyInstance, systemClock, webhookSignature } from '../../platform/index.ts'
import { createWebhooks, type Webhooks } from '../webhooks/service.ts'
import { createHubs, notificationOf } from './hub.ts'
import { tmf658Routes } from './http.ts'

const base = '/tmf-api/loyalty/v4'
let stores: TestDatabase
let world: LoyaltyWorld
let http: FastifyInstance
let webhooks: Webhooks
let listener: Server
let callback = ''
const told: { body: string; headers: Record<string, unknown> }[] = []
const keys: Record<string, string> = {}
let ids: number[] = []
const bugs: unknown[] = []

beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores, { startMs: systemClock.nowMs() })
  await world.apply(
    ...orderTypes,
    programme({ id: 'main', currency: 'points', decimals: 2, enrolment: 'by_hand' }),
    programme({ id: 'club', currency: 'stars', enrolment: 'by_hand' }),
    {
      kind: 'EarnRule',
      id: 'one',
      on: 'order.paid',
      where: 'event.amountMinor > 100',
      points: { perMajorUnit: '1' },
    },
  )
  ids = await world.subscribers(...Array.from({ length: 30 }, (_, i) => `s${i}`))
  const hubs = createHubs({ database: stores.database, clock: world.clock })
  webhooks = createWebhooks({
    database: stores.database,
    clock: systemClock,
    documents: world.documents,
    logOf: () => world.log,
    targetsOf: hubs.targetsOf,
    allowedNetworks: ['127.0.0.1/32'],
    onError: (error) => bugs.push(error),
  })
  const { loyalty, profiles, access, clock, documents } = world
  const events = createEvents({
    database: stores.database,
    documents,
    profiles,
    clock,
    log: () => world.log,
    wake: () => undefined,
  })
  http = createHttp((error) => bugs.push(error))
  guard(http, access)
  const parts = {
    database: stores.database,
    loyalty,
    profiles,
    access,
    events,
    hubs,
    clock,
    onHubs: webhooks.refresh,
  }
  tmf658Routes(http, parts, (error) => bugs.push(error))
  for (const role of ['admin', 'read', 'partner'] as const)
    keys[role] = (await access.createKey(world.tenantId, { name: role, role })).apiKey
  listener = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      told.push({ body, headers: request.headers })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  callback = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/listener`
})
afterAll(async () => {
  await webhooks.stop()
  listener.close()
  await http.close()
  await world.close()
  await stores.close()
})

type Body = Record<string, never> & Record<string, unknown>
const call = async (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  payload?: object,
  { role = 'admin', headers = {} }: { role?: string; headers?: Record<string, string> } = {},
) => {
  const answer = await http.inject({
    method,
    url: `${base}${path}`,
    headers: { ...(role === '' ? {} : { authorization: `Bearer ${keys[role]}` }), ...headers },
    ...(payload ? { payload } : {}),
  })
  const body = JSON.parse(answer.body === '' ? '{}' : answer.body) as Body & Body[]
  return { status: answer.statusCode, body, headers: answer.headers }
}
const enrol = (id: number, spec = 'main') =>
  call('POST', '/loyaltyProgramProduct', {
    name: 'x',
    loyaltyProgramMember: { id: String(id) },
    loyaltyProgramProductSpec: { id: spec },
  })
const refTo = (properties: object) => ({
  type: 'object',
  required: ['id', 'href'],
  properties: { id: { type: 'string' }, href: { type: 'string' }, ...properties },
})
const list = (items: object) => ({ type: 'array', items })
const text = { type: 'string' }
const period = { type: 'object', properties: { startDateTime: text, endDateTime: text } }

/** What the API's definitions say of each resource, as far as this façade fills it. */
const definitions: Record<string, object> = {
  loyaltyProgramProductSpec: {
    name: text,
    productNumber: text,
    lifeCycleStatus: text,
    needsLoyaltyAccount: { type: 'boolean' },
  },
  loyaltyProgramMember: { name: text, status: text, ValidFor: period },
  loyaltyProgramProduct: {
    name: text,
    productStatus: text,
    loyaltyAccount: refTo({}),
    loyaltyProgramProductSpec: refTo({}),
    validFor: period,
  },
  loyaltyAccount: { loyaltyProgramProduct: refTo({}) },
  loyaltyBalance: {
    loyaltyProgramMember: refTo({}),
    quantity: {
      type: 'object',
      required: ['unit', 'value'],
      properties: { unit: text, value: { type: 'number' } },
    },
    validFor: period,
  },
  loyaltyRule: {
    commonName: text,
    hasSubRules: { type: 'boolean' },
    loyaltyAction: list(refTo({})),
    loyaltyCondition: list(refTo({})),
    loyaltyEventType: list(refTo({})),
  },
  loyaltyEventType: { eventType: text },
  loyaltyCondition: { attribute: text, operator: text, value: text },
  loyaltyAction: { action: text, actionType: text, endpoint: text },
}
const ajv = new Ajv({ allErrors: true, strict: false })

test('each resource has the shape of the definition, in a list and alone, and refers to what exists', async () => {
  expect((await enrol(ids[0]!)).status).toBe(201)
  for (const [kind, properties] of Object.entries(definitions)) {
    const { status, body } = await call('GET', `/${kind}`)
    expect(status).toBe(200)
    const schema = {
      type: 'object',
      required: ['id', 'href', '@type', ...Object.keys(properties)],
      properties,
    }
    const validate = ajv.compile({ type: 'array', minItems: 1, items: schema })
    expect([kind, validate(body), validate.errors]).toEqual([kind, true, null])
    const first = (body as Body[])[0] as Body
    const alone = await http.inject({
      url: String(first['href']),
      headers: { authorization: `Bearer ${keys['read']}` },
    })
    expect(alone.json()).toEqual(first)
    for (const value of Object.values(first).flat() as { href?: string }[]) {
      if (typeof value?.href !== 'string') continue
      const found = await http.inject({
        url: value.href,
        headers: { authorization: `Bearer ${keys['read']}` },
      })
      expect([value.href, found.statusCode]).toEqual([value.href, 200])
    }
  }
})

test('pages have their counts in the head, fields and filters choose, and together the pages are everything', async () => {
  for (const id of ids.slice(0, 25)) await enrol(id)
  for (const id of ids.slice(0, 3)) await enrol(id, 'club')
  const first = await call('GET', '/loyaltyBalance?offset=0&limit=10')
  expect([first.headers['x-total-count'], first.headers['x-result-count']]).toEqual(['28', '10'])
  const seen: unknown[] = []
  for (let offset = 0; offset < 28; offset += 10) {
    const { body } = await call('GET', `/loyaltyBalance?offset=${offset}&limit=10`)
    seen.push(...(body as Body[]).map(({ id }) => id))
  }
  expect(new Set(seen).size).toBe(28)
  const club = await call(
    'GET',
    '/loyaltyProgramProduct?loyaltyProgramProductSpec.id=club&fields=productStatus',
  )
  expect(club.headers['x-total-count']).toBe('3')
  expect(Object.keys((club.body as Body[])[0] as Body).toSorted()).toEqual(['href', 'id', 'productStatus'])
  const behind = await call('GET', '/loyaltyProgramMember?offset=1000')
  expect([behind.status, behind.body, behind.headers['x-total-count']]).toEqual([200, [], '28'])
  expect((await call('GET', '/loyaltyRule?policyName=club')).headers['x-total-count']).toBe('0')
  expect((await call('GET', '/loyaltyAccount?nobody=knows')).body).toEqual([])
})

test('errors have the shape of the Open APIs, whoever throws them', async () => {
  const shape = (status: number, code: unknown = expect.any(String)) => ({
    status,
    body: { '@type': 'Error', code, reason: expect.any(String) as string, status: String(status) },
  })
  expect(await call('GET', '/loyaltyBalance/none')).toMatchObject(shape(404, 'tmf_resource_not_found'))
  for (const id of ['main:999999', 'main:9999999999'])
    expect(await call('GET', `/loyaltyProgramProduct/${id}`)).toMatchObject(shape(404))
  expect(await call('GET', '/unheardOf')).toMatchObject(shape(404))
  expect(await call('GET', '/loyaltyBalance?limit=none')).toMatchObject(shape(400, 'request_invalid'))
  expect(await call('GET', '/loyaltyBalance?limit=5000')).toMatchObject(shape(400))
  expect(await call('POST', '/loyaltyRule', { commonName: 'x' })).toMatchObject(shape(405))
  expect(await call('DELETE', '/loyaltyProgramProductSpec/main')).toMatchObject(shape(405))
  expect(await call('POST', '/hub', { callback: 'ftp://x' })).toMatchObject(shape(400))
  expect(await call('POST', '/loyaltyProgramProduct', {})).toMatchObject(shape(400))
  expect(await enrol(ids[0]!, 'unheard-of')).toMatchObject(shape(404, 'programme_not_found'))
  expect(await call('GET', '/loyaltyBalance', undefined, { role: '' })).toMatchObject(shape(401))
  expect(await call('POST', '/hub', { callback }, { role: 'read' })).toMatchObject(shape(403))
  expect(bugs).toEqual([])
})

test('points are earned and burned below a balance, once a key, and never more than there is', async () => {
  const id = `main:${ids[5]}`
  await enrol(ids[5]!)
  const move = (kind: string, value: number | string, key?: string, unit = 'points') =>
    call(
      'POST',
      `/loyaltyBalance/${id}/${kind}`,
      { quantity: { unit, value }, description: 'till 7' },
      key === undefined ? {} : { headers: { 'idempotency-key': key } },
    )
  const valueOf = async () =>
    ((await call('GET', `/loyaltyBalance/${id}`)).body['quantity'] as unknown as Body)['value']
  const earned = await move('loyaltyEarn', 12.5, 'e1')
  expect(earned).toMatchObject({
    status: 201,
    body: {
      quantity: { unit: 'points', value: 12.5 },
      loyaltyBalance: { quantity: { value: 12.5 } },
      '@type': 'LoyaltyEarn',
    },
  })
  expect((await move('loyaltyEarn', 12.5, 'e1')).body['id']).toBe(earned.body['id'])
  expect(await move('loyaltyEarn', 13, 'e1')).toMatchObject({ status: 409, body: { status: '409' } })
  expect((await move('loyaltyEarn', 1, 'e'.repeat(201))).status).toBe(400)
  expect(await valueOf()).toBe(12.5)
  expect((await move('loyaltyBurn', '2.25', 'b1')).status).toBe(201)
  await move('loyaltyBurn', '2.25', 'b1')
  expect(await valueOf()).toBe(10.25)
  expect(await move('loyaltyBurn', 10.26)).toMatchObject({
    status: 409,
    body: { code: expect.stringMatching('^ledger_') as string },
  })
  expect(await move('loyaltyBurn', 0.001)).toMatchObject({
    status: 400,
    body: { code: 'tmf_request_invalid' },
  })
  expect(await move('loyaltyBurn', 1, undefined, 'stars')).toMatchObject({ status: 400 })
  expect(await valueOf()).toBe(10.25)
  expect((await world.account('programme:main:redeemed:points'))?.balanceMinor).toBe(225n)
  expect((await world.verify()).ok).toBe(true)
})

test('a till earns and burns with a key that may do nothing else', async () => {
  const id = `main:${ids[8]}`
  await enrol(ids[8]!)
  const atTill = { role: 'partner' }
  const quantity = { value: 5 }
  expect(await call('POST', `/loyaltyBalance/${id}/loyaltyEarn`, { quantity }, atTill)).toMatchObject({
    status: 201,
    body: { loyaltyBalance: { quantity: { value: 5 } } },
  })
  expect((await call('POST', `/loyaltyBalance/${id}/loyaltyBurn`, { quantity }, atTill)).status).toBe(201)
  const refused = [
    await call('GET', '/loyaltyProgramMember', undefined, atTill),
    await call('GET', `/loyaltyBalance/${id}`, undefined, atTill),
    await call('PATCH', `/loyaltyProgramProduct/${id}`, { productStatus: 'terminated' }, atTill),
    await call('POST', '/loyaltyEvent', { eventType: 'order.paid', memberId: id }, atTill),
    await call('POST', '/hub', { callback }, atTill),
  ]
  expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
})

test('an account number that looks like the id of a membership is the account’s, and no other subscriber’s', async () => {
  const [first = 0, second = 0] = await world.subscribers('with an account', 'without')
  await world.profiles.upsertSubscribers(world.tenantId, [
    { identities: { external: 'with an account', account: String(second) } },
  ])
  const made = await call('POST', '/loyaltyProgramMember', {
    name: `account:${second}`,
    loyaltyProgramProductSpec: { id: 'club' },
  })
  expect(made.body['id']).toBe(`club:${first}`)
  const name = `external:${second}`
  const unknown = await call('POST', '/loyaltyProgramMember', {
    name,
    loyaltyProgramProductSpec: { id: 'club' },
  })
  expect(unknown.status).toBe(404)
  expect((await call('GET', `/loyaltyProgramMember/club:${second}`)).status).toBe(404)
})

test('members of a programme whatever its id are found by theirs, also in a list', async () => {
  await world.apply(programme({ id: 'vip.club_2', currency: 'vips', enrolment: 'by_hand' }))
  const id = `vip.club_2:${ids[3]}`
  const spec = { id: 'vip.club_2' }
  const made = await call('POST', '/loyaltyProgramMember', {
    name: 'external:s3',
    loyaltyProgramProductSpec: spec,
  })
  expect([made.status, made.body['id']]).toEqual([201, id])
  expect((await call('GET', `/loyaltyBalance/${id}`)).status).toBe(200)
  const listed = await call('GET', `/loyaltyProgramMember?id=${id}`)
  expect(listed.body.map((one: Body) => one['id'])).toEqual([id])
  expect((await call('GET', `/loyaltyAccount?id=${id}&loyaltyProgramMember.id=main:1`)).body).toEqual([])
  const onOrders = await call('GET', '/loyaltyRule?loyaltyEventType.id=order.paid')
  expect(onOrders.body.map((one: Body) => one['id'])).toEqual(['one'])
  expect((await call('GET', '/loyaltyRule?loyaltyEventType.id=order.returned')).body).toEqual([])
})

test('what is announced goes out with its moments as text', () => {
  const atMs = Date.parse('2026-03-01T12:00:00Z')
  const data = { programme: 'main', happenedAt: atMs, pointsMinor: 5, points: '5', expiresAt: atMs + 1_000 }
  const event = { id: '1', source: '/loyalty', atMs, receivedMs: atMs, subscriberId: 7, isReplayed: false }
  const told = notificationOf({ ...event, type: 'loyalty.points_expiring', data })
  expect(told).toMatchObject({
    eventTime: '2026-03-01T12:00:00Z',
    eventType: 'LoyaltyEventCreateEvent',
    event: {
      loyaltyEvent: {
        memberId: 'main:7',
        event: { ...data, happenedAt: '2026-03-01T12:00:00Z', expiresAt: '2026-03-01T12:00:01Z' },
      },
    },
  })
})

test('a membership ends and begins again; an event earns by the rules', async () => {
  const id = `main:${ids[6]}`
  await enrol(ids[6]!)
  expect(await call('PATCH', `/loyaltyProgramProduct/${id}`, { productStatus: 'terminated' })).toMatchObject({
    status: 200,
    body: { productStatus: 'terminated', validFor: { endDateTime: expect.any(String) as string } },
  })
  expect((await call('GET', '/loyaltyProgramMember?status=terminated')).headers['x-total-count']).toBe('1')
  await call('PATCH', `/loyaltyProgramProduct/${id}`, { productStatus: 'active' })
  const event = { orderId: 'o1', amountMinor: 12_300 }
  const posted = await call('POST', '/loyaltyEvent', {
    eventType: 'order.paid',
    memberId: id,
    event,
    eventId: { id: 'e-1' },
  })
  expect(posted).toMatchObject({ status: 201, body: { id: 'e-1', eventType: 'order.paid', memberId: id } })
  await world.run()
  expect((await call('GET', `/loyaltyBalance/${id}`)).body['quantity']).toEqual({
    unit: 'points',
    value: 123,
  })
  const unknown = { eventType: 'nobody.knows', memberId: id, event: {} }
  expect(await call('POST', '/loyaltyEvent', unknown)).toMatchObject({ status: 400 })
  expect((await call('DELETE', `/loyaltyProgramProduct/${id}`)).status).toBe(204)
})

test('a listener is told of what it asked for, signed, until it is taken away', async () => {
  // What was announced before is nobody's news.
  await world.run()
  const query = 'eventType=LoyaltyBalanceAttributeValueChangeEvent'
  const made = await call('POST', '/hub', { callback, query })
  expect(made).toMatchObject({ status: 201, body: { callback, query } })
  const { id, secret } = made.body as unknown as { id: string; secret: string }
  await webhooks.stage.run(world.tenantId)
  await expect
    .poll(
      async () => (await world.tx<unknown[]>((tx) => tx.query('select from api.webhook_position'))).length,
    )
    .toBe(2)
  const about = `main:${ids[7]}`
  await enrol(ids[7]!)
  await call('POST', `/loyaltyBalance/${about}/loyaltyEarn`, { quantity: { value: 3 } })
  await world.run()
  await webhooks.stage.run(world.tenantId)
  await expect.poll(() => told.length).toBe(1)
  const [{ body, headers }] = told as [(typeof told)[number]]
  expect(JSON.parse(body)).toMatchObject({
    eventId: expect.any(String) as string,
    eventTime: expect.any(String) as string,
    eventType: 'LoyaltyBalanceAttributeValueChangeEvent',
    event: { loyaltyBalance: { id: about, href: `${base}/loyaltyBalance/${encodeURIComponent(about)}` } },
  })
  const signed = { id: String(headers['webhook-id']), timestamp: String(headers['webhook-timestamp']), body }
  expect(headers['webhook-signature']).toBe(webhookSignature(secret, signed))
  expect((await call('DELETE', `/hub/${id}`)).status).toBe(204)
  expect((await call('DELETE', `/hub/${id}`)).status).toBe(404)
  await webhooks.stage.run(world.tenantId)
  await call('POST', `/loyaltyBalance/${about}/loyaltyEarn`, { quantity: { value: 3 } })
  await world.run()
  await webhooks.stage.run(world.tenantId)
  expect(told).toHaveLength(1)
  expect(await webhooks.status(world.tenantId)).toEqual([])
})
