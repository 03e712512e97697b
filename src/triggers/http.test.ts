import assert from 'node:assert/strict'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appendEvents, type TestEvent } from '../../test/log-events.ts'
import { type TestDatabase, testDatabase, testFolder } from '../../test/stores.ts'
import { type Access, accessRoutes, createAccess, guard } from '../access/index.ts'
import { eventTypeKind, logName } from '../events/index.ts'
import {
  createHttp,
  Documents,
  type FastifyInstance,
  instantOf,
  LmdbLogStore,
  ManualClock,
  type Tx,
} from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
import type { TriggerView } from './contract.ts'
import { causeOf, type StoredDecision } from './decisions.ts'
import { triggersRoutes } from './http.ts'
import type { PartitionStats } from './runner-parts.ts'
import { createTriggers, type Triggers } from './service.ts'
import { markFiringsHandled, saveDecisions, takeFirings } from './store.ts'
import { triggerKind } from './trigger-kind.ts'

const HOUR = 3_600_000
const atMs = Date.UTC(2026, 2, 1, 12)
const clock = new ManualClock(atMs)
const tenantId = 'alpha'
let stores: TestDatabase
let logs: LmdbLogStore
let access: Access
let triggers: Triggers
let http: FastifyInstance
let key: string
let ann: number
let bob: number

beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  logs = new LmdbLogStore(testFolder(), { partitions: 2 })
  access = createAccess({ database, clock })
  const tenant = { currency: 'RUB', currencyDecimals: 2, timeZone: 'Europe/Moscow', language: 'en' as const }
  ;({ apiKey: key } = await access.createTenant({ tenantId, name: 'Alpha', ...tenant }))
  const documents = new Documents(database, [attributesKind, eventTypeKind, triggerKind])
  const profiles = createProfiles({ database, access, documents, clock })
  await profiles.upsertSubscribers(tenantId, [
    { identities: { external: 'ann' } },
    { identities: { external: 'bob' } },
  ])
  const ids = await profiles.resolveIdentities(tenantId, ['external:ann', 'external:bob'])
  ann = ids[0]!
  bob = ids[1]!
  triggers = createTriggers({
    database,
    clock,
    documents,
    logOf: (id) => logs.log(logName(id)),
    checkpointsOf: () => () => logs.checkpoints(),
    timeZoneOf: async () => tenant.timeZone,
    onFirings: () => undefined,
    onWork: () => undefined,
    onError: (error) => {
      throw error
    },
  })
  http = createHttp((error) => {
    throw error
  })
  guard(http, access)
  accessRoutes(http, access, '0.0.0')
  triggersRoutes(http, triggers, profiles, access)
  const properties = { volumeMb: { type: 'number' } }
  const results = await documents.apply(tenantId, [
    { kind: 'EventType', id: 'usage.recorded', schema: { type: 'object', properties } },
    { kind: 'EventType', id: 'network.joined', schema: { type: 'object', properties: {} } },
    { kind: 'Trigger', id: 'package-exhausted', on: 'network.joined', match: {}, cooldown: 'PT1S' },
    heavyDay,
  ])
  assert(!results.some(({ problems }) => problems), JSON.stringify(results))
})
afterAll(async () => {
  await logs.close()
  await stores.close()
})

const heavyDay = {
  kind: 'Trigger',
  id: 'heavy-day',
  on: 'usage.recorded',
  threshold: { aggregate: 'sum', of: 'event.volumeMb', window: 'P1D', reaches: 100 },
  emit: ['event.volumeMb'],
}

const asKey = (apiKey: string) => ({ authorization: `Bearer ${apiKey}` })
const get = (url: string) => http.inject({ method: 'GET', url, headers: asKey(key) })
const post = (url: string, payload: object = {}, apiKey = key) =>
  http.inject({ method: 'POST', url, headers: asKey(apiKey), payload })
const viewOf = async (id: string): Promise<TriggerView | undefined> =>
  (await get('/v1/triggers'))
    .json<{ triggers: TriggerView[] }>()
    .triggers.find(({ trigger }) => trigger.id === id)

const decision = (cause: string, rest: Partial<StoredDecision> = {}): StoredDecision => ({
  ruleId: 'package-exhausted',
  subscriberId: 7,
  key: '',
  keyCode: null,
  cause,
  firedAtMs: atMs + 123,
  values: { volumeMb: 12.5, note: 'ünïcode "quoted" {}' },
  decided: 2,
  stands: true,
  receivedMs: null,
  ...rest,
})
const inTenant = <T>(work: (tx: Tx) => Promise<T>, tenant = tenantId): Promise<T> =>
  stores.database.tx(tenant, work)
const save = (...decisions: StoredDecision[]): Promise<number> =>
  inTenant((tx) => saveDecisions(tx, 1, decisions, instantOf(atMs + 400)))

test('a firing is stored once, taken once, in order, and seen by its tenant only', async () => {
  expect(await save(decision('c1'), decision('c2'), decision('c1', { subscriberId: 8 }))).toBe(3)
  expect(await save(decision('c2'), decision('c3'))).toBe(1)
  expect(await inTenant((tx) => takeFirings(tx, 10), stores.otherTenantId)).toEqual([])

  const { database } = stores
  await database.tx(tenantId, async (tx) => {
    const taken = await takeFirings(tx, 2)
    expect(taken).toMatchObject([
      { ruleId: 'package-exhausted', subscriberId: 7, cause: 'c1', key: '', values: decision('c1').values },
      { subscriberId: 7, cause: 'c2' },
    ])
    expect(taken[0]!.firedAt.epochMilliseconds).toBe(atMs + 123)
    const others = await database.tx(tenantId, (other) => takeFirings(other, 10))
    expect(others.map(({ subscriberId, cause }) => [subscriberId, cause])).toEqual([
      [8, 'c1'],
      [7, 'c3'],
    ])
    await markFiringsHandled(
      tx,
      taken.map(({ firingId }) => firingId),
      instantOf(atMs + 500),
    )
  })
  const left = await database.tx(tenantId, (tx) => takeFirings(tx, 10))
  expect(left.map(({ cause }) => cause)).toEqual(['c1', 'c3'])
})

test('the rules are listed with their counts, a rule with its latest firings', async () => {
  expect(await viewOf('package-exhausted')).toMatchObject({
    firings: 4,
    retracted: 0,
    lastFiredAt: instantOf(atMs + 123).toString(),
    behind: null,
    problem: null,
    pause: null,
  })
  await triggers.stage.run(tenantId)
  expect(await viewOf('package-exhausted')).toMatchObject({ behind: 0 })
  const answer = (await get('/v1/triggers/package-exhausted/firings?limit=4')).json()
  expect(answer.firings).toMatchObject([
    { cause: 'c3', handledAt: null },
    { cause: 'c1', subscriberId: 8 },
    { cause: 'c2', handledAt: instantOf(atMs + 500).toString() },
    {
      cause: 'c1',
      subscriberId: 7,
      firedAt: instantOf(atMs + 123).toString(),
      values: decision('c1').values,
    },
  ])
  expect(typeof answer.firings[0].firingId).toBe('string')
})

test('a later decision retracts a firing and another lets it stand again, an earlier one changes nothing', async () => {
  const waiting = async (): Promise<string[]> =>
    (await inTenant((tx) => takeFirings(tx, 10))).map(({ subscriberId, cause }) => `${subscriberId} ${cause}`)
  const latest = async (): Promise<unknown> =>
    (await get('/v1/triggers/package-exhausted/firings?limit=1')).json().firings[0]
  expect(await save(decision('c3', { stands: false, decided: 6 }))).toBe(0)
  expect(await save(decision('c3', { decided: 4 }))).toBe(0)
  expect(await waiting()).toEqual(['8 c1'])
  expect(await viewOf('package-exhausted')).toMatchObject({ firings: 3, retracted: 1 })
  expect(await latest()).toMatchObject({ cause: 'c3', retractedAt: instantOf(atMs + 400).toString() })

  expect(await save(decision('c3', { decided: 8 }))).toBe(1)
  await save(decision('c3', { stands: false, decided: 6 }))
  expect(await waiting()).toEqual(['8 c1', '7 c3'])
  expect(await viewOf('package-exhausted')).toMatchObject({ firings: 4, retracted: 0 })
  expect(await latest()).toMatchObject({ cause: 'c3', retractedAt: null })
})

test('an unknown rule and a bad limit are refused', async () => {
  for (const url of ['nothing/firings', 'nothing/explain?subscriber=7']) {
    const unknown = await get(`/v1/triggers/${url}`)
    expect([unknown.statusCode, unknown.json()]).toMatchObject([404, { code: 'trigger_not_found' }])
  }
  for (const action of ['pause', 'resume']) {
    expect((await post(`/v1/triggers/nothing/${action}`)).statusCode).toBe(404)
  }
  const bad = await get('/v1/triggers/package-exhausted/firings?limit=0')
  expect([bad.statusCode, bad.json()]).toMatchObject([422, { field: 'limit' }])
})

const used = (id: string, subscriberId: number, hour: number, volumeMb: number): TestEvent => ({
  id,
  type: 'usage.recorded',
  atMs: atMs + hour * HOUR,
  subscriberId,
  data: { volumeMb },
})
const causeNamed = (id: string): string => causeOf({ source: 'test', id })
async function happen(...events: TestEvent[]): Promise<void> {
  await appendEvents(logs.log(logName(tenantId)), events)
  while ((await triggers.stage.run(tenantId)).more);
}
const firedFor = async (): Promise<string[]> => {
  const { firings } = (await get('/v1/triggers/heavy-day/firings')).json()
  return firings.map(({ cause }: { cause: string }) => cause).toReversed()
}

test('where a rule stands with a subscriber is explained before and after it fires', async () => {
  const explain = async (subscriber: string) =>
    (await get(`/v1/triggers/heavy-day/explain?subscriber=${subscriber}`)).json().explanation
  expect(await explain('external:ann')).toMatchObject([
    { subscriberId: ann, state: 'nothing_counted', counted: [] },
  ])
  await happen(used('u1', ann, 0, 60), used('u2', bob, 0, 5))
  expect(await explain('external:ann')).toMatchObject([
    {
      ruleId: 'heavy-day',
      subscriberId: ann,
      state: 'below',
      values: { sum: 60, missing: 40 },
      counted: [
        { id: 'u1', source: 'test', type: 'usage.recorded', at: instantOf(atMs).toString(), value: 60 },
      ],
      firings: [],
    },
  ])
  await happen(used('u3', ann, 1, 45))
  expect(await firedFor()).toEqual([causeNamed('u3')])
  const [after] = await explain(String(ann))
  expect(after).toMatchObject({
    subscriberId: ann,
    counted: [{ id: 'u1' }, { id: 'u3' }],
    firings: [{ cause: causeNamed('u3'), values: { volumeMb: 45 }, retractedAt: null }],
  })
  expect(after.reason).toContain('105')
  expect(await explain('external:bob')).toMatchObject([{ counted: [{ id: 'u2' }], firings: [] }])

  const stranger = await get('/v1/triggers/heavy-day/explain?subscriber=external:eve')
  expect([stranger.statusCode, stranger.json()]).toMatchObject([404, { code: 'subscriber_not_found' }])
  expect((await get('/v1/triggers/heavy-day/explain')).statusCode).toBe(422)
  // A phone number as people write it is no number of a subscriber.
  expect((await get('/v1/triggers/heavy-day/explain?subscriber=9991234567')).statusCode).toBe(404)
})

test('a rule is tried on the history between two moments, and nothing of it is kept', async () => {
  const tried = { ...heavyDay, id: 'tried', threshold: { ...heavyDay.threshold, reaches: 50 } }
  const attempt = async (rest: object = {}) =>
    (await post('/v1/triggers/try', { trigger: tried, ...rest })).json()
  clock.setMs(atMs + 2 * HOUR)
  const whole = await attempt()
  expect(whole).toMatchObject({ events: 3, seen: 3, firings: 1, subscribers: 1 })
  expect(whole.sample).toMatchObject([
    { subscriberId: ann, firedAt: instantOf(atMs).toString(), cause: { id: 'u1', value: 60 }, counted: [] },
  ])
  expect(await attempt({ to: instantOf(atMs).toString() })).toMatchObject({
    events: 3,
    firings: 0,
    sample: [],
  })
  expect(await attempt({ from: instantOf(atMs).toString() })).toMatchObject({ firings: 1 })
  expect(await attempt({ from: instantOf(atMs + 1).toString() })).toMatchObject({
    firings: 0,
    subscribers: 0,
  })
  expect(await viewOf('tried')).toBeUndefined()
  expect((await get('/v1/triggers/tried/firings')).statusCode).toBe(404)

  const refusedWith = async (trigger: object) => (await post('/v1/triggers/try', { trigger })).json()
  expect(await refusedWith({ ...tried, on: 'nothing' })).toMatchObject({
    status: 422,
    code: 'trigger_event_type_unknown',
    field: 'trigger.on',
  })
  expect(await refusedWith({ ...tried, match: {} })).toMatchObject({ status: 422 })
  const onDates = { kind: 'Trigger', id: 'birthday', date: { field: 'subscriber.birthday', at: '10:00' } }
  expect(await refusedWith(onDates)).toMatchObject({ status: 422 })
})

test('a rule that a person stopped does not fire for what happens meanwhile, and does again afterwards', async () => {
  const { apiKey: reader } = await access.createKey(tenantId, { name: 'reader', role: 'read' })
  expect((await post('/v1/triggers/heavy-day/pause', {}, reader)).statusCode).toBe(403)
  clock.setMs(atMs + 30 * HOUR)
  expect((await post('/v1/triggers/heavy-day/pause')).json()).toEqual({ changed: true })
  expect((await post('/v1/triggers/heavy-day/pause')).json()).toEqual({ changed: false })
  expect(await viewOf('heavy-day')).toMatchObject({
    pause: { since: instantOf(atMs + 30 * HOUR).toString(), reason: 'person' },
  })
  await happen(used('u4', bob, 31, 120))
  expect(await firedFor()).toEqual([causeNamed('u3')])
  const [explained] = (await get('/v1/triggers/heavy-day/explain?subscriber=external:bob')).json().explanation
  expect(explained).toMatchObject({ state: 'paused' })

  clock.setMs(atMs + 32 * HOUR)
  expect((await post('/v1/triggers/heavy-day/resume')).json()).toEqual({ changed: true })
  expect((await post('/v1/triggers/heavy-day/resume')).json()).toEqual({ changed: false })
  expect(await viewOf('heavy-day')).toMatchObject({ pause: null })
  await happen(used('u5', ann, 33, 101), used('u6', bob, 60, 150))
  expect((await firedFor()).toSorted()).toEqual(['u3', 'u5', 'u6'].map(causeNamed).toSorted())
  const trail = (await get('/v1/audit?limit=4')).json<{ entries: Record<string, unknown>[] }>().entries
  expect(trail.map(({ action, target, details }) => [action, target, details])).toEqual([
    ['trigger_resumed', 'heavy-day', { changed: false }],
    ['trigger_resumed', 'heavy-day', { changed: true }],
    ['trigger_paused', 'heavy-day', { changed: false }],
    ['trigger_paused', 'heavy-day', { changed: true }],
  ])
})

test('standing firings are counted by hour and by day of the tenant’s time zone', async () => {
  const over = async (query: Record<string, string>) => {
    const all = {
      from: instantOf(atMs - HOUR).toString(),
      to: instantOf(atMs + 90 * HOUR).toString(),
      ...query,
    }
    return (await get(`/v1/triggers/firings-over-time?${new URLSearchParams(all)}`)).json().firings
  }
  const day = (date: string): string =>
    Temporal.ZonedDateTime.from(`${date}T00:00[Europe/Moscow]`).toInstant().toString()
  const rule = 'heavy-day'
  expect(await over({ unit: 'day', rule })).toEqual([
    { ruleId: rule, at: day('2026-03-01'), firings: 1 },
    { ruleId: rule, at: day('2026-03-03'), firings: 1 },
    { ruleId: rule, at: day('2026-03-04'), firings: 1 },
  ])
  expect(await over({ rule })).toMatchObject([
    { at: instantOf(atMs + HOUR).toString(), firings: 1 },
    { at: instantOf(atMs + 33 * HOUR).toString() },
    { at: instantOf(atMs + 60 * HOUR).toString() },
  ])
  await save(decision('c1', { stands: false, decided: 10 }))
  const both = await over({ unit: 'day', to: instantOf(atMs + 33 * HOUR).toString() })
  expect(both).toEqual([
    { ruleId: rule, at: day('2026-03-01'), firings: 1 },
    { ruleId: 'package-exhausted', at: day('2026-03-01'), firings: 3 },
  ])
  const bad = await get('/v1/triggers/firings-over-time?from=yesterday&to=today')
  expect([bad.statusCode, bad.json()]).toMatchObject([422, { field: 'from' }])
})

test('each partition says how far it has read, which rules fired in it, and to its own tenant only', async () => {
  const { partitions } = (await get('/v1/triggers/partitions')).json<{ partitions: PartitionStats[] }>()
  expect(partitions.map(({ partition }) => partition)).toEqual([0, 1])
  for (const { position, end } of partitions) expect(position).toBe(end)
  expect(partitions.reduce((sum, { end }) => sum + end, 0)).toBeGreaterThan(0)
  expect(
    partitions.reduce((sum, { firings }) => sum + (firings['heavy-day'] ?? 0), 0),
  ).toBeGreaterThanOrEqual(3)
  expect((await http.inject({ url: '/v1/triggers/partitions' })).statusCode).toBe(401)
})
