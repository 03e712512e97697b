import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { startWorker, type Worker } from '../demo/processes.ts'
import { createAccess } from '../src/access/index.ts'
import { createMessaging, type Messaging, messagingDocuments } from '../src/messaging/index.ts'
import { type Database, Documents, newId, systemClock, unitHash } from '../src/platform/index.ts'
import { attributesKind, createProfiles, type Profiles } from '../src/profiles/index.ts'
import { type IncomingMessage, type Smsc, startSmsc } from '../src/simulator/smsc/index.ts'

export const same = (text: string) => ({ en: text, ru: text, uk: text })

type PeerOptions = {
  /** Share of the messages whose receipt never comes by itself. */
  lostShare?: number
  /** How long a message waits for the SMSC's answer to its submission, ms. */
  answerAfterMs?: number
  /** How often each receipt is sent. */
  times?: number
  /** What else the network does with a message; the answer to its submission waits for it. */
  onTaken?(message: IncomingMessage, peer: Peer): Promise<void> | void
}

/** An SMSC that remembers every text, delivers at once, loses some receipts and repeats the others. */
export class Peer {
  readonly taken: IncomingMessage[] = []
  readonly #options: PeerOptions
  #smsc: Smsc | undefined

  constructor(options: PeerOptions = {}) {
    this.#options = options
  }

  async listen(port = 0): Promise<number> {
    this.#smsc = await startSmsc({ port, onMessage: (message) => this.#take(message) })
    return this.#smsc.port
  }

  /** Gone at once: what it has not answered yet is never answered. */
  async close(): Promise<void> {
    const smsc = this.#smsc
    this.#smsc = undefined
    await smsc?.close()
  }

  /** The subscriber who got a message writes back; resolves when the sender has acknowledged it. */
  async answer({ address }: IncomingMessage, text: string): Promise<void> {
    await this.#smsc?.sendMobileOriginated({ address, text })
  }

  /** Sends every receipt once more, those that were lost for the first time. */
  async repeatAll(): Promise<void> {
    await Promise.all(this.taken.map((message) => this.receipt(message)))
  }

  /** One that comes when nobody is there is lost, too. */
  async receipt({ messageId, address, reference }: IncomingMessage): Promise<void> {
    const about = { messageId, address, status: 'DELIVRD' as const, atMs: Date.now() }
    const withReference = reference === undefined ? about : { ...about, reference }
    await this.#smsc?.sendReceipt(withReference).catch(() => undefined)
  }

  async #take(message: IncomingMessage): Promise<void> {
    this.taken.push(message)
    const { lostShare = 0, answerAfterMs = 0, times = 1, onTaken } = this.#options
    if (unitHash('lost', message.text) >= lostShare)
      for (let n = 0; n < times; n++) setTimeout(() => void this.receipt(message), answerAfterMs + 5)
    if (answerAfterMs > 0) await sleep(answerAfterMs)
    await onTaken?.(message, this)
  }
}

type Step = { channel: string; template: string; until: string; wait: string; validFor?: string }

/** One tenant whose cascades a process of its own sends by SMPP, and what the tables know of it at the end. */
export class SendingWorld {
  readonly database: Database
  readonly ownerUrl: string
  readonly tenantId: string
  worker: Worker | undefined
  #profiles!: Profiles
  #messaging!: Messaging
  #subscribers: number[] = []

  constructor(stores: { database: Database; ownerUrl: string }, tenantId: string) {
    this.database = stores.database
    this.ownerUrl = stores.ownerUrl
    this.tenantId = tenantId
  }

  /** Subscribers `+79990000000` and on, an SMS channel to `port`, the text `Offer {{ number }}`, and `documents`. */
  async prepare(
    port: number,
    subscribers: number,
    cascades: Record<string, Step[]>,
    documents: object[] = [],
  ) {
    const { database, tenantId } = this
    const clock = systemClock
    const access = createAccess({ database, clock })
    const settings = { currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC', language: 'en' as const }
    await access.createTenant({ tenantId, name: 'x', ...settings })
    const known = new Documents(database, [attributesKind, ...messagingDocuments])
    const account = { host: '127.0.0.1', port, systemId: 's', password: 'p', sourceAddress: 'Tenure' }
    const results = await known.apply(tenantId, [
      { kind: 'Template', id: 'text', channel: 'sms', text: same('Offer {{ number }}') },
      // The longest pause before another try to connect is short, or the test would wait for it.
      { kind: 'Channel', id: 'sms', priceMinor: '150', ...account, reconnectMaxMs: 2_000 },
      ...documents,
      ...Object.entries(cascades).map(([id, steps]) => ({ kind: 'Cascade', id, steps })),
    ])
    assert.deepEqual(
      results.flatMap((result) => result.problems ?? []),
      [],
    )
    this.#profiles = createProfiles({ database, clock, access, documents: known })
    const rows = Array.from({ length: subscribers }, (_, n) => ({
      identities: { msisdn: `+7999${String(n).padStart(7, '0')}` },
      consents: { '*': true },
    }))
    await this.#profiles.upsertSubscribers(tenantId, rows)
    this.#subscribers = await database.tx(tenantId, (tx) => this.#profiles.subscriberIds(tx, 0, subscribers))
    // This process hands over and never sends.
    const own = { database, clock, documents: known, profiles: this.#profiles }
    this.#messaging = createMessaging({ ...own, wake: () => undefined })
  }

  /** Hands a cascade over for the subscribers from one place up to another; each one's text has its own number. */
  async start(cascadeId: string, from: number, to: number): Promise<void> {
    const starts = this.#subscribers.slice(from, to).map((subscriberId, i) => ({
      runId: newId(),
      cascadeId,
      subscriberId,
      campaignId: 'camp',
      arm: 'a',
      reference: newId(),
      variables: { number: from + i },
    }))
    await this.database.tx(this.tenantId, (tx) => this.#messaging.startCascades(tx, this.tenantId, starts))
  }

  async begin(): Promise<void> {
    this.worker = startWorker('test/messaging-sender.ts', [this.ownerUrl, this.tenantId])
    await this.worker.line('sending')
  }

  async kill(): Promise<void> {
    this.worker?.process.kill('SIGKILL')
    await this.worker?.ended
  }

  query<R>(text: string): Promise<R[]> {
    return this.database.tx(this.tenantId, (tx) => tx.query<R>(text))
  }

  /** Messages by channel and state, `{ 'sms delivered': 4000 }`. */
  async states(): Promise<Record<string, number>> {
    const rows = await this.query<{ what: string; count: number }>(
      `select channel || ' ' || state as what, count(*)::int as count
       from messaging.message group by channel, state`,
    )
    return Object.fromEntries(rows.map(({ what, count }) => [what, count]))
  }

  /** Waits until no start is left and no run is under way. */
  whenOver(): Promise<void> {
    return until('every run is over', async () => {
      const [row] = await this.query<{ left: number }>(
        `select (select coalesce(sum(count), 0) from messaging.start)::int
              + (select count(*) from messaging.cascade_run where state = 'active')::int as left`,
      )
      return row!.left === 0
    })
  }

  /** How many facts of each kind there are; fails where one is told twice. */
  async facts(): Promise<Record<string, number>> {
    const rows = await this.query<{ kind: string; count: number; different: number }>(
      `select kind, count(*)::int as count, count(distinct ref)::int as different
       from platform.fact group by kind`,
    )
    for (const { kind, count, different } of rows) assert.equal(count, different, `${kind} is told twice`)
    return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]))
  }
}

/** Looks 20 times a second, for half a minute. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = 600; !(await isTrue()); left--) {
    if (left === 0) throw new Error(`waited in vain until ${what}`)
    await sleep(50)
  }
}
