import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import {
  createHttp,
  type Database,
  instantOf,
  ManualClock,
  migrate,
  newId,
  unitHash,
} from '../platform/index.ts'
import type { TransferRequest, TransferResult } from './contract.ts'
import { ledgerRoutes } from './http.ts'
import { balancesOf, lotsOf } from './reading-store.ts'
import { openAccounts, postTransfers } from './service.ts'
import { inputHash, uuidText } from './transfer.ts'
import { verifyLedger } from './verification.ts'
import { createLedger } from './writer.ts'

let stores: TestDatabase
let tenantId: string
const clock = new ManualClock(Date.parse('2026-03-10T00:00:00Z'))
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())
beforeEach(async () => {
  tenantId = `t-${newId()}`
  await open(tenantId)
})

const members = ['m1', 'm2', 'm3', 'm4', 'm5']
const open = (tenant: string): Promise<void> =>
  stores.database.tx(tenant, (tx) =>
    openAccounts(tx, [
      { accountId: 'liability', owner: 'p', purpose: 'liability', currency: 'points', mayGoNegative: true },
      ...members.map((accountId) => ({
        accountId,
        owner: accountId,
        purpose: 'member' as const,
        currency: 'points',
        mayGoNegative: false,
      })),
    ]),
  )
const at = instantOf(Date.parse('2026-03-02T00:00:00Z'))
const move = (
  key: string,
  debitAccount: string,
  creditAccount: string,
  amount: number,
  extra = {},
): TransferRequest => ({
  key,
  kind: 'post',
  debitAccount,
  creditAccount,
  amountMinor: BigInt(amount),
  currency: 'points',
  at,
  ...extra,
})
const said = (result: TransferResult): string =>
  result.outcome === 'refused' ? result.problem.code : result.outcome

const state = (tenant: string) =>
  stores.database.tx(tenant, async (tx) => ({
    balances: [...(await balancesOf(tx, ['liability', ...members])).values()]
      .map(({ accountId, balanceMinor, pendingDebitsMinor }) => [accountId, balanceMinor, pendingDebitsMinor])
      .sort(),
    lots: (await lotsOf(tx, members)).map(({ accountId, remainingMinor, originKey, expiresAt }) => [
      accountId,
      remainingMinor,
      originKey,
      expiresAt?.toString(),
    ]),
  }))

describe('the grouped writer', () => {
  test('16 clients at once, others in transactions of their own: the journal, gone through one by one, gives the same', async () => {
    const ledger = createLedger({ database: stores.database, clock })
    const sent = new Map<string, TransferRequest[]>()
    const draw = (n: number, ...what: (string | number)[]): number => Math.floor(unitHash('mix', ...what) * n)
    const request = (id: number, round: number, i: number): TransferRequest => {
      const of = (n: number, what: string): number => draw(n, id, round, i, what)
      const key = `k${of(700, 'key')}`
      const other = `k${of(700, 'other')}`
      const kind = of(8, 'kind')
      if (kind === 0) return { key, kind: 'post_pending', pendingKey: other, at }
      if (kind === 1) return { key, kind: 'reverse', reversedKey: other, at }
      if (kind === 2) return { key, kind: 'void_pending', pendingKey: other, at }
      const [from, to] =
        kind < 6 ? ['liability', members[of(5, 'to')]!] : [members[of(5, 'from')]!, members[of(5, 'to')]!]
      const lot = { expiresAt: instantOf(at.epochMilliseconds + (1 + of(40, 'life')) * 86_400_000) }
      return move(key, from, to, 1 + of(30, 'amount'), {
        ...(kind === 7 ? { kind: 'pending' } : {}),
        ...(from === 'liability' ? { lot } : {}),
      })
    }
    const client = async (id: number): Promise<void> => {
      for (let round = 0; round < 20; round++) {
        const batch = Array.from({ length: 1 + draw(9, id, round) }, (_, i) => request(id, round, i))
        for (const one of batch) sent.set(one.key, [...(sent.get(one.key) ?? []), one])
        const results =
          id % 8 === 0
            ? await stores.database.tx(tenantId, (tx) => postTransfers(tx, batch, clock.now()))
            : await ledger.post(tenantId, batch)
        expect(results.map(({ key }) => key)).toEqual(batch.map(({ key }) => key))
      }
    }
    await Promise.all(Array.from({ length: 16 }, (_, id) => client(id)))
    expect(await stores.database.tx(tenantId, verifyLedger)).toMatchObject({ ok: true })

    const journal = await stores.database.tx(tenantId, (tx) =>
      tx.query<{ key: string; refusal: string | null; hash: string }>(
        'select key, refusal, input_hash as hash from ledger.transfer order by seq',
      ),
    )
    expect(journal.length).toBeGreaterThan(250)
    const again = `${tenantId}-again`
    await open(again)
    for (const { key, refusal, hash } of journal) {
      const wish = sent.get(key)!.find((one) => uuidText(inputHash(one)) === hash)!
      const [result] = await stores.database.tx(again, (tx) => postTransfers(tx, [wish], clock.now()))
      expect([key, said(result!)]).toEqual([key, refusal ?? 'booked'])
    }
    expect(await state(tenantId)).toEqual(await state(again))
    expect(await stores.database.tx(again, verifyLedger)).toMatchObject({ ok: true })
  })

  test('keys used long ago, in this batch and a moment ago are answered as at first', async () => {
    const first = createLedger({ database: stores.database, clock })
    const batch = [move('a', 'liability', 'm1', 10), move('b', 'm1', 'm2', 30), move('c', 'm1', 'm2', 4)]
    expect((await first.post(tenantId, batch)).map(said)).toEqual([
      'booked',
      'ledger_balance_insufficient',
      'booked',
    ])
    expect((await first.post(tenantId, batch)).map(said)).toEqual([
      'repeated',
      'ledger_balance_insufficient',
      'repeated',
    ])
    const later = createLedger({ database: stores.database, clock })
    const mixed = [...batch, move('d', 'm1', 'm3', 6), move('d', 'm1', 'm3', 6), move('c', 'm1', 'm2', 5)]
    await later.post(tenantId, [move('warm', 'liability', 'm4', 1)])
    expect((await later.post(tenantId, mixed)).map(said)).toEqual([
      'repeated',
      'ledger_balance_insufficient',
      'repeated',
      'booked',
      'repeated',
      'ledger_key_mismatch',
    ])
    expect(await stores.database.tx(tenantId, verifyLedger)).toMatchObject({ ok: true, transfers: 5 })
  })

  test('what cannot be done any more is still answered as at first, and what another did meanwhile is seen', async () => {
    const [first, later] = [0, 1].map(() => createLedger({ database: stores.database, clock }))
    const back: TransferRequest = { key: 'r', kind: 'reverse', reversedKey: 'a', at }
    const settle: TransferRequest = { key: 's', kind: 'void_pending', pendingKey: 'p', at }
    const hold = move('p', 'm1', 'm2', 5, { kind: 'pending' })
    await first!.post(tenantId, [move('a', 'liability', 'm1', 10), move('b', 'liability', 'm1', 10), hold])
    await later!.post(tenantId, [move('warm', 'liability', 'm4', 1)])
    expect((await first!.post(tenantId, [back, settle])).map(said)).toEqual(['booked', 'booked'])
    expect((await later!.post(tenantId, [back, settle])).map(said)).toEqual(['repeated', 'repeated'])
    const unknown = move('n', 'liability', 'm9', 1)
    expect((await later!.post(tenantId, [unknown, move('o', 'liability', 'm1', 1)])).map(said)).toEqual([
      'ledger_account_not_found',
      'booked',
    ])
    const again = [{ ...back, key: 'r2' }, { ...settle, key: 's2' }, back]
    expect((await first!.post(tenantId, again)).map(said)).toEqual([
      'ledger_reversal_exceeded',
      'ledger_pending_settled',
      'repeated',
    ])
    const linked = [move('o', 'liability', 'm1', 1), move('q', 'liability', 'm1', 1)].map((one) => ({
      ...one,
      group: 'g',
    }))
    expect((await first!.post(tenantId, linked)).map(said)).toEqual([
      'ledger_key_mismatch',
      'ledger_group_refused',
    ])
    expect(await stores.database.tx(tenantId, verifyLedger)).toMatchObject({ ok: true })
  })

  test('batches on their way follow each other: none is turned away, and lots that they make can be spent at once', async () => {
    let failed = 0
    const database: Database = {
      ...stores.database,
      tx: (tenant, work) =>
        stores.database.tx(tenant, work).catch((error: unknown) => {
          failed++
          throw error
        }),
    }
    const ledger = createLedger({ database, clock })
    const elsewhere = createLedger({ database: stores.database, clock })
    await elsewhere.post(tenantId, [move('first', 'liability', 'm1', 1)])
    const calls: Promise<TransferResult[]>[] = []
    for (let call = 0; call < 12; call++) {
      const batch = Array.from({ length: 3_000 }, (_, i) => {
        const key = `${call}-${i}`
        const member = members[i % 4]!
        // The first time that anything is taken, lots of batches that are not yet in the tables are needed.
        return call % 3 === 2 ? move(key, member, 'm5', 2) : move(key, 'liability', member, 1 + (i % 3))
      })
      calls.push(ledger.post(tenantId, batch))
      await new Promise(setImmediate)
    }
    const results = (await Promise.all(calls)).flat()
    expect(results.filter(({ outcome }) => outcome !== 'booked')).toEqual([])
    expect(failed).toBe(0)
    const again = await ledger.post(tenantId, [
      move('11-7', members[3]!, 'm5', 2),
      move('11-8', members[0]!, 'm5', 3),
      move('new', 'liability', 'm1', 1),
    ])
    expect(again.map(said)).toEqual(['repeated', 'ledger_key_mismatch', 'booked'])
    expect(failed).toBe(0)
    expect(await stores.database.tx(tenantId, verifyLedger)).toMatchObject({ ok: true, transfers: 36_002 })
  })

  test('single transfers and batches over HTTP', async () => {
    const http = createHttp((error) => {
      throw error
    })
    http.decorateRequest('principal', null)
    http.addHook('onRequest', async (request) => {
      request.principal = { tenantId, keyId: 'k', role: 'admin' } as typeof request.principal
    })
    ledgerRoutes(http, { database: stores.database, clock })
    const post = (payload: object) => http.inject({ method: 'POST', url: '/v1/ledger/transfers', payload })
    const body = {
      key: 'a',
      kind: 'post',
      debitAccount: 'liability',
      creditAccount: 'm1',
      amountMinor: '10',
      currency: 'points',
    }
    expect((await post(body)).json()).toMatchObject({ outcome: 'booked', amountMinor: '10', state: 'posted' })
    clock.setMs(clock.nowMs() + 5_000)
    expect((await post(body)).json()).toMatchObject({ outcome: 'repeated' })
    expect((await post({ ...body, amountMinor: '11' })).statusCode).toBe(409)
    expect((await post({ ...body, key: 'b', debitAccount: 'm2' })).json()).toMatchObject({
      status: 422,
      code: 'ledger_balance_insufficient',
    })
    expect((await post({ ...body, key: 'c', amountMinor: 5 })).statusCode).toBe(422)
    const both = {
      transfers: [
        { ...body, key: 'd', lot: { expiresAt: '2026-04-01T00:00:00Z' } },
        { key: 'e', kind: 'reverse', reversedKey: 'a' },
      ],
    }
    expect((await post(both)).json()).toMatchObject({
      results: [{ outcome: 'booked' }, { outcome: 'booked' }],
    })
    const lots = (await http.inject('/v1/ledger/accounts/m1/lots')).json() as { lots: object[] }
    expect(lots.lots).toMatchObject([{ remainingMinor: '10', originKey: 'd' }])
    const page = (await http.inject('/v1/ledger/accounts/m1/statement?limit=2')).json() as object
    expect(page).toMatchObject({ openingMinor: '0', closingMinor: '10', entryCount: 3, next: '1' })
    await http.close()
  })
})

/** A process that books awards, eight calls at a time, and says which it was told are booked. */
const bookingProcess = `
  import { openDatabase, systemClock } from '${join(import.meta.dirname, '../platform/index.ts')}'
  import { createLedger } from '${join(import.meta.dirname, 'writer.ts')}'
  const [url, tenantId, from] = process.argv.slice(1)
  const ledger = createLedger({ database: openDatabase(url, 6), clock: systemClock })
  let next = Number(from)
  const at = Temporal.Instant.from('2026-03-02T00:00:00Z')
  const client = async () => {
    for (;;) {
      const keys = Array.from({ length: 1 + next % 40 }, () => 'k' + next++)
      const results = await ledger.post(tenantId, keys.map((key) => ({
        key, kind: 'post', debitAccount: 'liability', creditAccount: 'm' + (1 + Number(key.slice(1)) % 5),
        amountMinor: 3n, currency: 'points', at })))
      process.stdout.write(results.map(({ key, outcome }) => key + ' ' + outcome).join('\\n') + '\\n')
    }
  }
  for (let i = 0; i < 8; i++) void client()
`

test('killed in the middle again and again: whatever was answered is booked, once, and all of it fits', async () => {
  const url = await migrate(stores.ownerUrl)
  const told = new Set<string>()
  for (let kill = 0; kill < 4; kill++) {
    const args = ['--input-type=module', '-e', bookingProcess, url, tenantId, String(kill * 100_000)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout })
    const wanted = told.size + 200 + 150 * kill
    await new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        const [key, outcome] = line.split(' ')
        // The last line may be cut off by the kill.
        if (outcome === 'booked') told.add(key!)
        if (told.size >= wanted) child.kill('SIGKILL')
      })
      child.once('close', () => resolve())
    })
  }
  const booked = await stores.database.tx(tenantId, (tx) =>
    tx.query<{ key: string }>('select key from ledger.transfer where refusal is null'),
  )
  const keys = new Set(booked.map(({ key }) => key))
  expect(keys.size).toBe(booked.length)
  expect([...told].filter((key) => !keys.has(key))).toEqual([])
  expect(told.size).toBeGreaterThan(1_000)
  expect((await state(tenantId)).balances.find(([id]) => id === 'liability')![1]).toBe(
    -3n * BigInt(keys.size),
  )
  expect(await stores.database.tx(tenantId, verifyLedger)).toMatchObject({ ok: true, transfers: keys.size })
})
