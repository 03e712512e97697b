import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess } from '../access/index.ts'
import { type CelType, compileExpression } from '../expressions/index.ts'
import { Documents, ManualClock, newId } from '../platform/index.ts'
import { attributesKind, createProfiles, type Profiles } from '../profiles/index.ts'
import { Audience } from './audience.ts'
import type { Trigger } from './contract.ts'

const clock = new ManualClock(Date.UTC(2026, 2, 1, 12))
const TENANT_ZONE = 'Europe/Moscow'
const declarations: Record<string, CelType> = {
  plan: 'string',
  months: 'int',
  since: 'timestamp',
  tags: { list: 'string' },
}
const sources = [
  'subscriber.months > 3',
  'subscriber.plan == "pro" || subscriber.months < 0',
  '!(subscriber.plan in ["pro", "basic"])',
  '"vip" in subscriber.tags',
  'subscriber.since < timestamp("2025-01-01T00:00:00Z")',
]
const rules = sources.map((subscriber, i): Trigger => ({
  kind: 'Trigger',
  id: `rule-${i}`,
  on: 'a',
  match: {},
  subscriber,
}))
const calendarRule: Trigger = {
  kind: 'Trigger',
  id: 'calendar',
  on: 'a',
  match: {},
  limit: { times: 1, per: 'day' },
}

let stores: TestDatabase
let documents: Documents
let profiles: Profiles
const access = (): ReturnType<typeof createAccess> => createAccess({ database: stores.database, clock })

beforeAll(async () => {
  stores = await testDatabase()
  documents = new Documents(stores.database, [attributesKind])
  profiles = createProfiles({ database: stores.database, access: access(), documents, clock })
})
afterAll(() => stores.close())

async function newTenant(): Promise<string> {
  const tenantId = `t-${newId()}`
  const settings = {
    name: 'Test',
    currency: 'RUB',
    currencyDecimals: 2,
    timeZone: TENANT_ZONE,
    country: 'RU',
  }
  await access().createTenant({ tenantId, ...settings, language: 'ru' })
  await documents.apply(tenantId, [{ kind: 'Attributes', id: 'subscriber', attributes: declarations }])
  return tenantId
}

const audienceOf = (tenantId: string, refreshEveryMs = 0): Audience =>
  new Audience({ database: stores.database, tenantId, timeZone: TENANT_ZONE, refreshEveryMs })

/** Every subscriber of the tenant as the profiles tell him. */
async function everybody(tenantId: string): Promise<Awaited<ReturnType<Profiles['subscribersByIds']>>> {
  return stores.database.tx(tenantId, async (tx) =>
    profiles.subscribersByIds(tx, await profiles.subscriberIds(tx, 0, 10_000)),
  )
}

async function expectAgreement(audience: Audience, tenantId: string, asked: Trigger[]): Promise<void> {
  const people = await everybody(tenantId)
  for (const { subscriberId, timeZone } of people.values())
    expect(audience.zoneOf(subscriberId)).toBe(timeZone)
  for (const rule of asked) {
    const admits = audience.admitsOf(rule)
    const holds =
      rule.subscriber === undefined
        ? undefined
        : compileExpression(rule.subscriber, { subscriber: declarations }, 'bool').toFunction()
    expect(admits === undefined).toBe(holds === undefined)
    if (!admits || !holds) continue
    for (const { subscriberId, attributes } of people.values()) {
      const found = [rule.id, subscriberId, admits(subscriberId)]
      expect(found).toEqual([rule.id, subscriberId, holds({ subscriber: attributes }) === true])
    }
    expect(admits(2_000_000_000)).toBe(false)
  }
}

const anyRow = fc.record({
  identities: fc.record({ external: fc.integer({ min: 0, max: 60 }).map((n) => `x${n}`) }),
  attributes: fc.record(
    {
      plan: fc.constantFrom('pro', 'basic', 'other', null),
      months: fc.option(fc.integer({ min: -5, max: 10 })),
      since: fc.constantFrom('2024-05-01T00:00:00Z', '2025-05-01T00:00:00Z', null),
      tags: fc.constantFrom(['vip'], ['a', 'b'], [], null),
    },
    { requiredKeys: [] },
  ),
  timeZone: fc.constantFrom(undefined, 'Asia/Tokyo', 'Europe/Moscow', 'Europe/Kyiv'),
})
const anySteps = fc.array(
  fc.record({
    rows: fc.array(anyRow, { maxLength: 40 }),
    rules: fc.subarray([...rules, calendarRule]),
    audience: fc.constantFrom(0, 1),
  }),
  { minLength: 1, maxLength: 8 },
)

// oxlint-disable-next-line vitest/expect-expect -- expectAgreement asserts
test('two audiences agree with everybody looked at, after any imports, changes and rules', async () => {
  await fc.assert(
    fc.asyncProperty(anySteps, async (steps) => {
      const tenantId = await newTenant()
      const audiences = [audienceOf(tenantId), audienceOf(tenantId)] as const
      for (const step of steps) {
        await profiles.upsertSubscribers(
          tenantId,
          step.rows.map(({ timeZone, ...row }) => (timeZone === undefined ? row : { ...row, timeZone })),
        )
        const asked = [...step.rules, calendarRule]
        const audience = audiences[step.audience as 0 | 1]
        await audience.refresh(asked, declarations)
        await expectAgreement(audience, tenantId, asked)
      }
      for (const audience of audiences) {
        await audience.refresh([...rules, calendarRule], declarations)
        await expectAgreement(audience, tenantId, [...rules, calendarRule])
      }
    }),
    { numRuns: 30 },
  )
}, 60_000)

test('a change that is committed after a later one was read is not missed', async () => {
  const tenantId = await newTenant()
  await profiles.upsertSubscribers(tenantId, [
    { identities: { external: 'x1' } },
    { identities: { external: 'x2' } },
  ])
  const [first, second] = (await profiles.resolveIdentities(tenantId, [
    'external:x1',
    'external:x2',
  ])) as number[]
  const audience = audienceOf(tenantId)
  await audience.refresh([calendarRule], declarations)
  const setZone = `update profiles.subscriber set time_zone = 'Asia/Tokyo', txid = pg_current_xact_id()
    where subscriber_id = $1`
  await stores.database.tx(tenantId, async (slow) => {
    await slow.query(setZone, [first])
    await stores.database.tx(tenantId, (quick) => quick.query(setZone, [second]))
    await audience.refresh([calendarRule], declarations)
    expect([audience.zoneOf(first!), audience.zoneOf(second!)]).toEqual([TENANT_ZONE, 'Asia/Tokyo'])
  })
  await audience.refresh([calendarRule], declarations)
  expect(audience.zoneOf(first!)).toBe('Asia/Tokyo')
})

test('what has changed is looked for once in a while, a new condition at once', async () => {
  const tenantId = await newTenant()
  const [rule, other] = rules as [Trigger, Trigger]
  const person = { identities: { external: 'x1' } }
  const audience = audienceOf(tenantId, 60_000)
  await profiles.upsertSubscribers(tenantId, [{ ...person, attributes: { months: 5 } }])
  const [id] = (await profiles.resolveIdentities(tenantId, ['external:x1'])) as [number]
  await audience.refresh([rule], declarations)
  expect(audience.admitsOf(rule)!(id)).toBe(true)
  await profiles.upsertSubscribers(tenantId, [{ ...person, attributes: { months: -1 } }])
  await audience.refresh([rule], declarations)
  expect(audience.admitsOf(rule)!(id)).toBe(true)
  await audience.refresh([rule, other], declarations)
  expect([audience.admitsOf(rule)!(id), audience.admitsOf(other)!(id)]).toEqual([false, true])
})

test('a condition that no longer fits the declared attributes stops its own rule only', async () => {
  const tenantId = await newTenant()
  const audience = audienceOf(tenantId)
  await audience.refresh(rules, declarations)
  const { plan: _, ...left } = declarations
  await audience.refresh(rules, left)
  expect(() => audience.admitsOf(rules[1]!)).toThrow(expect.objectContaining({ code: 'expression_invalid' }))
  expect(audience.admitsOf(rules[0]!)!(1)).toBe(false)
})

test('nothing is read while no rule asks anything', async () => {
  const tenantId = await newTenant()
  const person = { identities: { external: 'x1' }, timeZone: 'Asia/Tokyo' }
  await profiles.upsertSubscribers(tenantId, [person])
  const [id] = (await profiles.resolveIdentities(tenantId, ['external:x1'])) as [number]
  const audience = audienceOf(tenantId)
  await audience.refresh([{ kind: 'Trigger', id: 'plain', on: 'a', match: {} }], declarations)
  expect(audience.zoneOf(id)).toBe(TENANT_ZONE)
  await audience.refresh([calendarRule], declarations)
  expect(audience.zoneOf(id)).toBe('Asia/Tokyo')
  expect(audience.zones).toEqual([TENANT_ZONE, 'Asia/Tokyo'])
})

test('more subscribers than a page holds are all read, at first and when one transaction changes them', async () => {
  const tenantId = await newTenant()
  const run = (text: string): Promise<{ id: number }[]> =>
    stores.database.tx(tenantId, (tx) => tx.query(text))
  const ids = await run(
    `insert into profiles.subscriber (tenant_id, attributes, time_zone, created_at)
     select current_setting('tenure.tenant_id'), jsonb_build_object('months', n % 7), 'Asia/Tokyo', now()
     from generate_series(0, 44999) as n returning subscriber_id as id`,
  )
  const [rule] = rules as [Trigger]
  const audience = audienceOf(tenantId)
  await audience.refresh([rule], declarations)
  const admitted = (): number => ids.filter(({ id }) => audience.admitsOf(rule)!(id)).length
  expect(admitted()).toBe([...ids.keys()].filter((n) => n % 7 > 3).length)
  await run(
    `update profiles.subscriber set attributes = '{"months": 9}', time_zone = null, txid = pg_current_xact_id()`,
  )
  await audience.refresh([rule], declarations)
  expect(admitted()).toBe(ids.length)
  expect(ids.every(({ id }) => audience.zoneOf(id) === TENANT_ZONE)).toBe(true)
})

test('a rule that is tried under the id of a saved one leaves the saved one its condition', async () => {
  const tenantId = await newTenant()
  const [saved, other] = rules as [Trigger, Trigger]
  const row = { identities: { external: 'x1' } }
  await profiles.upsertSubscribers(tenantId, [{ ...row, attributes: { months: 5 } }])
  const [id] = (await profiles.resolveIdentities(tenantId, ['external:x1'])) as [number]
  const audience = audienceOf(tenantId)
  await audience.refresh([saved], declarations)
  const admits = audience.admitsOf(saved)!
  for (let i = 0; i < 60; i++) {
    await audience.refresh([{ ...other, id: saved.id, subscriber: `subscriber.months < ${i}` }], declarations)
    expect(admits(id)).toBe(true)
  }
  await profiles.upsertSubscribers(tenantId, [{ ...row, attributes: { months: 1 } }])
  await audience.refresh([saved], declarations)
  expect(admits(id)).toBe(false)
  // Other types are other conditions, under the same words.
  await audience.refresh([saved], { ...declarations, months: 'string' })
  expect(() => audience.admitsOf(saved)).toThrow(expect.objectContaining({ code: 'expression_invalid' }))
  expect(admits(id)).toBe(false)
})
