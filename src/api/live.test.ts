import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase, testFolder } from '../../test/stores.ts'
import { createAccess, guard } from '../access/index.ts'
import { type Counters, encodeRecord, logName, partitionOf } from '../events/index.ts'
import {
  createHttp,
  type EventLog,
  type FastifyInstance,
  LmdbLogStore,
  ManualClock,
  RecordBatch,
  Telemetry,
} from '../platform/index.ts'
import type { PartitionStats } from '../triggers/index.ts'
import { liveSnapshot } from './contract.ts'
import { liveRoutes, type LiveSources } from './live.ts'
import { metricsRoutes, platformSamples } from './metrics.ts'

let stores: TestDatabase
let logs: LmdbLogStore
let http: FastifyInstance
const clock = new ManualClock(Date.parse('2026-03-10T12:00:00Z'))
const keys: Record<string, string> = {}
let asked = 0

const partition: PartitionStats = {
  partition: 0,
  position: 90,
  end: 100,
  stateBytes: 5_000,
  checkpointAgeMs: 1_500,
  tooLate: 2,
  firings: { 'package-exhausted': 7 },
  retracted: 1,
  // Buckets of 1 ms to 28 ms, a firing in each.
  latency: Array.from({ length: 28 }, (_, i) => ({ atMostMs: i + 1, count: i + 1 })),
  problems: {},
  catchingUp: {},
}

/** What ingestion would have counted. */
function countersOf(tenantId: string): Counters {
  const byType = new Map([['of.beta', { events: 1 }]])
  const ofAlpha = new Map([
    ['usage.recorded', { events: 12 }],
    ['call.ended', { events: 3 }],
  ])
  const counted = { duplicates: 4, refused: 5, bytes: 3_000, newestMs: clock.nowMs() }
  return { ...counted, byType: tenantId === 'alpha' ? ofAlpha : byType, ofType: () => ({ events: 0 }) }
}

/** Appends events of the last seconds, one a second, each to its subscriber's partition. */
async function appendEvents(log: EventLog, count: number): Promise<void> {
  const batches = Array.from({ length: log.partitions }, () => new RecordBatch())
  for (let i = 0; i < count; i++) {
    const subscriberId = i + 1
    const atMs = clock.nowMs() - (count - i) * 1_000
    const event = {
      id: `e${i}`,
      source: 's',
      type: 'usage.recorded',
      data: { secret: 'x' },
      isReplayed: false,
    }
    batches[partitionOf(subscriberId, log.partitions)]!.add(
      encodeRecord({ ...event, subscriberId, atMs, receivedMs: atMs + 5 }),
    )
  }
  await log.append(batches)
}

const sources: LiveSources = {
  clock,
  events: { counters: countersOf, log: (tenantId) => logs.log(logName(tenantId)) },
  triggers: {
    stats: async (tenantId) =>
      tenantId === 'alpha'
        ? [
            partition,
            {
              ...partition,
              partition: 1,
              position: 95,
              checkpointAgeMs: 900,
              firings: { 'package-exhausted': 1, silent: 2 },
            },
          ]
        : [],
  },
  openDeadLetters: async () => {
    asked++
    return [{ code: 'event_time_invalid', open: 2 }]
  },
}

beforeAll(async () => {
  stores = await testDatabase()
  logs = new LmdbLogStore(testFolder(), { partitions: 2 })
  await appendEvents(logs.log(logName('alpha')), 40)
  const access = createAccess({ database: stores.database, clock })
  http = createHttp((error) => console.error(error))
  guard(http, access)
  const telemetry = new Telemetry()
  telemetry.add(() => platformSamples(sources, ['alpha', 'beta']))
  liveRoutes(http, sources)
  metricsRoutes(http, telemetry, access)
  for (const tenantId of ['alpha', 'beta']) {
    const settings = {
      name: 'x',
      currency: 'EUR',
      currencyDecimals: 2,
      timeZone: 'UTC',
      language: 'en' as const,
    }
    keys[tenantId] = (await access.createTenant({ tenantId, ...settings })).apiKey
  }
  for (const role of ['ingest', 'partner', 'read'] as const)
    keys[role] = (await access.createKey('alpha', { name: role, role })).apiKey
})
afterAll(async () => {
  await http.close()
  await logs.close()
  await stores.close()
})

const get = (url: string, key: string | undefined) =>
  http.inject({ url, headers: key === undefined ? {} : { authorization: `Bearer ${keys[key]}` } })

test('the snapshot adds the partitions up and says who is behind', async () => {
  const answer = await get('/v1/live', 'read')
  const { measuredMs, ...figures } = liveSnapshot.parse(answer.json())
  expect(measuredMs).toBeGreaterThan(0)
  expect(figures).toEqual({
    asOf: '2026-03-10T12:00:00Z',
    events: {
      byType: { 'usage.recorded': 12, 'call.ended': 3 },
      duplicates: 4,
      refused: 5,
      bytes: 3_000,
      newest: Array.from({ length: 12 }, (_, i) => ({
        at: `2026-03-10T11:59:${59 - i}Z`,
        type: 'usage.recorded',
        subscriberId: 40 - i,
      })),
    },
    rules: [
      { ruleId: 'package-exhausted', firings: 8 },
      { ruleId: 'silent', firings: 2 },
    ],
    retracted: 2,
    tooLate: 4,
    behind: 15,
    stateBytes: 10_000,
    checkpointAgeMs: 1_500,
    deadLetters: [{ code: 'event_time_invalid', open: 2 }],
  })
})

test('many who look at once cost as much as one, and no tenant sees another’s', async () => {
  asked = 0
  const [one, other] = await Promise.all([get('/v1/live', 'beta'), get('/v1/live', 'beta')])
  expect(asked).toBe(1)
  expect(one.json()).toEqual(other.json())
  expect(one.json()).toMatchObject({ behind: null, checkpointAgeMs: null, rules: [], events: { newest: [] } })
  expect(liveSnapshot.parse(one.json()).events.byType).toEqual({ 'of.beta': 1 })
})

test('Prometheus reads the same figures with a key, as text', async () => {
  const answer = await get('/metrics', 'read')
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = answer.body.split('\n')
  for (const line of [
    'tenure_events_total{tenant="alpha",type="usage.recorded"} 12',
    'tenure_events_refused_total{tenant="alpha"} 5',
    'tenure_dead_letters_open{tenant="alpha",code="event_time_invalid"} 2',
    'tenure_events_duplicates_total{tenant="alpha"} 4',
    'tenure_events_late_total{tenant="alpha",partition="1"} 2',
    'tenure_ingest_bytes_total{tenant="alpha"} 3000',
    'tenure_log_lag_events{tenant="alpha",partition="1"} 5',
    'tenure_firings_total{tenant="alpha",rule="package-exhausted"} 8',
    'tenure_firings_retracted_total{tenant="alpha",partition="0"} 1',
    'tenure_trigger_state_bytes{tenant="alpha",partition="1"} 5000',
    'tenure_checkpoint_age_seconds{tenant="alpha",partition="0"} 1.5',
    'tenure_firing_latency_seconds_bucket{tenant="alpha",partition="0",le="0.014"} 14',
    'tenure_firing_latency_seconds_bucket{tenant="alpha",partition="0",le="+Inf"} 28',
  ]) {
    expect(lines).toContain(line)
  }
  expect(answer.body).not.toContain('beta')
})

test('neither is told without a key, nor to a key that only puts in or stands at a till', async () => {
  for (const url of ['/v1/live', '/metrics']) {
    expect((await get(url, undefined)).statusCode).toBe(401)
    for (const role of ['ingest', 'partner']) expect((await get(url, role)).statusCode).toBe(403)
    expect((await get(url, 'unknown')).statusCode).toBe(401)
  }
})
