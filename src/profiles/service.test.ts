import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { type Access, createAccess } from '../access/index.ts'
import { Documents, ManualClock, newId } from '../platform/index.ts'
import { attributesKind } from './attributes.ts'
import { createProfiles, type Profiles } from './service.ts'

const clock = new ManualClock(Date.UTC(2026, 2, 1, 12))
let stores: TestDatabase
let access: Access
let documents: Documents
let profiles: Profiles
let tenantId: string

beforeAll(async () => {
  stores = await testDatabase()
  access = createAccess({ database: stores.database, clock })
  documents = new Documents(stores.database, [attributesKind])
})
afterAll(() => stores.close())

beforeEach(async () => {
  tenantId = `t-${newId()}`
  await access.createTenant({
    tenantId,
    name: 'Test',
    currency: 'RUB',
    currencyDecimals: 2,
    timeZone: 'Europe/Moscow',
    language: 'ru',
    country: 'RU',
  })
  profiles = createProfiles({ database: stores.database, access, documents, clock })
})

const only = async (identity: string): Promise<number> => {
  const [id] = await profiles.resolveIdentities(tenantId, [identity])
  if (id === undefined) throw new Error(`${identity} is not known`)
  return id
}

test('rows are matched by any identity, attributes are merged, null removes, the latest word on consent wins', async () => {
  const first = await profiles.upsertSubscribers(tenantId, [
    {
      identities: { msisdn: '8 (999) 123-45-67', account: 'A1' },
      attributes: { plan: 'basic', tenureMonths: 5 },
      consents: { sms: true, dstk: { granted: true, at: '2026-02-01T00:00:00Z', source: 'web form' } },
    },
  ])
  expect(first).toMatchObject({ inserted: 1, updated: 0, rejects: [] })
  const second = await profiles.upsertSubscribers(tenantId, [
    { identities: { account: 'A1', external: 'X1' }, attributes: { plan: 'pro', tenureMonths: null } },
    {
      identities: { external: 'X1' },
      attributes: { city: 'Perm' },
      timeZone: 'Asia/Yekaterinburg',
      consents: { dstk: false, sms: { granted: false, at: '2026-01-01T00:00:00Z' } },
    },
  ])
  expect(second).toMatchObject({ inserted: 0, updated: 2, rejects: [] })

  const id = await only('+79991234567')
  expect(await only('external:X1')).toBe(id)
  expect(await profiles.view(tenantId, id)).toEqual({
    subscriberId: id,
    identities: [
      { kind: 'msisdn', value: '+79991234567' },
      { kind: 'account', value: 'A1' },
      { kind: 'external', value: 'X1' },
    ],
    attributes: { plan: 'pro', city: 'Perm' },
    timeZone: 'Asia/Yekaterinburg',
    language: 'ru',
    consents: [
      { channel: 'dstk', purpose: 'marketing', granted: false, at: clock.now().toString(), source: 'import' },
      { channel: 'sms', purpose: 'marketing', granted: true, at: clock.now().toString(), source: 'import' },
    ],
    createdAt: clock.now().toString(),
  })
  await stores.database.tx(tenantId, async (tx) => {
    expect(await profiles.consentBooksOf(tx, [id])).toEqual(
      new Map([[id, { marketing: { dstk: false, sms: true } }]]),
    )
    expect(await profiles.identitiesOf(tx, [id, id + 1], 'account')).toEqual(new Map([[id, 'A1']]))
    expect((await profiles.subscribersByIds(tx, [id])).get(id)).toMatchObject({ language: 'ru' })
    expect(await profiles.subscriberIds(tx, 0, 10)).toEqual([id])
    expect(await profiles.countSubscribers(tx)).toBe(1)
  })
})

test('identities of two subscribers in one row are refused, and nothing of that row is kept', async () => {
  await profiles.upsertSubscribers(tenantId, [
    { identities: { account: 'A' } },
    { identities: { account: 'B' } },
  ])
  const result = await profiles.upsertSubscribers(tenantId, [
    { identities: { account: ['A', 'B'], external: 'new' }, attributes: { x: 1 } },
    { identities: { external: 'good' } },
  ])
  expect(result).toMatchObject({
    inserted: 1,
    updated: 0,
    rejects: [{ index: 0, problem: { code: 'identity_conflict', field: 'identities' } }],
  })
  expect(await profiles.resolveIdentities(tenantId, ['external:new'])).toEqual([undefined])
})

test.for([
  [{ identities: {} }, 'identity_missing', 'identities'],
  [{ identities: { msisdn: '12' } }, 'identity_invalid', 'identities.msisdn'],
  [{ identities: { email: 'a@b' } }, 'identity_invalid', 'identities.email'],
  [{ identities: { account: 'C' }, timeZone: 'Mars' }, 'time_zone_unknown', 'timeZone'],
  [{ identities: { account: 'C' }, language: 'fr' }, 'language_unknown', 'language'],
  [{ identities: { account: 'C' }, consents: { sms: 'yes' } }, 'consent_invalid', 'consents.sms'],
  [{ identities: { account: 'C' }, attributes: { a: '\u0000' } }, 'row_invalid', 'attributes'],
  [{ identities: { account: 'C' }, atributes: {} }, 'row_invalid', 'atributes'],
  ['text', 'row_invalid', ''],
] as const)('%j is refused with %s at "%s", and its neighbour goes in', async ([row, code, field]) => {
  const result = await profiles.upsertSubscribers(tenantId, [row, { identities: { account: 'ok' } }])
  expect(result).toMatchObject({ inserted: 1, rejects: [{ index: 0, problem: { code, field } }] })
})

test('declared attributes are checked and brought to the form of expressions', async () => {
  const attributes = { tenureMonths: 'int', spend: 'double', since: 'timestamp', tags: { list: 'string' } }
  const applied = await documents.apply(tenantId, [{ kind: 'Attributes', id: 'subscriber', attributes }])
  expect(applied[0]?.outcome).toBe('created')
  const row = (account: string, given: object) => ({ identities: { account }, attributes: given })
  const result = await profiles.upsertSubscribers(tenantId, [
    row('1', { tenureMonths: 3, spend: 1.5, since: '2025-01-01T00:00:00+03:00', tags: ['a'] }),
    row('2', { tenureMonths: 3.5 }),
    row('3', { tenure: 3 }),
    row('4', { since: 'yesterday' }),
    row('5', { tags: [1] }),
    row('6', { constructor: 1 }),
  ])
  expect(result.inserted).toBe(1)
  expect(result.rejects.map(({ problem }) => [problem.code, problem.field])).toEqual([
    ['attribute_type', 'attributes.tenureMonths'],
    ['attribute_unknown', 'attributes.tenure'],
    ['attribute_type', 'attributes.since'],
    ['attribute_type', 'attributes.tags'],
    ['attribute_unknown', 'attributes.constructor'],
  ])
  const id = await only('account:1')
  const stored = await stores.database.tx(tenantId, (tx) => profiles.subscribersByIds(tx, [id]))
  expect(stored.get(id)?.attributes['since']).toBe(Date.UTC(2024, 11, 31, 21))
  expect((await profiles.view(tenantId, id)).attributes['since']).toBe('2024-12-31T21:00:00Z')
})

test('a dry run answers as the import would and leaves nothing', async () => {
  const rows = Array.from({ length: 12_000 }, (_, i) => ({ identities: { account: `n${i % 11_000}` } }))
  rows[7] = { identities: { account: '' } }
  const dry = await profiles.importSubscribers(tenantId, [rows.slice(0, 6_000), rows.slice(6_000)], true)
  expect(dry).toMatchObject({ dryRun: true, inserted: 11_000, updated: 999, rejectedCount: 1 })
  expect(await stores.database.tx(tenantId, profiles.countSubscribers)).toBe(0)
  expect(await profiles.resolveIdentities(tenantId, ['account:n1'])).toEqual([undefined])
  const real = await profiles.importSubscribers(tenantId, [rows], false)
  expect(real).toEqual({ ...dry, dryRun: false })
  expect(real.rejects).toMatchObject([{ index: 7, problem: { code: 'identity_invalid' } }])
  expect(await stores.database.tx(tenantId, profiles.countSubscribers)).toBe(11_000)
})

test('what another process imports is found at the next look, which is not at every question', async () => {
  const dependencies = { database: stores.database, access, documents, clock }
  const here = createProfiles({ ...dependencies, refreshEveryMs: 100 })
  const there = createProfiles(dependencies)
  await there.upsertSubscribers(tenantId, [{ identities: { account: 'early' } }])
  expect(await here.resolveIdentities(tenantId, ['account:early'])).not.toContain(undefined)
  await there.upsertSubscribers(tenantId, [{ identities: { account: 'late' } }])
  expect(await here.resolveIdentities(tenantId, ['account:late'])).toEqual([undefined])
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(await here.resolveIdentities(tenantId, ['account:late'])).not.toContain(undefined)
})

test('an identity imported by two processes at once belongs to one subscriber', async () => {
  const others = [1, 2, 3].map(() => createProfiles({ database: stores.database, access, documents, clock }))
  const rows = Array.from({ length: 200 }, (_, i) => ({ identities: { account: `same${i}` } }))
  const results = await Promise.all(others.map((other) => other.upsertSubscribers(tenantId, rows)))
  expect(results.map((result) => result.inserted).reduce((a, b) => a + b)).toBe(200)
  expect(await stores.database.tx(tenantId, profiles.countSubscribers)).toBe(200)
})
