import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type SourceWorld, sourceWorld } from '../../../test/source-world.ts'
import { testFolder } from '../../../test/stores.ts'
import { guard } from '../../access/index.ts'
import { createHttp, freePort } from '../../platform/index.ts'
import type { SourceStatus } from './contract.ts'
import { sourcesRoutes } from './http.ts'
import { sourceKind } from './source.ts'
import { createSources, type Sources } from './sources.ts'

let world: SourceWorld
let sources: Sources
let port: number

beforeAll(async () => {
  world = await sourceWorld([sourceKind])
  const schema = { type: 'object', properties: { volumeMb: { type: 'number' } } }
  await world.documents.apply(world.tenantId, [
    { kind: 'EventType', id: 'usage.recorded', subject: 'subscriber', schema },
  ])
  const rows = Array.from({ length: 100 }, (_, i) => ({ identities: { account: `a${i}` } }))
  await world.profiles.upsertSubscribers(world.tenantId, rows)
})
afterAll(() => world.close())

beforeEach(async () => {
  port = await freePort()
  sources = createSources({ ...world, onError: console.error })
  await sources.start(world.tenantId)
  await apply({ port })
})
afterEach(() => sources.stop())

const apply = (tcp: object | undefined, rest: object = {}) =>
  world.documents.apply(world.tenantId, [{ kind: 'Source', id: 'feed', ...(tcp ? { tcp } : {}), ...rest }])
const statusOf = async (): Promise<SourceStatus> =>
  (await sources.status(world.tenantId)).find(({ id }) => id === 'feed')!
const until = async (done: (status: SourceStatus) => boolean) => {
  for (let i = 0; i < 500; i++) {
    const status = await statusOf()
    if (done(status)) return status
    await wait(10)
  }
  throw new Error(`never: ${JSON.stringify(await statusOf())}`)
}
const lineOf = (source: string, n: number): string =>
  `${JSON.stringify({ specversion: '1.0', id: `e${n}`, source, type: 'usage.recorded', time: '2026-03-01T10:00:00Z', subject: `account:a${n % 100}`, data: { volumeMb: n } })}\n`
const linesOf = (source: string, from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => lineOf(source, from + i)).join('')
const logged = async (source: string) => (await world.logged()).filter((event) => event.source === source)

type Report = { accepted: number; duplicates: number; rejected: number }
const sumOf = (report: Report | undefined): number =>
  report ? report.accepted + report.duplicates + report.rejected : 0

/** A sender that shakes hands and keeps every line that comes back. */
const dial = async (key = world.apiKey) => {
  await until(({ state }) => state === 'connected')
  const socket = connect({ port, host: '127.0.0.1' })
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString()))
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.write(`${JSON.stringify({ key })}\n`)
  const answers = () =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Report & { error?: { code: string } })
  return { socket, answers, closed }
}
const write = (socket: Socket, text: string | Buffer) =>
  new Promise<void>((resolve, reject) => socket.write(text, (error) => (error ? reject(error) : resolve())))

test('lines cut anywhere are taken in, and the sender learns what is durable', async () => {
  const { socket, answers, closed } = await dial()
  const bytes = Buffer.from(
    `${linesOf('net', 0, 3_000)}{"broken":\n\n${lineOf('net', 0)}${lineOf('net', 3_000).trimEnd()}`,
  )
  for (let at = 0; at < bytes.length; at += 7_777) await write(socket, bytes.subarray(at, at + 7_777))
  while (sumOf(answers().at(-1)) < 2_000) await wait(5)
  socket.end()
  await closed
  expect(answers().at(-1)).toEqual({ accepted: 3_001, duplicates: 1, rejected: 1 })
  const sums = answers().map(sumOf)
  expect(sums).toEqual([...sums].sort((a, b) => a - b))
  expect(await logged('net')).toHaveLength(3_001)
  expect(await statusOf()).toMatchObject({
    way: 'tcp',
    state: 'connected',
    accepted: 3_001,
    duplicates: 1,
    rejected: 1,
    lastEventAt: expect.any(String),
    lastError: null,
    details: { connections: 0, port },
  })
})

test('what the server told is in the log when it dies, and sending the rest again doubles nothing', async () => {
  const all = Array.from({ length: 20_000 }, (_, n) => lineOf('dying', n))
  const { socket, answers, closed } = await dial()
  const sending = (async () => {
    for (let at = 0; at < all.length; at += 500) await write(socket, all.slice(at, at + 500).join(''))
  })().catch(() => undefined)
  while (sumOf(answers().at(-1)) === 0) await wait(1)
  await sources.stop()
  await Promise.all([sending, closed])
  const told = sumOf(answers().at(-1))
  expect(told).toBeGreaterThan(0)
  const inLog = new Set((await logged('dying')).map(({ id }) => id))
  for (let n = 0; n < told; n++) expect(inLog.has(`e${n}`)).toBe(true)

  sources = createSources({ ...world, onError: console.error })
  await sources.start(world.tenantId)
  const again = await dial()
  await write(again.socket, all.slice(told).join(''))
  again.socket.end()
  await again.closed
  const last = again.answers().at(-1)!
  expect(sumOf(last)).toBe(all.length - told)
  expect(inLog.size + last.accepted).toBe(all.length)
  expect(await logged('dying')).toHaveLength(all.length)
})

test('a connection that breaks in the middle of a line leaves the whole lines', async () => {
  const { socket, answers } = await dial()
  await write(socket, linesOf('cut', 0, 10) + lineOf('cut', 10).slice(0, 40))
  while (sumOf(answers().at(-1)) < 10) await wait(5)
  socket.resetAndDestroy()
  await until(({ details }) => details['connections'] === 0)
  expect(await logged('cut')).toHaveLength(10)
  expect(await statusOf()).toMatchObject({ accepted: 10, rejected: 0 })
})

test('without a key of this tenant that may write there is no way in', async () => {
  const other = await world.access.createTenant({
    tenantId: `${world.tenantId}-2`,
    name: 'O',
    currency: 'RUB',
    currencyDecimals: 2,
    timeZone: 'UTC',
    language: 'en',
  })
  const reader = await world.access.createKey(world.tenantId, { name: 'r', role: 'read' })
  for (const [key, code] of [
    ['tk_wrong', 'key_unauthenticated'],
    [other.apiKey, 'key_unauthenticated'],
    [reader.apiKey, 'role_forbidden'],
    [5 as unknown as string, 'handshake_invalid'],
    ['x'.repeat(10_000), 'handshake_invalid'],
  ]) {
    const { socket, answers, closed } = await dial(key)
    socket.write(linesOf('thief', 0, 10))
    await closed
    expect(answers().map(({ error }) => error?.code)).toEqual([code])
  }
  expect(await logged('thief')).toEqual([])
})

test('a source follows its document without a restart: paused, at another port, at a port that is taken', async () => {
  const first = await dial()
  await apply({ port }, { paused: true })
  await first.closed
  expect(await statusOf()).toMatchObject({ state: 'paused' })
  const occupied = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => occupied.once('listening', resolve))
  const taken = (occupied.address() as { port: number }).port
  await apply({ port: taken })
  expect((await until(({ state }) => state === 'failed')).lastError?.message).toMatch(/EADDRINUSE/)
  port = await freePort()
  await apply({ port })
  const { socket, answers, closed } = await dial()
  socket.end(linesOf('moved', 0, 5))
  await closed
  expect(answers().at(-1)).toMatchObject({ accepted: 5 })
  occupied.close()
})

test('GET /v1/sources shows what each way in does', async () => {
  const http = createHttp((error) => console.error(error))
  guard(http, world.access)
  sourcesRoutes(http, sources)
  const get = async (url: string) =>
    http.inject({ url, headers: { authorization: `Bearer ${world.apiKey}` } })
  await until(({ state }) => state === 'connected')
  expect((await get('/v1/sources')).json()).toMatchObject({
    sources: [{ id: 'feed', way: 'tcp', state: 'connected' }],
  })
  expect((await get('/v1/sources/feed/files')).statusCode).toBe(404)
  await http.close()
})

const folder = { path: testFolder(), type: 'usage.recorded', map: { time: 'at' } }
const kafka = { brokers: ['127.0.0.1:9092'], topic: 't' }
test.for([
  ['no way in', {}, 'tcp'],
  ['two ways in', { tcp: { port: 1 }, kafka }, 'kafka'],
  ['an unknown event type', { folder: { ...folder, type: 'nothing' } }, 'folder.type'],
  ['a path that begins nowhere', { folder: { ...folder, path: 'here' } }, 'folder.path'],
  ['a time zone that is none', { folder: { ...folder, zone: 'Mars/Phobos' } }, 'folder.zone'],
  ['a map of columns that are not there', { folder: { ...folder, columns: ['time'] } }, 'folder.map'],
  ['a map without a type', { kafka: { ...kafka, map: { time: 'at' } } }, 'kafka.type'],
  ['a broker without a port', { kafka: { ...kafka, brokers: ['kafka'] } }, 'kafka.brokers.0'],
] as const)('a source with %s is refused', async ([, rest, field]) => {
  const [result] = await world.documents.apply(world.tenantId, [{ kind: 'Source', id: 'bad', ...rest }])
  expect(result).toMatchObject({ outcome: 'refused', problems: [{ field }] })
})

test('two sources cannot listen at one port', async () => {
  const [result] = await world.documents.apply(world.tenantId, [
    { kind: 'Source', id: 'same', tcp: { port } },
  ])
  expect(result).toMatchObject({ outcome: 'refused', problems: [{ field: 'tcp.port' }] })
})
