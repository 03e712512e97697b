import assert from 'node:assert/strict'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { appendEvents } from '../../test/log-events.ts'
import { type TestDatabase, testAnalytics, testDatabase, testFolder } from '../../test/stores.ts'
import { createAccess, guard } from '../access/index.ts'
import { eventTypeKind } from '../events/index.ts'
import { messagingDocuments } from '../messaging/index.ts'
import {
  type Analytics,
  appendFacts,
  createHttp,
  Documents,
  type FastifyInstance,
  LmdbLogStore,
  ManualClock,
  newId,
} from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
import { createTriggers, triggerKind } from '../triggers/index.ts'
import { cascadeConversion, type CascadeConversion } from './contract.ts'
import { insightsRoutes } from './http.ts'
import { createInsights, type Insights } from './service.ts'

/*
 * Six subscribers, small enough to be worked out by hand. "0" is the moment at which the cascade began, in hours; the
 * window is three days.
 *
 *  1  push at 0, bought for 100 at 1                     → push 1 purchase, 100
 *  2  push at 0, SMS at 2, bought at 1, 3 and 4, 100 each → push 1 purchase, SMS 2 purchases
 *  3  push at 0, SMS at 2, bought at 80                  → 78 hours after the SMS: too late
 *  4  push at 0, SMS of another campaign at 5, bought at 6 → the other campaign's
 *  5  SMS at 2 whose outcome stayed unknown, bought at 3 → counts nowhere
 *  6  push at 0, nothing; bought an hour before it       → counts nowhere
 *
 * Push: 5 sent, 2 converted, 2 purchases, 200: CR 40 %. SMS: 2 sent, 1 converted, 2 purchases, 200: CR 50 %.
 */

const HOUR_MS = 3_600_000
const startMs = Date.parse('2026-03-10T12:00:00Z')
const same = (text: string) => ({ en: text, ru: text, uk: text })
const step = (channel: string) => ({ channel, template: channel, until: 'seen', wait: 'PT2H' })

let stores: TestDatabase
let analytics: Analytics
let logs: LmdbLogStore
let insights: Insights
let http: FastifyInstance
const keys: string[] = []
const clock = new ManualClock(startMs + 100 * HOUR_MS)

beforeAll(async () => {
  stores = await testDatabase()
  analytics = await testAnalytics()
  logs = new LmdbLogStore(testFolder())
  const { database } = stores
  const kinds = [attributesKind, eventTypeKind, triggerKind, ...messagingDocuments]
  const documents = new Documents(database, kinds)
  const base = { database, clock, documents }
  const access = createAccess(base)
  const settings = { name: 'x', currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC' }
  for (const tenantId of ['alpha', 'beta']) {
    keys.push((await access.createTenant({ tenantId, ...settings, language: 'en' })).apiKey)
    const results = await documents.apply(tenantId, [
      { kind: 'Template', id: 'webhook', channel: 'webhook', text: same('x') },
      { kind: 'Template', id: 'sms', channel: 'sms', text: same('x') },
      { kind: 'Cascade', id: 'offer', steps: [step('webhook'), step('sms')] },
    ])
    assert(!results.some(({ problems }) => problems), JSON.stringify(results))
  }
  const nobody = (): undefined => undefined
  const eventLogOf = (id: string) => logs.log(id)
  insights = await createInsights({
    ...base,
    analytics,
    access,
    profiles: createProfiles({ ...base, access }),
    triggers: createTriggers({
      ...base,
      logOf: eventLogOf,
      checkpointsOf: () => () => logs.checkpoints(),
      timeZoneOf: async () => 'UTC',
      onFirings: nobody,
      onWork: nobody,
      onError: (error) => console.error(error),
    }),
    eventLogOf,
    onError: (error) => console.error(error),
  })
  http = createHttp(() => undefined)
  guard(http, access)
  insightsRoutes(http, insights)
  for (const tenantId of ['alpha', 'beta']) await tell(tenantId)
})
afterAll(async () => {
  await http.close()
  await insights.stop()
  await analytics.close()
  await logs.close()
  await stores.close()
})

type Sent = { subscriberId: number; channel: string; atHours: number; isUnknown?: boolean }

/** The story above; only the first tenant's cascade ran, the second one's subscribers bought the same. */
async function tell(tenantId: string): Promise<void> {
  const push = (subscriberId: number): Sent => ({ subscriberId, channel: 'webhook', atHours: 0 })
  const sms = (subscriberId: number): Sent => ({ subscriberId, channel: 'sms', atHours: 2 })
  const sent = [push(1), push(2), sms(2), push(3), sms(3), push(4), { ...sms(5), isUnknown: true }, push(6)]
  const at = (hours: number) => Temporal.Instant.fromEpochMilliseconds(startMs + hours * HOUR_MS)
  if (tenantId === 'alpha')
    await stores.database.tx(tenantId, async (tx) => {
      const runs = new Map([1, 2, 3, 4, 5, 6].map((subscriberId) => [subscriberId, newId()]))
      await tx.query(
        `insert into messaging.shape (tenant_id, shape_id, cascade_id, cascade_version, campaign_id, arm)
         values ('alpha', 1, 'offer', 1, 'camp', 'a')`,
      )
      for (const [subscriberId, runId] of runs)
        await tx.query(
          `insert into messaging.life (tenant_id, run_id, shape_id, subscriber_id, reference, variables, state, outcome,
             contacted_at, started_at)
           values ('alpha', $1, 1, $2, 'r', '{}', 'finished', 'no_answer', $3, $3)`,
          [runId, subscriberId, at(0)],
        )
      for (const { subscriberId, channel, atHours, isUnknown } of sent) {
        const messageId = newId()
        await tx.query(
          `insert into messaging.later_message (tenant_id, message_id, run_id, step, channel, template_id, subscriber_id,
             campaign_id, arm, reference, until, wait_s, text, parts, cost_minor, state, queued_at, not_before,
             expires_at, submitted_at)
           values ('alpha', $1, $2, $3, $4, $4, $5, 'camp', 'a', 1, 'seen', 60, 't', 1, 150, $6, $7, $7, $7, $7)`,
          [
            messageId,
            runs.get(subscriberId),
            channel === 'sms' ? 1 : 0,
            channel,
            subscriberId,
            isUnknown ? 'unknown' : 'delivered',
            at(atHours),
          ],
        )
        const kind = isUnknown ? 'message_unknown' : 'message_submitted'
        const about = { subscriberId, campaignId: 'camp', arm: 'a', channel, ref: messageId }
        await appendFacts(tx, [{ kind, at: at(atHours), ...about }])
      }
      const other = { subscriberId: 4, campaignId: 'other', arm: 'a', channel: 'sms', ref: newId() }
      await appendFacts(tx, [{ kind: 'message_submitted', at: at(5), ...other }])
    })
  const purchases = [
    [1, 1],
    [2, 1],
    [2, 3],
    [2, 4],
    [3, 80],
    [4, 6],
    [5, 3],
    [6, -1],
  ] as const
  await appendEvents(
    logs.log(tenantId),
    purchases.map(([subscriberId, hours], n) => ({
      id: `e${n}`,
      type: 'package.purchased',
      atMs: startMs + hours * HOUR_MS,
      subscriberId,
      data: { priceMinor: 10_000 },
    })),
  )
}

async function ask(query = '', key = keys[0]!): Promise<CascadeConversion> {
  const url = `/v1/cascades/offer/conversion?from=2026-03-10T00:00:00Z${query}`
  const answer = await http.inject({ url, headers: { authorization: `Bearer ${key}` } })
  expect(answer.statusCode).toBe(200)
  return cascadeConversion.parse(answer.json())
}

test('a purchase counts for the last message before it, within the window', async () => {
  // Facts are read once no older transaction runs on the server, also of another test.
  await vi.waitFor(async () => expect((await ask()).channels[1]?.purchases).toBe(2), { timeout: 30_000 })
  expect((await ask()).channels).toEqual([
    { channel: 'webhook', sent: 5, converted: 2, purchases: 2, revenueMinor: '20000', conversionRate: 0.4 },
    { channel: 'sms', sent: 2, converted: 1, purchases: 2, revenueMinor: '20000', conversionRate: 0.5 },
  ])
  expect(
    (await ask()).steps.map(({ step: place, channel, converted }) => [place, channel, converted]),
  ).toEqual([
    [0, 'webhook', 2],
    [1, 'sms', 1],
  ])
})

test('a wider window lets later purchases in, a narrower one keeps them out', async () => {
  const sms = async (query: string) => (await ask(query)).channels.find(({ channel }) => channel === 'sms')
  expect(await sms('&windowHours=78')).toMatchObject({ converted: 2, purchases: 3, conversionRate: 1 })
  expect(await sms('&windowHours=1')).toMatchObject({ converted: 1, purchases: 1, revenueMinor: '10000' })
})

test('another tenant sees none of it; a cascade that is none, or a window that is none, is refused', async () => {
  expect((await ask('', keys[1])).channels).toEqual([])
  const headers = { authorization: `Bearer ${keys[0]}` }
  expect((await http.inject({ url: '/v1/cascades/nothing/conversion', headers })).statusCode).toBe(404)
  const wrong = await http.inject({ url: '/v1/cascades/offer/conversion?windowHours=0', headers })
  expect([wrong.statusCode, wrong.json().field]).toEqual([422, 'windowHours'])
})
