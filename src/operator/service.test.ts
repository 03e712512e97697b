import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { type Database, Documents, DomainError, ManualClock, newId, unitHash } from '../platform/index.ts'
import type { ActivationRequest, OperatorSystems } from './contract.ts'
import { createOperator, type Operator } from './service.ts'
import { markActivationsHandled, takeFinishedActivations } from './store.ts'
import { operatorSystemsKind } from './systems.ts'

type Loan = { loanId: string; externalId: string; status: string; cancels: number }
type Order = {
  id: string
  externalId: string
  account: string
  state: string
  reason?: string
  polls: number
}
type Fault = 'none' | 'reset_before' | 'reset_after' | 'silent_after' | 'error_before' | 'error_after'

/** An operator that loses answers. Loans keep the promise of the external id; orders deliberately do not. */
class MisbehavingOperator {
  readonly loans: Loan[] = []
  readonly orders: Order[] = []
  fault: (call: string) => Fault = () => 'none'
  refuseOrder: (account: string) => boolean = () => false
  slowOrder: (account: string) => boolean = () => false
  loanSpent = false
  calls = 0
  inFlight = 0
  mostInFlight = 0
  #server: Server | undefined

  async listen(): Promise<string> {
    this.#server = createServer((request, response) => void this.#serve(request, response))
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.calls++
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight)
    response.once('close', () => this.inFlight--)
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const url = new URL(request.url!, 'http://operator')
    const fault = this.fault(`${request.method} ${url.pathname} ${text}`)
    if (fault === 'reset_before') return void request.socket.destroy()
    if (fault === 'error_before') return void response.writeHead(500).end('{}')
    const [status, body] = this.#answer(request.method!, url, text === '' ? {} : JSON.parse(text))
    if (fault === 'reset_after') return void request.socket.destroy()
    if (fault === 'error_after') return void response.writeHead(502).end('<html>')
    if (fault === 'silent_after') return
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  #answer(method: string, url: URL, body: Record<string, never>): [number, unknown] {
    const path = url.pathname
    if (path.endsWith('/bucket')) return [200, bucketsOf(url.searchParams.get('partyAccount.id')!)]
    if (path.endsWith('/assessments')) {
      if (body['partyAccount'] === 'broken') return [200, { approvedMinor: 'much', currency: 'RUB' }]
      return [200, { approvedMinor: 20_000, currency: 'RUB', reasons: ['tenure_24_months'] }]
    }
    if (path.endsWith('/loans')) return this.#grant(body)
    if (path.endsWith('/cancel')) return this.#cancel(path.split('/').at(-2)!)
    if (path.includes('/loans/')) return [200, this.loans.find((loan) => path.endsWith(loan.loanId))]
    if (method === 'GET') {
      const found = this.orders.filter((order) => order.externalId === url.searchParams.get('externalId'))
      for (const order of found)
        if (++order.polls >= 2 && order.state === 'inProgress') order.state = 'completed'
      return [200, found]
    }
    return this.#order(body)
  }

  #grant(body: Record<string, never>): [number, unknown] {
    if (body['partyAccount'] === 'overdue') return [409, { code: 'refused', reason: 'open_loan_overdue' }]
    let loan = this.loans.find((known) => known.externalId === body['externalId'])
    if (!loan) {
      loan = {
        loanId: `loan-${this.loans.length}`,
        externalId: body['externalId']!,
        status: 'granted',
        cancels: 0,
      }
      this.loans.push(loan)
    }
    return [201, { ...loan, feeMinor: '1500', dueAt: '2026-03-04T10:00:00Z' }]
  }

  #cancel(loanId: string): [number, unknown] {
    const loan = this.loans.find((known) => known.loanId === loanId)!
    if (this.loanSpent) return [409, { code: 'refused', reason: 'spent' }]
    loan.status = 'cancelled'
    loan.cancels++
    return [200, loan]
  }

  #order(body: Record<string, never>): [number, unknown] {
    const account = (body['billingAccount'] as unknown as { id: string }).id
    const state = this.refuseOrder(account) ? 'failed' : this.slowOrder(account) ? 'inProgress' : 'completed'
    const order: Order = {
      id: `order-${this.orders.length}`,
      externalId: body['externalId']!,
      account,
      state,
      polls: 0,
    }
    if (state === 'failed') order.reason = 'technical'
    this.orders.push(order)
    return [201, order]
  }
}

function bucketsOf(account: string): unknown[] {
  if (account === 'nobody') return []
  const bucket = (amount: number, units: string, status = 'active'): object => ({
    usageType: 'monetary',
    status,
    remainingValue: { amount, units },
  })
  return [bucket(123.45, 'RUB'), bucket(-0.05, 'RUB'), bucket(999, 'RUB', 'expired'), bucket(7, 'USD')]
}

let stores: TestDatabase
let base: string
let server: MisbehavingOperator
let operator: Operator
let clock: ManualClock
let finishedCalls: number
/** Set by a test to lose the transaction that stores a step's results, as a kill would. */
let killNextStore: () => boolean

beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

beforeEach(async () => {
  server = new MisbehavingOperator()
  base = await server.listen()
  clock = new ManualClock(Date.parse('2026-03-01T10:00:00Z'))
  finishedCalls = 0
  killNextStore = () => false
  const documents = new Documents(stores.database, [operatorSystemsKind])
  const systems: OperatorSystems = {
    kind: 'OperatorSystems',
    id: 'default',
    balanceUrl: base,
    productOrderUrl: `${base}/tmf-api/productOrderingManagement/v4/`,
    trustPaymentUrl: base,
    creditScoringUrl: base,
    timeoutMs: 150,
    concurrency: 8,
  }
  const [applied] = await documents.apply(stores.tenantId, [systems])
  assert(applied?.outcome !== 'refused', JSON.stringify(applied))
  operator = createOperator({
    database: killable(stores.database),
    clock,
    documents,
    accountsOf: async (_tx, ids) => new Map(ids.filter((id) => id > 0).map((id) => [id, accountOf(id)])),
    onFinished: () => finishedCalls++,
  })
  return async () => {
    await operator.close()
    server.close()
    await stores.database.tx(stores.tenantId, (tx) =>
      tx.query("update operator.activation set finished_at = now(), state = 'failed', handled_at = now()"),
    )
  }
})

const accountOf = (id: number): string => (id === 666 ? 'overdue' : `account-${id}`)

function killable(database: Database): Database {
  return {
    ...database,
    tx: (tenantId, work) =>
      database.tx(tenantId, (tx) =>
        work({
          ...tx,
          query: (text, values) => {
            if (text.includes('set state = s.state') && killNextStore()) throw new Error('killed')
            return tx.query(text, values)
          },
        }),
      ),
  }
}

const sale = (subscriberId: number, creditMinor = 0n): ActivationRequest => ({
  activationId: newId(),
  subscriberId,
  campaignId: 'used-up',
  arm: 'dstk',
  productId: 'data-500',
  priceMinor: 15_000n,
  creditMinor,
  currency: 'RUB',
  reference: `enrolment-${subscriberId}`,
})

const request = (sales: ActivationRequest[]): Promise<string[]> =>
  stores.database.tx(stores.tenantId, (tx) => operator.requestActivations(tx, sales))

/** Runs the stage until nothing is left, moving the clock to each due moment. */
async function runToEnd(): Promise<void> {
  for (let round = 0; round < 500; round++) {
    try {
      const { more, nextDueMs } = await operator.stage.run(stores.tenantId)
      if (!more && nextDueMs === null) return
      if (!more) clock.setMs(nextDueMs!)
    } catch (error) {
      if ((error as Error).message !== 'killed') throw error
    }
  }
  throw new Error('the stage does not come to an end')
}

const finished = () => stores.database.tx(stores.tenantId, (tx) => takeFinishedActivations(tx, 10_000))
const factsOf = (ids: string[]) =>
  stores.database.tx(stores.tenantId, (tx) =>
    tx.query('select kind, ref, reason, amount_minor, attributes from platform.fact where ref = any($1)', [
      ids,
    ]),
  )

test('what an account can pay with is exact, sums its active buckets of one currency, and asks scoring', async () => {
  expect(await operator.affordability(stores.tenantId, 'account-1')).toEqual({
    balanceMinor: 12_340n,
    creditMinor: 20_000n,
    currency: 'RUB',
  })
})

test('of many accounts a failed one has its error in its place', async () => {
  const many = Array.from({ length: 60 }, (_, i) => `account-${i}`)
  const answers = await operator.affordabilities(stores.tenantId, [...many, 'nobody', 'broken'])
  expect(answers.slice(0, 60).every((answer) => !(answer instanceof DomainError))).toBe(true)
  expect(answers[60]).toMatchObject({ code: 'operator_account_not_found' })
  expect(answers[61]).toMatchObject({ code: 'operator_answer_invalid' })
  expect(server.mostInFlight).toBeLessThanOrEqual(16)
  const bySubscriber = await operator.affordabilitiesOf(stores.tenantId, [5, -1])
  expect(bySubscriber.get(5)).toMatchObject({ balanceMinor: 12_340n })
  expect(bySubscriber.get(-1)).toMatchObject({ code: 'operator_account_missing' })
})

test('a system that is down is tried four times, then said to be unavailable', async () => {
  server.fault = () => 'error_before'
  const topup = { externalId: 'x', account: 'account-1', amountMinor: 10_050n, currency: 'RUB' }
  const client = await operator.client(stores.tenantId)
  await expect(client.topupBalance(topup)).rejects.toMatchObject({ code: 'operator_unavailable' })
  expect(server.calls).toBe(4)
})

test('a sale on the balance and a sale on credit are activated and reported once', async () => {
  const sales = [sale(1), sale(2, 5_000n)]
  expect(await request(sales)).toHaveLength(2)
  expect(await request(sales)).toEqual([])
  await runToEnd()
  const ended = (await finished()).sort((a, b) => a.subscriberId - b.subscriberId)
  expect(ended).toMatchObject([
    { activationId: sales[0]!.activationId, state: 'completed', feeMinor: 0n, reference: 'enrolment-1' },
    { activationId: sales[1]!.activationId, state: 'completed', feeMinor: 1_500n, loanId: 'loan-0' },
  ])
  expect(finishedCalls).toBeGreaterThan(0)
  expect(await factsOf(sales.map((s) => s.activationId))).toMatchObject([
    { kind: 'activated', amount_minor: 15_000n, attributes: { onCredit: false, creditMinor: '0' } },
    { kind: 'activated', amount_minor: 15_000n, attributes: { onCredit: true, creditMinor: '5000' } },
  ])
  await stores.database.tx(stores.tenantId, (tx) =>
    markActivationsHandled(
      tx,
      ended.map((each) => each.activationId),
      clock.now(),
    ),
  )
  expect(await finished()).toEqual([])
})

test('refusals keep their reasons, and a loan is taken back when its order fails', async () => {
  server.refuseOrder = (account) => account === 'account-3' || account === 'account-4'
  const sales = [sale(-9), sale(666, 100n), sale(3), sale(4, 100n)]
  await request(sales)
  await runToEnd()
  const byId = new Map((await finished()).map((each) => [each.activationId, each]))
  expect(sales.map((s) => byId.get(s.activationId))).toMatchObject([
    { state: 'failed', reason: 'account_missing' },
    { state: 'failed', reason: 'loan_refused', operatorReason: 'open_loan_overdue' },
    { state: 'failed', reason: 'order_refused', operatorReason: 'technical' },
    { state: 'compensated', reason: 'order_refused', operatorReason: 'technical', loanId: 'loan-0' },
  ])
  expect(server.loans).toMatchObject([{ status: 'cancelled', cancels: 1 }])
})

test('a loan that cannot be taken back is said to be so', async () => {
  server.refuseOrder = () => true
  server.loanSpent = true
  await request([sale(5, 100n)])
  await runToEnd()
  expect(await finished()).toMatchObject([
    { state: 'failed', reason: 'loan_not_cancelled', operatorReason: 'spent' },
  ])
})

test('an order in progress is asked for later, never placed again', async () => {
  server.slowOrder = () => true
  await request([sale(6)])
  const before = clock.nowMs()
  await runToEnd()
  expect(await finished()).toMatchObject([{ state: 'completed', orderId: 'order-0' }])
  expect(server.orders).toHaveLength(1)
  expect(clock.nowMs()).toBeGreaterThan(before)
})

test('lost answers, errors and kills at any point double nothing and leave no loan behind', async () => {
  const faults: Fault[] = ['reset_before', 'reset_after', 'error_before', 'error_after']
  let draw = 0
  server.fault = () => {
    const u = unitHash('fault', draw++)
    if (u < 0.03) return 'silent_after'
    return u < 0.5 ? faults[Math.floor(u * 8.5)]! : 'none'
  }
  server.refuseOrder = (account) => unitHash('refuse', account) < 0.3
  server.slowOrder = (account) => unitHash('slow', account) < 0.2
  let stored = 0
  killNextStore = () => unitHash('kill', stored++) < 0.4
  const sales = Array.from({ length: 80 }, (_, i) => sale(1_000 + i, i % 2 === 0 ? 500n : 0n))
  await request(sales)
  await runToEnd()

  const ended = await finished()
  expect(ended).toHaveLength(sales.length)
  for (const each of ended) {
    const orders = server.orders.filter((order) => order.externalId === `${each.activationId}:order`)
    const loans = server.loans.filter((loan) => loan.externalId === `${each.activationId}:loan`)
    expect(orders).toHaveLength(1)
    expect(loans).toHaveLength(each.creditMinor > 0n ? 1 : 0)
    expect(orders[0]!.state).toBe(each.state === 'completed' ? 'completed' : 'failed')
    const kept = each.state === 'completed' ? 'granted' : 'cancelled'
    expect(loans.map((loan) => loan.status)).toEqual(loans.map(() => kept))
    expect(each.state).not.toBe(loans[0] ? 'failed' : 'compensated')
  }
  expect(new Set(ended.map((each) => each.state))).toEqual(new Set(['completed', 'failed', 'compensated']))
  const facts = await factsOf(sales.map((s) => s.activationId))
  expect(facts).toHaveLength(sales.length)
  expect(new Set(facts.map((fact) => fact['ref'])).size).toBe(sales.length)
}, 120_000)
