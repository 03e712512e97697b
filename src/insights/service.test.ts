import assert from 'node:assert/strict'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { appendEvents } from '../../test/log-events.ts'
import { type TestDatabase, testAnalytics, testDatabase, testFolder } from '../../test/stores.ts'
import { createAccess } from '../access/index.ts'
import { campaignDocuments } from '../campaigns/index.ts'
import { productKind } from '../offers/index.ts'
import {
  type Analytics,
  appendFacts,
  Documents,
  type Fact,
  LmdbLogStore,
  ManualClock,
} from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
import { createTriggers, triggerKind } from '../triggers/index.ts'
import { eventTypeKind } from '../events/index.ts'
import { campaignReport, type CampaignReport } from './contract.ts'
import { createInsights, type Insights } from './service.ts'

const tenantId = 'alpha'
const startMs = Date.parse('2026-03-10T12:00:00Z')
const same = (text: string) => ({ en: text, ru: text, uk: text })
const journey = { start: 'end', steps: [{ id: 'end', type: 'exit', reason: 'done' }] }
const documentsOf = [
  { kind: 'EventType', id: 'used', subject: 'subscriber', schema: { type: 'object' } },
  { kind: 'Trigger', id: 'ninety', on: 'used', match: {}, cooldown: 'PT1S' },
  {
    kind: 'Product',
    id: 'data-500',
    name: same('500 MB'),
    volumeMb: 500,
    priceMinor: '15000',
    currency: 'RUB',
    answerCode: '*1*500#',
  },
  {
    kind: 'Campaign',
    id: 'camp',
    name: same('Runs out'),
    state: 'live',
    population: { trigger: 'ninety' },
    control: { share: 50, name: same('Control') },
    arms: [{ id: 'a', name: same('A'), share: 50, entry: { trigger: 'ninety' }, journey }],
  },
]

let stores: TestDatabase
let analytics: Analytics
let logs: LmdbLogStore
let insights: Insights
const clock = new ManualClock(startMs)
beforeAll(async () => {
  stores = await testDatabase()
  analytics = await testAnalytics()
  logs = new LmdbLogStore(testFolder())
  const { database } = stores
  const documents = new Documents(database, [
    attributesKind,
    eventTypeKind,
    triggerKind,
    productKind,
    ...campaignDocuments,
  ])
  const base = { database, clock, documents }
  const access = createAccess(base)
  const settings = {
    currency: 'RUB',
    currencyDecimals: 2,
    timeZone: 'Europe/Moscow',
    language: 'en' as const,
  }
  await access.createTenant({ tenantId, name: 'x', ...settings })
  const results = await documents.apply(tenantId, documentsOf)
  assert(!results.some((result) => result.problems), JSON.stringify(results))
  const eventLogOf = (id: string) => logs.log(id)
  const nobody = (): undefined => undefined
  insights = await createInsights({
    ...base,
    analytics,
    access,
    profiles: createProfiles({ ...base, access }),
    triggers: createTriggers({
      ...base,
      logOf: eventLogOf,
      checkpointsOf: () => () => logs.checkpoints(),
      timeZoneOf: async () => settings.timeZone,
      onFirings: nobody,
      onWork: nobody,
      onError: (error) => console.error(error),
    }),
    eventLogOf,
    onError: (error) => console.error(error),
  })
})
afterAll(async () => {
  await insights.stop()
  await analytics.close()
  await logs.close()
  await stores.close()
})

const tell = (...facts: Omit<Fact, 'at'>[]): Promise<void> =>
  stores.database.tx(tenantId, (tx) =>
    appendFacts(
      tx,
      facts.map((fact) => ({ campaignId: 'camp', arm: 'a', ...fact, at: clock.now() })),
    ),
  )
const report = (): Promise<CampaignReport> => insights.report(tenantId, 'camp')
const armOf = (found: CampaignReport, armId: string) => found.arms.find((arm) => arm.armId === armId)!
/** The oldest running transaction is the whole server's, so that tests beside this one may hold facts back. */
const inTime = { timeout: 30_000, interval: 20 }

test('before anything happened the report has every arm, with nothing in it', async () => {
  const found = campaignReport.parse(await report())
  expect(found).toMatchObject({
    from: null,
    currency: 'RUB',
    timeZone: 'Europe/Moscow',
    refusals: [],
    days: [],
  })
  expect(found.arms.map(({ armId, isControl, enrolled }) => [armId, isControl, enrolled])).toEqual([
    ['a', false, 0],
    ['control', true, 0],
  ])
})

test('it lays the metrics out by arm, compares with control, and says what the cascade saved', async () => {
  await tell(
    ...[1, 2].map((subscriberId) => ({ kind: 'enrolled', subscriberId })),
    ...[3, 4].map((subscriberId) => ({ kind: 'enrolled', subscriberId, arm: 'control' })),
    { kind: 'contacted', subscriberId: 1, costMinor: 300n },
    { kind: 'message_submitted', subscriberId: 1, channel: 'dstk', ref: 'm1', costMinor: 3n },
    { kind: 'message_delivered', subscriberId: 1, channel: 'dstk', ref: 'm1' },
    {
      kind: 'activated',
      subscriberId: 1,
      productId: 'data-500',
      amountMinor: 15_000n,
      attributes: { onCredit: true },
    },
    { kind: 'awarded', subscriberId: 1, quantity: 150 },
  )
  await appendEvents(logs.log(tenantId), [
    { id: 'e1', type: 'package.purchased', atMs: startMs, subscriberId: 1, data: { priceMinor: 15_000 } },
  ])
  await vi.waitFor(async () => expect(armOf(await report(), 'a').pointsAwarded).toBe('150'), inTime)
  const found = campaignReport.parse(await report())
  expect(armOf(found, 'a')).toMatchObject({
    enrolled: 2,
    contacted: 1,
    activated: 1,
    products: [
      {
        productId: 'data-500',
        name: { en: '500 MB', ru: '500 MB', uk: '500 MB' },
        volumeMb: 500,
        activated: 1,
        onCredit: 1,
      },
    ],
    packageRevenueMinor: '15000',
    messageCostMinor: '3',
    allSmsCostMinor: '300',
    cascadeSavedMinor: '297',
    marginMinor: '14997',
    margin: { perSubscriberMinor: 7_498.5 },
    packageRevenue: { perSubscriberMinor: 7_500 },
  })
  expect(armOf(found, 'control')).toMatchObject({ enrolled: 2, marginMinor: '0' })
  expect(armOf(found, 'control').margin).toBeUndefined()
  expect(found.refusals).toEqual([
    { armId: 'a', reason: 'not_contacted', subscribers: 1, share: 1 },
    { armId: 'control', reason: 'not_contacted', subscribers: 2, share: 1 },
  ])
  expect(found.totals).toMatchObject({ events: 1, messages: 1, receipts: 1, activations: 1 })
  expect(found.days).toMatchObject([
    { day: '2026-03-10', armId: 'a', packageRevenueMinor: '15000' },
    { armId: 'control' },
  ])
})

test('whoever asks while a report is being made gets one that knows what had happened by then', async () => {
  for (let subscriberId = 101; subscriberId <= 110; subscriberId++) {
    const before = report()
    await tell({ kind: 'enrolled', subscriberId })
    // Until the fact is readable to the feed nobody can be expected to know it.
    const isOld = `select txid < pg_snapshot_xmin(pg_current_snapshot()) as yes from platform.outbox order by txid desc limit 1`
    await vi.waitFor(
      async () =>
        expect(await stores.database.tx(tenantId, (tx) => tx.query(isOld))).toEqual([{ yes: true }]),
      inTime,
    )
    const [, after, shared] = await Promise.all([before, report(), report()])
    expect(armOf(after, 'a').enrolled).toBe(subscriberId - 98)
    expect(shared).toBe(after)
  }
})

test('a campaign that is not there is said so, also the second time', async () => {
  for (let time = 0; time < 2; time++)
    await expect(insights.report(tenantId, 'gone')).rejects.toMatchObject({ code: 'campaign_not_found' })
})
