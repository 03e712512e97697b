import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, loyaltyWorld } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { eventTypeKind } from '../../events/index.ts'
import { Documents, systemClock } from '../../platform/index.ts'
import { cloudEventOf } from './cloud-event.ts'
import { createWebhooks, type Webhooks } from './service.ts'
import type { Target } from './target.ts'
import { webhookKind } from './webhook.ts'

const secret = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`
type Taken = { id: string; subscriberId: number; n: number; type: string; secrets: number }

let stores: TestDatabase
let world: LoyaltyWorld
let webhooks: Webhooks
let documents: Documents
const servers: Server[] = []
const errors: unknown[] = []

beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())
beforeEach(async () => {
  world = await loyaltyWorld(stores)
  documents = new Documents(stores.database, [eventTypeKind, webhookKind])
  await documents.apply(world.tenantId, [eventType('n', { n: 'integer', at: 'date-time' })])
  webhooks = start(['127.0.0.0/8'])
  return async () => {
    await webhooks.stop()
    for (const server of servers.splice(0)) server.closeAllConnections()
    await world.close()
    const [error] = errors.splice(0)
    if (error) throw error
  }
})

function start(allowedNetworks: string[], targets: Target[] = []): Webhooks {
  return createWebhooks({
    database: stores.database,
    // Real time: what is waited for here are calls.
    clock: systemClock,
    documents,
    logOf: () => world.log,
    allowedNetworks,
    targetsOf: async () => targets,
    leaseMs: 600,
    onError: (error) => errors.push(error),
  })
}

/** Whether a call bears a signature by the secret, computed here from the specification. */
function isSigned(headers: IncomingMessage['headers'], body: string, by = secret): boolean {
  const key = Buffer.from(by.replace('whsec_', ''), 'base64')
  const [id, timestamp] = [String(headers['webhook-id']), String(headers['webhook-timestamp'])]
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  const isFresh = Math.abs(systemClock.nowMs() / 1_000 - Number(timestamp)) < 300
  return isFresh && String(headers['webhook-signature']).split(' ').includes(`v1,${expected}`)
}

type Answer = (call: Taken, response: ServerResponse) => void
const ok: Answer = (_, response) => response.writeHead(204).end()

/** A real receiver that checks each call's signature; what it answered with 2xx is what it took. */
async function receiver(answer: Answer = ok) {
  const taken: Taken[] = []
  const calls: Taken[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (!isSigned(request.headers, body)) return response.writeHead(401).end()
      const { subject, data, type } = JSON.parse(body) as {
        subject: string
        data: { n: number }
        type: string
      }
      const call = {
        id: String(request.headers['webhook-id']),
        subscriberId: Number(subject),
        n: data.n,
        type,
        secrets: String(request.headers['webhook-signature']).split(' ').length,
      }
      calls.push(call)
      response.on('finish', () => {
        if (response.statusCode < 300) taken.push(call)
      })
      answer(call, response)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, taken, calls }
}

const hook = (id: string, url: string, rest: object = {}): object => ({
  kind: 'Webhook',
  id,
  url,
  types: ['n'],
  secret,
  ...rest,
})
async function apply(...given: object[]): Promise<void> {
  const results = await documents.apply(world.tenantId, given)
  expect(results.flatMap(({ problems = [] }) => problems)).toEqual([])
  await run()
  // Delivery begins with what comes after the first look.
  await expect.poll(async () => (await positions()).length).toBe(2 * given.length)
}
const run = () => webhooks.stage.run(world.tenantId)
const positions = () =>
  world.tx<unknown[]>((tx) =>
    tx.query('select target_id, partition, next_offset from api.webhook_position order by 1, 2'),
  )
const append = async (subscriberId: number, ...ns: number[]): Promise<void> => {
  await world.append(...ns.map((n) => ({ subscriberId, type: 'n', data: { n, at: 0 } })))
  await run()
}
const statusOf = async (id: string) =>
  (await webhooks.status(world.tenantId)).find((one) => one.id === `webhook:${id}`)!
const ofSubscriber = (list: Taken[], subscriberId: number) =>
  list.filter((one) => one.subscriberId === subscriberId).map(({ n }) => n)

test('each event of a named type is posted once, signed, in order by subscriber, as a CloudEvent', async () => {
  const other = await receiver()
  const { url, taken } = await receiver()
  await append(1, 0)
  await apply(hook('crm', url), hook('none', other.url, { types: ['never*'] }))
  await append(1, 1, 2, 3)
  await append(2, 4)
  await world.append({ subscriberId: 1, type: 'other', data: {} })
  await expect.poll(() => taken.length).toBe(4)
  expect(ofSubscriber(taken, 1)).toEqual([1, 2, 3])
  expect(new Set(taken.map(({ id }) => id)).size).toBe(4)
  await expect.poll(async () => (await statusOf('crm')).behind).toBe(0)
  expect(await statusOf('crm')).toMatchObject({ waiting: 0, dead: 0, isDown: false })
  expect(other.calls).toEqual([])
})

test('while a secret is being changed a call bears a signature by both', async () => {
  const { url, taken } = await receiver()
  const next = `whsec_${Buffer.from('another secret of enough bytes').toString('base64')}`
  await apply(hook('crm', url, { secret: next, formerSecret: secret }))
  await append(1, 1)
  await expect.poll(() => taken).toMatchObject([{ n: 1, secrets: 2 }])
})

test('a failure holds back what follows about its subscriber, and nothing else', async () => {
  let isMended = false
  const { url, taken, calls } = await receiver((call, response) => {
    if (call.n === 1 && !isMended) response.writeHead(500).end()
    else ok(call, response)
  })
  await apply(hook('crm', url))
  await append(1, 1, 2)
  await append(2, 3, 4)
  await append(1, 5)
  await expect.poll(() => ofSubscriber(taken, 2)).toEqual([3, 4])
  await expect.poll(async () => (await statusOf('crm')).waiting).toBe(3)
  isMended = true
  await world.tx((tx) => tx.query('update api.webhook_letter set due_at = now()'))
  await expect.poll(() => ofSubscriber(taken, 1), { timeout: 5_000 }).toEqual([1, 2, 5])
  expect(new Set(calls.filter(({ n }) => n === 1).map(({ id }) => id)).size).toBe(1)
  await expect.poll(() => statusOf('crm')).toMatchObject({ waiting: 0, behind: 0 })
})

test('receivers that hang, fail or redirect inside hold back nobody else', async () => {
  const inside = await receiver()
  const good = await receiver()
  const hanging = await receiver(() => undefined)
  const dripping = await receiver((_, response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write('.'), 50)
    response.on('close', () => clearInterval(drip))
  })
  const failing = await receiver((_, response) => response.writeHead(503, { 'retry-after': '60' }).end())
  const turning = await receiver((_, response) => response.writeHead(302, { location: inside.url }).end())
  const bad = { hanging, dripping, failing, turning }
  await apply(
    ...Object.entries(bad).map(([id, { url }]) => hook(id, url, { timeoutMs: 300 })),
    hook('good', good.url),
  )
  const startedMs = systemClock.nowMs()
  for (let n = 0; n < 20; n++) await append(n + 1, n)
  await expect.poll(() => good.taken.length, { timeout: 5_000 }).toBe(20)
  expect(systemClock.nowMs() - startedMs).toBeLessThan(4_000)
  for (const [id, error] of Object.entries({
    hanging: 'timeout',
    failing: 'http 503',
    turning: 'http 302',
  })) {
    await expect
      .poll(() => statusOf(id), { timeout: 5_000 })
      .toMatchObject({ isDown: true, lastError: error })
  }
  expect(inside.calls).toEqual([])
  // One that is down is asked now and then, not with every event.
  expect(hanging.calls.length).toBeLessThan(20)
  expect(failing.calls.length).toBeLessThan(20)
})

test('a receiver that comes back gets all that it missed, in order', async () => {
  let isUp = false
  const { url, taken } = await receiver((call, response) =>
    isUp ? ok(call, response) : response.writeHead(500).end(),
  )
  await apply(hook('crm', url))
  for (let n = 0; n < 300; n++) await append((n % 10) + 1, n)
  await expect.poll(async () => (await statusOf('crm')).isDown).toBe(true)
  isUp = true
  await expect.poll(() => new Set(taken.map(({ n }) => n)).size, { timeout: 15_000 }).toBe(300)
  for (let id = 1; id <= 10; id++) {
    expect(ofSubscriber(taken, id)).toEqual(Array.from({ length: 30 }, (_, i) => i * 10 + id - 1))
  }
  await expect.poll(() => statusOf('crm')).toMatchObject({ isDown: false, waiting: 0, behind: 0 })
}, 30_000)

test('a receiver that is down stays so when its document is changed and when the process starts again', async () => {
  const { url, calls } = await receiver((_, response) =>
    response.writeHead(503, { 'retry-after': '3600' }).end(),
  )
  await apply(hook('crm', url))
  for (let id = 1; id < 20; id++) await append(id, id)
  await expect.poll(() => statusOf('crm'), { timeout: 5_000 }).toMatchObject({ isDown: true })
  const asked = calls.length
  const isDown = { isDown: true, lastError: 'http 503' }
  await webhooks.stop()
  webhooks = start(['127.0.0.0/8'])
  expect(await statusOf('crm')).toMatchObject(isDown)
  await run()
  // Whoever goes on asks once, with one letter.
  await expect.poll(() => calls.length).toBe(asked + 1)
  await apply(hook('crm', url, { concurrency: 3 }))
  await run()
  await expect.poll(() => calls.length).toBe(asked + 2)
  await append(1, 21)
  expect(await statusOf('crm')).toMatchObject(isDown)
  expect(calls.length).toBe(asked + 2)
})

test('what is not taken for days is laid aside, and can be sent again', async () => {
  let isUp = false
  const { url, taken } = await receiver((call, response) =>
    isUp || call.n !== 1 ? ok(call, response) : response.writeHead(400).end(),
  )
  await apply(hook('crm', url, { giveUpAfterHours: 72 }))
  await append(1, 1, 2)
  await expect.poll(async () => (await statusOf('crm')).waiting).toBe(2)
  const past = `update api.webhook_letter set first_failed_at = now() - interval '73 hours', due_at = now()`
  await world.tx((tx) => tx.query(past))
  await expect.poll(() => statusOf('crm'), { timeout: 5_000 }).toMatchObject({ waiting: 0, dead: 1 })
  expect(taken.map(({ n }) => n)).toEqual([2])
  expect(await webhooks.letters(world.tenantId, 'crm', 'dead', 10)).toMatchObject([
    { lastError: 'http 400', attempts: 2 },
  ])
  isUp = true
  expect(await webhooks.retry(world.tenantId, 'crm', 'waiting', null)).toBe(0)
  expect(await webhooks.retry(world.tenantId, 'crm', 'dead', null)).toBe(1)
  await expect.poll(() => taken.map(({ n }) => n)).toEqual([2, 1])
  expect(await statusOf('crm')).toMatchObject({ dead: 0 })
})

test('what waits is sent at once when somebody asks for it, though the receiver counts as down', async () => {
  let isUp = false
  const { url, taken } = await receiver((call, response) =>
    isUp ? ok(call, response) : response.writeHead(503, { 'retry-after': '3600' }).end(),
  )
  await apply(hook('crm', url))
  for (let id = 1; id < 7; id++) await append(id, id)
  await expect.poll(() => statusOf('crm'), { timeout: 5_000 }).toMatchObject({ isDown: true })
  const waiting = await webhooks.letters(world.tenantId, 'crm', 'waiting', 10)
  expect(waiting.find(({ attempts }) => attempts > 0)).toMatchObject({ lastError: 'http 503', type: 'n' })
  isUp = true
  expect(await webhooks.retry(world.tenantId, 'crm', 'waiting', null)).toBe(waiting.length)
  await expect.poll(() => taken.length, { timeout: 5_000 }).toBe(6)
  await expect.poll(() => statusOf('crm')).toMatchObject({ isDown: false, waiting: 0 })
})

test('a new secret is told once, and signs beside the former one until that is taken out', async () => {
  const { url, taken } = await receiver()
  await apply(hook('crm', url))
  const changed = await webhooks.changeSecret(world.tenantId, 'crm')
  expect(changed).toMatch(/^whsec_/)
  const exported = (await documents.export(world.tenantId)).find(
    (one) => (one as { kind: string }).kind === 'Webhook',
  )
  expect(exported).toMatchObject({ secret: '(kept)', formerSecret: '(kept)' })
  await run()
  await append(1, 1)
  // The receiver knows the former one alone.
  await expect.poll(() => taken).toMatchObject([{ n: 1, secrets: 2 }])
  await expect(webhooks.changeSecret(world.tenantId, 'none')).rejects.toMatchObject({
    code: 'webhook_not_found',
  })
  const problem = { field: 'secret', expected: 'whsec_ and at least 24 bytes in Base64' }
  const short = hook('crm', url, { secret: 'short' })
  expect(await documents.apply(world.tenantId, [short])).toMatchObject([{ problems: [problem] }])
})

test('a letter that is never taken does not stop others, though the target counts as down because of it', async () => {
  const { url, taken } = await receiver((call, response) =>
    call.n === 1 ? response.writeHead(500).end() : ok(call, response),
  )
  await apply(hook('crm', url))
  await append(1, 1)
  await expect
    .poll(
      async () => {
        await world.tx((tx) => tx.query('update api.webhook_letter set due_at = now()'))
        await run()
        return (await statusOf('crm')).isDown
      },
      { timeout: 10_000 },
    )
    .toBe(true)
  await append(2, 2, 3)
  await expect.poll(() => ofSubscriber(taken, 2), { timeout: 5_000 }).toEqual([2, 3])
  await expect.poll(() => statusOf('crm')).toMatchObject({ waiting: 1 })
})

test('a target that took nothing for so long that all its letters are dead is told of what comes next', async () => {
  let isUp = false
  const { url, taken } = await receiver((call, response) =>
    isUp ? ok(call, response) : response.writeHead(500).end(),
  )
  await webhooks.stop()
  const target: Target = {
    id: 'own',
    url,
    secrets: [secret],
    concurrency: 8,
    timeoutMs: 300,
    giveUpMs: 0,
    version: '1',
    wants: (type) => type === 'n',
    letterOf: (event) => cloudEventOf(event, {}),
  }
  webhooks = start(['127.0.0.0/8'], [target])
  await run()
  await expect.poll(async () => (await positions()).length).toBe(2)
  const own = async () => (await webhooks.status(world.tenantId))[0]!
  await append(1, 1, 2)
  for (let id = 2; id < 7; id++) await append(id, id)
  await expect.poll(own, { timeout: 5_000 }).toMatchObject({ isDown: true })
  await world.tx((tx) => tx.query(`update api.webhook_letter set state = 'dead'`))
  isUp = true
  await append(9, 9)
  await expect.poll(() => ofSubscriber(taken, 9), { timeout: 5_000 }).toEqual([9])
})

test('a process that has lost its lease during a call stores nothing of it; who has the lease posts it again', async () => {
  const held: (() => void)[] = []
  const { url, calls } = await receiver((call, response) => void held.push(() => ok(call, response)))
  await apply(hook('crm', url, { timeoutMs: 5_000 }))
  await append(1, 1)
  await expect.poll(() => held.length).toBe(1)
  const before = await positions()
  const lend = (owner: string, until: string): Promise<unknown> =>
    world.tx((tx) => tx.query(`update api.webhook_state set leased_by = '${owner}', leased_until = ${until}`))
  await lend(crypto.randomUUID(), `now() + interval '1 hour'`)
  held[0]!()
  // The next call of another letter would show that the answer counted.
  await append(1, 2)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect([await positions(), calls.length]).toEqual([before, 1])
  await lend(crypto.randomUUID(), 'now()')
  await expect.poll(() => held.length, { timeout: 5_000 }).toBe(2)
  held[1]!()
  await expect.poll(() => held.length, { timeout: 5_000 }).toBe(3)
  held[2]!()
  expect(calls.map(({ n }) => n)).toEqual([1, 1, 2])
  expect(calls[0]!.id).toBe(calls[1]!.id)
})

test('inside addresses are not called, by whatever name', async () => {
  await webhooks.stop()
  webhooks = start([])
  const { url, calls } = await receiver()
  const { port } = new URL(url)
  await apply(
    hook('ip', url),
    hook('name', `http://localhost:${port}/`),
    hook('mapped', `http://[::ffff:127.0.0.1]:${port}/`),
    hook('decimal', `http://2130706433:${port}/`),
  )
  await append(1, 1)
  for (const id of ['ip', 'name', 'mapped', 'decimal']) {
    await expect.poll(() => statusOf(id)).toMatchObject({ lastError: 'address_forbidden', waiting: 1 })
  }
  expect(calls).toEqual([])
})

test('of several processes one delivers; another goes on where a dead one stopped', async () => {
  const { url, taken } = await receiver()
  await apply(hook('crm', url))
  const second = start(['127.0.0.0/8'])
  await second.stage.run(world.tenantId)
  await append(1, 1, 2, 3)
  await second.stage.run(world.tenantId)
  await expect.poll(() => taken.length).toBe(3)
  await webhooks.stop()
  await append(1, 4)
  await second.stage.run(world.tenantId)
  // What was taken in the moment of the stop may come again: its answer was not heard any more.
  const once = (): unknown[] => [...new Set(taken.map(({ n }) => n))]
  await expect.poll(once, { timeout: 5_000 }).toEqual([1, 2, 3, 4])
  await second.stop()
})

test('a webhook with a short secret, an unknown type or another protocol is refused', async () => {
  const problemsOf = async (rest: object) =>
    (await documents.apply(world.tenantId, [hook('crm', 'http://x.example/', rest)]))[0]!.problems
  expect(await problemsOf({ secret: 'whsec_short' })).toMatchObject([{ field: 'secret' }])
  expect(await problemsOf({ types: ['nobody.knows'] })).toMatchObject([{ field: 'types.0' }])
  expect(await problemsOf({ url: 'file:///etc/passwd' })).toMatchObject([{ field: 'url' }])
})
