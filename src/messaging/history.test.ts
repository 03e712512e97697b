import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess } from '../access/index.ts'
import { Documents, ManualClock, newId } from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
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

/** What may happen to the world between two looks. */
type Happening =
  | { what: 'start'; subscriber: number }
  | { what: 'outcome'; nth: number; outcome: SubmitOutcome['outcome'] }
  | { what: 'receipt'; nth: number; status: DeliveryReceipt['status'] }
  | { what: 'again'; nth: number }
  | { what: 'pass'; minutes: number }
  | { what: 'kill' }

/** A channel that says what became of a message when the test says so, and a provider that remembers everything. */
class SlowChannel implements Channel {
  events: ChannelEvents | undefined
  readonly handed: OutboundMessage[]
  /** What the provider would not take and has not been handed since: it can have nothing to say about it. */
  readonly returned: Set<string>
  #open: { message: OutboundMessage; tell: (outcome: SubmitOutcome) => void }[] = []

  constructor({ handed, returned }: { handed: OutboundMessage[]; returned: Set<string> }) {
    this.handed = handed
    this.returned = returned
  }

  submit(messages: OutboundMessage[], done: Done): void {
    messages.forEach((message, index) => {
      this.handed.push(message)
      this.returned.delete(message.messageId)
      this.#open.push({ message, tell: (outcome) => done(index, outcome) })
    })
  }

  /** Tells the outcome of one that is open; returns its message. */
  tell(nth: number, outcome: SubmitOutcome['outcome']): OutboundMessage | undefined {
    const [one] = this.#open.splice(nth % Math.max(1, this.#open.length), 1)
    if (!one) return undefined
    const { messageId } = one.message
    if (outcome === 'accepted') one.tell({ outcome, providerMessageId: `p-${messageId}` })
    else if (outcome === 'retry') {
      this.returned.add(messageId)
      one.tell({ outcome, reason: 'throttled', afterMs: 60_000 })
    } else one.tell({ outcome, reason: outcome })
    return one.message
  }

  async start(events: ChannelEvents): Promise<void> {
    this.events = events
  }

  room = (): number => 3
  whenReady = (): Promise<void> => Promise.resolve()
  stop = (): Promise<void> => Promise.resolve()
}

const startMs = Date.parse('2026-03-10T12:00:00Z')
const same = (text: string) => ({ en: text, ru: text, uk: text })
const documents = [
  { kind: 'Template', id: 'text', channel: 'sms', text: same('Answer {{ what }}') },
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
    steps: [
      { channel: 'sms', template: 'text', until: 'delivered', wait: 'PT10M', validFor: 'PT2H' },
      { channel: 'sms', template: 'text', until: 'delivered', wait: 'PT10M', validFor: 'PT2H' },
    ],
  },
]

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

/** A tenant whose sender always writes the journal and leaves the tables behind, and can be killed at any moment. */
class World {
  readonly tenantId = `t-${newId()}`
  readonly clock = new ManualClock(startMs)
  readonly handed: OutboundMessage[] = []
  readonly returned = new Set<string>()
  readonly started: string[] = []
  readonly kept: { messageId: string; status: DeliveryReceipt['status'] }[] = []
  channel!: SlowChannel
  messaging!: Messaging
  #subscribers: number[] = []

  static async make(): Promise<World> {
    const world = new World()
    const { database } = stores
    const { clock, tenantId } = world
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
    const rows = [1, 2].map((n) => ({ identities: { msisdn: `+7999000000${n}` }, consents: { sms: true } }))
    await profiles.upsertSubscribers(tenantId, rows)
    world.#subscribers = await database.tx(tenantId, (tx) => profiles.subscriberIds(tx, 0, 10))
    await world.begin()
    return world
  }

  /** A new process over the same stores; the one before is never heard of again. */
  async begin(): Promise<void> {
    const { database } = stores
    const { clock, tenantId } = this
    const known = new Documents(database, [attributesKind, ...messagingDocuments])
    const access = createAccess({ database, clock })
    const profiles = createProfiles({ database, clock, access, documents: known })
    this.channel = new SlowChannel(this)
    const { channel } = this
    const makeChannel = (): Channel => channel
    const own = { database, clock, documents: known, profiles, wake: () => undefined }
    this.messaging = createMessaging({ ...own, makeChannel, inlineRuns: -1, capacityRuns: 2 })
    await this.messaging.gateways.channelsOf(tenantId)
    await this.look()
  }

  /** Ticks until nothing moves but for what the channel owes; the tables are not brought up. */
  async look(): Promise<void> {
    const sender = this.messaging.senderOf(this.tenantId)
    sender.expectStarts()
    while (sender.hasWork(true)) await sender.tick(true)
  }

  async happen(happening: Happening): Promise<void> {
    const { tenantId, messaging } = this
    if (happening.what === 'start') {
      const runId = newId()
      this.started.push(runId)
      const subscriberId = this.#subscribers[happening.subscriber]!
      const about = { campaignId: 'camp', arm: 'a', reference: runId, variables: { what: 'OK' } }
      await stores.database.tx(tenantId, (tx) =>
        messaging.startCascades(tx, tenantId, [{ runId, cascadeId: 'offer', subscriberId, ...about }]),
      )
    } else if (happening.what === 'outcome') this.channel.tell(happening.nth, happening.outcome)
    else if (happening.what === 'receipt') return this.receipt(happening.nth, happening.status)
    else if (happening.what === 'again') {
      const one = this.kept[happening.nth % Math.max(1, this.kept.length)]
      if (one && !this.returned.has(one.messageId)) await this.#tell(one.messageId, one.status)
    } else if (happening.what === 'pass') this.clock.setMs(this.clock.nowMs() + happening.minutes * 60_000)
    else return this.begin()
    await this.look()
  }

  async receipt(nth: number, status: DeliveryReceipt['status']): Promise<void> {
    const message = this.handed[nth % Math.max(1, this.handed.length)]
    if (!message || this.returned.has(message.messageId)) return
    await this.#tell(message.messageId, status)
    this.kept.push({ messageId: message.messageId, status })
  }

  async #tell(messageId: string, status: DeliveryReceipt['status']): Promise<void> {
    const said = this.channel.events!.onReceipts([{ messageId, status, atMs: this.clock.nowMs() }])
    // One that cannot be understood at once is looked at again until it can.
    const kept = said.then(() => true)
    do await this.look()
    while (!(await Promise.race([kept, sleep(10, false)])))
  }

  async rest(): Promise<void> {
    await this.messaging.senderOf(this.tenantId).flush()
    await this.look()
  }

  query<R>(text: string): Promise<R[]> {
    return stores.database.tx(this.tenantId, (tx) => tx.query<R>(text))
  }
}

const nth = fc.nat(20)
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('start' as const), subscriber: fc.nat(1) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('outcome' as const),
      nth,
      outcome: fc.constantFrom('accepted', 'accepted', 'refused', 'retry', 'unknown' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('receipt' as const),
      nth,
      status: fc.constantFrom('accepted', 'delivered', 'failed', 'expired' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('again' as const), nth }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('pass' as const), minutes: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('kill' as const) }) },
)

type MessageRow = { id: string; run: string; step: number; state: string }

test('any history with kills: nothing twice, nothing forgotten, every kept receipt counts, each fact once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 40 }), async (history) => {
      const world = await World.make()
      for (const one of history) await world.happen(one)
      // The world comes to rest: what is open is refused, waits run out, then a last process reads what was left.
      for (let i = 0; i < 8; i++) {
        // A process with nothing else to do brings the tables up, and that makes room in a memory of two runs.
        await world.rest()
        while (world.channel.tell(0, 'refused')) await world.look()
        await world.happen({ what: 'pass', minutes: 60 })
      }
      await world.begin()
      await world.messaging.senderOf(world.tenantId).flush()
      await check(world)
    }),
    { numRuns: 60 },
  )
  expect.hasAssertions()
}, 180_000)

/** Whether a delivery was kept for it; one that waited in its queue again, or was held there, was not on its way then. */
function counts(said: string[], state: string): boolean {
  return said.includes('delivered') && state !== 'held' && state !== 'failed'
}

async function check(world: World): Promise<void> {
  const runs = await world.query<{ id: string; state: string }>(
    'select run_id as id, state from messaging.cascade_run',
  )
  expect(runs.map(({ id }) => id).sort()).toEqual([...world.started].sort())
  expect(runs.filter(({ state }) => state !== 'finished')).toEqual([])
  const messages = await world.query<MessageRow>(
    'select message_id as id, run_id as run, step, state from messaging.message',
  )
  expect(new Set(messages.map(({ run, step }) => `${run} ${step}`)).size).toBe(messages.length)
  const stateOf = new Map(messages.map(({ id, state }) => [id, state]))
  const handed = new Set(world.handed.map(({ messageId }) => messageId))
  for (const id of handed) expect(stateOf.has(id)).toBe(true)
  for (const { id, state } of messages) {
    const said = world.kept.filter((receipt) => receipt.messageId === id).map(({ status }) => status)
    expect(state === 'delivered').toBe(counts(said, state))
    expect(['queued', 'submitting']).not.toContain(state)
  }
  const facts = await world.query<{ kind: string; ref: string; count: number }>(
    `select kind, ref, count(*)::int as count from platform.fact group by kind, ref`,
  )
  expect(facts.filter(({ count }) => count > 1)).toEqual([])
  const delivered = facts.filter(({ kind }) => kind === 'message_delivered').map(({ ref }) => ref)
  const inTables = messages.filter(({ state }) => state === 'delivered').map(({ id }) => id)
  expect(delivered.sort()).toEqual(inTables.sort())
  const [left] = await world.query<{ journal: number; starts: number }>(
    `select (select count(*) from messaging.journal)::int as journal, (select count(*) from messaging.start)::int as starts`,
  )
  expect(left).toEqual({ journal: 0, starts: 0 })
}
