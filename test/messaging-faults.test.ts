import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorker, type Worker } from '../demo/processes.ts'
import { createAccess } from '../src/access/index.ts'
import { createMessaging, messagingDocuments } from '../src/messaging/index.ts'
import { connectOwner, Documents, newId, systemClock, unitHash } from '../src/platform/index.ts'
import { attributesKind, createProfiles } from '../src/profiles/index.ts'
import { type IncomingMessage, type Smsc, startSmsc } from '../src/simulator/smsc/index.ts'
import { type TestDatabase, testDatabase } from './stores.ts'

/*
 * A sender over SMPP is killed in the middle of a batch, its connections to PostgreSQL are cut, its SMSC goes away and
 * comes back, one receipt in twenty is lost and all others come twice. At the end everything is counted: by the SMSC, in the tables, in the facts.
 */

const MESSAGES = 4_000
const LOST_SHARE = 0.05
const TENANT = 'faults'
const same = (text: string) => ({ en: text, ru: text, uk: text })

let stores: TestDatabase
let worker: Worker | undefined
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(async () => {
  worker?.process.kill('SIGKILL')
  await worker?.ended
  await stores.close()
})

/** An SMSC that remembers every text, delivers at once, loses some receipts and repeats the others. */
class Peer {
  readonly taken: IncomingMessage[] = []
  #smsc: Smsc | undefined

  async listen(port = 0): Promise<number> {
    this.#smsc = await startSmsc({ port, onMessage: (message) => this.#take(message) })
    return this.#smsc.port
  }

  async close(): Promise<void> {
    await this.#smsc?.close()
    this.#smsc = undefined
  }

  /** Sends every receipt once more, those that were lost for the first time. */
  async repeatAll(): Promise<void> {
    await Promise.all(this.taken.map((message) => this.#receipt(message)))
  }

  #take(message: IncomingMessage): void {
    this.taken.push(message)
    if (unitHash('lost', message.text) < LOST_SHARE) return
    for (const _ of [1, 2]) setTimeout(() => void this.#receipt(message), 5)
  }

  /** One that comes when nobody is there is lost, too. */
  async #receipt({ messageId, address, reference }: IncomingMessage): Promise<void> {
    const about = { messageId, address, status: 'DELIVRD' as const, atMs: Date.now() }
    const withReference = reference === undefined ? about : { ...about, reference }
    await this.#smsc?.sendReceipt(withReference).catch(() => undefined)
  }
}

async function prepare(port: number): Promise<void> {
  const { database } = stores
  const clock = systemClock
  const access = createAccess({ database, clock })
  const settings = { currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC', language: 'en' as const }
  await access.createTenant({ tenantId: TENANT, name: 'x', ...settings })
  const documents = new Documents(database, [attributesKind, ...messagingDocuments])
  const account = { host: '127.0.0.1', port, systemId: 's', password: 'p', sourceAddress: 'Tenure' }
  const step = { channel: 'sms', template: 'text', until: 'delivered', wait: 'PT3S' }
  const results = await documents.apply(TENANT, [
    { kind: 'Template', id: 'text', channel: 'sms', text: same('Offer {{ number }}') },
    { kind: 'Channel', id: 'sms', priceMinor: '150', ...account },
    { kind: 'Cascade', id: 'offer', steps: [step] },
  ])
  assert.deepEqual(
    results.flatMap((result) => result.problems ?? []),
    [],
  )
  const profiles = createProfiles({ database, clock, access, documents })
  const rows = Array.from({ length: MESSAGES }, (_, n) => ({
    identities: { msisdn: `+7999${String(n).padStart(7, '0')}` },
    consents: { sms: true },
  }))
  await profiles.upsertSubscribers(TENANT, rows)
  const ids = await database.tx(TENANT, (tx) => profiles.subscriberIds(tx, 0, MESSAGES))
  // This process hands over and never sends.
  const messaging = createMessaging({ database, clock, documents, profiles, wake: () => undefined })
  const starts = ids.map((subscriberId, number) => ({
    runId: newId(),
    cascadeId: 'offer',
    subscriberId,
    campaignId: 'camp',
    arm: 'a',
    reference: newId(),
    variables: { number },
  }))
  await database.tx(TENANT, (tx) => messaging.startCascades(tx, TENANT, starts))
}

const begin = async (): Promise<void> => {
  worker = startWorker('test/messaging-sender.ts', [stores.ownerUrl, TENANT])
  await worker.line('sending')
}

async function kill(): Promise<void> {
  worker!.process.kill('SIGKILL')
  await worker!.ended
}

const query = <R>(text: string): Promise<R[]> => stores.database.tx(TENANT, (tx) => tx.query<R>(text))

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = 300; !(await isTrue()); left--) {
    if (left === 0) throw new Error(`waited in vain until ${what}`)
    await sleep(50)
  }
}

/** What a restart of PostgreSQL does to those who are connected: every connection ends, some in a commit. */
async function cutConnections(): Promise<void> {
  const owner = await connectOwner(stores.ownerUrl)
  await owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await owner.end()
}

const states = async (): Promise<Record<string, number>> => {
  const rows = await query<{ state: string; count: number }>(
    'select state, count(*)::int as count from messaging.message group by state',
  )
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

test('a sender killed in mid-batch, an SMSC that goes and comes, receipts lost and doubled: nothing twice, all counted', async () => {
  const peer = new Peer()
  const port = await peer.listen()
  await prepare(port)
  await begin()
  for (const share of [0.2, 0.4]) {
    await until(`${share} are taken`, () => peer.taken.length >= share * MESSAGES)
    await kill()
    await begin()
  }
  for (const share of [0.45, 0.5, 0.55]) {
    await until(`${share} are taken`, () => peer.taken.length >= share * MESSAGES)
    await cutConnections()
  }
  await until('the SMSC has most of it', () => peer.taken.length >= 0.6 * MESSAGES)
  await peer.close()
  await sleep(300)
  await peer.listen(port)
  await until('every run is over', async () => {
    const [row] = await query<{ left: number }>(
      `select (select coalesce(sum(count), 0) from messaging.start)::int
            + (select count(*) from messaging.cascade_run where state = 'active')::int as left`,
    )
    return row!.left === 0
  })
  const texts = peer.taken.map(({ text }) => text)
  expect(new Set(texts).size).toBe(texts.length)
  const before = await states()
  expect(Object.values(before).reduce((sum, count) => sum + count, 0)).toBe(MESSAGES)
  // Whatever the SMSC never saw is told as unknown, and nothing else is.
  const neverSeen = MESSAGES - texts.length
  expect(before['unknown'] ?? 0).toBeGreaterThanOrEqual(neverSeen)
  await peer.repeatAll()
  await until('late receipts are stored', async () => ((await states())['delivered'] ?? 0) >= texts.length)
  const after = await states()
  expect(after).toEqual(
    neverSeen === 0 ? { delivered: MESSAGES } : { delivered: texts.length, unknown: neverSeen },
  )
  const facts = await query<{ kind: string; count: number; different: number }>(
    `select kind, count(*)::int as count, count(distinct ref)::int as different from platform.fact
     where kind in ('message_submitted', 'message_delivered', 'contacted') group by kind`,
  )
  for (const { kind, count, different } of facts) {
    expect(count).toBe(different)
    expect(count).toBe(kind === 'contacted' ? MESSAGES : texts.length)
  }
  await kill()
  await peer.close()
}, 120_000)
