import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { instantOf, newId, type Tx } from '../platform/index.ts'
import type { TransferRequest } from './contract.ts'
import { lotsOf } from './reading-store.ts'
import { openAccounts, postTransfers } from './service.ts'
import { verifyLedger } from './verification.ts'

let stores: TestDatabase
let tenantId: string
beforeAll(async () => {
  stores = await testDatabase()
  tenantId = `t-${newId()}`
  await tx((t) =>
    openAccounts(t, [
      { accountId: 'liability', owner: 'p', purpose: 'liability', currency: 'points', mayGoNegative: true },
      ...['m1', 'm2', 'm3'].map((accountId) => ({
        accountId,
        owner: accountId,
        purpose: 'member' as const,
        currency: 'points',
        mayGoNegative: false,
      })),
    ]),
  )
})
afterAll(() => stores.close())

const START_MS = Date.parse('2026-03-01T00:00:00Z')
const day = (n: number): Temporal.Instant => instantOf(START_MS + n * 86_400_000)
const tx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => stores.database.tx(tenantId, work)
const send = async (...requests: TransferRequest[]): Promise<string[]> =>
  (await tx((t) => postTransfers(t, requests, day(0)))).map((result) =>
    result.outcome === 'refused' ? result.problem.code : result.outcome,
  )
const expiries = async (accountId: string): Promise<(number | bigint)[][]> =>
  (await tx((t) => lotsOf(t, [accountId]))).map(({ remainingMinor, expiresAt }) => [
    remainingMinor,
    (expiresAt!.epochMilliseconds - START_MS) / 86_400_000,
  ])
const common = { currency: 'points', at: day(0), debitAccount: 'liability' }
const move = (key: string, debitAccount: string, creditAccount: string, amountMinor: bigint) => ({
  ...common,
  key,
  kind: 'post' as const,
  debitAccount,
  creditAccount,
  amountMinor,
})
const extend = (account: string, to: number): TransferRequest => ({
  key: `extend ${account} ${to}`,
  kind: 'extend',
  account,
  expiresAt: day(to),
  at: day(1),
})

test('an extension leaves lots that keep their expiry, wherever they come to', async () => {
  const kept = { expiresAt: day(14), keepsExpiry: true }
  await send(
    { ...move('promo', 'liability', 'm1', 50n), lot: kept },
    { ...move('usual', 'liability', 'm1', 20n), lot: { expiresAt: day(30) } },
    { ...move('promised', 'liability', 'm1', 7n), kind: 'pending', lot: { ...kept, expiresAt: day(16) } },
    { key: 'given', kind: 'post_pending', pendingKey: 'promised', at: day(0) },
  )
  expect(await send(extend('m1', 180))).toEqual(['booked'])
  expect(await expiries('m1')).toEqual([
    [50n, 14],
    [7n, 16],
    [20n, 180],
  ])
  // To another member, reserved and released, spent and taken back: it stays the same promise.
  await send(
    move('gift', 'm1', 'm2', 30n),
    { ...move('hold', 'm2', 'm3', 10n), kind: 'pending' },
    { key: 'released', kind: 'void_pending', pendingKey: 'hold', at: day(0) },
    move('spent', 'm2', 'liability', 30n),
    { key: 'back', kind: 'reverse', reversedKey: 'spent', at: day(0) },
  )
  expect(await send(extend('m2', 200))).toEqual(['ledger_lots_not_found'])
  expect(await expiries('m2')).toEqual([[30n, 14]])
  expect(await tx(verifyLedger)).toMatchObject({ ok: true })
})

test('what a reservation promised may be given by other terms, and a void gives nothing', async () => {
  await send({ ...move('p', 'liability', 'm3', 9n), kind: 'pending', lot: { expiresAt: day(5) } })
  const settle = { pendingKey: 'p', lot: { earnedAt: day(0), expiresAt: day(40) }, at: day(20) }
  expect(await send({ ...settle, key: 'v', kind: 'void_pending' })).toEqual(['ledger_request_invalid'])
  expect(await send({ ...settle, key: 's', kind: 'post_pending' })).toEqual(['booked'])
  expect(await send({ ...settle, key: 's', kind: 'post_pending' })).toEqual(['repeated'])
  const other = { ...settle, lot: { expiresAt: day(41) } }
  expect(await send({ ...other, key: 's', kind: 'post_pending' })).toEqual(['ledger_key_mismatch'])
  expect(await expiries('m3')).toEqual([[9n, 40]])
  expect(await tx(verifyLedger)).toMatchObject({ ok: true })
})
