import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyWorld, loyaltyWorld } from '../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { guard } from '../access/index.ts'
import { ledgerRoutes } from '../ledger/index.ts'
import { loyaltyRoutes } from '../loyalty/index.ts'
import { createHttp, type FastifyInstance } from '../platform/index.ts'
import { openApiRoute } from './openapi.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let http: FastifyInstance
const routes: string[] = []
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  http = createHttp((error) => console.error(error))
  http.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one} ${url}`)
  })
  openApiRoute(http, '1.2.3')
  guard(http, world.access)
  ledgerRoutes(http, { database: stores.database })
  loyaltyRoutes(http, world)
})
afterAll(async () => {
  await http.close()
  await world.close()
  await stores.close()
})

type Operation = {
  operationId: string
  summary?: string
  parameters: { name: string; in: string; required: boolean }[]
  security: object[]
  responses: Record<string, { content?: object }>
  requestBody?: { content: Record<string, { schema: { required: string[] } }> }
  'x-roles'?: string[]
}

/** What writes and asks nothing but what stands in the path. */
const BODILESS = [
  '/v1/loyalty/redemptions/{redemptionId}/hand-out',
  '/v1/members/{subscriberId}/games/{kind}/{gameId}/commitment',
  '/v1/members/{subscriberId}/quests/{questId}/join',
  '/v1/members/{subscriberId}/rounds/{roundId}/question',
]

test('every route of the ledger and of loyalty stands in the description, with its parameters and roles', async () => {
  const answer = await http.inject({ url: '/v1/openapi.json' })
  const { paths, openapi, info } = answer.json<{
    openapi: string
    info: object
    paths: Record<string, Record<string, Operation>>
  }>()
  expect([openapi, info]).toEqual(['3.1.0', { title: 'Tenure', version: '1.2.3' }])
  const said = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  )
  expect(said.toSorted()).toEqual([...new Set(routes)].toSorted())
  expect(said).toEqual(
    expect.arrayContaining([
      'POST /v1/ledger/transfers',
      'GET /v1/members/:subscriber/points/explain',
      'POST /v1/loyalty/abuse/cases/:caseId/decision',
    ]),
  )
  const operations = Object.entries(paths).flatMap(([path, all]) =>
    Object.values(all).map((one) => ({ path, one })),
  )
  expect(new Set(operations.map(({ one }) => one.operationId)).size).toBe(operations.length)
  for (const { path, one } of operations) {
    const named = one.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
    expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
  }
  for (const { path, one } of operations) expect([path, one.summary]).toEqual([path, expect.any(String)])
  for (const { path, one } of operations) {
    const { '204': nothing, '2XX': done } = one.responses
    expect([path, nothing ?? done?.content]).toEqual([path, expect.any(Object)])
  }
  const bodiless = operations.filter(({ one }) => /^(post|put)_/.test(one.operationId) && !one.requestBody)
  expect(bodiless.map(({ path }) => path).toSorted()).toEqual(BODILESS)
  const book = paths['/v1/ledger/transfers']!['post']!.requestBody!.content['application/json']!.schema
  expect(JSON.stringify(book)).toContain('"reversedKey"')
  const decision = paths['/v1/loyalty/abuse/cases/{caseId}/decision']!['post']!
  expect(decision).toMatchObject({ 'x-roles': ['admin'], security: [{ key: [] }] })
  expect(decision.requestBody!.content['application/json']!.schema.required).toEqual(['decision'])
  const queue = paths['/v1/loyalty/abuse/cases']!['get']!.parameters.map(({ name, required }) => [
    name,
    required,
  ])
  expect(queue).toEqual(expect.arrayContaining([['state', false]]))
})
