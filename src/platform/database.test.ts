import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { connectOwner } from './database.ts'
import { migrate } from './migrations.ts'
import { appendFacts, readFacts } from './outbox.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const at = Temporal.Instant.from('2026-03-01T10:00:00Z')

test('a tenant sees its own rows, another tenant and no tenant see none', async () => {
  const { database, tenantId, otherTenantId } = stores
  await database.tx(tenantId, (tx) =>
    appendFacts(tx, [{ kind: 'enrolled', at, subscriberId: 1, amountMinor: 5n }]),
  )
  const count = 'select count(*)::int as n from platform.fact'
  expect(await database.tx(tenantId, (tx) => tx.query(count))).toEqual([{ n: 1 }])
  expect(await database.tx(otherTenantId, (tx) => tx.query(count))).toEqual([{ n: 0 }])
  expect(await database.system((tx) => tx.query(count))).toEqual([{ n: 0 }])
})

test('a row for another tenant cannot be written', async () => {
  const write = stores.database.tx(stores.tenantId, (tx) =>
    tx.query(`insert into platform.document values ('beta', 'k', 'i', 1, '{}', 'd')`),
  )
  await expect(write).rejects.toThrow(/row-level security/)
})

test('every table of every module stands behind its tenant wall', async () => {
  const owner = await connectOwner(stores.ownerUrl)
  const open = await owner.query(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'public')
       and not (c.relrowsecurity and c.relforcerowsecurity
                and exists (select from pg_policy p where p.polrelid = c.oid))`,
  )
  const uncommented = await owner.query(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'public')
       and obj_description(c.oid, 'pg_class') is null`,
  )
  await owner.end()
  expect(open).toEqual([])
  expect(uncommented).toEqual([])
})

test('values come back as the house types', async () => {
  const [row] = await stores.database.system((tx) =>
    tx.query(
      `select $1::bigint as big, $2::timestamptz as at, array[1, 2]::bigint[] as list, 7::int as small`,
      [2n ** 60n, at],
    ),
  )
  expect(row).toEqual({ big: 2n ** 60n, at, list: [1n, 2n], small: 7 })
})

test('facts are read once, in order, from a position', async () => {
  const { database, otherTenantId } = stores
  for (const subscriberId of [1, 2, 3]) {
    await database.tx(otherTenantId, (tx) => appendFacts(tx, [{ kind: 'entered', at, subscriberId }]))
  }
  const read = (after: { txid: bigint; seq: bigint }, limit: number) =>
    database.tx(otherTenantId, (tx) => readFacts(tx, after, limit))
  // The oldest running transaction is the whole server's: tests beside this one may hold facts back for a while.
  const inTime = { timeout: 30_000, interval: 20 }
  await vi.waitFor(async () => expect(await read({ txid: 0n, seq: 0n }, 10)).toHaveLength(3), inTime)
  const first = await read({ txid: 0n, seq: 0n }, 2)
  expect(first.map((fact) => fact.subscriberId)).toEqual([1, 2])
  const rest = await read(first[1]!, 10)
  expect(rest).toMatchObject([{ kind: 'entered', subscriberId: 3, at }])
})

test('two processes that migrate at once both succeed', async () => {
  const urls = await Promise.all([migrate(stores.ownerUrl), migrate(stores.ownerUrl)])
  expect(urls[0]).toBe(urls[1])
})

test('a statement that is sent without waiting fails its transaction with its own error', async () => {
  const { database, tenantId } = stores
  const insert = 'insert into platform.document values ($1, $2, $3, 1, $4, $5)'
  const write = database.tx(tenantId, async (tx) => {
    tx.execute(insert, [tenantId, 'kept', 'a', '{}', 'd'])
    tx.execute(insert, ['beta', 'stolen', 'b', '{}', 'd'])
    tx.execute(insert, [tenantId, 'kept', 'c', '{}', 'd'])
  })
  await expect(write).rejects.toThrow(/row-level security/)
  const late = database.tx(tenantId, async (tx) => {
    tx.execute(insert, ['beta', 'stolen', 'b', '{}', 'd'])
    await tx.query('select 1')
  })
  await expect(late).rejects.toThrow(/row-level security/)
  const kept = await database.tx(tenantId, (tx) =>
    tx.query(`select id from platform.document where kind = 'kept'`),
  )
  expect(kept).toEqual([])
})

test('who waits for a commit hears of it once it is there, and of nothing that was taken back', async () => {
  const heard: string[] = []
  await stores.database.tx('acme', async (tx) => {
    tx.afterCommit(() => heard.push('committed'))
    await tx.query('select 1')
    expect(heard).toEqual([])
  })
  expect(heard).toEqual(['committed'])
  const failing = stores.database.tx('acme', async (tx) => {
    tx.afterCommit(() => heard.push('thrown'))
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  const broken = stores.database.tx('acme', async (tx) => {
    tx.afterCommit(() => heard.push('broken'))
    tx.execute('select 1 / 0')
  })
  await expect(broken).rejects.toThrow('division by zero')
  expect(heard).toEqual(['committed'])
})

test('a reading transaction sees its tenant alone, writes nothing, and is over when it first waits', async () => {
  const { database, tenantId, otherTenantId } = stores
  const put = `insert into platform.document values (current_setting('tenure.tenant_id'), 'read', 'a', 1, '{}', 'd')`
  await database.tx(tenantId, (tx) => tx.query(put))
  const ids = `select id from platform.document where kind = 'read'`
  expect(await database.read(tenantId, (tx) => tx.query(ids))).toEqual([{ id: 'a' }])
  expect(await database.read(otherTenantId, (tx) => tx.query(ids))).toEqual([])
  expect(
    await database.read(tenantId, (tx) => Promise.all([tx.query(ids), tx.query('select $1::int as n', [1])])),
  ).toEqual([[{ id: 'a' }], [{ n: 1 }]])
  await expect(database.read(tenantId, (tx) => tx.query(put))).rejects.toThrow('read-only transaction')
  await expect(database.read(tenantId, (tx) => tx.query('select 1 / 0'))).rejects.toThrow('division by zero')
  const late = database.read(tenantId, async (tx) => {
    await tx.query(ids)
    return tx.query(ids)
  })
  await expect(late).rejects.toThrow('the transaction is over')
  // None of that was left on the connections: each begins anew.
  const seen = await Promise.all(
    Array.from({ length: 20 }, () =>
      database.system((tx) => tx.query(`select current_setting('tenure.tenant_id', true) as tenant`)),
    ),
  )
  expect(new Set(seen.flat().map((row) => row['tenant'] || null))).toEqual(new Set([null]))
})
