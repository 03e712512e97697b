import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase, testFolder } from '../../test/stores.ts'
import { createAccess, guard } from '../access/index.ts'
import { eventTypeKind } from '../events/index.ts'
import {
  createHttp,
  Documents,
  type FastifyInstance,
  instantOf,
  LmdbLogStore,
  ManualClock,
  type Tx,
} from '../platform/index.ts'
import { triggersRoutes } from './http.ts'
import { createTriggers, type Triggers } from './service.ts'
import { insertFirings, markFiringsHandled, type NewFiring, takeFirings } from './store.ts'
import { triggerKind } from './trigger-kind.ts'

const atMs = Date.UTC(2026, 2, 1, 12)
const clock = new ManualClock(atMs)
const tenantId = 'alpha'
let stores: TestDatabase
let logs: LmdbLogStore
let triggers: Triggers
let http: FastifyInstance
let key: string

beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  logs = new LmdbLogStore(testFolder())
  const access = createAccess({ database, clock })
  const tenant = { currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC', language: 'en' as const }
  ;({ apiKey: key } = await access.createTenant({ tenantId, name: 'Alpha', ...tenant }))
  const documents = new Documents(database, [eventTypeKind, triggerKind])
  triggers = createTriggers({
    database,
    clock,
    documents,
    logOf: (id) => logs.log(`events/${id}`),
    checkpoints: logs.checkpoints(),
    onFirings: () => undefined,
    onRules: () => undefined,
  })
  http = createHttp((error) => {
    throw error
  })
  guard(http, access)
  triggersRoutes(http, triggers)
  await documents.apply(tenantId, [
    { kind: 'EventType', id: 'usage.recorded', schema: { type: 'object', properties: {} } },
    { kind: 'Trigger', id: 'package-exhausted', on: 'usage.recorded', match: {} },
  ])
})
afterAll(async () => {
  await logs.close()
  await stores.close()
})

const get = (url: string) => http.inject({ method: 'GET', url, headers: { authorization: `Bearer ${key}` } })
const firing = (cause: string, rest: Partial<NewFiring> = {}): NewFiring => ({
  ruleId: 'package-exhausted',
  subscriberId: 7,
  cause,
  firedAtMs: atMs + 123,
  values: { volumeMb: 12.5, note: 'ünïcode "quoted" {}' },
  readTo: null,
  ...rest,
})
const inTenant = <T>(work: (tx: Tx) => Promise<T>, tenant = tenantId): Promise<T> =>
  stores.database.tx(tenant, work)

test('a firing is stored once, taken once, in order, and seen by its tenant only', async () => {
  const first = [firing('c1'), firing('c2'), firing('c1'), firing('c1', { subscriberId: 8 })]
  expect(await inTenant((tx) => insertFirings(tx, first))).toBe(3)
  expect(await inTenant((tx) => insertFirings(tx, [firing('c2'), firing('c3')]))).toBe(1)
  expect(await inTenant((tx) => takeFirings(tx, 10), stores.otherTenantId)).toEqual([])

  const { database } = stores
  await database.tx(tenantId, async (tx) => {
    const taken = await takeFirings(tx, 2)
    expect(taken).toMatchObject([
      { ruleId: 'package-exhausted', subscriberId: 7, cause: 'c1', values: firing('c1').values },
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
  expect((await get('/v1/triggers')).json()).toMatchObject({
    triggers: [
      {
        trigger: { id: 'package-exhausted' },
        firings: 4,
        lastFiredAt: instantOf(atMs + 123).toString(),
        behind: null,
        problem: null,
      },
    ],
  })
  await triggers.stage.run(tenantId)
  expect((await get('/v1/triggers')).json()).toMatchObject({ triggers: [{ behind: 0 }] })
  const answer = (await get('/v1/triggers/package-exhausted/firings?limit=4')).json()
  expect(answer.firings).toMatchObject([
    { cause: 'c3', handledAt: null },
    { cause: 'c1', subscriberId: 8 },
    { cause: 'c2', handledAt: instantOf(atMs + 500).toString() },
    { cause: 'c1', subscriberId: 7, firedAt: instantOf(atMs + 123).toString(), values: firing('c1').values },
  ])
  expect(typeof answer.firings[0].firingId).toBe('string')
})

test('an unknown rule and a bad limit are refused', async () => {
  const unknown = await get('/v1/triggers/nothing/firings')
  expect([unknown.statusCode, unknown.json()]).toMatchObject([404, { code: 'trigger_not_found' }])
  const bad = await get('/v1/triggers/package-exhausted/firings?limit=0')
  expect([bad.statusCode, bad.json()]).toMatchObject([422, { field: 'limit' }])
})
