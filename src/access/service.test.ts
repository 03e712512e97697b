import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { connectOwner, ManualClock } from '../platform/index.ts'
import { createAccess } from './service.ts'

const acme = {
  tenantId: 'acme',
  name: 'Acme Mobile',
  currency: 'UAH',
  currencyDecimals: 2,
  timeZone: 'Europe/Kyiv',
  language: 'uk' as const,
  country: 'UA',
}
const clock = new ManualClock(Date.UTC(2026, 2, 1))

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

test('a tenant is made once, found by its key, and its settings come back', async () => {
  const access = createAccess({ database: stores.database, clock })
  const { tenantId, apiKey } = await access.createTenant(acme)
  expect(apiKey).toMatch(/^tk_[\w-]{43}$/)
  expect(await access.authenticate(apiKey)).toMatchObject({ tenantId, role: 'admin' })
  expect(await access.tenant(tenantId)).toEqual(acme)
  await expect(access.createTenant(acme)).rejects.toMatchObject({ code: 'tenant_conflict' })
  const brand = { ...acme, tenantId: 'brand', language: 'ru' as const }
  await access.createTenant(brand)
  expect(await access.tenantIds()).toEqual(['acme', 'brand'])
  await expect(access.tenant('nobody')).rejects.toMatchObject({ code: 'tenant_not_found' })
})

test.for([
  ['timeZone', 'Mars/Olympus'],
  ['currency', 'rubles'],
  ['tenantId', 'Big Tenant'],
  ['currencyDecimals', 9],
] as const)('a tenant with a bad %s is refused by that field', async ([field, value]) => {
  const access = createAccess({ database: stores.database, clock })
  const bad = { ...acme, tenantId: 'other', [field]: value } as typeof acme
  await expect(access.createTenant(bad)).rejects.toMatchObject({
    code: 'request_invalid',
    details: { field, found: value },
  })
})

test('the database holds no key, and the look-up by hash opens one row only', async () => {
  const access = createAccess({ database: stores.database, clock })
  const { apiKey } = await access.createTenant({ ...acme, tenantId: 'gamma' })
  const owner = await connectOwner(stores.ownerUrl)
  const rows = await owner.query('select * from access.api_key')
  await owner.end()
  expect(JSON.stringify(rows)).not.toContain(apiKey.slice(3))
  const { database } = stores
  const ask = 'select * from access.tenant_of_key($1)'
  expect(await database.system((tx) => tx.query(ask, [Buffer.alloc(32)]))).toEqual([])
  expect(await database.system((tx) => tx.query('select * from access.api_key'))).toEqual([])
  expect(await database.system((tx) => tx.query('select * from access.tenant'))).toEqual([])
})

test('a revoked key is no longer known here, and not to a process that starts later', async () => {
  const access = createAccess({ database: stores.database, clock })
  await access.createTenant({ ...acme, tenantId: 'delta' })
  const { keyId, apiKey } = await access.createKey('delta', { name: 'gateway', role: 'ingest' })
  expect(await access.authenticate(apiKey)).toEqual({ tenantId: 'delta', keyId, role: 'ingest' })
  await access.revokeKey('delta', keyId)
  await expect(access.authenticate(apiKey)).rejects.toMatchObject({ code: 'key_unauthenticated' })
  await expect(access.revokeKey('delta', keyId)).rejects.toMatchObject({ code: 'key_not_found' })
  const later = createAccess({ database: stores.database, clock })
  await expect(later.authenticate(apiKey)).rejects.toMatchObject({ code: 'key_unauthenticated' })
})

test('the trail grows and cannot be rewritten by the application', async () => {
  const access = createAccess({ database: stores.database, clock })
  await access.createTenant({ ...acme, tenantId: 'epsilon' })
  await access.auditAlone('epsilon', { keyId: null, action: 'documents_applied', target: 'Trigger/x' })
  expect(await access.listAudit('epsilon', 10)).toMatchObject([
    { action: 'documents_applied', at: clock.now(), keyId: null },
  ])
  const erase = stores.database.tx('epsilon', (tx) => tx.query('delete from access.audit'))
  await expect(erase).rejects.toThrow(/permission denied/)
})
