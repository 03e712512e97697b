import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess, guard } from '../access/index.ts'
import { createHttp, Documents, type FastifyInstance, systemClock } from '../platform/index.ts'
import { attributesKind } from './attributes.ts'
import { importAnswer, subscriberView } from './contract.ts'
import { profilesRoutes } from './http.ts'
import { createProfiles } from './service.ts'

let stores: TestDatabase
let http: FastifyInstance
let authorization: string

beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  const access = createAccess({ database, clock: systemClock })
  const documents = new Documents(database, [attributesKind])
  const profiles = createProfiles({ database, access, documents, clock: systemClock })
  http = createHttp((error) => console.error(error))
  guard(http, access)
  profilesRoutes(http, profiles, access)
  const { apiKey } = await access.createTenant({
    tenantId: 'alpha',
    name: 'A',
    currency: 'UAH',
    currencyDecimals: 2,
    timeZone: 'Europe/Kyiv',
    language: 'uk',
    country: 'UA',
  })
  authorization = `Bearer ${apiKey}`
})
afterAll(async () => {
  await http.close()
  await stores.close()
})

const send = (payload: string, type: string, query = '') =>
  http.inject({
    method: 'POST',
    url: `/v1/subscribers/import${query}`,
    headers: { authorization, 'content-type': type },
    payload,
  })
const get = (path: string) => http.inject({ url: `/v1/subscribers${path}`, headers: { authorization } })

test('lines are imported with a refused one in its place, and a dry run of them leaves nothing', async () => {
  const lines = [
    '{"identities":{"msisdn":"067 123 45 67"},"attributes":{"plan":"S"}}',
    '{"identities":',
    '',
    '{"identities":{"msisdn":"+380671234567","account":"7"},"consents":{"sms":true}}',
    '{"identities":{"msisdn":"123"}}',
  ]
  const dry = await send(lines.join('\n'), 'application/x-ndjson', '?dryRun=true')
  expect((await get('?identity=account:7')).statusCode).toBe(404)
  const real = await send(lines.join('\n'), 'application/x-ndjson')
  expect(importAnswer.parse(real.json())).toMatchObject({
    dryRun: false,
    inserted: 1,
    updated: 1,
    rejectedCount: 2,
    rejects: [
      { index: 1, problem: { code: 'line_invalid' } },
      { index: 3, problem: { code: 'identity_invalid', field: 'identities.msisdn', found: '123' } },
    ],
  })
  expect({ ...dry.json<object>(), dryRun: false }).toEqual(real.json())
})

test('one subscriber is found by number and by identity, however its plus sign is written', async () => {
  await send('[{"identities":{"msisdn":"0501112233","account":"A 1"}}]', 'application/json')
  const found = subscriberView.parse((await get('?identity=%2B380501112233')).json())
  expect(found).toMatchObject({
    identities: [
      { kind: 'msisdn', value: '+380501112233' },
      { kind: 'account', value: 'A 1' },
    ],
    timeZone: 'Europe/Kyiv',
    language: 'uk',
  })
  const ways = ['?identity=+380501112233', '?identity=msisdn:+380501112233', '?identity=msisdn:0501112233']
  for (const path of [...ways, '?identity=account:A%201', `/${found.subscriberId}`]) {
    expect((await get(path)).json()).toEqual(found)
  }
})

test.for(['', '?identity=account:nobody', '?identity=nonsense', '/999999999', '/0x1', '/99999999999'])(
  'GET /v1/subscribers%s is not found and says what was expected',
  async (path) => {
    const answer = await get(path)
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toMatchObject({ code: 'subscriber_not_found' })
  },
)

test('a body that is no list is refused', async () => {
  const answer = await send('{"identities":{"account":"1"}}', 'application/json')
  expect(answer.statusCode).toBe(422)
  expect(answer.json()).toMatchObject({ code: 'row_invalid', field: 'body' })
})
