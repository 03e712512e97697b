import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { makeBase } from './base.ts'
import { defaultBehaviour } from './behaviour.ts'
import { startHttpSystems } from './http-systems.ts'
import { live } from './life.ts'
import { assess } from './lending.ts'
import { credit } from './account.ts'
import { makeWorld } from './world.ts'

const startMs = Date.parse('2026-01-05T09:00:00Z')
const behaviour = {
  ...defaultBehaviour,
  billing: { ...defaultBehaviour.billing, orderFailsShare: 0, orderBusyShare: 0 },
}
const rows = makeBase(200, 'systems', startMs, behaviour)
const world = makeWorld({ rows, seed: 'systems', startMs, endMs: startMs + 10 * 86_400_000, behaviour })
const { state, people } = world
let systems: Awaited<ReturnType<typeof startHttpSystems>>

beforeAll(async () => {
  systems = await startHttpSystems(world, 0)
})
afterAll(() => systems.close())

type Json = Record<string, unknown>
async function call(
  method: 'GET' | 'POST',
  url: string,
  payload?: object,
  headers: Record<string, string> = {},
) {
  const answer = await systems.app.inject({ method, url, ...(payload ? { payload } : {}), headers })
  return { status: answer.statusCode, body: answer.json() as Json }
}
const order = (subscriber: number, externalId: string, productId = 'data-100') =>
  call('POST', '/tmf-api/productOrderingManagement/v4/productOrder', {
    externalId,
    billingAccount: { id: people.account[subscriber]! },
    productOrderItem: [{ id: '1', action: 'add', quantity: 1, productOffering: { id: productId } }],
  })
const balance = async (subscriber: number): Promise<unknown> => {
  const url = `/tmf-api/prepayBalanceManagement/v4/bucket?partyAccount.id=${people.account[subscriber]!}&usageType=monetary`
  return (await call('GET', url)).body
}

describe('billing', () => {
  test('shows the balance in roubles and knows no strangers', async () => {
    state.balanceMinor[0] = 12_345
    expect(await balance(0)).toMatchObject([
      { remainingValue: { amount: 123.45, units: 'RUB' }, status: 'active' },
    ])
    const url = '/tmf-api/prepayBalanceManagement/v4/bucket?partyAccount.id=nobody&usageType=monetary'
    expect((await call('GET', url)).body).toEqual([])
  })

  test('a repeated order answers the same and takes the price once', async () => {
    state.balanceMinor[1] = 12_000
    const allowanceMb = state.allowanceMb[1]!
    const [first, again] = await Promise.all([order(1, 'o-1'), order(1, 'o-1')])
    expect(first.body['state']).toBe('completed')
    expect(again).toEqual(first)
    expect(state.balanceMinor[1]).toBe(7_000)
    expect(state.allowanceMb[1]).toBe(allowanceMb + 100)
    const found = await call('GET', '/tmf-api/productOrderingManagement/v4/productOrder?externalId=o-1')
    expect(found.body).toEqual([first.body])
  })

  test('says why an order failed, and again the same when asked again', async () => {
    state.balanceMinor[2] = 100
    expect((await order(2, 'o-2')).body).toMatchObject({ state: 'failed', reason: 'not_enough_balance' })
    state.balanceMinor[2] = 100_000
    expect((await order(2, 'o-2')).body).toMatchObject({ state: 'failed', reason: 'not_enough_balance' })
    expect((await order(2, 'o-3', 'data-7')).body).toMatchObject({
      state: 'failed',
      reason: 'unknown_product',
    })
    expect(state.balanceMinor[2]).toBe(100_000)
  })

  test('top-up, adjustment and reservation happen once for each external id', async () => {
    state.balanceMinor[3] = 10_000
    const change = (name: string, externalId: string, amount: number) =>
      call('POST', `/tmf-api/prepayBalanceManagement/v4/${name}`, {
        externalId,
        partyAccount: { id: people.account[3]! },
        usageType: 'monetary',
        amount: { amount, units: 'RUB' },
      })
    await change('topupBalance', 't-1', 50.5)
    await change('topupBalance', 't-1', 50.5)
    expect(state.balanceMinor[3]).toBe(15_050)
    await change('reserveBalance', 'r-1', 100)
    expect(await balance(3)).toMatchObject([
      { remainingValue: { amount: 50.5 }, reservedValue: { amount: 100 } },
    ])
    expect((await change('adjustBalance', 'a-1', -51)).body).toMatchObject({ status: 'failed' })
    await change('adjustBalance', 'a-2', -50.5)
    expect(state.balanceMinor[3]).toBe(0)
    expect((await change('adjustBalance', 'a-3', Number.NaN)).status).toBe(400)
  })
})

describe('trust payment', () => {
  const able = people.account
    .map((_, i) => i)
    .filter((i) => i > 10 && assess(world, i).approvedMinor >= 8_000)
  const lend = (subscriber: number, externalId: string, principalMinor = '8000') =>
    call('POST', '/trust-payment/v1/loans', {
      externalId,
      partyAccount: people.account[subscriber]!,
      principalMinor,
      currency: 'RUB',
    })
  const eventsOf = (subscriber: number): string[] =>
    world.events
      .takeBatches()
      .flatMap(({ body }) =>
        (JSON.parse(body) as { type: string; subject: string }[])
          .filter((event) => event.subject === people.msisdn[subscriber])
          .map((event) => event.type),
      )

  test('granted once, spent, repaid out of the next top-up with its fee', async () => {
    const subscriber = able[0]!
    state.balanceMinor[subscriber] = 0
    const scored = await call('POST', '/credit-scoring/v1/assessments', {
      partyAccount: people.account[subscriber]!,
    })
    expect(Number(scored.body['approvedMinor'])).toBeGreaterThanOrEqual(8_000)
    const [loan, again] = await Promise.all([lend(subscriber, 'l-1'), lend(subscriber, 'l-1')])
    expect(again.body).toEqual(loan.body)
    expect(loan).toMatchObject({ status: 201, body: { status: 'granted', feeMinor: '800' } })
    expect(loan.body['dueAt']).toBe(new Date(world.clock.nowMs() + 72 * 3_600_000).toISOString())
    expect(state.balanceMinor[subscriber]).toBe(8_000)
    expect((await lend(subscriber, 'l-2')).body).toMatchObject({ code: 'refused', reason: 'advance_open' })
    await order(subscriber, 'l-order', 'data-200')
    const spent = await call('POST', `/trust-payment/v1/loans/${String(loan.body['loanId'])}/cancel`, {})
    expect(spent).toMatchObject({ status: 409, body: { reason: 'money_is_spent' } })
    eventsOf(subscriber)
    credit(world, subscriber, 10_000, world.clock.nowMs())
    expect(state.balanceMinor[subscriber]).toBe(1_200)
    expect(eventsOf(subscriber)).toContain('trust-payment.repaid')
    expect(assess(world, subscriber).reasons).toContain('advance_repaid')
  })

  test('cancelled, also twice, it leaves no trace in the records', async () => {
    const subscriber = able[1]!
    state.balanceMinor[subscriber] = 500
    const loan = await lend(subscriber, 'l-3')
    const url = `/trust-payment/v1/loans/${String(loan.body['loanId'])}/cancel`
    expect((await call('POST', url, { reason: 'order_failed' })).body).toMatchObject({ status: 'cancelled' })
    expect((await call('POST', url, { reason: 'order_failed' })).status).toBe(200)
    expect(state.balanceMinor[subscriber]).toBe(500)
    live(world, world.clock.nowMs() + 3_600_000)
    expect(eventsOf(subscriber)).not.toContain('trust-payment.granted')
    expect(world.loans.open(subscriber)).toEqual([])
  })

  test('not repaid, it is overdue after 72 hours and bars the next; too much is refused', async () => {
    const subscriber = able[2]!
    state.balanceMinor[subscriber] = 0
    expect((await lend(subscriber, 'l-4', '9999999')).body).toMatchObject({ reason: 'over_limit' })
    await lend(subscriber, 'l-5')
    eventsOf(subscriber)
    const loan = world.loans.open(subscriber)[0]!
    live(world, loan.dueAtMs - 1)
    expect(eventsOf(subscriber)).not.toContain('trust-payment.overdue')
    live(world, loan.dueAtMs)
    expect(eventsOf(subscriber)).toContain('trust-payment.overdue')
    expect(assess(world, subscriber)).toEqual({ approvedMinor: 0, reasons: ['advance_overdue'] })
    credit(world, subscriber, 20_000, world.clock.nowMs())
    expect(loan.status).toBe('repaid')
    expect(assess(world, subscriber).approvedMinor).toBeGreaterThan(0)
  })
})

test('a pop-up is pushed once for each key, and other content under it is refused', async () => {
  const push = (text: string) =>
    call(
      'POST',
      '/v1/pushes',
      { messageId: 'm-1', address: people.msisdn[5]!, text, choices: [] },
      { 'idempotency-key': 'm-1' },
    )
  const waiting = world.schedule.length
  const first = await push('500 МБ за 150 ₽')
  expect(first.status).toBe(202)
  expect(await push('500 МБ за 150 ₽')).toEqual(first)
  expect(world.schedule.length).toBe(waiting + 1)
  expect((await push('другое')).status).toBe(409)
  expect(
    (await call('POST', '/v1/pushes', { messageId: 'm-2', address: '+70000000000', text: 'x' })).status,
  ).toBe(404)
})
