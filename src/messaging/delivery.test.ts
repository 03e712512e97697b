import assert from 'node:assert/strict'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess } from '../access/index.ts'
import { Documents, ManualClock, newId } from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
import { takeAnswers } from './answer-store.ts'
import type {
  Channel,
  ChannelEvents,
  DeliveryReceipt,
  Done,
  OutboundMessage,
  SubmitOutcome,
} from './channel.ts'
import { messagingDocuments } from './documents.ts'
import { createMessaging, type Messaging } from './service.ts'

/** A provider that does what the test says; what it was handed stays on record. */
class ScriptedChannel implements Channel {
  readonly handed: OutboundMessage[] = []
  events: ChannelEvents | undefined
  answer: (message: OutboundMessage) => SubmitOutcome | Promise<SubmitOutcome> = (message) => ({
    outcome: 'accepted',
    providerMessageId: `p-${message.messageId}`,
  })

  room = (): number => Number.POSITIVE_INFINITY

  submit(messages: OutboundMessage[], done: Done): void {
    this.handed.push(...messages)
    for (const [i, message] of messages.entries()) void this.#tell(message, i, done)
  }

  async #tell(message: OutboundMessage, index: number, done: Done): Promise<void> {
    done(index, await this.answer(message))
  }

  async start(events: ChannelEvents): Promise<void> {
    this.events = events
  }

  receipt(receipt: Omit<DeliveryReceipt, 'atMs'>): Promise<void> {
    return this.events!.onReceipts([{ atMs: noonMs, ...receipt }])
  }

  whenReady = (): Promise<void> => Promise.resolve()
  stop = (): Promise<void> => Promise.resolve()
}

const noonMs = Date.parse('2026-03-10T12:00:00Z')
const same = (text: string) => ({ en: text, ru: text, uk: text })
const twoSteps = [
  { channel: 'dstk', template: 'pop-up', until: 'answered', wait: 'PT15M', validFor: 'PT1H' },
  { channel: 'sms', template: 'text', until: 'answered', wait: 'PT2H', validFor: 'PT8H' },
]
const documentsOf = (steps: object[], policy: object): object[] => [
  { kind: 'Template', id: 'pop-up', channel: 'dstk', text: same('Press {{ what }}') },
  { kind: 'Template', id: 'text', channel: 'sms', text: same('Answer {{ what }}') },
  { kind: 'Channel', id: 'dstk', priceMinor: '3', url: 'http://gateway' },
  {
    kind: 'Channel',
    id: 'sms',
    priceMinor: '150',
    host: 'smsc',
    port: 2775,
    systemId: 's',
    password: 'p',
    sourceAddress: 'T',
  },
  { kind: 'Cascade', id: 'offer', steps },
  { kind: 'ContactPolicy', id: 'default', ...policy },
]

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

type Row = Record<string, unknown>

/** One tenant with three subscribers; `restart` is a new process over the same database. */
class Bench {
  readonly tenantId = `t-${newId()}`
  readonly clock = new ManualClock(noonMs)
  readonly sms = new ScriptedChannel()
  readonly dstk = new ScriptedChannel()
  readonly woken: string[] = []
  messaging!: Messaging

  static async with(steps: object[] = twoSteps, policy: object = {}): Promise<Bench> {
    const bench = new Bench()
    const { database } = stores
    const access = createAccess({ database, clock: bench.clock })
    const settings = { currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC', language: 'en' as const }
    await access.createTenant({ tenantId: bench.tenantId, name: 'x', ...settings })
    await bench.restart(documentsOf(steps, policy))
    return bench
  }

  async restart(documents: object[] = []): Promise<void> {
    const { clock, tenantId } = this
    const { database } = stores
    const known = new Documents(database, [attributesKind, ...messagingDocuments])
    const results = documents.length > 0 ? await known.apply(tenantId, documents) : []
    assert.deepEqual(
      results.flatMap((result) => result.problems ?? []),
      [],
    )
    const access = createAccess({ database, clock })
    const profiles = createProfiles({ database, clock, access, documents: known })
    if (documents.length > 0) await profiles.upsertSubscribers(tenantId, [1, 2, 3].map(subscriberRow))
    this.messaging = createMessaging({
      database,
      clock,
      documents: known,
      profiles,
      wake: (_tenantId, stage) => void this.woken.push(stage),
      makeChannel: (channel) => (channel.id === 'sms' ? this.sms : this.dstk),
    })
    await this.messaging.gateways.channelsOf(tenantId)
  }

  query<R = Row>(text: string, values: unknown[] = []): Promise<R[]> {
    return stores.database.tx(this.tenantId, (tx) => tx.query<R>(text, values))
  }

  async subscriberId(n: number): Promise<number> {
    const address = `+7999000000${n}`
    const [row] = await this.query<{ id: number }>(
      `select subscriber_id as id from profiles.identity where value = $1`,
      [address],
    )
    return row!.id
  }

  /** Starts the cascade for a subscriber and returns the run's id. */
  async start(n = 1, variables: object = { what: 'OK' }, cascadeId = 'offer'): Promise<string> {
    const runId = newId()
    const subscriberId = await this.subscriberId(n)
    const about = { campaignId: 'camp', arm: 'a', reference: newId(), variables }
    await stores.database.tx(this.tenantId, (tx) =>
      this.messaging.startCascades(tx, this.tenantId, [{ runId, cascadeId, subscriberId, ...about }]),
    )
    return runId
  }

  /** Runs the stage until it wants no more; returns when it wants to run again. */
  async drain(): Promise<number | null> {
    for (;;) {
      const { more, nextDueMs } = await this.messaging.stage.run(this.tenantId)
      if (!more) return nextDueMs
    }
  }

  /** Starts what `start` says and stops hearing of the process once its messages are with their channels. */
  async killedWhileSubmitting(start: () => Promise<unknown>): Promise<void> {
    const answers = [this.dstk.answer, this.sms.answer] as const
    this.dstk.answer = this.sms.answer = () => new Promise(() => undefined)
    await start()
    // It lives on, and is refused when the next one takes over.
    void this.drain().catch(() => undefined)
    const sent = (): number => this.dstk.handed.length + this.sms.handed.length
    const [{ count }] = (await this.query<{ count: number }>(
      'select sum(count)::int as count from messaging.start',
    )) as [{ count: number }]
    while (sent() < count) await new Promise((resolve) => setImmediate(resolve))
    ;[this.dstk.answer, this.sms.answer] = answers
  }

  async pass(minutes: number): Promise<void> {
    this.clock.setMs(this.clock.nowMs() + minutes * 60_000)
    await this.drain()
  }

  messages(): Promise<Row[]> {
    return this.query(
      `select message_id, run_id, step, channel, state, reason, postponed_for, not_before, provider_ids, submitted_at
       from messaging.message order by queued_at, step`,
    )
  }

  async run(runId: string): Promise<Row> {
    return (await this.query(`select * from messaging.cascade_run where run_id = $1`, [runId]))[0]!
  }

  facts(): Promise<Row[]> {
    return this.query(
      `select kind, channel, reason, cost_minor, quantity from platform.fact order by txid, seq`,
    )
  }

  async kinds(): Promise<unknown[]> {
    return (await this.facts()).map((fact) => fact['kind'])
  }
}

const subscriberRow = (n: number): object => ({
  identities: { msisdn: `+7999000000${n}` },
  timeZone: 'Europe/Moscow',
  consents: { sms: true, dstk: n !== 3 },
})
const states = (rows: Row[]): unknown[] => rows.map((row) => row['state'])
const answerOf = (text: string, rest: object = {}) => ({
  address: '+79990000001',
  channel: 'ussd',
  text,
  dedupeKey: newId(),
  atMs: noonMs,
  ...rest,
})

describe('sending', () => {
  test('a step goes out once, the next one when the wait is over, then the cascade ends', async () => {
    const bench = await Bench.with()
    const runId = await bench.start()
    expect(await bench.drain()).toBe(noonMs + 15 * 60_000)
    expect(bench.dstk.handed).toMatchObject([{ address: '+79990000001', text: 'Press OK' }])
    await bench.pass(14)
    expect(bench.sms.handed).toEqual([])
    await bench.pass(1)
    expect(bench.sms.handed).toMatchObject([{ text: 'Answer OK' }])
    await bench.pass(120)
    expect(await bench.run(runId)).toMatchObject({ state: 'finished', outcome: 'no_answer' })
    expect([bench.dstk.handed.length, bench.sms.handed.length]).toEqual([1, 1])
    expect(await bench.facts()).toMatchObject([
      { kind: 'message_submitted', channel: 'dstk', cost_minor: 3n, quantity: 1 },
      { kind: 'contacted', channel: null, cost_minor: 150n },
      { kind: 'message_submitted', channel: 'sms', cost_minor: 150n },
    ])
  })

  test('starting the same run again changes nothing', async () => {
    const bench = await Bench.with()
    const runId = await bench.start()
    await bench.drain()
    const { cascade_id, subscriber_id } = await bench.run(runId)
    const again = { cascadeId: cascade_id as string, subscriberId: subscriber_id as number }
    await stores.database.tx(bench.tenantId, (tx) =>
      bench.messaging.startCascades(tx, bench.tenantId, [
        { runId, ...again, campaignId: 'camp', arm: 'a', reference: 'r', variables: {} },
      ]),
    )
    await bench.drain()
    expect(bench.dstk.handed).toHaveLength(1)
  })

  test('a stop is recorded with its reason, as a fact too, and the cascade goes on without the message', async () => {
    const bench = await Bench.with()
    await bench.start(3)
    await bench.drain()
    expect(bench.dstk.handed).toEqual([])
    expect(await bench.messages()).toMatchObject([
      { channel: 'dstk', state: 'held', reason: 'opted_out' },
      { channel: 'sms', state: 'submitted', reason: null },
    ])
    expect((await bench.facts())[0]).toMatchObject({
      kind: 'message_held',
      channel: 'dstk',
      reason: 'opted_out',
    })
  })

  test('quiet hours postpone in the subscriber’s zone, and what would be stale by then is held', async () => {
    const bench = await Bench.with(twoSteps, { quietHours: { from: '14:00', to: '18:00' } })
    const runId = await bench.start()
    // Noon in UTC is 15:00 in Moscow; the pop-up would be stale at 18:00 there, the SMS would not.
    expect(await bench.drain()).toBe(noonMs + 3 * 3_600_000)
    expect(await bench.messages()).toMatchObject([
      { channel: 'dstk', state: 'held', reason: 'quiet_hours' },
      { channel: 'sms', state: 'queued', postponed_for: 'quiet_hours' },
    ])
    await bench.pass(180)
    expect(bench.sms.handed).toHaveLength(1)
    expect(await bench.run(runId)).toMatchObject({ step: 1, state: 'active' })
  })

  test('a cap counts what was handed over, also within one batch', async () => {
    const bench = await Bench.with([twoSteps[1]!], { caps: [{ channel: 'sms', limit: 1, period: 'P1D' }] })
    await Promise.all([bench.start(1), bench.start(1), bench.start(2)])
    await bench.drain()
    expect(bench.sms.handed).toHaveLength(2)
    const held = (await bench.messages()).filter((row) => row['state'] === 'held')
    expect(held).toMatchObject([{ reason: 'cap_reached' }])
  })

  test('a refusal ends the message, and the next step follows at once', async () => {
    const bench = await Bench.with()
    bench.dstk.answer = () => ({ outcome: 'refused', reason: 'no applet' })
    await bench.start()
    await bench.drain()
    expect(await bench.messages()).toMatchObject([
      { channel: 'dstk', state: 'failed', reason: 'no applet', submitted_at: null },
      { channel: 'sms', state: 'submitted' },
    ])
    expect((await bench.facts())[0]).toMatchObject({
      kind: 'message_refused',
      reason: 'no applet',
      cost_minor: null,
    })
  })

  test('a retry keeps the message in the queue until the channel takes it or it is stale', async () => {
    const bench = await Bench.with()
    bench.dstk.answer = () => ({ outcome: 'retry', afterMs: 20 * 60_000, reason: 'not bound' })
    await bench.start()
    expect(await bench.drain()).toBe(noonMs + 20 * 60_000)
    expect(await bench.messages()).toMatchObject([{ state: 'queued', postponed_for: 'not bound' }])
    expect(await bench.facts()).toEqual([])
    await bench.pass(20)
    await bench.pass(20)
    expect(bench.dstk.handed).toHaveLength(3)
    await bench.pass(20)
    expect(await bench.messages()).toMatchObject([
      { channel: 'dstk', state: 'held', reason: 'stale' },
      { channel: 'sms', state: 'submitted' },
    ])
    expect(bench.dstk.handed).toHaveLength(3)
  })

  test('bad variables end their own run and nobody else’s', async () => {
    const bench = await Bench.with()
    const broken = await bench.start(1, {})
    const good = await bench.start(2)
    await bench.drain()
    expect(await bench.run(broken)).toMatchObject({ state: 'finished', outcome: 'template_failed' })
    expect(await bench.run(good)).toMatchObject({ state: 'active' })
    expect(bench.dstk.handed).toHaveLength(1)
  })
})

describe('at most once', () => {
  test('an unknown outcome is never submitted again; its cascade goes on by its timer', async () => {
    const bench = await Bench.with([twoSteps[1]!])
    bench.sms.answer = () => ({ outcome: 'unknown', reason: 'timeout' })
    const runId = await bench.start()
    await bench.drain()
    await bench.restart()
    await bench.pass(60)
    expect(bench.sms.handed).toHaveLength(1)
    await bench.pass(60)
    expect(await bench.run(runId)).toMatchObject({ state: 'finished', outcome: 'no_answer' })
    expect(await bench.facts()).toMatchObject([
      { kind: 'message_unknown', reason: 'timeout', cost_minor: null },
      { kind: 'contacted' },
    ])
  })

  test('marks of a process that ended: submitted again under the same id where that is safe, else unknown', async () => {
    const bench = await Bench.with([{ ...twoSteps[0]!, wait: 'P1D' }])
    const smsOnly = { kind: 'Cascade', id: 'text-only', steps: [{ ...twoSteps[1]!, wait: 'P1D' }] }
    await new Documents(stores.database, messagingDocuments).apply(bench.tenantId, [smsOnly])
    await bench.restart()
    await bench.killedWhileSubmitting(async () => {
      await bench.start(1)
      await bench.start(2, { what: 'OK' }, 'text-only')
    })
    expect(states(await bench.messages())).toEqual(['submitting', 'submitting'])
    await bench.restart()
    await bench.drain()
    expect(states(await bench.messages())).toEqual(['submitted', 'unknown'])
    expect([bench.dstk.handed.length, bench.sms.handed.length]).toEqual([2, 1])
    expect(new Set(bench.dstk.handed.map((message) => message.messageId)).size).toBe(1)
  })

  test('a stale mark is not submitted again even where that would be safe', async () => {
    const bench = await Bench.with([twoSteps[0]!])
    await bench.killedWhileSubmitting(() => bench.start())
    await bench.restart()
    await bench.pass(60)
    expect(bench.dstk.handed).toHaveLength(1)
    expect(await bench.messages()).toMatchObject([{ state: 'unknown', reason: 'process_ended' }])
  })

  test('a process that was superseded stores and sends nothing more', async () => {
    const bench = await Bench.with()
    const old = bench.messaging
    await bench.drain()
    await bench.restart()
    await bench.drain()
    await bench.start()
    await expect(old.stage.run(bench.tenantId)).rejects.toMatchObject({ code: 'sender_superseded' })
    expect(bench.dstk.handed).toEqual([])
    await bench.drain()
    expect(bench.dstk.handed).toHaveLength(1)
  })
})

describe('receipts', () => {
  const sentSms = async (until = 'delivered'): Promise<{ bench: Bench; runId: string; id: string }> => {
    const bench = await Bench.with([{ ...twoSteps[1]!, until }, { ...twoSteps[1]! }])
    const runId = await bench.start()
    await bench.drain()
    return { bench, runId, id: `p-${bench.sms.handed[0]!.messageId}` }
  }

  test('one that reaches the aim ends the cascade', async () => {
    const { bench, runId, id } = await sentSms()
    await bench.sms.receipt({ providerMessageId: id, status: 'delivered' })
    expect(bench.woken).toContain('messaging')
    await bench.drain()
    expect(await bench.run(runId)).toMatchObject({ outcome: 'delivered' })
    expect(bench.sms.handed).toHaveLength(1)
  })

  test('one that says it is lost brings the next step at once, and its reason is kept', async () => {
    const { bench, id } = await sentSms()
    await bench.sms.receipt({ providerMessageId: id, status: 'expired' })
    await bench.drain()
    expect(states(await bench.messages())).toEqual(['failed', 'submitted'])
    expect((await bench.facts()).filter((fact) => fact['kind'] === 'message_failed')).toMatchObject([
      { reason: 'expired', cost_minor: null },
    ])
  })

  test('a pop-up’s "no" is seen, with its word in the fact', async () => {
    const bench = await Bench.with()
    await bench.start()
    await bench.drain()
    const { messageId } = bench.dstk.handed[0]!
    await bench.dstk.receipt({ messageId, providerMessageId: 'other', status: 'seen', reason: 'refused' })
    expect((await bench.facts()).at(-1)).toMatchObject({
      kind: 'message_seen',
      channel: 'dstk',
      reason: 'refused',
    })
  })

  test('twice, out of order and all at once: each fact once, the furthest state wins', async () => {
    const { bench, id } = await sentSms('seen')
    const order = ['seen', 'delivered', 'failed', 'delivered', 'accepted', 'seen'] as const
    await Promise.all(order.map((status) => bench.sms.receipt({ providerMessageId: id, status })))
    await bench.sms.receipt({ providerMessageId: id, status: 'delivered' })
    await bench.drain()
    expect(states(await bench.messages())).toEqual(['seen'])
    expect(await bench.kinds()).toEqual(['message_submitted', 'contacted', 'message_seen'])
  })

  test('one that overtakes the channel’s own word wins, and is paid for once', async () => {
    const bench = await Bench.with([{ ...twoSteps[1]!, until: 'seen' }])
    bench.sms.answer = async ({ reference, messageId }) => {
      await bench.sms.receipt({ address: '+79990000001', reference, status: 'delivered' })
      return { outcome: 'accepted', providerMessageId: `p-${messageId}` }
    }
    const runId = await bench.start()
    expect(await bench.drain()).toBe(noonMs + 2 * 3_600_000)
    const [message] = await bench.messages()
    expect(message).toMatchObject({
      state: 'delivered',
      provider_ids: [`p-${message!['message_id'] as string}`],
    })
    expect(await bench.facts()).toMatchObject([
      { kind: 'message_submitted', reason: 'resolved_by_receipt', cost_minor: 150n },
      { kind: 'message_delivered' },
      { kind: 'contacted', cost_minor: 150n },
    ])
    await bench.sms.receipt({ providerMessageId: `p-${message!['message_id'] as string}`, status: 'seen' })
    await bench.drain()
    expect(await bench.run(runId)).toMatchObject({ outcome: 'seen' })
  })

  test('one that came while the channel said "retry" or "unknown" keeps the message from going again', async () => {
    for (const outcome of [
      { outcome: 'retry', afterMs: 0, reason: 'throttled' },
      { outcome: 'unknown', reason: 'timeout' },
    ] as const) {
      const bench = await Bench.with([{ ...twoSteps[0]!, until: 'delivered' }])
      bench.dstk.answer = async ({ messageId }) => {
        await bench.dstk.receipt({ messageId, status: 'delivered' })
        return outcome
      }
      const runId = await bench.start()
      await bench.drain()
      await bench.pass(5)
      expect(bench.dstk.handed).toHaveLength(1)
      expect(await bench.run(runId)).toMatchObject({ outcome: 'delivered' })
      expect(await bench.kinds()).toEqual(['message_submitted', 'message_delivered', 'contacted'])
    }
  })

  test('a late one resolves an unknown outcome: taken, paid for, and where it ended', async () => {
    const bench = await Bench.with([twoSteps[1]!])
    bench.sms.answer = () => ({ outcome: 'unknown', reason: 'timeout' })
    await bench.start()
    await bench.drain()
    const { reference } = bench.sms.handed[0]!
    const receipt = { address: '+79990000001', reference, providerMessageId: 'never-learnt' }
    await bench.sms.receipt({ ...receipt, status: 'failed', reason: 'absent' })
    await bench.sms.receipt({ ...receipt, status: 'failed', reason: 'absent' })
    expect(states(await bench.messages())).toEqual(['failed'])
    expect((await bench.facts()).slice(2)).toMatchObject([
      { kind: 'message_submitted', reason: 'resolved_by_receipt', cost_minor: 150n, quantity: 1 },
      { kind: 'message_failed', reason: 'absent', cost_minor: null },
    ])
  })

  test('strays are kept without the phone number', async () => {
    const { bench } = await sentSms()
    await bench.sms.receipt({ providerMessageId: 'nobody’s', address: '+79990000001', status: 'delivered' })
    const strays = await bench.query(`select channel, receipt from messaging.stray_receipt`)
    expect(strays).toMatchObject([{ channel: 'sms', receipt: { providerMessageId: 'nobody’s' } }])
    expect(JSON.stringify(strays[0]!['receipt'])).not.toContain('7999')
    expect(states(await bench.messages())).toEqual(['submitted'])
  })
})

describe('answers', () => {
  const stored = (bench: Bench) => bench.query(`select run_id, text, choice, channel from messaging.answer`)

  test('one that its gateway repeats is stored once', async () => {
    const bench = await Bench.with()
    await bench.start()
    await bench.drain()
    const answer = answerOf('*111#', { dedupeKey: 'once' })
    const { onAnswer } = bench.messaging.inbound(bench.tenantId, 'ussd')
    await Promise.all([onAnswer(answer), onAnswer(answer)])
    await onAnswer(answer)
    expect(await stored(bench)).toHaveLength(1)
    expect((await bench.kinds()).filter((kind) => kind === 'answered')).toHaveLength(1)
  })

  test('belongs to the message it names, else to the latest cascade that had reached out by then', async () => {
    const bench = await Bench.with()
    const early = await bench.start()
    await bench.drain()
    bench.clock.setMs(noonMs + 60_000)
    const late = await bench.start()
    await bench.drain()
    const { onAnswer } = bench.messaging.inbound(bench.tenantId, 'ussd')
    const { messageId } = bench.dstk.handed[0]!
    await onAnswer(answerOf('named', { address: '', messageId }))
    await onAnswer(answerOf('latest', { atMs: noonMs + 60_000 }))
    await onAnswer(answerOf('before the second', { atMs: noonMs + 30_000 }))
    await onAnswer(answerOf('somebody else', { address: '+79990000002' }))
    const linked = new Map((await stored(bench)).map((row) => [row['text'], row['run_id']]))
    expect(Object.fromEntries(linked)).toEqual({
      named: early,
      latest: late,
      'before the second': early,
      'somebody else': null,
    })
    expect(await bench.run(early)).toMatchObject({ state: 'finished', outcome: 'answered' })
  })

  test('one that is faster than the channel’s word about its message finds its cascade', async () => {
    const bench = await Bench.with()
    const { onAnswer } = bench.messaging.inbound(bench.tenantId, 'ussd')
    const { answer } = bench.dstk
    bench.dstk.answer = async (message) => {
      await onAnswer(answerOf('at once'))
      return answer(message)
    }
    const runId = await bench.start()
    await bench.drain()
    expect(await stored(bench)).toMatchObject([{ run_id: runId }])
    await bench.pass(20)
    expect(bench.sms.handed).toEqual([])
  })

  test('ends the cascade: neither the next step nor a message that waits in the queue goes out', async () => {
    const bench = await Bench.with(twoSteps, { quietHours: { from: '15:10', to: '16:00' } })
    const runId = await bench.start()
    await bench.drain()
    await bench.pass(15)
    expect(states(await bench.messages())).toEqual(['submitted', 'queued'])
    const { onAnswer } = bench.messaging.inbound(bench.tenantId, 'ussd')
    await onAnswer(answerOf('*111*500#', { atMs: bench.clock.nowMs() }))
    expect(bench.woken).toContain('answers')
    await bench.pass(120)
    expect(bench.sms.handed).toEqual([])
    expect(await bench.messages()).toMatchObject([
      { state: 'submitted' },
      { state: 'held', reason: 'answered' },
    ])
    expect(await bench.run(runId)).toMatchObject({ outcome: 'answered' })
  })

  test('one from nobody is refused alone, the others of its batch are kept', async () => {
    const bench = await Bench.with()
    const { onAnswer } = bench.messaging.inbound(bench.tenantId, 'sms')
    const ends = await Promise.allSettled([
      onAnswer(answerOf('one')),
      onAnswer(answerOf('stranger', { address: '+15005550006' })),
      onAnswer(answerOf('two', { address: '+79990000002' })),
    ])
    expect(ends.map((end) => end.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(ends[1]).toMatchObject({ reason: { code: 'sender_unknown' } })
    expect((await stored(bench)).map((row) => row['text']).sort()).toEqual(['one', 'two'])
    const taken = await stores.database.tx(bench.tenantId, (tx) => takeAnswers(tx, 10))
    expect(taken).toHaveLength(2)
  })
})
