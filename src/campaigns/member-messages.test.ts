import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sourceDocuments } from '../../cli/source.ts'
import { type LoyaltyWorld, loyaltyWorld, programme } from '../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase, testFolder } from '../../test/stores.ts'
import { createMessaging, messagingDocuments } from '../messaging/index.ts'
import { createOperator } from '../operator/index.ts'
import { LmdbLogStore, Loop } from '../platform/index.ts'
import { createTriggers, triggerKind } from '../triggers/index.ts'
import { campaignDocuments } from './documents.ts'
import { createCampaigns } from './service.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const DAY_MS = 86_400_000
const file = join(import.meta.dirname, '../../demo/member-messages.yaml')
/** The ready documents; what they send by SMS goes by a gateway that is easier to stand in for. */
const ready = sourceDocuments(
  file,
  readFileSync(file, 'utf8').replaceAll('channel: sms', 'channel: dstk'),
).map(({ body }) => body)

type Sent = { address: string; text: string }

/** A gateway that takes every pop-up. */
async function gateway(): Promise<{ url: string; sent: Sent[]; close(): void }> {
  const sent: Sent[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const push = JSON.parse(text) as Sent
    sent.push({ address: push.address, text: push.text })
    response
      .writeHead(202, { 'content-type': 'application/json' })
      .end(JSON.stringify({ token: `t${sent.length}` }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent, close }
}

/** Loyalty, triggers, campaigns and messages of one tenant. */
async function bench(own: { decimals?: number; welcome?: object } = {}) {
  const kinds = [triggerKind, ...messagingDocuments, ...campaignDocuments]
  const world: LoyaltyWorld = await loyaltyWorld(stores, {
    kinds,
    startMs: Date.parse('2026-04-20T09:00:00Z'),
  })
  const { clock, database, tenantId, profiles, documents } = world
  const errors: unknown[] = []
  const taking = await gateway()
  const loop = new Loop(clock, (_stage, error) => errors.push(error))
  const base = { database, clock, documents }
  const operator = createOperator({ ...base, accountsOf: async () => new Map(), onFinished: () => undefined })
  const messaging = createMessaging({ ...base, profiles, wake: (id, stage) => loop.wake(id, stage) })
  const campaigns = createCampaigns({
    ...base,
    operator,
    messaging,
    loyalty: world.loyalty,
    profiles,
    wakeOperator: () => undefined,
    wakeJourneys: (id) => loop.wake(id, 'journeys'),
  })
  const checkpoints = new LmdbLogStore(testFolder())
  const triggers = createTriggers({
    ...base,
    logOf: () => world.log,
    checkpointsOf: () => () => checkpoints.checkpoints(),
    timeZoneOf: async () => 'UTC',
    onFirings: (id) => loop.wake(id, 'entries'),
    onWork: () => undefined,
    onError: (error) => errors.push(error),
  })
  loop.addTenant(tenantId, [triggers.stage, ...campaigns.stages, messaging.stage])
  await world.apply(
    { kind: 'Channel', id: 'dstk', priceMinor: '0', url: taking.url },
    programme({
      id: 'main',
      currency: 'points',
      enrolment: 'by_hand',
      welcome: { points: '1500' },
      expiry: { after: 'earn', days: 31 },
      timeZone: 'Europe/Kyiv',
      ...own,
    }),
    { kind: 'TransferTerms', id: 'main' },
  )
  return {
    world,
    errors,
    /** Lets everybody work until nothing is left, and returns what was sent meanwhile. */
    async work(): Promise<Sent[]> {
      const before = taking.sent.length
      await world.run()
      loop.wake(tenantId, 'triggers')
      await loop.drain()
      return taking.sent.slice(before)
    },
    async close(): Promise<void> {
      await loop.stop()
      await messaging.stop()
      await operator.close()
      await triggers.close()
      await checkpoints.close()
      taking.close()
      await world.close()
    },
  }
}

test('members are told of welcome, gifts and expiry with points and dates, from the first event on', async () => {
  const { world, errors, work, close } = await bench()
  // Nothing was announced yet, and its types are known all the same.
  await world.apply(...(ready as object[]))
  await world.profiles.upsertSubscribers(world.tenantId, [
    { identities: { external: 'ann', msisdn: '+79990000001' }, language: 'en', consents: { '*': true } },
    {
      identities: { external: 'bob', msisdn: '+79990000002' },
      language: 'uk',
      timeZone: 'America/New_York',
      consents: { '*': true },
    },
  ])
  const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
  const asMember = (subscriberId: number) => ({ tenantId: world.tenantId, programmeId: 'main', subscriberId })
  await world.loyalty.members.enrol(asMember(ann))
  expect(await work()).toEqual([
    { address: '+79990000001', text: 'Welcome to the programme! Points for a start: 1,500.' },
  ])
  await world.loyalty.members.enrol(asMember(bob))
  await work()
  // Seven days before the end of 21 May, which is a notice of the programme by default.
  world.clock.setMs(world.clock.nowMs() + 25 * DAY_MS)
  expect((await work()).toSorted((a, b) => (a.address < b.address ? -1 : 1))).toEqual([
    {
      address: '+79990000001',
      text: 'Points that expire soon: 1,500. The last day to spend them is 21 May.',
    },
    {
      address: '+79990000002',
      text: 'Скоро згорять бали: 1 500. Останній день, щоб їх витратити: 21 травня.',
    },
  ])
  // The day of that notice is over, so whoever gets points that expire is told with them; at 21:00 UTC it is 21 May there.
  const gift = { fromId: ann, toId: bob, points: 200n, note: null, key: 'gift' }
  await world.loyalty.exchanges.send(world.tenantId, 'main', gift)
  expect(await work()).toEqual([
    { address: '+79990000002', text: 'Вам подарували бали: 200. З них 200 згорять 21 травня.' },
  ])
  assert.deepEqual(errors, [])
  await close()
})

test('amounts come out right in the decimals of the programme, and conditions compare them as numbers', async () => {
  const { world, errors, work, close } = await bench({ decimals: 2, welcome: { points: '1250' } })
  const generous = ready.map((body) => {
    const { kind, id, where } = body as { kind: string; id: string; where?: string }
    const isWelcome = kind === 'Trigger' && id === 'member-welcomed'
    return isWelcome
      ? { ...(body as object), where: `${where} && event.pointsMinor > 1249 && event.pointsMinor < 1251` }
      : body
  }) as object[]
  const wrong = { kind: 'Trigger', id: 'wrong', on: 'loyalty.points_earned', where: 'event.points > 14' }
  await expect(world.apply({ ...wrong, match: {} })).rejects.toThrow(/"where"/)
  await world.apply(...generous)
  await world.profiles.upsertSubscribers(world.tenantId, [
    {
      identities: { external: 'ann', msisdn: '+79990000001' },
      language: 'en',
      consents: { '*': true },
    },
    {
      identities: { external: 'bob', msisdn: '+79990000002' },
      language: 'ru',
      consents: { '*': true },
    },
  ])
  const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
  const { tenantId, loyalty } = world
  await loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId: ann })
  await loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId: bob })
  expect((await work()).map(({ text }) => text).toSorted()).toEqual([
    'Welcome to the programme! Points for a start: 12.50.',
    'Добро пожаловать в программу! Баллов для начала: 12,50.',
  ])
  const gift = { fromId: bob, toId: ann, points: 1_005n, note: null, key: 'gift' }
  await loyalty.exchanges.send(tenantId, 'main', gift)
  expect((await work()).map(({ text }) => text)).toEqual([
    'You were given points: 10.05. Of them 10.05 expire on 21 May.',
  ])
  assert.deepEqual(errors, [])
  await close()
})

test('a campaign whose text names a field that its trigger does not emit is refused', async () => {
  const { world, close } = await bench()
  const silent = ready.map((body) => {
    const { kind, id } = body as { kind: string; id: string }
    return kind === 'Trigger' && id === 'points-expiring'
      ? { ...(body as object), emit: ['event.points'] }
      : body
  }) as object[]
  await expect(world.apply(...silent)).rejects.toThrow(/event_field_not_emitted[^]*event\.on/)
  await close()
})
