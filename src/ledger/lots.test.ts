import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { instantOf, ManualClock, newId, type Tx } from '../platform/index.ts'
import { expiryAfter } from './calendar.ts'
import type { Deficit, TransferRequest, TransferResult } from './contract.ts'
import { sharesOf } from './lots.ts'
import { balancesInDetail } from './reading.ts'
import { balancesOf, lotsOf, outstanding } from './reading-store.ts'
import { expireLots, timeOutPending, timeoutStage } from './runs.ts'
import { openAccounts, postTransfers } from './service.ts'
import { statementOf } from './statement.ts'
import { verifyLedger } from './verification.ts'

let stores: TestDatabase
let tenantId: string
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())
beforeEach(async () => {
  tenantId = `t-${newId()}`
  await open()
})

const DAY_MS = 86_400_000
const START_MS = Date.parse('2026-03-01T00:00:00Z')
const day = (n: number): Temporal.Instant => instantOf(START_MS + n * DAY_MS)
const DEBT = 20n

const open = (): Promise<void> =>
  stores.database.tx(tenantId, (tx) =>
    openAccounts(tx, [
      { accountId: 'liability', owner: 'p', purpose: 'liability', currency: 'points', mayGoNegative: true },
      { accountId: 'breakage', owner: 'p', purpose: 'breakage', currency: 'points', mayGoNegative: true },
      ...['m1', 'm2', 'm3'].map((accountId) => ({
        accountId,
        owner: accountId,
        purpose: 'member' as const,
        currency: 'points',
        mayGoNegative: false,
        ...(accountId === 'm3' ? {} : { debtLimitMinor: DEBT }),
      })),
    ]),
  )
const tx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => stores.database.tx(tenantId, work)
const send = (...requests: TransferRequest[]): Promise<TransferResult[]> =>
  tx((t) => postTransfers(t, requests, day(0)))
const said = (result: TransferResult): string =>
  result.outcome === 'refused' ? result.problem.code : result.outcome
const lots = async (accountId: string) =>
  (await tx((t) => lotsOf(t, [accountId]))).map((lot) => [
    lot.remainingMinor,
    lot.expiresAt === undefined ? undefined : dayOf(lot.expiresAt),
    lot.originKey,
  ])
const dayOf = (at: Temporal.Instant): number => (at.epochMilliseconds - START_MS) / DAY_MS
const verify = () => tx(verifyLedger)
const balance = async (accountId: string) =>
  (await tx((t) => balancesOf(t, [accountId]))).get(accountId)!.balanceMinor

const earn = (key: string, amountMinor: bigint, expires?: number, from = 0, at = 0): TransferRequest => ({
  key,
  kind: 'post',
  debitAccount: 'liability',
  creditAccount: 'm1',
  amountMinor,
  currency: 'points',
  at: day(at),
  lot: { availableFrom: day(from), ...(expires === undefined ? {} : { expiresAt: day(expires) }) },
})
const spend = (key: string, amountMinor: bigint, at = 1, extra: object = {}): TransferRequest => ({
  key,
  kind: 'post',
  debitAccount: 'm1',
  creditAccount: 'liability',
  amountMinor,
  currency: 'points',
  at: day(at),
  ...extra,
})
const reverse = (
  key: string,
  reversedKey: string,
  amountMinor?: bigint,
  deficit?: Deficit,
): TransferRequest => ({
  key,
  kind: 'reverse',
  reversedKey,
  at: day(2),
  ...(amountMinor === undefined ? {} : { amountMinor }),
  ...(deficit === undefined ? {} : { deficit }),
})
const expire = (at: number) =>
  tx((t) =>
    expireLots(t, {
      currency: 'points',
      breakageAccount: 'breakage',
      asOf: day(at),
      bookedAt: day(at),
      timeZone: 'Europe/Moscow',
    }),
  )

describe('lots', () => {
  test('the earliest expiry is spent first, what never expires last, and what is not available or expired never', async () => {
    await send(
      earn('never', 5n),
      earn('late', 5n, 90),
      earn('soon', 5n, 30),
      earn('upcoming', 5n, 20, 10),
      earn('over', 5n, 1),
    )
    expect((await send(spend('a', 16n))).map(said)).toEqual(['ledger_balance_insufficient'])
    expect((await send(spend('b', 7n))).map(said)).toEqual(['booked'])
    expect(await lots('m1')).toEqual([
      [5n, 1, 'over'],
      [5n, 20, 'upcoming'],
      [3n, 90, 'late'],
      [5n, undefined, 'never'],
    ])
    const detail = (await tx((t) => balancesInDetail(t, ['m1'], day(2)))).get('m1')!
    expect(detail).toMatchObject({
      balanceMinor: 18n,
      availableMinor: 8n,
      upcomingMinor: 5n,
      expiredMinor: 5n,
    })
    expect(detail.expiring.map((one) => [dayOf(one.expiresAt), one.amountMinor])).toEqual([
      [20, 5n],
      [90, 3n],
    ])
    expect(await expire(1)).toEqual({ transfers: 1, lots: 1, amountMinor: 5n, more: false })
    expect(await expire(1)).toEqual({ transfers: 0, lots: 0, amountMinor: 0n, more: false })
    expect([await balance('m1'), await balance('breakage')]).toEqual([13n, 5n])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('a transfer between members keeps the expiry; pending takes lots out and a void puts them back', async () => {
    const give = {
      key: 'give',
      kind: 'post',
      debitAccount: 'm1',
      creditAccount: 'm2',
      amountMinor: 8n,
      currency: 'points',
      at: day(1),
    } as const
    await send(earn('a', 5n, 30), earn('b', 5n, 60), give)
    expect(await lots('m2')).toEqual([
      [5n, 30, 'give'],
      [3n, 60, 'give'],
    ])
    await send({ ...give, key: 'hold', kind: 'pending', amountMinor: 2n, timeoutAt: day(5) })
    expect(await lots('m1')).toEqual([])
    expect((await send(spend('c', 1n))).map(said)).toEqual(['ledger_balance_insufficient'])
    expect(await tx((t) => timeOutPending(t, { asOf: day(4), bookedAt: day(4) }))).toEqual({
      voided: 0,
      more: false,
    })
    expect(await tx((t) => timeOutPending(t, { asOf: day(5), bookedAt: day(5) }))).toEqual({
      voided: 1,
      more: false,
    })
    expect(await lots('m1')).toEqual([[2n, 60, 'b']])
    await send({ ...give, key: 'hold-2', kind: 'pending', amountMinor: 2n })
    await send({ key: 'part', kind: 'post_pending', pendingKey: 'hold-2', amountMinor: 1n, at: day(1) })
    expect([await lots('m1'), await balance('m2')]).toEqual([[[1n, 60, 'b']], 9n])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('a reservation is voided as soon as its time is over, by the stage that waits for it', async () => {
    const clock = new ManualClock(day(1).epochMilliseconds)
    const stage = timeoutStage({ database: stores.database, clock })
    expect(await stage.run(tenantId)).toEqual({ more: false, nextDueMs: null })
    await send(earn('a', 9n, 30), {
      key: 'h',
      kind: 'pending',
      debitAccount: 'm1',
      creditAccount: 'm2',
      amountMinor: 4n,
      currency: 'points',
      at: day(1),
      timeoutAt: day(3),
    })
    expect(await stage.run(tenantId)).toEqual({ more: false, nextDueMs: day(3).epochMilliseconds })
    expect(await lots('m1')).toEqual([[5n, 30, 'a']])
    clock.setMs(day(3).epochMilliseconds)
    expect(await stage.run(tenantId)).toMatchObject({ more: true })
    expect(await stage.run(tenantId)).toEqual({ more: false, nextDueMs: null })
    expect(await lots('m1')).toEqual([[9n, 30, 'a']])
    const late = { key: 'p', kind: 'post_pending' as const, pendingKey: 'h' }
    expect((await send(late)).map(said)).toEqual(['ledger_pending_settled'])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('a reversal puts spent points back into their lots, and a reversed one never moves more than there was', async () => {
    await send(earn('a', 6n, 30), earn('b', 6n, 60), spend('s', 9n))
    const results = await send(
      reverse('r1', 's', 3n),
      reverse('r2', 's', 7n),
      reverse('r3', 's'),
      reverse('r4', 's'),
    )
    expect(results.map(said)).toEqual([
      'booked',
      'ledger_reversal_exceeded',
      'booked',
      'ledger_reversal_exceeded',
    ])
    expect(await lots('m1')).toEqual([
      [6n, 30, 'a'],
      [6n, 60, 'b'],
    ])
    expect((await send(reverse('x', 'none'), reverse('r1', 's', 3n))).map(said)).toEqual([
      'ledger_reversed_not_found',
      'repeated',
    ])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('what comes back near its end lives on as long as is asked, and nothing else does by that', async () => {
    const hold = (key: string, amountMinor: bigint): TransferRequest => ({
      key,
      kind: 'pending',
      debitAccount: 'm1',
      creditAccount: 'liability',
      amountMinor,
      currency: 'points',
      at: day(1),
    })
    const release = (key: string, pendingKey: string, until: number): TransferRequest => ({
      key,
      kind: 'void_pending',
      pendingKey,
      at: day(2),
      expiresNotBefore: day(until),
    })
    await send(earn('a', 10n, 30), hold('h1', 4n), release('v1', 'h1', 40))
    expect(await lots('m1')).toEqual([
      [6n, 30, 'a'],
      [4n, 40, 'v1'],
    ])
    await send(hold('h2', 7n), release('v2', 'h2', 20))
    expect(await lots('m1')).toEqual([
      [6n, 30, 'a'],
      [4n, 40, 'v1'],
    ])
    await send(spend('s', 8n), { ...reverse('r', 's'), expiresNotBefore: day(35) } as TransferRequest)
    expect(await lots('m1')).toEqual([
      [6n, 35, 'r'],
      [4n, 40, 'v1'],
    ])
    await send(hold('h3', 8n), {
      key: 'p3',
      kind: 'post_pending',
      pendingKey: 'h3',
      amountMinor: 1n,
      at: day(2),
      expiresNotBefore: day(90),
    })
    expect(await lots('m1')).toEqual([
      [2n, 40, 'v1'],
      [5n, 90, 'p3'],
      [2n, 90, 'p3'],
    ])
    expect((await send(release('v1', 'h1', 41))).map(said)).toEqual(['ledger_key_mismatch'])
    expect((await send(release('v1', 'h1', 40))).map(said)).toEqual(['repeated'])
    const endless = Temporal.Instant.from('+020000-01-01T00:00:00Z')
    expect(
      (await send({ ...release('v4', 'h1', 1), expiresNotBefore: endless } as TransferRequest)).map(said),
    ).toEqual(['ledger_request_invalid'])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('what is given and what comes back of one reservation are lots apart', async () => {
    const hold = {
      key: 'h',
      kind: 'pending',
      debitAccount: 'm1',
      creditAccount: 'm2',
      amountMinor: 8n,
      currency: 'points',
      at: day(1),
    } as const
    const part = { key: 'p', kind: 'post_pending', pendingKey: 'h', amountMinor: 5n, at: day(1) } as const
    await send(earn('a', 10n, 30), hold, { ...part, expiresNotBefore: day(40) })
    expect([await lots('m1'), await lots('m2')]).toEqual([
      [
        [2n, 30, 'a'],
        [3n, 40, 'p'],
      ],
      [[5n, 30, 'p']],
    ])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('what comes back to a lot that lives on by now is part of it, and what kept its end keeps the later one', async () => {
    const hold = (key: string, amountMinor: bigint) =>
      ({ ...spend(key, amountMinor), kind: 'pending' }) as TransferRequest
    const back = (pendingKey: string) => ({
      key: `${pendingKey} back`,
      kind: 'void_pending' as const,
      pendingKey,
      at: day(3),
      expiresNotBefore: day(20),
    })
    const extend = (key: string, to: number) => ({
      key,
      kind: 'extend' as const,
      account: 'm1',
      expiresAt: day(to),
      at: day(2),
    })
    const kept = { expiresAt: day(5), keepsExpiry: true }
    await send({ ...earn('promo', 6n, 5), lot: kept } as TransferRequest, hold('h', 6n))
    await send(earn('a', 9n, 10), hold('i', 4n), extend('x', 40), back('h'), back('i'), extend('y', 60))
    expect(await lots('m1')).toEqual([
      [6n, 20, 'h back'],
      [9n, 60, 'a'],
    ])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('partial takings remember what each lot gave before', async () => {
    const own = { ...earn('own', 9n, 20), creditAccount: 'm2' } as TransferRequest
    const gift = { ...spend('g', 8n), creditAccount: 'm2' } as TransferRequest
    const takings = [1, 2, 3, 4].map((n) => reverse(`r${n}`, 'g', 2n))
    await send(earn('a', 5n, 30), earn('b', 3n, 60), own, gift, ...takings)
    expect(await lots('m2')).toEqual([[9n, 20, 'own']])
    expect(await lots('m1')).toEqual([
      [5n, 30, 'a'],
      [3n, 60, 'b'],
    ])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('a forgiving reversal of a gift restores only what could be moved', async () => {
    const gift = { ...spend('g', 10n), creditAccount: 'm2' } as TransferRequest
    const spent = { ...spend('s', 6n), debitAccount: 'm2' } as TransferRequest
    await send(earn('e', 10n, 30), gift, spent, reverse('r', 'g', undefined, 'forgive'))
    expect([await lots('m1'), await lots('m2')]).toEqual([[[4n, 30, 'e']], []])
    expect([await balance('m1'), await balance('m2')]).toEqual([4n, 0n])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('partial reversals remember what each lot got back before', async () => {
    await send(earn('a', 1n, 30), earn('b', 5n, 60), spend('s', 6n))
    await send(reverse('r1', 's', 3n), reverse('r2', 's', 2n), reverse('r3', 's', 1n))
    expect(await lots('m1')).toEqual([
      [1n, 30, 'a'],
      [5n, 60, 'b'],
    ])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('of what is taken back the part that was a debt comes first, so that it pays the debt', async () => {
    await send(earn('a', 4n, 30), spend('s', 10n, 1, { deficit: 'debt' }), earn('c', 3n, 9))
    expect(await balance('m1')).toBe(-3n)
    await send(reverse('r', 's'))
    expect(await lots('m1')).toEqual([
      [4n, 30, 'a'],
      [3n, undefined, 'r'],
    ])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('what was taken back in a group is not taken back again', async () => {
    const group = { group: 'g' }
    await send(earn('a', 10n), spend('s', 10n))
    await send({ ...reverse('r1', 's'), ...group }, { ...earn('x', 1n), ...group })
    expect((await send(reverse('r2', 's'))).map(said)).toEqual(['ledger_reversal_exceeded'])
    expect(await balance('m1')).toBe(11n)
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('a clawback takes its own lot, then others, then makes a debt up to the limit, or forgives', async () => {
    await send(earn('a', 30n, 30), earn('b', 4n, 60), spend('s', 20n))
    expect((await send(reverse('too-much', 'a', 15n))).map(said)).toEqual(['ledger_balance_insufficient'])
    expect(await send(reverse('third', 'a', 12n))).toMatchObject([{ outcome: 'booked', amountMinor: 12n }])
    expect(await lots('m1')).toEqual([[2n, 60, 'b']])
    expect(await send(reverse('debt', 'a', 12n, 'debt'))).toMatchObject([
      { outcome: 'booked', amountMinor: 12n },
    ])
    expect([await balance('m1'), await lots('m1')]).toEqual([-10n, []])
    await send(earn('c', 4n, 90))
    expect([await balance('m1'), await lots('m1')]).toEqual([-6n, []])
    await send(earn('d', 40n, 90))
    expect(await lots('m1')).toEqual([[34n, 90, 'd']])
    await send(spend('all', 30n), spend('rest', 4n))
    expect(
      await send(reverse('forgiven', 'd', 30n, 'forgive'), reverse('limit', 'd', 10n, 'debt_to_limit')),
    ).toMatchObject([
      { outcome: 'booked', amountMinor: 0n, forgivenMinor: 30n },
      { outcome: 'booked', amountMinor: 10n },
    ])
    expect((await send(reverse('more', 'd', undefined, 'forgive'))).map(said)).toEqual([
      'ledger_reversal_exceeded',
    ])
    expect(
      (
        await send(
          reverse('c-back', 'c', undefined, 'debt_to_limit'),
          spend('last', 7n, 1, { deficit: 'debt_to_limit' }),
        )
      ).slice(1),
    ).toMatchObject([{ amountMinor: 6n, forgivenMinor: 1n }])
    expect(await balance('m1')).toBe(-DEBT)
    expect((await send(spend('beyond', 1n, 1, { deficit: 'debt' }))).map(said)).toEqual([
      'ledger_balance_insufficient',
    ])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('activity extends lots that have not expired', async () => {
    await send(earn('a', 5n, 10), earn('b', 5n, 60), earn('c', 5n, 3))
    const extend = { key: 'x', kind: 'extend' as const, account: 'm1', expiresAt: day(40), at: day(5) }
    const results = await send(extend, { ...extend, key: 'y' }, extend)
    expect(results.map(said)).toEqual(['booked', 'ledger_lots_not_found', 'repeated'])
    expect(await lots('m1')).toEqual([
      [5n, 3, 'c'],
      [5n, 40, 'a'],
      [5n, 60, 'b'],
    ])
    expect(await verify()).toMatchObject({ ok: true })
    expect(await tx((t) => outstanding(t, 'points', 'Europe/Moscow'))).toEqual([
      { earnedMonth: '2026-03', expiresMonth: '2026-03', lots: 1, amountMinor: 5n },
      { earnedMonth: '2026-03', expiresMonth: '2026-04', lots: 2, amountMinor: 10n },
    ])
  })

  test('linked transfers succeed together or not at all, and say so again', async () => {
    await send(earn('a', 10n, 10))
    const group = [spend('g1', 8n, 1, { group: 'g' }), spend('g2', 8n, 1, { group: 'g' })]
    expect((await send(...group, spend('alone', 10n))).map(said)).toEqual([
      'ledger_group_refused',
      'ledger_balance_insufficient',
      'booked',
    ])
    expect((await send(...group)).map(said)).toEqual(['ledger_group_refused', 'ledger_balance_insufficient'])
    const good = [earn('g3', 8n, 10), spend('g4', 8n)].map((one) => ({ ...one, group: 'good' }))
    expect((await send(...good)).map(said)).toEqual(['booked', 'booked'])
    expect((await send(...good)).map(said)).toEqual(['repeated', 'repeated'])
    expect(await lots('m1')).toEqual([])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('a statement opens, lists and closes a period of booking or of effect, in pages', async () => {
    const at = (n: number, ...requests: TransferRequest[]) => tx((t) => postTransfers(t, requests, day(n)))
    await at(1, earn('a', 10n, 90, 0, 0), earn('b', 5n, 90, 0, 9))
    await at(4, spend('c', 3n, 2), spend('d', 4n, 3))
    await at(8, spend('e', 1n, 8))
    const all = await tx((t) => statementOf(t, { accountId: 'm1' }))
    expect(all).toMatchObject({
      openingMinor: 0n,
      closingMinor: 7n,
      creditsMinor: 15n,
      debitsMinor: 8n,
      entryCount: 5,
    })
    expect(all.entries.map(({ key, balanceAfter }) => [key, balanceAfter])).toEqual([
      ['e', 7n],
      ['d', 8n],
      ['c', 12n],
      ['b', 15n],
      ['a', 10n],
    ])
    const booked = await tx((t) => statementOf(t, { accountId: 'm1', from: day(4), to: day(8), limit: 1 }))
    expect(booked).toMatchObject({
      openingMinor: 15n,
      closingMinor: 8n,
      entryCount: 2,
      entries: [{ key: 'd', counterAccount: 'liability' }],
    })
    const second = await tx((t) =>
      statementOf(t, { accountId: 'm1', from: day(4), to: day(8), limit: 5, after: booked.next! }),
    )
    expect(second).toMatchObject({ openingMinor: 15n, entryCount: 2, entries: [{ key: 'c' }] })
    expect(second.next).toBeUndefined()
    const effective = await tx((t) =>
      statementOf(t, { accountId: 'm1', from: day(2), to: day(9), by: 'effective' }),
    )
    expect(effective).toMatchObject({ openingMinor: 10n, closingMinor: 2n, entryCount: 3 })
    await expect(tx((t) => statementOf(t, { accountId: 'm9' }))).rejects.toMatchObject({
      code: 'ledger_account_not_found',
    })
  })

  test('points live for local days: the clocks go forward within them', () => {
    const moment = Temporal.Instant.from('2026-03-20T22:30:00Z')
    expect(expiryAfter(moment, { days: 30 }, 'Europe/Berlin').toString()).toBe('2026-04-19T22:00:00Z')
    expect(expiryAfter(moment, { days: 30 }, 'Asia/Vladivostok').toString()).toBe('2026-04-20T14:00:00Z')
    expect(expiryAfter(moment, { months: 12, endOf: 'year' }, 'UTC').toString()).toBe('2028-01-01T00:00:00Z')
    expect(expiryAfter(Temporal.Instant.from('2026-01-31T10:00:00Z'), { months: 1 }, 'UTC').toString()).toBe(
      '2026-03-01T00:00:00Z',
    )
  })

  test('shares sum to the amount and fit their parts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(0n, 50n), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 100 }),
        (parts, percent) => {
          const total = parts.reduce((sum, part) => sum + part, 0n)
          const amount = (total * BigInt(percent)) / 100n
          const shares = sharesOf(amount, parts)
          expect(shares.reduce((sum, share) => sum + share, 0n)).toBe(amount)
          shares.forEach((share, i) => expect(share >= 0n && share <= parts[i]!).toBe(true))
        },
      ),
    )
  })
})
