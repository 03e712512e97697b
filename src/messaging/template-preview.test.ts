import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess, guard } from '../access/index.ts'
import { createHttp, Documents, type FastifyInstance, ManualClock } from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
import { channelKinds } from './channels/kinds.ts'
import { channelCapabilitiesList, previewAnswer } from './contract.ts'
import { messagingDocuments } from './documents.ts'
import { templateRoutes } from './template-http.ts'
import { createTemplates, type SendTest } from './template-preview.ts'

const tenantId = 'alpha'
const clock = new ManualClock(Date.UTC(2026, 2, 1, 12))
const same = (text: string) => ({ en: text, ru: text, uk: text })
const sms = {
  kind: 'Channel',
  id: 'sms',
  priceMinor: '350',
  host: '127.0.0.1',
  port: 1,
  systemId: 'a',
  password: 'b',
  sourceAddress: 'TENURE',
}
const offer = {
  kind: 'Template',
  id: 'offer',
  channel: 'sms',
  text: {
    en: 'Dear {{ name }}, {{ price }} for {{ attributes.plan }}',
    ru: 'Всего {{ price }} за {{ attributes.plan }}',
  },
  fallback: ['ru'],
  variables: {
    name: { type: 'string', example: 'Ann' },
    price: { type: 'money', example: { amountMinor: '9900', currency: 'RUB' } },
  },
}
const sent: Parameters<SendTest>[1][] = []

let stores: TestDatabase
let http: FastifyInstance
let authorization: string
let readerKey: string
let subscriberId: number
beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  const access = createAccess({ database, clock })
  const documents = new Documents(database, [attributesKind, ...messagingDocuments])
  const profiles = createProfiles({ database, access, documents, clock })
  const settings = { currency: 'RUB', currencyDecimals: 2, timeZone: 'Europe/Kyiv', language: 'uk' as const }
  authorization = `Bearer ${(await access.createTenant({ tenantId, name: 'A', ...settings })).apiKey}`
  readerKey = (await access.createKey(tenantId, { name: 'r', role: 'read' })).apiKey
  await documents.apply(tenantId, [sms, offer])
  await profiles.upsertSubscribers(tenantId, [{ identities: { account: '1' }, attributes: { plan: 'Maxi' } }])
  subscriberId = (await profiles.resolveIdentities(tenantId, ['account:1']))[0]!
  const templates = createTemplates({
    database,
    documents,
    profiles,
    sendTest: async (_tenantId, test) => {
      sent.push(test)
      return { messageId: `m${sent.length}`, outcome: { outcome: 'accepted', providerMessageId: '1' } }
    },
  })
  http = createHttp((error) => console.error(error))
  guard(http, access)
  templateRoutes(http, templates, access)
})
afterAll(async () => {
  await http.close()
  await stores.close()
})

const call = (url: string, payload: object, key = authorization) =>
  http.inject({ method: 'POST', url, headers: { authorization: key }, payload })
const preview = (payload: object) => call('/v1/templates/preview', payload)

test('a saved template for a real subscriber: words, parts, alphabet and price', async () => {
  const answer = previewAnswer.parse((await preview({ templateId: 'offer', subscriberId })).json())
  expect(answer).toEqual({
    language: 'uk',
    channels: [
      {
        channel: 'sms',
        content: { text: 'Всего 99 руб. за Maxi' },
        length: 21,
        units: 1,
        alphabet: 'ucs2',
        priceMinor: '350',
        warnings: [],
      },
    ],
  })
  const english = await preview({
    templateId: 'offer',
    subscriberId,
    language: 'en',
    variables: { name: 'x'.repeat(150) },
  })
  expect(english.json()).toMatchObject({ channels: [{ alphabet: 'gsm7', units: 2, priceMinor: '700' }] })
})

test('a template that is not saved: emoji, oversights, unshown parts and unused variables are warned of', async () => {
  const text = same(`${'x'.repeat(80)} 🎁`)
  const document = { ...offer, text, subject: same('Hi'), link: 'https://shop.example' }
  const { channels } = (await preview({ document })).json<{
    channels: { units: number; warnings: { code: string; message: string }[] }[]
  }>()
  expect(channels[0]!.units).toBe(2)
  const codes = channels[0]!.warnings.map(({ code }) => code)
  expect(codes.toSorted()).toEqual([
    'emoji_in_sms',
    'part_not_shown',
    'part_not_shown',
    'variable_unused',
    'variable_unused',
  ])
  expect(channels[0]!.warnings[0]!.message ?? '').toBeTruthy()
  expect(channels[0]!.warnings.find(({ code }) => code === 'emoji_in_sms')!.message).toContain(
    '2 parts, 1 without',
  )
  const quoted = (await preview({ document: { ...document, text: same('It’s here') } })).json()
  expect(JSON.stringify(quoted)).toContain('not_gsm')
})

test('the same words in several channels', async () => {
  const answer = await preview({ templateId: 'offer', subscriberId, channels: ['sms', 'dstk'] })
  expect(answer.json<{ channels: object[] }>().channels).toMatchObject([
    { channel: 'sms' },
    { channel: 'dstk' },
  ])
  expect((await preview({ templateId: 'offer', subscriberId, channels: ['pigeon'] })).json()).toMatchObject({
    code: 'channel_not_found',
  })
})

test.for([
  [{ templateId: 'nothing' }, 404, 'template_not_found'],
  [{ templateId: 'offer', document: offer }, 422, 'request_invalid'],
  [{ templateId: 'offer', subscriberId: 999 }, 404, 'subscriber_not_found'],
  [{ templateId: 'offer' }, 422, 'template_failed'],
  [{ document: { ...offer, text: same('{{ nome }}') } }, 422, 'template_invalid'],
  [
    { document: { ...offer, html: same('<mjml><mj-body><mj-x></mj-x></mj-body></mjml>') } },
    422,
    'template_invalid',
  ],
] as const)('%j is refused with %i %s', async ([payload, status, code]) => {
  const answer = await preview(payload)
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code])
})

test('a test goes to the given addresses, marked, and only from who may change things', async () => {
  const request = { addresses: ['+79990000001', '+79990000002'], subscriberId }
  const answer = await call('/v1/templates/offer/test-send', request)
  expect(answer.json()).toMatchObject({ sent: [{ messageId: 'm1' }, { messageId: 'm2' }] })
  expect(sent).toMatchObject([
    {
      templateId: 'offer',
      channel: 'sms',
      address: '+79990000001',
      content: { text: '[тест] Всего 99 руб. за Maxi' },
    },
    { address: '+79990000002' },
  ])
  expect((await call('/v1/templates/offer/test-send', request, `Bearer ${readerKey}`)).statusCode).toBe(403)
  expect(
    (await call('/v1/templates/preview', { templateId: 'offer', subscriberId }, `Bearer ${readerKey}`))
      .statusCode,
  ).toBe(200)
  expect(sent).toHaveLength(2)
})

test('an editor reads what each kind of channel carries', async () => {
  const answer = await http.inject({
    url: '/v1/channels/capabilities',
    headers: { authorization: `Bearer ${readerKey}` },
  })
  const all = channelCapabilitiesList.parse(answer.json())
  expect(all.map(({ channel }) => channel).toSorted()).toEqual([...channelKinds.keys()].toSorted())
  expect(all).toContainEqual({ channel: 'sms', shows: ['text'] })
  expect(all).toContainEqual({ channel: 'ussd', shows: ['text', 'choices'], maxTextLength: 182 })
})
