import assert from 'node:assert/strict'
import { createAccess, guard } from '../src/access/index.ts'
import {
  type Callback,
  type CallbackReply,
  type Channel,
  type ChannelEvents,
  createLinks,
  createMessaging,
  inboxRoutes,
  linkRoutes,
  type Messaging,
  messagingDocuments,
  messagingRoutes,
  type OutboundMessage,
  unsubscribeRoutes,
} from '../src/messaging/index.ts'
import { createHttp, Documents, type FastifyInstance, ManualClock, newId } from '../src/platform/index.ts'
import { attributesKind, contactRoutes, createProfiles, type Profiles } from '../src/profiles/index.ts'
import type { TestDatabase } from './stores.ts'

type Done = Parameters<Channel['submit']>[1]
type MakeChannel = NonNullable<Parameters<typeof createMessaging>[0]['makeChannel']>
type Settings = Parameters<MakeChannel>[0]
type Context = Parameters<MakeChannel>[1]

export const noonMs = Date.parse('2026-03-10T12:00:00Z')
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const SECRET = 'a secret of the gateway'
export const same = (text: string) => ({ en: text, ru: text, uk: text })

/** An SMSC that takes everything and keeps what it was told and called with. */
export class Gateway implements Channel {
  readonly handed: OutboundMessage[] = []
  readonly calls: Callback[] = []
  events!: ChannelEvents
  context!: Context

  submit(messages: OutboundMessage[], done: Done): void {
    this.handed.push(...messages)
    messages.forEach(({ messageId }, i) =>
      done(i, { outcome: 'accepted', providerMessageId: `p-${messageId}` }),
    )
  }

  async start(events: ChannelEvents): Promise<void> {
    this.events = events
  }

  async callback(call: Callback): Promise<CallbackReply> {
    this.calls.push(call)
    return { status: 202, contentType: 'text/plain', body: 'kept' }
  }

  room = (): number => 1_000
  whenReady = (): Promise<void> => Promise.resolve()
  stop = (): Promise<void> => Promise.resolve()
}

const smsChannel = {
  kind: 'Channel',
  id: 'sms',
  priceMinor: '150',
  host: 'smsc',
  port: 2775,
  systemId: 's',
  password: 'p',
  sourceAddress: 'T',
  callbackSecret: SECRET,
}
export const smsText = (id: string, text: string, rest: object = {}): object => {
  return { kind: 'Template', id, channel: 'sms', text: same(text), ...rest }
}
export const sms = (id: string, step: object = {}, rest: object = {}): object => {
  const steps = [{ channel: 'sms', template: 'text', until: 'answered', wait: 'PT2H', ...step }]
  return { kind: 'Cascade', id, steps, ...rest }
}

/** One tenant with everything connected as the server connects it, in a time that stands still. */
export class World {
  readonly stores: TestDatabase
  readonly tenantId = `t-${newId()}`
  readonly clock = new ManualClock(noonMs)
  readonly gateway = new Gateway()
  readonly errors: unknown[] = []
  readonly http: FastifyInstance = createHttp((error) => this.errors.push(error))
  profiles!: Profiles
  messaging!: Messaging
  key = ''

  constructor(stores: TestDatabase) {
    this.stores = stores
  }

  static async with(stores: TestDatabase, documents: object[], rows: object[] = [{}]): Promise<World> {
    const world = new World(stores)
    const { clock, tenantId } = world
    const { database } = stores
    const access = createAccess({ database, clock })
    const settings = { currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC', language: 'en' as const }
    world.key = (await access.createTenant({ tenantId, name: 'x', ...settings })).apiKey
    await world.begin([smsChannel, smsText('text', 'Answer {{ what }}'), ...documents])
    const full = rows.map((row, n) => {
      const { identities, ...rest } = row as { identities?: object }
      const msisdn = `+7999000000${n + 1}`
      return { identities: { msisdn, ...identities }, consents: { '*': true }, ...rest }
    })
    const { rejects } = await world.profiles.upsertSubscribers(tenantId, full)
    assert.deepEqual(rejects, [])
    guard(world.http, access)
    contactRoutes(world.http, world.profiles, access)
    return world
  }

  /** A process over the stores; only the first one is given documents, and listens. */
  async begin(documents: object[] = []): Promise<void> {
    const { clock, tenantId, http } = this
    const { database } = this.stores
    const known = new Documents(database, [attributesKind, ...messagingDocuments])
    const results = documents.length > 0 ? await known.apply(tenantId, documents) : []
    assert.deepEqual(
      results.flatMap((result) => result.problems ?? []),
      [],
    )
    const access = createAccess({ database, clock })
    const own = { database, clock, documents: known }
    const onError = (error: unknown): void => void this.errors.push(error)
    this.profiles = createProfiles({ ...own, access })
    const links = createLinks({
      ...own,
      onClick: (tenant, clicks) => this.messaging.clicks.onClick(tenant, clicks),
      deliveredAt: (tenant, ids) => this.messaging.clicks.deliveredAt(tenant, ids),
      onError,
    })
    this.messaging = createMessaging({
      ...own,
      profiles: this.profiles,
      links,
      publicUrl: 'https://tenure.example',
      wake: () => undefined,
      onError,
      makeChannel: (channel, context) => this.#make(channel, context),
    })
    await this.messaging.gateways.channelsOf(tenantId)
    if (documents.length === 0) return
    const scope = { ...own, profiles: this.profiles }
    // Behind the guard, which is added first.
    http.register(async (mounted) => {
      messagingRoutes(mounted, this.messaging, database, clock)
      inboxRoutes(mounted, { ...scope, inbound: (tenant) => this.messaging.inbound(tenant, 'inbox') })
      linkRoutes(mounted, links, onError)
      unsubscribeRoutes(mounted, scope)
    })
  }

  #make({ id }: Settings, context: Context): Channel | undefined {
    if (id !== 'sms') return undefined
    this.gateway.context = context
    return this.gateway
  }

  query<R = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<R[]> {
    return this.stores.database.tx(this.tenantId, (tx) => tx.query<R>(text, values))
  }

  async subscriberId(n = 1): Promise<number> {
    const found = await this.profiles.resolveIdentities(this.tenantId, [`+7999000000${n}`])
    return found[0]!
  }

  async start(cascadeId: string, n = 1, rest: object = {}): Promise<string> {
    // So that what was started later also stands later.
    this.clock.setMs(this.clock.nowMs() + 1)
    const runId = newId()
    const subscriberId = await this.subscriberId(n)
    const about = { campaignId: 'camp', arm: 'a', reference: newId(), variables: { what: 'OK' } }
    await this.stores.database.tx(this.tenantId, (tx) =>
      this.messaging.startCascades(tx, this.tenantId, [
        { runId, cascadeId, subscriberId, ...about, ...rest },
      ]),
    )
    await this.drain()
    return runId
  }

  async drain(): Promise<number | null> {
    return (await this.messaging.stage.run(this.tenantId)).nextDueMs
  }

  async pass(ms: number): Promise<void> {
    this.clock.setMs(this.clock.nowMs() + ms)
    await this.drain()
  }

  async run(runId: string): Promise<Record<string, unknown>> {
    return (await this.query('select * from messaging.cascade_run where run_id = $1', [runId]))[0]!
  }

  messages(): Promise<Record<string, unknown>[]> {
    return this.query(
      `select message_id, channel, state, reason, postponed_for, not_before, saw, content
       from messaging.message order by queued_at, step, message_id`,
    )
  }

  async ask(method: 'GET' | 'POST', url: string, payload?: object) {
    const headers = { authorization: `Bearer ${this.key}` }
    const answer = await this.http.inject({ method, url, headers, ...(payload ? { payload } : {}) })
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() }
  }

  answer(text: string, rest: object = {}): Promise<string | void> {
    const one = { address: '+79990000001', channel: 'sms', text, dedupeKey: newId() }
    return this.gateway.events.onAnswer({ ...one, atMs: this.clock.nowMs(), ...rest })
  }

  async stop(): Promise<void> {
    await this.messaging.stop()
    await this.http.close()
  }
}
