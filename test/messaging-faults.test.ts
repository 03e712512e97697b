import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectOwner } from '../src/platform/index.ts'
import { Peer, SendingWorld, until } from './sending-world.ts'
import { type TestDatabase, testDatabase } from './stores.ts'

/*
 * A sender over SMPP is killed in the middle of a batch, its connections to PostgreSQL are cut, its SMSC goes away and
 * comes back, one receipt in twenty is lost and all others come twice. At the end everything is counted: by the SMSC, in the tables, in the facts.
 */

const MESSAGES = 4_000

let stores: TestDatabase
let world: SendingWorld
beforeAll(async () => {
  stores = await testDatabase()
  world = new SendingWorld(stores, 'faults')
})
afterAll(async () => {
  await world.kill()
  await stores.close()
})

/** What a restart of PostgreSQL does to those who are connected: every connection ends, some in a commit. */
async function cutConnections(): Promise<void> {
  const owner = await connectOwner(stores.ownerUrl)
  await owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await owner.end()
}

test('a sender killed in mid-batch, an SMSC that goes and comes, receipts lost and doubled: nothing twice, all counted', async () => {
  const peer = new Peer({ lostShare: 0.05, times: 2 })
  const port = await peer.listen()
  await world.prepare(port, MESSAGES, {
    offer: [{ channel: 'sms', template: 'text', until: 'delivered', wait: 'PT3S' }],
  })
  await world.start('offer', 0, MESSAGES)
  await world.begin()
  for (const share of [0.2, 0.4]) {
    await until(`${share} are taken`, () => peer.taken.length >= share * MESSAGES)
    await world.kill()
    await world.begin()
  }
  for (const share of [0.45, 0.5, 0.55]) {
    await until(`${share} are taken`, () => peer.taken.length >= share * MESSAGES)
    await cutConnections()
  }
  await until('the SMSC has most of it', () => peer.taken.length >= 0.6 * MESSAGES)
  await peer.close()
  await sleep(300)
  await peer.listen(port)
  await world.whenOver()
  const texts = peer.taken.map(({ text }) => text)
  expect(new Set(texts).size).toBe(texts.length)
  const before = await world.states()
  expect(Object.values(before).reduce((sum, count) => sum + count, 0)).toBe(MESSAGES)
  // Whatever the SMSC never saw is told as unknown, and nothing else is.
  const neverSeen = MESSAGES - texts.length
  expect(before['sms unknown'] ?? 0).toBeGreaterThanOrEqual(neverSeen)
  await peer.repeatAll()
  const delivered = async (): Promise<number> => (await world.states())['sms delivered'] ?? 0
  await until('late receipts are stored', async () => (await delivered()) >= texts.length)
  expect(await world.states()).toEqual(
    neverSeen === 0
      ? { 'sms delivered': MESSAGES }
      : { 'sms delivered': texts.length, 'sms unknown': neverSeen },
  )
  expect(await world.facts()).toMatchObject({
    message_submitted: texts.length,
    message_delivered: texts.length,
    contacted: MESSAGES,
  })
  await world.kill()
  await peer.close()
}, 120_000)
