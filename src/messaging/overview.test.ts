import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess, guard } from '../access/index.ts'
import { createHttp, Documents, type FastifyInstance, ManualClock, newId } from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
import type { Channel, Done, OutboundMessage } from './channel.ts'
import { messagingDocuments } from './documents.ts'
import { overviewRoutes } from './overview-http.ts'
import { createMessaging, type Messaging } from './service.ts'

/** Takes what it has room for, and answers when the test says so. */
class HalfOpen implements Channel {
  left = 2
  readonly held: (() => void)[] = []
  room = (): number => this.left

  submit(messages: OutboundMessage[], done: Done): void {
    this.left -= messages.length
    for (const [i, { messageId }] of messages.entries())
      this.held.push(() => done(i, { outcome: 'accepted', providerMessageId: messageId }))
  }

  start = async (): Promise<void> => undefined
  whenReady = async (): Promise<void> => undefined
  stop = async (): Promise<void> => undefined
}

const same = (text: string) => ({ en: text, ru: text, uk: text })
const documents = [
  { kind: 'Template', id: 'text', channel: 'dstk', text: same('Press OK') },
  { kind: 'Channel', id: 'dstk', priceMinor: '3', url: 'http://gateway' },
  {
    kind: 'Cascade',
    id: 'offer',
    purpose: 'transactional',
    steps: [{ channel: 'dstk', template: 'text', until: 'accepted', wait: 'PT2H' }],
  },
]

const channel = new HalfOpen()
let stores: TestDatabase
let http: FastifyInstance
let messaging: Messaging
let key: string
let foreignKey: string
beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  const clock = new ManualClock(Date.parse('2026-03-10T12:00:00Z'))
  const access = createAccess({ database, clock })
  const known = new Documents(database, [attributesKind, ...messagingDocuments])
  const profiles = createProfiles({ database, clock, access, documents: known })
  const settings = {
    name: 'x',
    currency: 'RUB',
    currencyDecimals: 2,
    timeZone: 'UTC',
    language: 'en' as const,
  }
  key = (await access.createTenant({ tenantId: 'alpha', ...settings })).apiKey
  foreignKey = (await access.createTenant({ tenantId: 'beta', ...settings })).apiKey
  await known.apply('alpha', documents)
  await profiles.upsertSubscribers('alpha', [{ identities: { msisdn: '+79990000001' } }])
  const wake = (): void => undefined
  messaging = createMessaging({
    database,
    clock,
    documents: known,
    profiles,
    wake,
    makeChannel: () => channel,
  })
  http = createHttp(() => undefined)
  guard(http, access)
  overviewRoutes(http, messaging, database)
})
afterAll(async () => {
  await http.close()
  await messaging.stop()
  await stores.close()
})

async function get(url: string, as = key): Promise<unknown> {
  const headers = { authorization: `Bearer ${as}` }
  const { statusCode, body } = await http.inject({ method: 'GET', url, headers })
  expect(statusCode).toBe(200)
  return JSON.parse(body) as unknown
}

test('a sending is told from its recipients’ states, and a channel from what it takes', async () => {
  const starts = Array.from({ length: 3 }, () => ({
    runId: newId(),
    cascadeId: 'offer',
    subscriberId: 1,
    campaignId: 'camp',
    arm: 'a',
    reference: 'r',
    variables: {},
  }))
  await stores.database.tx('alpha', (tx) => messaging.startCascades(tx, 'alpha', starts))
  expect(await get('/v1/sendings')).toMatchObject({
    sendings: [
      { campaignId: 'camp', state: 'running', waiting: 3, active: 0, finished: 0, sent: 0, startedAt: null },
    ],
  })
  const running = messaging.stage.run('alpha')
  while (channel.held.length < 2) await new Promise((resolve) => setImmediate(resolve))
  expect(await get('/v1/delivery/channels')).toEqual({
    channels: [{ channel: 'dstk', room: 0, queued: 1, inFlight: 2 }],
    answers: [],
  })
  channel.left = 1
  for (const answer of channel.held) answer()
  while (channel.held.length < 3) await new Promise((resolve) => setImmediate(resolve))
  channel.held[2]!()
  await running
  expect(await get('/v1/sendings')).toMatchObject({
    sendings: [
      { campaignId: 'camp', state: 'finished', waiting: 0, active: 0, finished: 3, sent: 3, costMinor: '9' },
    ],
  })
  await messaging.control('alpha', 'camp', 'cancelled')
  expect(await get('/v1/sendings')).toMatchObject({ sendings: [{ state: 'cancelled' }] })
})

test('another tenant sees none of it', async () => {
  expect(await get('/v1/sendings', foreignKey)).toEqual({ sendings: [] })
  expect(await get('/v1/delivery/channels', foreignKey)).toEqual({ channels: [], answers: [] })
})
