import assert from 'node:assert/strict'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess } from '../access/index.ts'
import { Documents, DomainError, newId, systemClock } from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
import type { Channel, ChannelEvents, Done, OutboundMessage } from './channel.ts'
import { messagingDocuments } from './documents.ts'
import { createMessaging, type Messaging } from './service.ts'
import { takeOver } from './store.ts'
import { sendingCounts } from './view-store.ts'

/** A provider that takes and delivers everything, as fast as its room says; it can be told to stand still. */
class FastChannel implements Channel {
  readonly handed: OutboundMessage[] = []
  width = 500
  events: ChannelEvents | undefined

  submit(messages: OutboundMessage[], done: Done): void {
    this.handed.push(...messages)
    setImmediate(() => {
      messages.forEach(({ messageId }, i) =>
        done(i, { outcome: 'accepted', providerMessageId: `p-${messageId}` }),
      )
      const receipts = messages.map(({ messageId }) => {
        return { providerMessageId: `p-${messageId}`, status: 'delivered' as const, atMs: Date.now() }
      })
      // Every receipt comes twice.
      void this.events!.onReceipts(receipts)
      void this.events!.onReceipts(receipts)
    })
  }

  async start(events: ChannelEvents): Promise<void> {
    this.events = events
  }

  room = (): number => this.width
  whenReady = (): Promise<void> => Promise.resolve()
  isStopped = false
  stop = async (): Promise<void> => {
    this.isStopped = true
  }
}

const same = (text: string) => ({ en: text, ru: text, uk: text })
const documents = [
  { kind: 'Template', id: 'text', channel: 'sms', text: same('Answer {{ what }}') },
  { kind: 'Template', id: 'pop-up', channel: 'dstk', text: same('Press {{ what }}') },
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
  {
    kind: 'Cascade',
    id: 'offer',
    steps: [{ channel: 'sms', template: 'text', until: 'delivered', wait: 'PT10M' }],
  },
  {
    kind: 'Cascade',
    id: 'pop-up',
    steps: [{ channel: 'dstk', template: 'pop-up', until: 'delivered', wait: 'PT10M' }],
  },
  {
    kind: 'Cascade',
    id: 'paced',
    perMinute: 600,
    steps: [{ channel: 'sms', template: 'text', until: 'delivered', wait: 'PT10M' }],
  },
]
const SUBSCRIBERS = 1_000

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

/** A tenant on the machine's clock: the sender works by itself. */
class Live {
  readonly tenantId = `t-${newId()}`
  readonly sms = new FastChannel()
  readonly dstk = new FastChannel()
  messaging!: Messaging
  subscribers: number[] = []

  static async make(inlineRuns?: number): Promise<Live> {
    const live = new Live()
    const { database } = stores
    const { tenantId } = live
    const clock = systemClock
    const access = createAccess({ database, clock })
    const settings = { currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC', language: 'en' as const }
    await access.createTenant({ tenantId, name: 'x', ...settings })
    const known = new Documents(database, [attributesKind, ...messagingDocuments])
    const results = await known.apply(tenantId, documents)
    assert.deepEqual(
      results.flatMap((result) => result.problems ?? []),
      [],
    )
    const profiles = createProfiles({ database, clock, access, documents: known })
    const rows = Array.from({ length: SUBSCRIBERS }, (_, n) => ({
      identities: { msisdn: `+7999${String(n).padStart(7, '0')}` },
      consents: { sms: true, dstk: true },
    }))
    await profiles.upsertSubscribers(tenantId, rows)
    live.subscribers = await database.tx(tenantId, (tx) => profiles.subscriberIds(tx, 0, SUBSCRIBERS))
    live.messaging = createMessaging({
      database,
      clock,
      documents: known,
      profiles,
      wake: () => undefined,
      makeChannel: ({ id }) => (id === 'sms' ? live.sms : live.dstk),
      ...(inlineRuns === undefined ? {} : { inlineRuns }),
    })
    await live.messaging.stage.run(tenantId)
    return live
  }

  async start(campaignId: string, count: number, cascadeId = 'offer'): Promise<void> {
    const starts = Array.from({ length: count }, (_, i) => ({
      runId: newId(),
      cascadeId,
      subscriberId: this.subscribers[i % SUBSCRIBERS]!,
      campaignId,
      arm: 'a',
      reference: newId(),
      variables: { what: 'OK' },
    }))
    await stores.database.tx(this.tenantId, (tx) => this.messaging.startCascades(tx, this.tenantId, starts))
    this.messaging.startsCommitted(this.tenantId)
    await this.messaging.stage.run(this.tenantId)
  }

  async counts(campaignId: string): Promise<Awaited<ReturnType<typeof sendingCounts>>> {
    await this.messaging.senderOf(this.tenantId).tablesTrue()
    return stores.database.tx(this.tenantId, (tx) => sendingCounts(tx, campaignId))
  }

  /** Resolves when the campaign's recipients all have their end. */
  async finished(campaignId: string): Promise<Awaited<ReturnType<typeof sendingCounts>>> {
    for (;;) {
      const counts = await this.counts(campaignId)
      if (counts.waiting + counts.active === 0) return counts
      await new Promise((resolve) => {
        setTimeout(resolve, 50)
      })
    }
  }
}

const rest = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

test.for([undefined, 0])('all are sent once and finish, receipts doubled (inline %s)', async (inlineRuns) => {
  const live = await Live.make(inlineRuns)
  await live.start('camp', 10_000)
  const counts = await live.finished('camp')
  expect(counts).toMatchObject({
    finished: 10_000,
    messages: [{ channel: 'sms', state: 'delivered', count: 10_000 }],
  })
  expect(new Set(live.sms.handed.map(({ messageId }) => messageId)).size).toBe(10_000)
  expect(live.sms.handed).toHaveLength(10_000)
  const [facts] = await stores.database.tx(live.tenantId, (tx) =>
    tx.query<{ facts: number }>('select sum(count)::int as facts from platform.outbox'),
  )
  expect(facts).toEqual({ facts: 30_000 })
  await live.messaging.stop()
})

test('pause is exact under load, resume forgets nobody, cancel ends what is left', async () => {
  const live = await Live.make()
  await live.start('camp', 6_000)
  await live.start('other', 500, 'pop-up')
  await live.messaging.control(live.tenantId, 'camp', 'paused')
  const sent = live.sms.handed.length
  await live.finished('other')
  await rest(200)
  expect(live.sms.handed).toHaveLength(sent)
  expect(sent).toBeLessThan(6_000)
  live.sms.width = 100
  await live.messaging.control(live.tenantId, 'camp', 'running')
  while (live.sms.handed.length < sent + 300) await rest(5)
  await live.messaging.control(live.tenantId, 'camp', 'cancelled')
  const last = live.sms.handed.length
  const counts = await live.finished('camp')
  expect(live.sms.handed).toHaveLength(last)
  expect(counts.finished).toBe(6_000)
  // Whoever had the message when the rest was cancelled has it; nobody else does.
  const states = new Map(counts.messages.map(({ state, count }) => [state, count]))
  expect(states.get('delivered')).toBe(last)
  expect([...states.keys()].filter((state) => state !== 'delivered' && state !== 'held')).toEqual([])
  expect(new Set(live.sms.handed.map(({ messageId }) => messageId)).size).toBe(last)
  await live.messaging.stop()
})

test('a channel that is down holds back no other', async () => {
  const live = await Live.make()
  live.sms.width = 0
  await live.start('texts', 300)
  await live.start('pop-ups', 300, 'pop-up')
  await live.finished('pop-ups')
  expect(live.sms.handed).toEqual([])
  live.sms.width = 500
  await live.finished('texts')
  expect(live.sms.handed).toHaveLength(300)
  await live.messaging.stop()
})

test('a paced cascade reaches out so many times a minute', async () => {
  const live = await Live.make()
  await live.start('camp', 50, 'paced')
  await rest(1_500)
  // 600 a minute are ten a second.
  expect(live.sms.handed.length).toBeGreaterThanOrEqual(10)
  expect(live.sms.handed.length).toBeLessThanOrEqual(18)
  await live.messaging.stop()
})

test('a single message is asked for once a key', async () => {
  const live = await Live.make()
  const request = {
    idempotencyKey: 'k',
    subscriberId: live.subscribers[0]!,
    channel: 'sms',
    template: 'text',
    variables: { what: 'OK' },
    campaignId: 'api',
  }
  const answer = await live.messaging.send(live.tenantId, request)
  expect(await live.messaging.send(live.tenantId, request)).toEqual(answer)
  await live.messaging.stage.run(live.tenantId)
  await expect(
    live.messaging.send(live.tenantId, { ...request, variables: { what: 'NO' } }),
  ).rejects.toMatchObject({ code: 'idempotency_conflict' })
  await live.finished('api')
  expect(live.sms.handed).toMatchObject([{ messageId: answer.messageId, text: 'Answer OK' }])
  await live.messaging.stop()
})

test('what comes to a process that was replaced is given back and not refused for good', async () => {
  const live = await Live.make()
  await live.start('before', 1)
  await live.finished('before')
  await stores.database.tx(live.tenantId, takeOver)
  const receipt = { providerMessageId: 'of the successor', status: 'delivered' as const, atMs: Date.now() }
  for (const _try of ['while it learns of it', 'when it knows']) {
    const answer = await live.sms.events!.onReceipts([receipt]).catch((error: unknown) => error)
    expect(answer).toBeInstanceOf(Error)
    expect(answer).not.toBeInstanceOf(DomainError)
  }
  // Its provider turns to the successor from now on.
  await expect.poll(() => live.sms.isStopped).toBe(true)
  await live.messaging.stop()
})
