import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyHttp, loyaltyHttp } from '../../test/loyalty-http.ts'
import { type LoyaltyWorld, loyaltyWorld, orderTypes, paid, programme } from '../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { historyPage, explainedEvent } from './earning/contract.ts'
import { tryAnswer } from './rehearsal-contract.ts'
import { membershipsView, memberView, programmesView } from './members-contract.ts'
import { migratedAccounts, migrationResult } from './migration/programme-migration.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let http: LoyaltyHttp
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  await world.apply(
    ...orderTypes,
    programme({
      id: 'main',
      currency: 'points',
      expiry: { after: 'earn', days: 30 },
      welcome: { points: '5' },
      households: { sharesBalance: true },
    }),
    programme({ id: 'next', currency: 'next', enrolment: 'by_hand' }),
    { kind: 'EarnRule', id: 'one', on: 'order.paid', points: { perMajorUnit: '1' } },
    { kind: 'ProgrammeMigration', id: 'over', from: 'main', to: 'next', rate: '1' },
  )
  http = await loyaltyHttp(world)
})
afterAll(async () => {
  await http.close()
  await world.close()
  await stores.close()
})

const ask: LoyaltyHttp['ask'] = (...asked) => http.ask(...asked)

test('members are enrolled, joined, shown and let go over the API, and only by those who may', async () => {
  await world.subscribers('ann', 'bob')
  const enrol = { programme: 'main', subscriber: 'external:ann', key: 'k1' }
  expect(await ask('POST', '/v1/loyalty/members', enrol, 'read')).toMatchObject({ status: 403 })
  const made = await ask('POST', '/v1/loyalty/members', enrol)
  expect(memberView.parse(made.body)).toMatchObject({ programme: 'main', state: 'active' })
  expect(await ask('POST', '/v1/loyalty/members', enrol)).toEqual(made)
  const shown = await ask('GET', '/v1/members/external:ann', undefined, 'read')
  expect(membershipsView.parse(shown.body).memberships).toMatchObject([
    { programme: 'main', balance: '5', available: '5', expires: true, expiring: [{ points: '5' }] },
  ])
  const join = await ask('POST', '/v1/loyalty/households/home/members', {
    programme: 'main',
    subscriber: 'external:ann',
  })
  expect(join.body).toMatchObject({ household: 'home', sharesBalance: true })
  await ask('POST', '/v1/loyalty/households/leave', { programme: 'main', subscriber: 'external:ann' })
  const left = await ask('POST', '/v1/loyalty/members/leave', {
    programme: 'main',
    subscriber: 'external:ann',
  })
  expect(left.body).toMatchObject({ state: 'left', household: null })
  const again = await ask('POST', '/v1/loyalty/members/leave', {
    programme: 'main',
    subscriber: 'external:ann',
  })
  expect(again).toMatchObject({ status: 422, body: { code: 'member_not_active', field: 'subscriberId' } })
  const nobody = await ask('GET', '/v1/members/external:eve')
  expect(nobody).toMatchObject({ status: 404, body: { code: 'subscriber_not_found' } })
  const programmes = programmesView.parse((await ask('GET', '/v1/loyalty/programmes')).body)
  expect(programmes.programmes).toMatchObject([{ version: 1, timeZone: 'UTC', members: { left: 1 } }, {}])
})

test('history, explanations, trials and migrations speak the forms of the contract', async () => {
  const [bob] = await world.subscribers('bob')
  await world.append(paid(bob!, 'x', 1_000), paid(bob!, 'y', 50))
  await world.run()
  const history = historyPage.parse((await ask('GET', `/v1/members/${bob}/points?limit=2&language=ru`)).body)
  expect(history.events).toHaveLength(2)
  const rest = await ask('GET', `/v1/members/${bob}/points?before=${encodeURIComponent(history.next!)}`)
  expect(historyPage.parse(rest.body).next).toBeNull()
  const explained = await ask('GET', `/v1/members/${bob}/points/explain?event=paid-x&language=ru`)
  const [event] = (explained.body as { events: unknown[] }).events
  expect(explainedEvent.parse(event).judgements).toMatchObject([
    { rule: 'one', text: 'Начислено баллов: 10.' },
  ])

  const rule = { kind: 'EarnRule', id: 'two', on: 'order.paid', points: { fixed: '3' } }
  const tried = await ask('POST', '/v1/loyalty/earn-rules/try', { rule })
  expect(tryAnswer.parse(tried.body)).toMatchObject({ points: '6', awards: 2 })
  const stream = await ask('POST', '/v1/loyalty/earn-rules/try', { rule }, 'admin', 'application/x-ndjson')
  const lines = (stream.body as string)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
  expect(lines.length).toBeGreaterThan(1)
  expect(Object.keys(lines[0]!)).toEqual(['progress'])
  expect(Object.keys(lines.at(-1)!)).toEqual(['result'])
  const bad = await ask(
    'POST',
    '/v1/loyalty/earn-rules/try',
    { rule: { ...rule, on: 'no' } },
    'admin',
    'application/x-ndjson',
  )
  expect(bad).toMatchObject({ status: 422 })

  const moved = await ask('POST', '/v1/loyalty/migrations/over/run', { dryRun: false })
  expect(migrationResult.parse(moved.body)).toMatchObject({ fromMinor: '15', toMinor: '15' })
  const page = migratedAccounts.parse((await ask('GET', '/v1/loyalty/migrations/over/accounts?limit=1')).body)
  expect(page.next).not.toBeNull()
})

test('a text that cannot be stored is refused with a reason, and is no bug', async () => {
  const refused = { status: 422, body: { code: 'text_unstorable' } }
  const join = { programme: 'main', subscriber: 'external:bob' }
  expect(await ask('POST', '/v1/loyalty/households/a%00b/members', join)).toMatchObject(refused)
})
