import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase, testFolder } from '../../test/stores.ts'
import { type Access, createAccess, guard } from '../access/index.ts'
import {
  createHttp,
  Documents,
  entriesOf,
  type FastifyInstance,
  LmdbLogStore,
  ManualClock,
  newId,
} from '../platform/index.ts'
import { attributesKind, createProfiles, type Profiles } from '../profiles/index.ts'
import type { DeadLetterPage, IngestAnswer, ReplayAnswer } from './contract.ts'
import { eventTypeKind } from './event-type.ts'
import { eventsRoutes } from './http.ts'
import { decodeRecord, type LoggedEvent } from './record.ts'
import { createEvents, type Events } from './service.ts'

const clock = new ManualClock(Date.UTC(2026, 2, 1, 12))
let stores: TestDatabase
let logs: LmdbLogStore
let access: Access
let profiles: Profiles
let documents: Documents
let events: Events
let http: FastifyInstance
let tenantId: string
let key: string
const woken: string[] = []

beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  logs = new LmdbLogStore(testFolder(), { partitions: 1 })
  access = createAccess({ database, clock })
  documents = new Documents(database, [attributesKind, eventTypeKind])
  profiles = createProfiles({ database, access, documents, clock, refreshEveryMs: 0 })
  const log = (name: string) => logs.log(name)
  events = createEvents({ database, documents, profiles, clock, log, wake: (id) => woken.push(id) })
  http = createHttp((error) => console.error(error))
  guard(http, access)
  eventsRoutes(http, events, access)
})
afterAll(async () => {
  await http.close()
  await logs.close()
  await stores.close()
})

beforeEach(async () => {
  tenantId = `t-${newId()}`
  const tenant = { name: 'T', currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC', language: 'en' as const }
  key = (await access.createTenant({ tenantId, ...tenant, country: 'RU' })).apiKey
  const properties = {
    volumeMb: { type: 'number', minimum: 0 },
    startedAt: { type: 'string', format: 'date-time' },
    peer: { type: 'string', 'x-identity': 'msisdn' },
  }
  await documents.apply(tenantId, [
    {
      kind: 'EventType',
      id: 'usage.recorded',
      subject: 'subscriber',
      schema: { type: 'object', required: ['volumeMb'], properties },
    },
    {
      kind: 'EventType',
      id: 'shop.opened',
      schema: { type: 'object', properties: { city: { enum: ['Kyiv'] } }, additionalProperties: false },
    },
  ])
  await profiles.upsertSubscribers(tenantId, [
    { identities: { msisdn: '+79991234567', account: 'A1' } },
    { identities: { msisdn: '+79997654321' } },
  ])
  woken.length = 0
})

const usage = (rest: object = {}): Record<string, unknown> => ({
  specversion: '1.0',
  id: 'e1',
  source: 'pcrf',
  type: 'usage.recorded',
  time: '2026-03-01T10:00:00+03:00',
  subject: '+79991234567',
  data: { volumeMb: 12.5 },
  ...rest,
})

const post = async (
  url: string,
  payload: unknown,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) => {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return http.inject({
    method: 'POST',
    url,
    payload: body,
    headers: { authorization: `Bearer ${key}`, ...headers },
  })
}
const send = async (payload: unknown, contentType = 'application/json') =>
  (await post('/v1/events', payload, { 'content-type': contentType })).json<IngestAnswer>()
const logged = async (): Promise<LoggedEvent[]> => {
  const chunks = await events.log(tenantId).read(0, 0, 100_000)
  return [...entriesOf(chunks)].map((entry) => decodeRecord(entry.record))
}
const letters = async (): Promise<DeadLetterPage['deadLetters']> =>
  (await events.listDeadLetters(tenantId, { state: 'open', limit: 1_000 })).deadLetters

test('an accepted event is in the log without phone numbers, times as milliseconds, declared fields only', async () => {
  const [first, second] = await profiles.resolveIdentities(tenantId, ['account:A1', '+79997654321'])
  const data = {
    volumeMb: 12.5,
    startedAt: '2026-03-01T09:00:00Z',
    peer: '8 999 765-43-21',
    imsi: '250010000000001',
  }
  expect(
    await send([usage({ data }), usage({ id: 'e2', data: { volumeMb: 1, peer: '+4930123456' } })]),
  ).toEqual({
    accepted: 2,
    duplicates: 0,
    rejectedCount: 0,
    rejected: [],
  })
  const head = {
    source: 'pcrf',
    type: 'usage.recorded',
    atMs: Date.UTC(2026, 2, 1, 7),
    receivedMs: clock.nowMs(),
    subscriberId: first,
    isReplayed: false,
  }
  expect(await logged()).toEqual([
    {
      id: 'e1',
      ...head,
      data: { volumeMb: 12.5, startedAt: Date.UTC(2026, 2, 1, 9), peer: `subscriber:${second}` },
    },
    { id: 'e2', ...head, data: { volumeMb: 1, peer: 'unknown' } },
  ])
  expect(woken).toEqual([tenantId])
})

test('the same source and id is a duplicate, within a request and over requests, whatever else it says', async () => {
  expect(await send([usage(), usage(), usage({ source: 'other' })])).toMatchObject({
    accepted: 2,
    duplicates: 1,
  })
  woken.length = 0
  expect(await send(usage({ data: { volumeMb: 99 } }))).toMatchObject({ accepted: 0, duplicates: 1 })
  expect((await logged()).map((event) => event.data)).toEqual([{ volumeMb: 12.5 }, { volumeMb: 12.5 }])
  expect(woken).toEqual([])
})

const badEvents: [bad: unknown, code: string, field: string, found: unknown][] = [
  [usage({ specversion: '0.3' }), 'event_specversion_unsupported', 'specversion', '0.3'],
  [usage({ id: '' }), 'event_id_invalid', 'id', ''],
  [usage({ id: 7 }), 'event_id_invalid', 'id', 7],
  [usage({ id: 'a\nb' }), 'event_id_invalid', 'id', 'a\nb'],
  [usage({ id: 'x'.repeat(301) }), 'event_id_invalid', 'id', 'x'.repeat(301)],
  [usage({ source: undefined }), 'event_source_invalid', 'source', undefined],
  [usage({ type: 'usage.recordet' }), 'event_type_unknown', 'type', 'usage.recordet'],
  [usage({ type: '__proto__' }), 'event_type_unknown', 'type', '__proto__'],
  [usage({ time: undefined }), 'event_time_invalid', 'time', undefined],
  [usage({ time: '2026-02-30T10:00:00Z' }), 'event_time_invalid', 'time', '2026-02-30T10:00:00Z'],
  [usage({ time: 1_772_000_000 }), 'event_time_invalid', 'time', 1_772_000_000],
  [usage({ subject: undefined }), 'event_subject_missing', 'subject', undefined],
  [usage({ subject: 'account:nobody' }), 'event_subject_unknown', 'subject', 'account:nobody'],
  [usage({ subject: 5 }), 'event_subject_unknown', 'subject', 5],
  [usage({ data: undefined }), 'event_data_invalid', 'data.volumeMb', undefined],
  [usage({ data: 'text' }), 'event_data_invalid', 'data', 'text'],
  [usage({ data: null }), 'event_data_invalid', 'data', null],
  [usage({ data: { volumeMb: '12' } }), 'event_data_invalid', 'data.volumeMb', '12'],
  [usage({ data: { volumeMb: -1 } }), 'event_data_invalid', 'data.volumeMb', -1],
  [usage({ data: { volumeMb: 1, startedAt: 'noon' } }), 'event_data_invalid', 'data.startedAt', 'noon'],
  [usage({ data: undefined, data_base64: 'AA==' }), 'event_data_encoding', 'data_base64', undefined],
  [usage({ datacontenttype: 'text/xml' }), 'event_data_encoding', 'datacontenttype', 'text/xml'],
  [usage({ type: 'shop.opened', data: { city: 'Lviv' } }), 'event_data_invalid', 'data.city', 'Lviv'],
  [usage({ type: 'shop.opened', data: { citi: 'Kyiv' } }), 'event_data_invalid', 'data.citi', 'Kyiv'],
  ['text', 'event_malformed', '', 'text'],
  [null, 'event_malformed', '', null],
  [[], 'event_malformed', '', []],
]

const cases = badEvents.map(([bad, code, field, found]) => [code, field, bad, found] as const)
test.for(cases)('%s at "%s": refused alone, told, and kept', async ([code, field, bad, found]) => {
  const answer = await send([usage({ id: 'before' }), bad, usage({ id: 'after' })])
  expect(answer).toMatchObject({ accepted: 2, rejectedCount: 1 })
  const { index, problem, deadLetterId } = answer.rejected[0]!
  expect({ index, code: problem.code, field: problem.field, found: problem.found }).toEqual({
    index: 1,
    code,
    field,
    found,
  })
  expect(problem.expected).toBeTypeOf('string')
  expect((await logged()).map((event) => event.id)).toEqual(['before', 'after'])
  expect(await letters()).toMatchObject([{ deadLetterId, state: 'open', problem: { code } }])
})

test('events without a subscriber are for types that need none', async () => {
  const opened = {
    specversion: '1.0',
    id: 's1',
    source: 'crm',
    type: 'shop.opened',
    time: '2026-03-01T10:00:00Z',
  }
  expect(await send(opened)).toMatchObject({ accepted: 1 })
  expect(await logged()).toMatchObject([{ subscriberId: null, data: {} }])
  expect(await send({ ...opened, id: 's2', subject: 'account:nobody' })).toMatchObject({
    rejected: [{ problem: { code: 'event_subject_unknown' } }],
  })
})

test('every mode of the CloudEvents HTTP binding is understood', async () => {
  expect(await send(usage(), 'application/cloudevents+json; charset=utf-8')).toMatchObject({ accepted: 1 })
  expect(await send([usage({ id: 'b1' })], 'application/cloudevents-batch+json')).toMatchObject({
    accepted: 1,
  })
  expect(await send([], 'application/cloudevents-batch+json')).toMatchObject({
    accepted: 0,
    rejectedCount: 0,
  })
  const binary = await post(
    '/v1/events',
    { volumeMb: 3 },
    {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': 'bin%20%D1%96',
      'ce-source': 'pcrf',
      'ce-type': 'usage.recorded',
      'ce-time': '2026-03-01T10:00:00Z',
      'ce-subject': 'msisdn:%2B79991234567',
    },
  )
  expect(binary.json()).toMatchObject({ accepted: 1 })
  expect((await logged()).map((event) => event.id)).toEqual(['e1', 'b1', 'bin і'])

  const alone = await post('/v1/events', usage({ id: 'bad', time: 'now' }))
  expect(alone.statusCode).toBe(422)
  expect(alone.json()).toMatchObject({ accepted: 0, rejectedCount: 1 })
  expect((await post('/v1/events', '{"specversion":')).statusCode).toBe(400)
  expect((await post('/v1/events', 'a,b', { 'content-type': 'text/csv' })).statusCode).toBe(415)
})

test('a stream of lines is taken chunk by chunk; a line that is no JSON waits in the dead letters', async () => {
  const lines = Array.from({ length: 4_500 }, (_, i) => JSON.stringify(usage({ id: `n${i}` })))
  lines[3_000] = '{"specversion":'
  lines[4_000] = JSON.stringify(usage({ id: 'n0' }))
  const answer = await send(`${lines.join('\n')}\n`, 'application/x-ndjson')
  expect(answer).toMatchObject({ accepted: 4_498, duplicates: 1, rejectedCount: 1 })
  expect(answer.rejected).toMatchObject([{ index: 3_000, problem: { code: 'line_invalid' } }])
  expect(await logged()).toHaveLength(4_498)
  expect(await letters()).toMatchObject([{ event: '{"specversion":' }])
})

test('texts that PostgreSQL cannot hold do not stop a letter, and a repeated letter is one letter', async () => {
  const bad = usage({ id: 'u1', time: 'bad \u0000 \ud800 \\u0000', data: { volumeMb: 1, '\u0000': '\\' } })
  expect(await send([bad, bad, usage({ id: 'u2', time: 'x' })])).toMatchObject({ rejectedCount: 3 })
  await send(bad)
  const open = await letters()
  expect(open).toHaveLength(2)
  expect(open.find((letter) => (letter.event as { id: string }).id === 'u1')).toMatchObject({
    event: { time: 'bad \ufffd \ufffd \\u0000', data: { '\ufffd': '\\' } },
  })
})

test('letters are replayed when the reason is gone, or with a mended event, and answer what happened', async () => {
  const newcomer = '+79990000001'
  const { rejected } = await send([
    usage({ id: 'r1', subject: newcomer }),
    usage({ id: 'r2', time: 'yesterday' }),
    usage({ id: 'r3', data: {} }),
  ])
  const [r1, r2, r3] = rejected.map((one) => one.deadLetterId)
  const replay = async (body: object) => (await post('/v1/dead-letters/replay', body)).json<ReplayAnswer>()

  const early = await replay({ ids: [r1] })
  expect(early).toMatchObject({
    refused: 1,
    letters: [{ outcome: 'refused', problem: { field: 'subject' } }],
  })

  await profiles.upsertSubscribers(tenantId, [{ identities: { msisdn: newcomer } }])
  const mended = await replay({ events: [{ deadLetterId: r2, event: usage({ id: 'r2' }) }] })
  expect(mended).toMatchObject({ accepted: 1, letters: [{ deadLetterId: r2, outcome: 'accepted' }] })
  woken.length = 0
  const all = await replay({ all: true })
  expect(all).toMatchObject({ accepted: 1, refused: 1, duplicates: 0, notOpen: 0 })
  expect(woken).toEqual([tenantId])
  expect((await logged()).map((event) => event.id)).toEqual(['r2', 'r1'])
  expect(await replay({ ids: [r1, r2, 'no-such'] })).toMatchObject({ accepted: 0, notOpen: 3 })

  const discard = await post('/v1/dead-letters/discard', { ids: [r3, r1] })
  expect(discard.json()).toEqual({ discarded: [r3] })
  expect(await letters()).toEqual([])
  expect((await replay({ all: true })).letters).toEqual([])
  expect((await post('/v1/dead-letters/replay', { all: false })).statusCode).toBe(422)
})

test('the list of dead letters goes on page by page', async () => {
  await send(Array.from({ length: 25 }, (_, i) => usage({ id: `p${i}`, time: 'bad' })))
  const seen = new Set<string>()
  let after = ''
  for (let page = 0; page < 3; page++) {
    const url = `/v1/dead-letters?limit=10${after && `&after=${after}`}`
    const answer = await http.inject({ url, headers: { authorization: `Bearer ${key}` } })
    const { deadLetters, next } = answer.json<DeadLetterPage>()
    for (const letter of deadLetters) seen.add(letter.deadLetterId)
    expect(next === null).toBe(page === 2)
    after = next ?? ''
  }
  expect(seen.size).toBe(25)
})

test('a subscriber imported by another process is found, and a changed event type holds at once', async () => {
  const elsewhere = createProfiles({ database: stores.database, access, documents, clock })
  await elsewhere.upsertSubscribers(tenantId, [{ identities: { account: 'fresh' } }])
  expect(await send(usage({ id: 'f1', subject: 'account:fresh' }))).toMatchObject({ accepted: 1 })

  const schema = {
    type: 'object',
    properties: { volumeKb: { type: 'integer' } },
    additionalProperties: false,
  }
  await documents.apply(tenantId, [{ kind: 'EventType', id: 'usage.recorded', schema }])
  expect(await send(usage({ id: 'f2' }))).toMatchObject({
    rejected: [{ problem: { field: 'data.volumeMb' } }],
  })
})

test('single events that arrive together share a write and each gets its own answer', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      send(usage({ id: `g${i % 40}`, ...(i === 7 ? { time: 'x' } : {}) })),
    ),
  )
  expect(answers.filter((answer) => answer.accepted === 1)).toHaveLength(40)
  expect(answers[7]).toMatchObject({ rejected: [{ index: 0, problem: { field: 'time' } }] })
})
