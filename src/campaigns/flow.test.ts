import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess } from '../access/index.ts'
import { eventTypeKind } from '../events/index.ts'
import { balancesOf } from '../ledger/index.ts'
import { createLoyalty, earnRuleKind, memberAccount } from '../loyalty/index.ts'
import { createMessaging, type Messaging, messagingDocuments } from '../messaging/index.ts'
import { menuKind, productKind } from '../offers/index.ts'
import { createOperator, type Operator, operatorSystemsKind } from '../operator/index.ts'
import { Documents, Loop, ManualClock, newId } from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
import { triggerKind } from '../triggers/index.ts'
import { campaign } from './contract.ts'
import { campaignDocuments } from './documents.ts'
import { armOf } from './experiment.ts'
import { createCampaigns } from './service.ts'

/** The operator's systems and the pop-up gateway of one tenant: a few answers over real HTTP. */
class Systems {
  balances = new Map<string, string>()
  credit = '0'
  orders: { externalId: string; account: string; productId: string }[] = []
  loans: string[] = []
  pushes: { text: string; messageId: string }[] = []
  orderState = 'completed'
  isDown = false
  onOrder = (): void => {}
  #server: Server | undefined

  async listen(): Promise<string> {
    this.#server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const url = new URL(request.url!, 'http://systems')
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, never>)
      const [status, answer] = this.isDown ? [400, {}] : this.#answer(request.method!, url, body)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }

  #answer(method: string, url: URL, body: Record<string, never>): [number, unknown] {
    const path = url.pathname
    if (path.endsWith('/v1/pushes')) return [202, { token: `t${this.pushes.push(body as never)}` }]
    if (path.endsWith('/bucket')) {
      const balance = this.balances.get(url.searchParams.get('partyAccount.id')!)
      return [
        200,
        balance === undefined ? [] : [{ remainingValue: { amount: Number(balance), units: 'RUB' } }],
      ]
    }
    if (path.endsWith('/assessments')) return [200, { approvedMinor: this.credit, currency: 'RUB' }]
    if (path.endsWith('/loans')) {
      this.loans.push(body['principalMinor']!)
      return [201, { loanId: `l${this.loans.length}`, feeMinor: '1500', dueAt: '2026-04-01T00:00:00Z' }]
    }
    if (method === 'GET') return [200, []]
    const item = (body['productOrderItem'] as unknown as { productOffering: { id: string } }[])[0]!
    const account = (body['billingAccount'] as unknown as { id: string }).id
    this.onOrder()
    this.orders.push({ externalId: body['externalId']!, account, productId: item.productOffering.id })
    return [201, { id: `o${this.orders.length}`, state: this.orderState }]
  }
}

const startMs = Date.parse('2026-03-10T12:00:00Z')
const same = (text: string) => ({ en: text, ru: text, uk: text })
const journey = [
  { id: 'choose', type: 'offer', menu: 'packages', next: 'notify', empty: 'nothing' },
  { id: 'notify', type: 'send', cascade: 'pop-up', next: 'listen' },
  { id: 'listen', type: 'wait', timeout: 'PT24H', next: 'sell', else: 'silent' },
  { id: 'sell', type: 'activate', next: 'award', else: 'failed' },
  { id: 'award', type: 'award', next: 'bought' },
  ...['bought', 'silent', 'failed', 'nothing'].map((reason) => ({ id: reason, type: 'exit', reason })),
]
const campaignOf = (rest: { arm?: object; control?: number } & Record<string, unknown> = {}) => {
  const { arm, control = 0, ...others } = rest
  const entry = { trigger: 'ninety' }
  const only = {
    id: 'a',
    name: same('a'),
    share: 100 - control,
    entry,
    journey: { start: 'choose', steps: journey },
  }
  return campaign.parse({
    kind: 'Campaign',
    id: 'camp',
    name: same('camp'),
    state: 'live',
    population: { trigger: 'ninety' },
    control: { share: control, name: same('control') },
    arms: [{ ...only, ...arm }],
    ...others,
  })
}
const product = (id: string, volumeMb: number, priceMinor: string) => {
  return {
    kind: 'Product',
    id,
    name: same(id),
    volumeMb,
    priceMinor,
    currency: 'RUB',
    answerCode: `*1*${volumeMb}#`,
  }
}
const documentsAt = (base: string): object[] => [
  { kind: 'Attributes', id: 'subscriber', attributes: { months: 'int' } },
  { kind: 'EventType', id: 'used', subject: 'subscriber', schema: { type: 'object' } },
  { kind: 'Trigger', id: 'ninety', on: 'used', match: {} },
  { kind: 'Trigger', id: 'exhausted', on: 'used', match: {} },
  product('data-500', 500, '15000'),
  product('data-100', 100, '5000'),
  { kind: 'Menu', id: 'packages', products: ['data-500', 'data-100'], order: 'largest' },
  {
    kind: 'OperatorSystems',
    id: 'default',
    balanceUrl: base,
    productOrderUrl: base,
    trustPaymentUrl: base,
    creditScoringUrl: base,
  },
  { kind: 'Channel', id: 'dstk', priceMinor: '3', url: base },
  {
    kind: 'Template',
    id: 'pop-up',
    channel: 'dstk',
    text: same('{{ largest.volumeMb }} MB for {{ largest.price }}'),
  },
  {
    kind: 'Cascade',
    id: 'pop-up',
    steps: [{ channel: 'dstk', template: 'pop-up', until: 'answered', wait: 'PT12H' }],
  },
  { kind: 'EarnRule', id: 'one', on: 'purchase', points: { perMajorUnit: '1' } },
]

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

type Row = Record<string, unknown>

/** The loop from firings to points, for one tenant; account `acc-N` is subscriber N's, with 200.00 on it. */
class Bench {
  readonly tenantId = `t-${newId()}`
  readonly clock = new ManualClock(startMs)
  readonly systems = new Systems()
  readonly errors: unknown[] = []
  ids: number[] = []
  documents!: Documents
  messaging!: Messaging
  operator!: Operator
  loop!: Loop

  static async with(document: object, subscribers = 1): Promise<Bench> {
    const bench = new Bench()
    const { clock, tenantId, systems } = bench
    const { database } = stores
    const kinds = [attributesKind, eventTypeKind, triggerKind, operatorSystemsKind, productKind, menuKind]
    bench.documents = new Documents(database, [
      ...kinds,
      ...messagingDocuments,
      earnRuleKind,
      ...campaignDocuments,
    ])
    const base = { database, clock, documents: bench.documents }
    const access = createAccess(base)
    const settings = { currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC', language: 'en' as const }
    await access.createTenant({ tenantId, name: 'x', ...settings })
    const profiles = createProfiles({ ...base, access })
    bench.loop = new Loop(clock, (_stage, error) => bench.errors.push(error))
    const wake = (stage: string) => (id: string) => bench.loop.wake(id, stage)
    bench.operator = createOperator({
      ...base,
      accountsOf: (tx, ids) => profiles.identitiesOf(tx, ids, 'account'),
      onFinished: wake('activations'),
    })
    bench.messaging = createMessaging({ ...base, profiles, wake: (id, stage) => bench.loop.wake(id, stage) })
    const campaigns = createCampaigns({
      ...base,
      operator: bench.operator,
      messaging: bench.messaging,
      loyalty: createLoyalty({
        ...base,
        profiles,
        logOf: () => assert.fail('nothing is read here'),
        timeZoneOf: async () => 'UTC',
        currencyOf: async () => 'RUB',
        wakeStages: () => undefined,
        wakeReaders: () => undefined,
      }),
      profiles,
      wakeOperator: wake('operator'),
      wakeJourneys: wake('journeys'),
    })
    await bench.apply(...documentsAt(await systems.listen()), document)
    const rows = Array.from({ length: subscribers }, (_, i) => ({
      identities: { msisdn: `+79990000${String(i).padStart(3, '0')}`, account: `acc-${i}` },
      attributes: { months: i },
      consents: { dstk: true },
    }))
    await profiles.upsertSubscribers(tenantId, rows)
    for (const i of rows.keys()) systems.balances.set(`acc-${i}`, '200')
    bench.ids = (
      await bench.query<{ id: number }>('select subscriber_id as id from profiles.subscriber order by 1')
    ).map((row) => row.id)
    bench.loop.addTenant(tenantId, [...campaigns.stages, bench.operator.stage, bench.messaging.stage])
    return bench
  }

  async close(): Promise<void> {
    await this.operator.close()
    await this.messaging.gateways.stop()
    this.systems.close()
  }

  async apply(...documents: object[]): Promise<void> {
    const results = await this.documents.apply(this.tenantId, documents)
    assert.deepEqual(
      results.flatMap((result) => result.problems ?? []),
      [],
    )
  }

  query<R = Row>(text: string, values: unknown[] = []): Promise<R[]> {
    return stores.database.tx(this.tenantId, (tx) => tx.query<R>(text, values))
  }

  /** Rules fire for subscribers now, in this order; then the loop runs until nothing is left. */
  async fire(...firings: [ruleId: string, n?: number][]): Promise<void> {
    for (const [ruleId, n = 0] of firings) {
      await this.query(
        `insert into triggers.firing (tenant_id, rule_id, subscriber_id, cause, fired_at, values)
         values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, '{}')`,
        [ruleId, this.ids[n], newId(), this.clock.now()],
      )
    }
    this.loop.wake(this.tenantId, 'entries')
    await this.loop.drain()
  }

  async pass(hours: number): Promise<void> {
    const untilMs = this.clock.nowMs() + hours * 3_600_000
    for (let next = await this.loop.drain(); next !== null && next <= untilMs; next = await this.loop.drain())
      this.clock.setMs(Math.ceil(next))
    this.clock.setMs(untilMs)
    await this.loop.drain()
  }

  async answer(text: string, n = 0): Promise<void> {
    const address = `+79990000${String(n).padStart(3, '0')}`
    const answer = { address, channel: 'ussd', text, dedupeKey: newId(), atMs: this.clock.nowMs() }
    await this.messaging.inbound(this.tenantId, 'ussd').onAnswer(answer)
    await this.loop.drain()
  }

  instances(): Promise<Row[]> {
    return this.query('select * from campaigns.instance order by entered_at, instance_id')
  }

  async kinds(): Promise<unknown[]> {
    const rows = await this.query('select kind from platform.fact order by txid, seq')
    return rows.map((row) => row['kind'])
  }
}

const withBench = async (
  document: object,
  work: (bench: Bench) => Promise<void>,
  people = 1,
): Promise<void> => {
  const bench = await Bench.with(document, people)
  try {
    await work(bench)
    expect(bench.errors).toEqual([])
  } finally {
    await bench.close()
  }
}

describe('entry', () => {
  test('the first firing enrols, once for ever; journeys begin once a cause and one at a time', () =>
    withBench(campaignOf(), async (bench) => {
      await bench.fire(['ninety'], ['ninety'])
      await bench.fire(['ninety'])
      expect(await bench.query('select arm, version from campaigns.enrolment')).toEqual([
        { arm: 'a', version: 1 },
      ])
      expect(await bench.instances()).toMatchObject([
        { waiting_for: 'answer', step_id: 'listen', version: 1 },
      ])
      expect((await bench.kinds()).filter((kind) => kind === 'enrolled' || kind === 'entered')).toHaveLength(
        2,
      )
      expect(bench.systems.pushes).toMatchObject([{ text: '500 MB for 150' }])
    }))

  test('control is enrolled and never enters', () =>
    withBench(
      campaignOf({ control: 50 }),
      async (bench) => {
        await bench.fire(...bench.ids.map((_, n): [string, number] => ['ninety', n]))
        const arms = bench.ids.map((id) => armOf(campaignOf({ control: 50 }), id))
        expect(new Set(arms)).toEqual(new Set(['a', 'control']))
        const enrolled = await bench.query('select arm from campaigns.enrolment order by subscriber_id')
        expect(enrolled.map((row) => row['arm'])).toEqual(arms)
        const inside = new Set((await bench.instances()).map((row) => row['subscriber_id']))
        expect(inside).toEqual(new Set(bench.ids.filter((_, n) => arms[n] === 'a')))
        expect(bench.systems.pushes).toHaveLength(inside.size)
      },
      12,
    ))

  test('whom the population’s condition leaves out is not enrolled', () =>
    withBench(
      campaignOf({ population: { trigger: 'ninety', where: 'subscriber.months >= 2' } }),
      async (bench) => {
        await bench.fire(['ninety', 0], ['ninety', 1], ['ninety', 2])
        const rows = await bench.query('select subscriber_id from campaigns.enrolment')
        expect(rows).toEqual([{ subscriber_id: bench.ids[2] }])
      },
      3,
    ))

  test('the arm’s own trigger begins the journey, after its delay, and not before the enrolment', () =>
    withBench(campaignOf({ arm: { entry: { trigger: 'exhausted', delay: 'PT48H' } } }), async (bench) => {
      await bench.fire(['exhausted'], ['ninety'])
      expect(await bench.instances()).toEqual([])
      await bench.fire(['exhausted'])
      expect(await bench.instances()).toMatchObject([{ waiting_for: 'entry' }])
      await bench.pass(47)
      expect(bench.systems.pushes).toEqual([])
      await bench.pass(1)
      expect(bench.systems.pushes).toHaveLength(1)
    }))

  test('one firing may both enrol and, taken together, be followed by the entry', () =>
    withBench(campaignOf({ arm: { entry: { trigger: 'exhausted' } } }), async (bench) => {
      await bench.fire(['ninety'], ['exhausted'])
      expect(await bench.instances()).toHaveLength(1)
    }))

  test('again only after the exit', () =>
    withBench(campaignOf(), async (bench) => {
      await bench.fire(['ninety'])
      await bench.pass(1)
      await bench.fire(['ninety'])
      expect(await bench.instances()).toHaveLength(1)
      await bench.pass(24)
      expect(await bench.instances()).toMatchObject([{ exit_reason: 'silent' }])
      await bench.fire(['ninety'])
      expect(await bench.instances()).toMatchObject([{ exit_reason: 'silent' }, { exited_at: null }])
      expect(bench.systems.pushes).toHaveLength(2)
    }))

  test('a stopped campaign begins nothing new and finishes what runs', () =>
    withBench(
      campaignOf(),
      async (bench) => {
        await bench.fire(['ninety', 0])
        await bench.apply(campaignOf({ state: 'stopped' }))
        await bench.fire(['ninety', 1])
        await bench.answer('*1*100#')
        expect(await bench.instances()).toMatchObject([{ exit_reason: 'bought' }])
      },
      2,
    ))

  test('a new version does not change people inside', () =>
    withBench(
      campaignOf(),
      async (bench) => {
        await bench.fire(['ninety', 0])
        const steps = [{ id: 'choose', type: 'exit', reason: 'changed' }]
        await bench.apply(campaignOf({ arm: { journey: { start: 'choose', steps } } }))
        await bench.fire(['ninety', 1])
        await bench.answer('*1*500#')
        const ends = (await bench.instances()).map((row) => [row['version'], row['exit_reason']])
        expect(ends.sort()).toEqual([
          [1, 'bought'],
          [2, 'changed'],
        ])
      },
      2,
    ))
})

describe('from the offer to the points', () => {
  test('an answer activates, earns and ends the journey, each once', () =>
    withBench(campaignOf(), async (bench) => {
      await bench.fire(['ninety'])
      await bench.answer('*1*500#')
      await bench.answer('*1*500#')
      expect(bench.systems.orders).toMatchObject([{ account: 'acc-0', productId: 'data-500' }])
      expect(bench.systems.loans).toEqual([])
      expect(await bench.instances()).toMatchObject([
        { exit_reason: 'bought', chosen: { channel: 'ussd', currency: 'RUB' } },
      ])
      const account = memberAccount('main', bench.ids[0]!, 'points')
      const balances = await stores.database.tx(bench.tenantId, (tx) => balancesOf(tx, [account]))
      expect(balances.get(account)?.balanceMinor).toBe(150n)
      const told = (await bench.kinds()).filter((kind) => !/^(message|contacted)/.test(String(kind)))
      expect(told).toEqual([
        'enrolled',
        'entered',
        'offered',
        'answered',
        'answer_chosen',
        'activated',
        'awarded',
        'exited',
        'answered',
        'answer_too_late',
      ])
    }))

  test('what the balance lacks is lent, by the balance at the moment of the activation', () =>
    withBench(campaignOf(), async (bench) => {
      bench.systems.credit = '15000'
      await bench.fire(['ninety'])
      bench.systems.balances.set('acc-0', '40')
      await bench.answer('*1*500#')
      expect(bench.systems.loans).toEqual(['11000'])
      expect(await bench.query('select credit_minor, state from operator.activation')).toEqual([
        { credit_minor: 11_000n, state: 'completed' },
      ])
    }))

  test('money that is gone by then leads out by "else", without an order', () =>
    withBench(campaignOf(), async (bench) => {
      await bench.fire(['ninety'])
      bench.systems.balances.set('acc-0', '40')
      await bench.answer('*1*500#')
      expect(await bench.instances()).toMatchObject([{ exit_reason: 'failed' }])
      expect(bench.systems.orders).toEqual([])
      expect(await bench.query(`select reason from platform.fact where kind = 'no_offer'`)).toEqual([
        { reason: 'beyond_balance_and_credit' },
      ])
    }))

  test('an order that the operator refuses leads out by "else" and earns nothing', () =>
    withBench(campaignOf(), async (bench) => {
      bench.systems.orderState = 'failed'
      await bench.fire(['ninety'])
      await bench.answer('*1*100#')
      expect(await bench.instances()).toMatchObject([{ exit_reason: 'failed' }])
      expect(await bench.kinds()).toContain('activation_failed')
      expect(await bench.kinds()).not.toContain('awarded')
    }))

  test('only the time being over leads out by the wait’s "else"; what comes later is too late', () =>
    withBench(campaignOf(), async (bench) => {
      await bench.fire(['ninety'])
      await bench.answer('hello?')
      expect(await bench.instances()).toMatchObject([{ waiting_for: 'answer' }])
      await bench.pass(24)
      expect(await bench.instances()).toMatchObject([{ exit_reason: 'silent' }])
      await bench.answer('*1*500#')
      expect(bench.systems.orders).toEqual([])
      const marks = await bench.query('select handled_as from messaging.answer order by at')
      expect(marks).toEqual([{ handled_as: 'unrecognised' }, { handled_as: 'too_late' }])
    }))

  test('the offer holds what can be paid for; nothing leads out by "empty"', () =>
    withBench(
      campaignOf(),
      async (bench) => {
        bench.systems.balances.set('acc-0', '60')
        bench.systems.balances.set('acc-1', '10')
        await bench.fire(['ninety', 0], ['ninety', 1])
        expect(bench.systems.pushes).toMatchObject([{ text: '100 MB for 50' }])
        const ends = await bench.query('select exit_reason from campaigns.instance order by subscriber_id')
        expect(ends).toEqual([{ exit_reason: null }, { exit_reason: 'nothing' }])
      },
      2,
    ))

  test('an account that the operator does not know is final; a system that is down is asked again', () =>
    withBench(
      campaignOf(),
      async (bench) => {
        bench.systems.balances.delete('acc-0')
        await bench.fire(['ninety', 0])
        expect(await bench.instances()).toMatchObject([{ exit_reason: 'nothing' }])
        expect(await bench.query(`select reason from platform.fact where kind = 'no_offer'`)).toEqual([
          { reason: 'operator_account_not_found' },
        ])
        bench.systems.isDown = true
        await bench.fire(['ninety', 1])
        expect(await bench.loop.drain()).toBe(startMs + 60_000)
        bench.systems.isDown = false
        await bench.pass(1)
        expect(bench.systems.pushes).toHaveLength(1)
      },
      2,
    ))

  test('an offer after a purchase that nobody can pay for leaves by its own "empty"', () => {
    const second = { id: 'again', type: 'offer', menu: 'packages', next: 'notify-again', empty: 'nothing' }
    const notify = { id: 'notify-again', type: 'send', cascade: 'pop-up', next: 'bought' }
    const steps = [
      ...journey.map((step) => (step.id === 'award' ? { ...step, next: 'again' } : step)),
      second,
      notify,
    ]
    return withBench(campaignOf({ arm: { journey: { start: 'choose', steps } } }), async (bench) => {
      await bench.fire(['ninety'])
      bench.systems.onOrder = () => void bench.systems.balances.set('acc-0', '10')
      await bench.answer('*1*500#')
      expect(await bench.instances()).toMatchObject([{ exit_reason: 'nothing' }])
      expect(await bench.kinds()).toContain('awarded')
    })
  })

  test('an activation of nothing leads out by "else" and holds nobody up', () => {
    const sell = journey.find((step) => step.id === 'sell')!
    const steps = [sell, ...journey.filter((step) => step !== sell)]
    return withBench(campaignOf({ arm: { journey: { start: 'sell', steps } } }), async (bench) => {
      await bench.fire(['ninety'])
      expect(await bench.instances()).toMatchObject([{ exit_reason: 'failed' }])
    })
  })

  test('a condition whose attribute is gone since does not hold, and the others go on', () => {
    const fork = {
      id: 'fork',
      type: 'branch',
      cases: [{ when: 'subscriber.months < 5', next: 'bought' }],
      else: 'silent',
    }
    const pause = { id: 'pause', type: 'delay', time: 'PT1H', next: 'fork' }
    const arm = { journey: { start: 'pause', steps: [pause, fork, ...journey] } }
    return withBench(
      campaignOf({ arm }),
      async (bench) => {
        await bench.fire(['ninety', 0])
        await bench.pass(1)
        await bench.fire(['ninety', 1])
        await bench.apply({ kind: 'Attributes', id: 'subscriber', attributes: { years: 'int' } })
        await bench.pass(1)
        const ends = await bench.query('select exit_reason from campaigns.instance order by subscriber_id')
        expect(ends).toEqual([{ exit_reason: 'bought' }, { exit_reason: 'silent' }])
      },
      2,
    )
  })
})
