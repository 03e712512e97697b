import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  connectOwner,
  type Database,
  migrate,
  openDatabase,
  startEmbeddedPostgres,
} from '../src/platform/index.ts'
import { startWebhookReceiver } from '../src/simulator/providers/index.ts'
import { Peer, same, SendingWorld, until } from './sending-world.ts'
import { type TestDatabase, testDatabase, testFolder } from './stores.ts'

/*
 * What is out of a sender's hands goes away while it sends: PostgreSQL is stopped and started again, the SMSC is gone
 * for a minute, what subscribers answer comes before the receipt. The tests run side by side, because the minute is a
 * real one. At the end everything is counted: by the peer, in the tables, in the facts.
 */

const ANSWER_MS = 30
const sms = { channel: 'sms', template: 'text', until: 'delivered', wait: 'PT3S' }

let stores: TestDatabase
const worlds: SendingWorld[] = []
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(async () => {
  for (const world of worlds) await world.kill()
  await stores.close()
})

/** A world whose process ends with the tests, however they end. */
function begun(own: ConstructorParameters<typeof SendingWorld>[0], tenantId: string): SendingWorld {
  const world = new SendingWorld(own, tenantId)
  worlds.push(world)
  return world
}

/** Nothing was sent twice; what the peer never saw, and nothing else, stays unknown once late receipts are in. */
async function settle(world: SendingWorld, peer: Peer, messages: number): Promise<number> {
  await world.whenOver()
  const texts = new Set(peer.taken.map(({ text }) => text))
  expect(texts.size).toBe(peer.taken.length)
  const neverSeen = messages - texts.size
  const before = await world.states()
  expect(before['sms unknown'] ?? 0).toBeGreaterThanOrEqual(neverSeen)
  expect(before['sms queued'] ?? 0).toBe(0)
  await peer.repeatAll()
  const delivered = async (): Promise<number> => (await world.states())['sms delivered'] ?? 0
  await until('late receipts are stored', async () => (await delivered()) >= texts.size)
  const after = await world.states()
  expect([after['sms delivered'], after['sms unknown'] ?? 0]).toEqual([texts.size, neverSeen])
  return texts.size
}

describe.concurrent('while it sends', () => {
  test('PostgreSQL is stopped and started, then crashes: nothing twice, all counted', async ({
    onTestFinished,
  }) => {
    const MESSAGES = 4_000
    const folder = testFolder()
    chmodSync(folder, 0o755)
    // A server of its own: all other tests have theirs to themselves.
    const at = join(folder, 'postgres')
    let server = await startEmbeddedPostgres(at)
    const { ownerUrl } = server
    const { port: databasePort } = new URL(ownerUrl)
    const database: Database = openDatabase(await migrate(ownerUrl), 4)
    onTestFinished(async () => {
      await database.end()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    const world = begun({ database, ownerUrl }, 'restarts')
    const peer = new Peer({ lostShare: 0.05, answerAfterMs: ANSWER_MS })
    await world.prepare(await peer.listen(), MESSAGES, { offer: [sms] })
    await world.start('offer', 0, MESSAGES)
    await world.begin()
    for (const share of [0.2, 0.5]) {
      await until(`${share} are taken`, () => peer.taken.length >= share * MESSAGES)
      await server.stop()
      const taken = peer.taken.length
      await sleep(2_000)
      // What was marked before is under way; nothing that could not be marked has left.
      expect(peer.taken.length - taken).toBeLessThan(0.2 * MESSAGES)
      server = await startEmbeddedPostgres(at, { port: databasePort })
    }
    await until('most are taken', () => peer.taken.length >= 0.75 * MESSAGES)
    const owner = await connectOwner(ownerUrl)
    const [backend] = await owner.query<{ pid: number }>(
      `select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1`,
    )
    await owner.end().catch(() => undefined)
    // A backend that is killed takes all others with it, and PostgreSQL recovers from its log.
    process.kill(backend!.pid, 'SIGKILL')
    await until('PostgreSQL has recovered', () =>
      world.states().then(
        () => true,
        () => false,
      ),
    )
    const taken = await settle(world, peer, MESSAGES)
    const told = { message_submitted: taken, message_delivered: taken, contacted: MESSAGES }
    expect(await world.facts()).toMatchObject(told)
    expect(world.worker!.process.exitCode).toBeNull()
    await world.kill()
    await peer.close()
  }, 120_000)

  test('its SMSC is gone for a minute: what waits goes once it is back, what cannot wait goes another way', async () => {
    const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    const receiver = await startWebhookReceiver({ secret: SECRET })
    const world = begun(stores, 'minute')
    const peer = new Peer({ lostShare: 0.05, answerAfterMs: ANSWER_MS })
    const port = await peer.listen()
    const documents = [
      { kind: 'Channel', id: 'webhook', priceMinor: '1', url: receiver.url, secret: SECRET },
      { kind: 'Template', id: 'call', channel: 'webhook', text: same('Call {{ number }}') },
    ]
    const urgent = [
      { ...sms, validFor: 'PT10S' },
      { channel: 'webhook', template: 'call', until: 'accepted', wait: 'PT1M' },
    ]
    await world.prepare(port, 2_400, { offer: [sms], urgent }, documents)
    await world.start('offer', 0, 1_000)
    await world.begin()
    await until('some are taken', () => peer.taken.length >= 300)
    await peer.close()
    const goneMs = performance.now()
    const taken = peer.taken.length
    await world.start('offer', 1_000, 2_000)
    await world.start('urgent', 2_000, 2_400)
    await until('the urgent went another way', () => receiver.received.length >= 400)
    expect(performance.now() - goneMs).toBeLessThan(40_000)
    // The tables may be a little behind.
    await until('the tables know who was held', async () => (await world.states())['sms held'] === 400)
    // Those that were under way are known to be unknown at once, and not after the minute.
    await until('and who is unknown', async () => ((await world.states())['sms unknown'] ?? 0) > 0)
    expect(performance.now() - goneMs).toBeLessThan(55_000)
    await sleep(60_000 - (performance.now() - goneMs))
    expect(peer.taken.length).toBe(taken)
    await peer.listen(port)
    const delivered = await settle(world, peer, 2_000)
    expect(await world.facts()).toMatchObject({
      message_submitted: delivered + 400,
      message_delivered: delivered,
      message_held: 400,
      contacted: 2_400,
    })
    expect(await world.states()).toMatchObject({ 'sms held': 400, 'webhook submitted': 400 })
    expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(receiver.received.length)
    expect(receiver.received).toHaveLength(400)
    await world.kill()
    await peer.close()
    await receiver.close()
  }, 120_000)

  test('subscribers answer before the receipt, some before the SMSC’s own word: each answer is its cascade’s', async () => {
    const MESSAGES = 900
    const world = begun(stores, 'hasty')
    const peer = new Peer({
      lostShare: 1,
      async onTaken(message, smsc) {
        const way = Number(message.text.split(' ')[1]) % 3
        const answer = (): Promise<void> => smsc.answer(message, `yes to ${message.text}`)
        // Before the SMSC says that it took the message; before the receipt; in one read with the receipt.
        if (way === 0) await answer()
        setTimeout(async () => {
          const said = way === 0 ? undefined : answer()
          if (way === 1) await said
          await smsc.receipt(message)
        }, 20)
      },
    })
    const again = { kind: 'Template', id: 'again', channel: 'sms', text: same('Again {{ number }}') }
    const steps = ['text', 'again'].map((template) => ({ ...sms, template, until: 'answered', wait: 'PT5M' }))
    await world.prepare(await peer.listen(), MESSAGES, { offer: steps }, [again])
    await world.start('offer', 0, MESSAGES)
    await world.begin()
    await world.whenOver()
    const delivered = async (): Promise<number> => (await world.facts())['message_delivered'] ?? 0
    await until('all receipts are stored', async () => (await delivered()) >= MESSAGES)
    expect(new Set(peer.taken.map(({ text }) => text)).size).toBe(MESSAGES)
    expect(peer.taken).toHaveLength(MESSAGES)
    expect(await world.states()).toEqual({ 'sms delivered': MESSAGES })
    expect(await world.facts()).toMatchObject({ answered: MESSAGES, message_submitted: MESSAGES })
    const [ended] = await world.query(
      `select count(*)::int as runs, count(distinct a.answer_id)::int as answers,
              count(*) filter (where r.outcome = 'answered')::int as answered,
              count(*) filter (where a.text = 'yes to ' || m.text)::int as matching
       from messaging.cascade_run r
       join messaging.message m using (tenant_id, run_id)
       join messaging.answer a using (tenant_id, run_id)`,
    )
    expect(ended).toEqual({ runs: MESSAGES, answers: MESSAGES, answered: MESSAGES, matching: MESSAGES })
    await world.kill()
    await peer.close()
  }, 120_000)
})
