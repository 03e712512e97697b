import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Analytics } from '@segment/analytics-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { type SourceWorld, sourceWorld } from '../../../test/source-world.ts'
import { guard } from '../../access/index.ts'
import { createHttp, type FastifyInstance, ManualClock, newId } from '../../platform/index.ts'
import { segmentRoutes } from './segment-http.ts'
import { slugOf } from './segment.ts'

const NOW_MS = Date.UTC(2026, 2, 1, 12)
const clock = new ManualClock(NOW_MS)
let world: SourceWorld
let http: FastifyInstance
let host: string

beforeAll(async () => {
  world = await sourceWorld([], clock)
  http = createHttp((error) => console.error(error))
  guard(http, world.access)
  segmentRoutes(http, world)
  await http.listen({ host: '127.0.0.1', port: 0 })
  host = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`
  const text = { type: 'string' }
  const typeOf = (id: string, properties: object): object => ({
    kind: 'EventType',
    id,
    subject: 'subscriber',
    schema: { type: 'object', properties },
  })
  await world.documents.apply(world.tenantId, [
    { kind: 'Attributes', id: 'subscriber', attributes: { plan: 'string', age: 'int' } },
    typeOf('segment.track', { event: text, revenue: { type: 'number' } }),
    typeOf('segment.track.order-completed', { revenue: { type: 'number' }, orderId: text }),
    typeOf('segment.page', { name: text, category: text, path: text }),
    typeOf('segment.screen', { name: text }),
    typeOf('segment.group', { groupId: text, tariff: text }),
    typeOf('segment.identify', { plan: text }),
  ])
})
afterAll(async () => {
  await http.close()
  await world.close()
})

const logged = async (prefix: string) =>
  (await world.logged())
    .filter((event) => event.id.startsWith(prefix))
    .map(({ source: _source, ...event }) => event)
const idOf = async (identity: string) =>
  (await world.profiles.resolveIdentities(world.tenantId, [identity]))[0]
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${host}${path}`, {
    method: 'POST',
    body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
    headers,
  })
const basic = () => ({
  authorization: `Basic ${Buffer.from(`${world.apiKey}:`).toString('base64')}`,
  'content-type': 'application/json',
})
const send = async (path: string, body: unknown) => (await post(path, body, basic())).json()

test('the npm client works unchanged; its retry after a lost answer has no effect', async () => {
  const p = newId()
  let sent = 0
  const analytics = new Analytics({
    host,
    writeKey: world.apiKey,
    flushAt: 20,
    // The first answer is lost on its way back: the server has everything, the client must send again.
    httpClient: async (url, options) => {
      const answer = await fetch(url, options as RequestInit)
      if (sent++ === 0) throw new Error('connection lost')
      return answer
    },
  })
  const errors: unknown[] = []
  analytics.on('error', (error) => errors.push(error))
  const userId = 'u-npm'
  const call = (n: number) => ({ userId, messageId: `${p}-${n}` })
  analytics.identify({ ...call(1), traits: { plan: 'gold', phone: '+79991234567', undeclared: 1 } })
  analytics.track({
    ...call(2),
    event: 'Order Completed',
    properties: { revenue: 12.5, orderId: 'o1', x: 1 },
  })
  analytics.track({ ...call(3), event: 'Something else', properties: { revenue: 1 } })
  analytics.page({ ...call(4), name: 'Home', category: 'Docs', properties: { path: '/' } })
  analytics.screen({ ...call(5), name: 'Main' })
  analytics.group({ ...call(6), groupId: 'family', traits: { tariff: 'all' } })
  analytics.alias({ userId, previousId: 'u-old', messageId: `${p}-7` })
  await analytics.closeAndFlush()

  expect(errors).toEqual([])
  expect(sent).toBe(2)
  const subscriberId = await idOf('external:u-npm')
  expect(subscriberId).toBeTypeOf('number')
  expect(await idOf('+79991234567')).toBe(subscriberId)
  expect(await idOf('external:u-old')).toBe(subscriberId)
  const view = await world.profiles.view(world.tenantId, subscriberId!)
  expect(view.attributes).toEqual({ plan: 'gold' })
  const events = (await logged(p)).sort((a, b) => (a.id < b.id ? -1 : 1))
  expect(events.map(({ id, type, subscriberId: by, data }) => ({ id, type, by, data }))).toEqual([
    { id: `${p}-1`, type: 'segment.identify', by: subscriberId, data: { plan: 'gold' } },
    {
      id: `${p}-2`,
      type: 'segment.track.order-completed',
      by: subscriberId,
      data: { revenue: 12.5, orderId: 'o1' },
    },
    { id: `${p}-3`, type: 'segment.track', by: subscriberId, data: { event: 'Something else', revenue: 1 } },
    {
      id: `${p}-4`,
      type: 'segment.page',
      by: subscriberId,
      data: { name: 'Home', category: 'Docs', path: '/' },
    },
    { id: `${p}-5`, type: 'segment.screen', by: subscriberId, data: { name: 'Main' } },
    { id: `${p}-6`, type: 'segment.group', by: subscriberId, data: { groupId: 'family', tariff: 'all' } },
  ])
  // The client's clock is the machine's, the server's stands in March: times are the server's.
  for (const { atMs } of events) expect(Math.abs(atMs - NOW_MS)).toBeLessThan(60_000)
})

test('a time is corrected by the difference of the clocks, and left alone without a time of sending', async () => {
  await send('/v1/identify', { userId: 'u-time', messageId: 't0' })
  const call = (messageId: string, rest: object) => ({
    type: 'track',
    event: 'E',
    userId: 'u-time',
    messageId,
    ...rest,
  })
  const made = { timestamp: '2026-03-01T14:59:50.000Z' }
  expect(
    await send('/v1/batch', {
      batch: [call('t1', made), call('t2', {})],
      sentAt: '2026-03-01T15:00:00.000Z',
    }),
  ).toEqual({ success: true, accepted: 2, duplicates: 0, rejected: 0 })
  await send('/v1/batch', { batch: [call('t3', { timestamp: '2026-02-28T00:00:00+03:00' })] })
  const late = { originalTimestamp: '2026-03-01T11:00:00Z', timestamp: '2026-03-01T11:30:00Z' }
  await send('/v1/track', { ...call('t4', late), sentAt: '2026-03-01T11:59:59Z' })
  const times = new Map((await logged('t')).map(({ id, atMs }) => [id, atMs]))
  expect(times.get('t1')).toBe(NOW_MS - 10_000)
  expect(times.get('t2')).toBe(NOW_MS)
  expect(times.get('t3')).toBe(Date.UTC(2026, 1, 27, 21))
  expect(times.get('t4')).toBe(NOW_MS - 3_599_000)
  expect(await send('/v1/batch', { batch: [call('t5', { timestamp: 'noon' })] })).toMatchObject({
    rejected: 1,
  })
})

test('the browser library: plain text, the key in the body, one-letter paths, any origin', async () => {
  const asked = await fetch(`${host}/v1/t`, {
    method: 'OPTIONS',
    headers: { origin: 'https://shop.example' },
  })
  expect(asked.status).toBe(204)
  expect(asked.headers.get('access-control-allow-origin')).toBe('*')
  const settings = await fetch(`${host}/v1/projects/${world.apiKey}/settings`)
  expect(await settings.json()).toMatchObject({
    integrations: { 'Segment.io': { apiHost: `${host.slice('http://'.length)}/v1`, protocol: 'http' } },
  })
  expect((await fetch(`${host}/v1/projects/wrong/settings`)).status).toBe(401)

  const { key } = { key: await world.access.createKey(world.tenantId, { name: 'web', role: 'ingest' }) }
  const body = { writeKey: key.apiKey, anonymousId: 'a1', sentAt: new Date(NOW_MS).toISOString() }
  const plain = { 'content-type': 'text/plain;charset=UTF-8', origin: 'https://shop.example' }
  const first = await post(
    '/v1/i',
    { ...body, type: 'identify', messageId: 'b1', traits: { age: 30 } },
    plain,
  )
  expect(first.headers.get('access-control-allow-origin')).toBe('*')
  expect(first.status).toBe(200)
  await post('/v1/t', { ...body, type: 'track', event: 'E', messageId: 'b2', properties: {} }, plain)
  const batch = [{ anonymousId: 'a1', type: 'page', name: 'P', messageId: 'b3' }]
  await post('/v1/b', { writeKey: key.apiKey, batch }, plain)
  const by = await idOf('external:anon:a1')
  expect((await logged('b')).map(({ id, type, subscriberId }) => ({ id, type, subscriberId }))).toEqual([
    { id: 'b1', type: 'segment.identify', subscriberId: by },
    { id: 'b2', type: 'segment.track', subscriberId: by },
    { id: 'b3', type: 'segment.page', subscriberId: by },
  ])

  // Who signs in is the same subscriber; the next one who signs in at this browser is not.
  await send('/v1/i', { userId: 'first', anonymousId: 'a1', messageId: 'b4' })
  await send('/v1/i', { userId: 'second', messageId: 'b5' })
  expect(await send('/v1/i', { userId: 'second', anonymousId: 'a1', messageId: 'b6' })).toMatchObject({
    rejected: 0,
  })
  expect(await idOf('external:first')).toBe(by)
  expect(await idOf('external:second')).not.toBe(by)
  expect((await post('/v1/m', { series: [] }, plain)).status).toBe(200)
})

test('gzip as the mobile libraries send it, and a bomb of it is stopped', async () => {
  await send('/v1/identify', { userId: 'zip', messageId: 'z0' })
  const zipped = (body: object) => gzipSync(JSON.stringify(body))
  const headers = { ...basic(), 'content-encoding': 'gzip' }
  const batch = [{ type: 'screen', userId: 'zip', name: 'Main', messageId: 'z1' }]
  expect(await (await post('/v1/batch', zipped({ batch }), headers)).json()).toMatchObject({ accepted: 1 })
  expect((await post('/v1/batch', zipped({ batch: ['x'.repeat(5_000_000)] }), headers)).status).toBe(413)
  expect((await post('/v1/batch', Buffer.from('no gzip'), headers)).status).toBe(400)
})

test('no key, a wrong key, a reading key: no way in', async () => {
  const read = await world.access.createKey(world.tenantId, { name: 'r', role: 'read' })
  const body = { type: 'track', event: 'E', userId: 'u', messageId: 'k1' }
  const json = { 'content-type': 'application/json' }
  const auth = (key: string) => ({
    ...json,
    authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
  })
  expect((await post('/v1/track', body, json)).status).toBe(401)
  expect((await post('/v1/track', { ...body, writeKey: 'nope' }, json)).status).toBe(401)
  expect((await post('/v1/track', body, auth('nope'))).status).toBe(401)
  expect((await post('/v1/track', body, auth(''))).status).toBe(401)
  expect((await post('/v1/track', { ...body, writeKey: read.apiKey }, json)).status).toBe(403)
  expect(await logged('k1')).toEqual([])
})

test('what cannot be taken waits in the dead letters with its reason, the rest of the batch goes on', async () => {
  await send('/v1/batch', {
    batch: [
      { type: 'identify', userId: 'x1', messageId: 'd1' },
      { type: 'identify', userId: 'x2', messageId: 'd2' },
    ],
  })
  const answer = await send('/v1/batch', {
    batch: [
      'no call',
      { type: 'dance', userId: 'x1', messageId: 'd3' },
      { type: 'track', event: 'E', messageId: 'd4' },
      { type: 'track', event: 'E', userId: 'nobody', messageId: 'd5' },
      { type: 'alias', userId: 'x1', previousId: 'x2', messageId: 'd6' },
      { type: 'identify', userId: 'x1', traits: { phone: '12' }, messageId: 'd7' },
      { type: 'identify', userId: 'x1', traits: { age: 'old' }, messageId: 'd8' },
      { type: 'track', event: 'E', userId: 'x1', messageId: 'd9' },
    ],
  })
  expect(answer).toEqual({ success: true, accepted: 1, duplicates: 0, rejected: 7 })
  expect((await logged('d9')).map(({ id }) => id)).toEqual(['d9'])
  const letters = new Map(
    (await world.letters()).map(({ event, problem }) => [(event as { id: string }).id, problem.code]),
  )
  expect([4, 5, 6, 7, 8, 3].map((n) => letters.get(`d${n}`))).toEqual([
    'event_subject_missing',
    'event_subject_unknown',
    'identity_conflict',
    'identity_invalid',
    'attribute_type',
    'event_type_unknown',
  ])
  expect((await post('/v1/batch', { batch: 1 }, basic())).status).toBe(422)
  expect((await post('/v1/track', '[1]', basic())).status).toBe(422)
  expect((await post('/v1/track', '{', basic())).status).toBe(400)
})

test('a call without a message id is known by what it says', async () => {
  await send('/v1/identify', { userId: 'bare' })
  const call = { event: 'E', userId: 'bare', timestamp: '2026-03-01T11:00:00Z' }
  expect(await send('/v1/track', call)).toMatchObject({ accepted: 1 })
  expect(await send('/v1/track', { ...call, sentAt: undefined })).toMatchObject({ duplicates: 1 })
  expect(await send('/v1/track', { ...call, event: 'F' })).toMatchObject({ accepted: 1 })
})

test.for([
  ['Order Completed', 'order-completed'],
  [' Купил!! SIM-карту 2 ', 'sim-2'],
  ['Заказ', ''],
])('the name %j becomes %j', ([name, slug]) => {
  expect(slugOf(name!)).toBe(slug)
})

test('the event types that the documentation offers can be applied as they stand', async () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/segment.md'), 'utf8')
  const yaml = /```yaml\n([^]*?)```/.exec(text)![1]!
  const documents = parseAllDocuments(yaml).map((document) => document.toJS() as { id: string })
  const results = await world.documents.apply(world.tenantId, documents, { dryRun: true })
  expect(results.flatMap(({ problems }) => problems ?? [])).toEqual([])
  expect(results.map(({ id }) => id)).toContain('segment.alias')
})
