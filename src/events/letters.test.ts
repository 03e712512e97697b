import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IngestionFixture, ingestionFixture } from '../../test/ingestion-fixture.ts'
import { createAccess } from '../access/index.ts'
import { Documents, newId } from '../platform/index.ts'
import { createProfiles } from '../profiles/index.ts'
import type { EventType } from './event-type.ts'
import { insertLateLetters } from './late.ts'
import { encodeRecord, type LoggedEvent } from './record.ts'

let world: IngestionFixture
beforeAll(async () => {
  world = await ingestionFixture()
})
afterAll(() => world.close())

const type = (id: string, unknownSubscriber?: EventType['unknownSubscriber']): Omit<EventType, 'kind'> => ({
  id,
  subject: 'subscriber',
  ...(unknownSubscriber ? { unknownSubscriber } : {}),
  schema: {
    type: 'object',
    properties: { at: { type: 'string', format: 'date-time' }, n: { type: 'number', minimum: 0 } },
  },
})
const types = [type('rejects'), type('creates', 'create'), type('holds', 'hold')]
const event = (of: string, subject: unknown, rest: object = {}): object => ({
  specversion: '1.0',
  id: newId(),
  source: 'pcrf',
  type: of,
  time: '2026-03-01T10:00:00Z',
  subject,
  ...rest,
})
const lettersOf = async (tenantId: string, state: 'open' | 'held' | 'replayed') =>
  (await world.events.listDeadLetters(tenantId, { state, limit: 1_000 })).deadLetters

test('a type may make the subscribers that it meets, once each, however many events name them', async () => {
  const tenantId = await world.tenant(types)
  const subjects = ['+79991110001', '8 999 111-00-01', 'account:new', 'msisdn:nonsense', '+79991110002', 7]
  const given = subjects.flatMap((subject) => [event('creates', subject), event('creates', subject)])
  const result = await world.events.ingest(tenantId, given)
  expect(result.accepted).toBe(6)
  expect(result.rejected.map(({ index, problem }) => [index, problem.code])).toEqual(
    [2, 3, 6, 7, 10, 11].map((index) => [index, 'event_subject_unknown']),
  )
  const lines = world.events.openLines(tenantId)
  await lines.write(Buffer.from(`${JSON.stringify(event('creates', '+79991110003'))}\n`))
  expect(await lines.end()).toMatchObject({ accepted: 1, rejectedCount: 0 })
  const ids = new Set((await world.logged(tenantId)).map(({ subscriberId }) => subscriberId))
  expect(ids.size).toBe(4)
  expect(await world.stores.database.tx(tenantId, (tx) => world.profiles.countSubscribers(tx))).toBe(4)
})

test('a held event is taken in by the import that makes its subscriber known, whatever the spelling', async () => {
  const tenantId = await world.tenant(types)
  const given = [
    event('holds', '+7 999 222 00 01'),
    event('holds', '+79992220002'),
    event('rejects', '+79992220001'),
  ]
  const { rejected } = await world.events.ingest(tenantId, [...given, event('holds', 'no identity')])
  expect(rejected.map(({ problem }) => problem.code)).toEqual(Array(4).fill('event_subject_unknown'))
  expect(await lettersOf(tenantId, 'held')).toHaveLength(2)
  expect(await lettersOf(tenantId, 'open')).toHaveLength(2)

  await world.profiles.upsertSubscribers(tenantId, [{ identities: { msisdn: '8 999 222 00 01' } }])
  expect(await world.logged(tenantId)).toMatchObject([{ type: 'holds', id: (given[0] as { id: string }).id }])
  expect(await lettersOf(tenantId, 'replayed')).toHaveLength(1)
  expect(await lettersOf(tenantId, 'held')).toMatchObject([{ event: { subject: '+79992220002' } }])
  // Replaying all takes the open ones; a held one goes on waiting.
  await world.events.replay(tenantId, { all: true })
  expect(await lettersOf(tenantId, 'held')).toHaveLength(1)
})

test('an event that is held while another process imports its subscriber is found by looking again', async () => {
  const tenantId = await world.tenant(types)
  await world.events.ingest(tenantId, [
    event('holds', 'account:far', { data: { n: -1 } }),
    event('holds', 'account:far'),
  ])
  const { database } = world.stores
  const documents = new Documents(database, [])
  const access = createAccess({ database, clock: world.clock })
  const elsewhere = createProfiles({ database, access, documents, clock: world.clock })
  await elsewhere.upsertSubscribers(tenantId, [{ identities: { account: 'far' } }])
  expect(await lettersOf(tenantId, 'held')).toHaveLength(2)
  expect(await world.events.recheckHeld(tenantId)).toBe(1)
  expect(await world.logged(tenantId)).toHaveLength(1)
  // What is wrong with it besides is for a person to mend.
  expect(await lettersOf(tenantId, 'held')).toHaveLength(0)
  expect(await lettersOf(tenantId, 'open')).toMatchObject([{ problem: { field: 'data.n' } }])
})

const late = (subscriberId: number, rest: Partial<LoggedEvent> = {}): LoggedEvent => ({
  id: 'late-1',
  source: 'pcrf',
  type: 'rejects',
  atMs: Date.UTC(2026, 2, 1, 8),
  receivedMs: Date.UTC(2026, 2, 1, 11),
  subscriberId,
  isReplayed: false,
  data: { at: Date.UTC(2026, 2, 1, 7), n: 3 },
  ...rest,
})
const keep = (tenantId: string, event: LoggedEvent): Promise<void> =>
  world.stores.database.tx(tenantId, (tx) =>
    insertLateLetters(
      tx,
      [{ record: encodeRecord(event), newestMs: Date.UTC(2026, 2, 1, 10), boundMs: 3_600_000 }],
      world.clock.now(),
    ),
  )

test('an event that came too late is one letter, and its replay counts in its place, once', async () => {
  const tenantId = await world.tenant(types, 1)
  const [subscriberId] = await world.profiles.resolveIdentities(tenantId, ['+79990000001'])
  const given = late(subscriberId!)
  await keep(tenantId, given)
  await keep(tenantId, given)
  const [letter, ...others] = await lettersOf(tenantId, 'open')
  expect(others).toEqual([])
  expect(letter).toMatchObject({
    event: {
      id: 'late-1',
      subject: `subscriber:${subscriberId}`,
      time: '2026-03-01T08:00:00Z',
      data: given.data,
    },
    problem: {
      code: 'event_too_late',
      field: 'time',
      found: '2026-03-01T08:00:00Z',
      expected: 'at or after 2026-03-01T09:00:00Z',
    },
  })
  // The same event in the log under its own key is no obstacle: the replay is another record.
  const ids = [letter!.deadLetterId]
  expect(await world.events.replay(tenantId, { ids })).toMatchObject({ accepted: 1, notOpen: 0 })
  expect(await world.logged(tenantId)).toEqual([
    { ...given, isReplayed: true, receivedMs: world.clock.nowMs() },
  ])
  await keep(tenantId, given)
  expect(await lettersOf(tenantId, 'open')).toEqual([])
  expect(await world.events.replay(tenantId, { ids })).toMatchObject({ accepted: 0, notOpen: 1 })
})

test('a late event may be mended; its subject by number is good there and nowhere else', async () => {
  const tenantId = await world.tenant(types, 1)
  const [subscriberId] = await world.profiles.resolveIdentities(tenantId, ['+79990000001'])
  await keep(tenantId, late(subscriberId!))
  const [letter] = await lettersOf(tenantId, 'open')
  const { deadLetterId } = letter!
  const byNumber = (rest: object): object => event('rejects', `subscriber:${subscriberId}`, rest)
  const replay = (mended: object) =>
    world.events.replay(tenantId, { events: [{ deadLetterId, event: mended }] })
  expect(await world.events.ingest(tenantId, [byNumber({})])).toMatchObject({
    rejected: [{ problem: { code: 'event_subject_unknown' } }],
  })
  expect(await replay(byNumber({ data: { n: -1 } }))).toMatchObject({ refused: 1 })
  expect(await replay({ ...byNumber({}), subject: `subscriber:${subscriberId! + 1}` })).toMatchObject({
    refused: 1,
  })
  expect(await replay(byNumber({ id: 'late-1', data: { at: '2026-03-01T07:30:00Z', n: 4 } }))).toMatchObject({
    accepted: 1,
  })
  const data = { at: Date.UTC(2026, 2, 1, 7, 30), n: 4 }
  expect(await world.logged(tenantId)).toMatchObject([{ id: 'late-1', subscriberId, isReplayed: true, data }])
})

test('an event that is too deep to be stored as it is does not stop its letter', async () => {
  const tenantId = await world.tenant(types, 1)
  let deep: unknown = 1
  for (let i = 0; i < 50_000; i++) deep = [deep]
  const result = await world.events.ingest(tenantId, [event('rejects', '+79990000001', { data: { deep } })])
  expect(result.rejected).toMatchObject([{ problem: { code: 'event_too_deep' } }])
  expect(await lettersOf(tenantId, 'open')).toHaveLength(1)
})
