import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyWorld, loyaltyWorld } from '../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { guard } from '../access/index.ts'
import { ledgerRoutes } from '../ledger/index.ts'
import { loyaltyRoutes } from '../loyalty/index.ts'
import { createHttp, type FastifyInstance } from '../platform/index.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let http: FastifyInstance
const routes: { method: string; url: string; roles: readonly string[] | undefined }[] = []
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  http = createHttp((error) => console.error(error))
  http.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat()) routes.push({ method: one, url, roles: config?.roles })
  })
  guard(http, world.access)
  ledgerRoutes(http, { database: stores.database })
  loyaltyRoutes(http, world)
})
afterAll(async () => {
  await http.close()
  await world.close()
  await stores.close()
})

/** Computes what it is given and knows nothing of any member. */
const FOR_ANYBODY = ['POST /v1/rounds/verify']

test('a key of a source moves nothing of anybody: the ledger and loyalty turn it away at every door', async () => {
  const { apiKey } = await world.access.createKey(world.tenantId, { name: 'gateway', role: 'ingest' })
  const headers = { authorization: `Bearer ${apiKey}` }
  const letIn: string[] = []
  for (const { method, url } of routes) {
    const address = url.replace(/:\w+/g, '1')
    const { statusCode } = await http.inject({ method: method as 'POST', url: address, headers, payload: {} })
    if (statusCode !== 403) letIn.push(`${method} ${url}`)
  }
  expect(routes.length).toBeGreaterThan(50)
  expect(letIn).toEqual(FOR_ANYBODY)
})

test('whatever writes says itself whose keys may do it, and the method decides about reading alone', () => {
  const silent = routes.filter(
    ({ method, roles }) => !['GET', 'HEAD'].includes(method) && roles === undefined,
  )
  expect(silent.map(({ method, url }) => `${method} ${url}`)).toEqual([])
})
