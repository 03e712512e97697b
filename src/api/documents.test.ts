import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { type Access, createAccess, guard } from '../access/index.ts'
import { messagingDocuments } from '../messaging/index.ts'
import { createHttp, Documents, type FastifyInstance, systemClock } from '../platform/index.ts'
import { documentRoutes } from './documents.ts'

const tenantId = 'alpha'
const same = (text: string) => ({ en: text, ru: text, uk: text })
const template = { kind: 'Template', id: 'text', channel: 'sms', text: same('hello') }
const cascadeOf = (wait: string) => {
  return {
    kind: 'Cascade',
    id: 'short',
    steps: [{ channel: 'sms', template: 'text', until: 'delivered', wait }],
  }
}

let stores: TestDatabase
let access: Access
let http: FastifyInstance
const keys: Record<string, string> = {}
beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  access = createAccess({ database, clock: systemClock })
  http = createHttp((error) => console.error(error))
  guard(http, access)
  documentRoutes(http, new Documents(database, messagingDocuments), access)
  const settings = {
    name: 'x',
    currency: 'EUR',
    currencyDecimals: 2,
    timeZone: 'UTC',
    language: 'en' as const,
  }
  keys['admin'] = (await access.createTenant({ tenantId, ...settings })).apiKey
  keys['read'] = (await access.createKey(tenantId, { name: 'r', role: 'read' })).apiKey
})
afterAll(async () => {
  await http.close()
  await stores.close()
})

const call = (method: 'GET' | 'PUT', payload?: unknown, query = '', role = 'admin') =>
  http.inject({
    method,
    url: `/v1/documents${query}`,
    headers: { authorization: `Bearer ${keys[role]}` },
    ...(payload === undefined ? {} : { payload: payload as object }),
  })
const exported = async (): Promise<object[]> => (await call('GET')).json<object[]>()
const audited = async (): Promise<unknown[]> =>
  (await access.listAudit(tenantId, 100)).map(({ target }) => target)

test('a dry run tells what would happen; nothing is saved and nothing is audited', async () => {
  const answer = await call('PUT', [template, cascadeOf('PT1H')], '?dryRun=true')
  expect(answer.json()).toMatchObject([{ outcome: 'created' }, { outcome: 'created' }])
  expect(await exported()).toEqual([])
  expect(await audited()).toEqual([])
})

test('one refused document keeps all from being saved; its problem names field, found and expected', async () => {
  const answer = await call('PUT', [template, cascadeOf('an hour')])
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toMatchObject([
    { kind: 'Template', outcome: 'created' },
    {
      kind: 'Cascade',
      id: 'short',
      outcome: 'refused',
      problems: [
        {
          code: 'schema',
          field: 'steps.0.wait',
          found: 'an hour',
          expected: expect.stringContaining('PT15M') as string,
        },
      ],
    },
  ])
  expect(await exported()).toEqual([])
  expect(await audited()).toEqual([])
})

test('a problem that only other documents show names its field too', async () => {
  expect((await call('PUT', [cascadeOf('PT1H')])).json()).toMatchObject([
    {
      outcome: 'refused',
      problems: [{ code: 'reference_missing', field: 'steps.0.template', found: 'text' }],
    },
  ])
})

test('what is saved comes back by export, is audited once, and is unchanged the second time', async () => {
  const body = [template, cascadeOf('PT1H')]
  expect((await call('PUT', body)).json()).toMatchObject([{ version: 1 }, { version: 1 }])
  expect((await call('PUT', body)).json()).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'unchanged' }])
  const documents = await exported()
  expect(documents).toMatchObject([{ kind: 'Cascade', id: 'short' }, template])
  expect((await call('PUT', documents)).json()).toMatchObject([
    { outcome: 'unchanged' },
    { outcome: 'unchanged' },
  ])
  expect(await audited()).toEqual(['Template/text@1 Cascade/short@1'])
})

test('a body that is no list is refused, and a key that may only read may not save', async () => {
  const answer = await call('PUT', template)
  expect(answer.statusCode).toBe(422)
  expect(answer.json()).toMatchObject({ code: 'request_invalid', field: 'body', expected: 'array' })
  expect((await call('PUT', [template], '', 'read')).statusCode).toBe(403)
  expect((await call('GET', undefined, '', 'read')).statusCode).toBe(200)
})
