import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../test/stores.ts'
import { createAccess, guard } from '../src/access/index.ts'
import { ledgerRoutes, openAccounts, postTransfers } from '../src/ledger/index.ts'
import { connectOwner, createHttp, systemClock } from '../src/platform/index.ts'
import { runCli } from './program.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

test('the check says that all is well, and names the first difference with exit code 1', async () => {
  const { database, tenantId } = stores
  const access = createAccess({ database, clock: systemClock })
  const tenant = { tenantId, name: 'Alpha', currency: 'UAH', currencyDecimals: 2, timeZone: 'Europe/Kyiv' }
  await access.createTenant({ ...tenant, language: 'uk' })
  const { apiKey } = await access.createKey(tenantId, { name: 'cli', role: 'read' })
  const http = createHttp((error) => console.error(error))
  guard(http, access)
  ledgerRoutes(http, { database })
  await http.listen({ host: '127.0.0.1', port: 0 })
  const { port } = http.server.address() as AddressInfo
  const env = { TENURE_URL: `http://127.0.0.1:${port}`, TENURE_API_KEY: apiKey }
  const tenure = async (...args: string[]) => {
    const out: string[] = []
    const terminal = { out: (line: string) => out.push(line), err: (line: string) => out.push(line) }
    const code = await runCli(args, { ...terminal, isWatched: false, env })
    return { code, out: out.join('\n') }
  }
  await database.tx(tenantId, async (tx) => {
    const account = { owner: 'o', currency: 'points' }
    await openAccounts(tx, [
      { ...account, accountId: 'liability', purpose: 'liability', mayGoNegative: true },
      { ...account, accountId: 'm1', purpose: 'member', mayGoNegative: false },
    ])
    const move = { debitAccount: 'liability', creditAccount: 'm1', amountMinor: 5n, currency: 'points' }
    await postTransfers(tx, [{ ...move, key: 'a', kind: 'post' }], systemClock.now())
  })
  expect(await tenure('ledger', 'verify')).toEqual({
    code: 0,
    out: '2 accounts, 1 transfers, 2 entries, 1 open lots, 1 chained batches\neverything agrees with the journal',
  })
  const owner = await connectOwner(stores.ownerUrl)
  await owner.query('update ledger.account set balance_minor = 6 where balance_minor = 5')
  await owner.end()
  const found = await tenure('ledger', 'verify')
  expect(found.code).toBe(1)
  expect(found.out).toMatch(/^first difference: balance_is_sum_of_journal, m1$/m)
  expect(found.out).toMatch(/^ {2}kept {6}6 at 1$/m)
  expect(JSON.parse((await tenure('ledger', 'verify', '--json')).out)).toMatchObject({
    ok: false,
    transfers: 1,
  })
  await http.close()
})
