import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorker, type Worker } from '../../../demo/processes.ts'
import { appendEvents } from '../../../test/log-events.ts'
import { eventType } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase, testFolder } from '../../../test/stores.ts'
import { eventTypeKind, logName } from '../../events/index.ts'
import { Documents, LmdbLogStore } from '../../platform/index.ts'
import { webhookKind } from './webhook.ts'

const KILLS = 6
const EVENTS = 600
const SUBSCRIBERS = 12
const tenantId = 'alpha'

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

test('killed again and again, a sender loses no event and keeps each subscriber’s order', async () => {
  const folder = testFolder()
  const logs = new LmdbLogStore(folder, { partitions: 2 })
  const log = logs.log(logName(tenantId))
  /** By message, when it was first taken, and what it was about. */
  const taken = new Map<string, { subject: string; n: number }>()
  let calls = 0
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      // Every ninth call fails at first, so that letters wait while the process dies.
      if (++calls % 9 === 0) return response.writeHead(500).end()
      const { subject, data } = JSON.parse(body) as { subject: string; data: { n: number } }
      const id = String(request.headers['webhook-id'])
      if (!taken.has(id)) taken.set(id, { subject, n: data.n })
      return setTimeout(() => response.writeHead(204).end(), 5)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const secret = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`
  const documents = new Documents(stores.database, [eventTypeKind, webhookKind])
  await documents.apply(tenantId, [
    eventType('n', { n: 'integer' }),
    { kind: 'Webhook', id: 'crm', url, types: ['n'], secret },
  ])
  const tx = <T>(text: string) => stores.database.tx(tenantId, (one) => one.query<T>(text))
  const startSender = async (): Promise<void> => {
    worker = startWorker('test/webhook-sender.ts', [stores.ownerUrl, folder, tenantId])
    await worker.line('sending')
  }
  await startSender()
  await expect
    .poll(async () => (await tx('select from api.webhook_position')).length, { timeout: 10_000 })
    .toBe(2)
  const events = Array.from({ length: EVENTS }, (_, n) => {
    return { id: `e${n}`, type: 'n', atMs: n, subscriberId: (n % SUBSCRIBERS) + 1, data: { n } }
  })
  await appendEvents(log, events)
  for (let kills = 0; kills < KILLS; kills++) {
    const before = taken.size
    await expect
      .poll(() => taken.size, { timeout: 20_000, interval: 5 })
      .toBeGreaterThan(Math.min(before + 20, EVENTS - 1))
    await sleep(kills * 7)
    worker!.process.kill('SIGKILL')
    await worker!.ended
    await tx('update api.webhook_letter set due_at = now()')
    await startSender()
  }
  const hurry = setInterval(() => void tx('update api.webhook_letter set due_at = now()'), 200)
  await expect.poll(() => taken.size, { timeout: 30_000 }).toBe(EVENTS)
  clearInterval(hurry)
  await expect
    .poll(async () => (await tx('select from api.webhook_letter')).length, { timeout: 10_000 })
    .toBe(0)
  for (let id = 1; id <= SUBSCRIBERS; id++) {
    const seen = [...taken.values()].filter(({ subject }) => subject === String(id)).map(({ n }) => n)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  }
  server.close()
  await logs.close()
}, 90_000)
