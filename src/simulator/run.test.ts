import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { makeBase } from './base.ts'
import { defaultBehaviour } from './behaviour.ts'
import { perSubscriberDigest } from './digest.ts'
import { drive } from './driver.ts'
import { DSTK_CALLBACK_PATH, FakeTenure } from './fake-tenure.ts'
import { startHttpSystems } from './http-systems.ts'
import { Journal } from './journal.ts'
import { begin, live } from './life.ts'
import { takeSms } from './phone-sms.ts'
import type { SmscPort } from './smsc-port.ts'
import { TenureClient } from './tenure-client.ts'
import { makeWorld } from './world.ts'

const startMs = Date.parse('2026-01-05T00:00:00Z')
const dayMs = 86_400_000

async function play(options: {
  seed?: string
  backwards?: boolean
  dropsConnections?: boolean
  journal?: string
}) {
  const seed = options.seed ?? '7'
  const rows = makeBase(300, seed, startMs, defaultBehaviour)
  const journal = new Journal(options.journal)
  const world = makeWorld({ rows, seed, startMs, endMs: startMs + 5 * dayMs, journal })
  begin(world)
  const systems = await startHttpSystems(world, 0)
  const receipts: string[] = []
  const dialled: string[] = []
  const smsc: SmscPort = {
    port: 0,
    sendReceipt: async (receipt) => void receipts.push(receipt.status),
    sendMobileOriginated: async () => {},
    sendUssd: async (dial) => {
      dialled.push(dial.text)
      return 'ok'
    },
    close: async () => {},
  }
  const fake = new FakeTenure({
    systemsUrl: () => `http://127.0.0.1:${systems.port}`,
    accountOf: (msisdn) => world.people.account[world.people.byMsisdn(msisdn)!]!,
    sendSms: (sms) => takeSms(world, sms),
    backwards: options.backwards === true,
    dropsConnections: options.dropsConnections === true,
  })
  const tenure = new TenureClient({
    serverUrl: await fake.start(),
    key: 'k',
    smsc,
    networkCode: '25099',
    dstkCallbackPath: DSTK_CALLBACK_PATH,
  })
  const totals = await drive(world, tenure)
  journal.close()
  await tenure.close()
  await fake.close()
  await systems.close()
  return { world, totals, fake, receipts, dialled, tenure, digest: perSubscriberDigest(world) }
}

describe('a run of 300 subscribers over 5 days', () => {
  test('the loop goes round: events, offers, answers, sales', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
    const journal = join(folder, 'journal.ndjson')
    const { world, totals, fake, receipts, dialled } = await play({ journal })
    expect(totals.accepted).toBe(world.events.written - world.events.waiting)
    expect(fake.events.size).toBe(totals.accepted)
    expect(totals.rejected + totals.duplicates).toBe(0)
    const types = new Set([...fake.events.values()].map((event) => event.type))
    expect(types).toContain('package.renewed')
    expect(types).toContain('topup.recorded')
    expect(types).toContain('package.purchased')
    expect(fake.counts.callbacks).toBeGreaterThan(5)
    expect(fake.counts.orders).toBeGreaterThan(0)
    expect(receipts).toContain('DELIVRD')
    for (const code of dialled) expect(code).toMatch(/^\*111\*\d+#$/)
    const lines = readFileSync(journal, 'utf8').trim().split('\n')
    const entries = lines.map((line) => JSON.parse(line) as { what: string; order?: string })
    const orders = entries.filter((entry) => entry.what === 'activation').map((entry) => entry.order)
    expect(new Set(orders).size).toBe(orders.length)
    expect(orders.length).toBe(world.journal.counts.activation)
    expect(lines.join('\n')).not.toMatch(/\+7999/)
    rmSync(folder, { recursive: true })
  })

  test('the same seed gives the same end, another seed another', async () => {
    const [first, second, other] = [await play({}), await play({}), await play({ seed: '8' })]
    expect(second.digest).toBe(first.digest)
    expect([...second.fake.events.keys()].sort()).toEqual([...first.fake.events.keys()].sort())
    expect(other.digest).not.toBe(first.digest)
  })

  test('neither the order of concurrent calls nor lost connections change the end', async () => {
    const plain = await play({})
    const backwards = await play({ backwards: true })
    const dropping = await play({ dropsConnections: true })
    expect(backwards.digest).toBe(plain.digest)
    expect(dropping.digest).toBe(plain.digest)
    expect(dropping.tenure.counts.repeatedCalls).toBeGreaterThan(10)
  })
})

test('events are made fast enough (noted, not judged)', () => {
  const rows = makeBase(5000, 's', startMs, defaultBehaviour)
  const world = makeWorld({ rows, seed: 's', startMs, endMs: startMs + 30 * dayMs })
  const beganMs = performance.now()
  begin(world)
  let bytes = 0
  for (let day = 1; day <= 30; day++) {
    live(world, startMs + day * dayMs)
    for (const { body } of world.events.takeBatches()) bytes += body.length
  }
  const seconds = (performance.now() - beganMs) / 1000
  const perSecond = Math.round(world.events.written / seconds)
  console.log(`${world.events.written} events, ${perSecond} a second, ${Math.round(bytes / 1e6)} MB`)
  expect(Math.min(...world.state.balanceMinor)).toBeGreaterThanOrEqual(0)
  const perSubscriberMonth = world.events.written / 5000
  expect(perSubscriberMonth).toBeGreaterThan(15)
  expect(perSubscriberMonth).toBeLessThan(35)
})
