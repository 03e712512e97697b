import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess } from '../access/index.ts'
import { createHttp, Documents, type FastifyInstance, ManualClock, newId } from '../platform/index.ts'
import { attributesKind, createProfiles, type Profiles } from '../profiles/index.ts'
import { readClaim, signClaim } from './unsubscribe.ts'
import { unsubscribeLinks, unsubscribeRoutes } from './unsubscribe-http.ts'

const key = Buffer.alloc(32, 1)

test('a token gives back what it was made of, and no changed one gives anything', () => {
  const claim = fc.record({
    tenantId: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
    subscriberId: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    messageId: fc.uuid(),
    channel: fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/),
    purpose: fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/),
  })
  fc.assert(
    fc.property(claim, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, place, change) => {
      const token = signClaim(given, key)
      expect(readClaim(token, key)).toEqual(given)
      expect(readClaim(token, Buffer.alloc(32, 2))).toBeUndefined()
      const octets = Buffer.from(token, 'base64url')
      octets[place % octets.length]! ^= change
      expect(readClaim(octets.toString('base64url'), key)).toBeUndefined()
    }),
  )
  for (const token of ['', 'x', 'A'.repeat(60), 'not/a/token']) expect(readClaim(token, key)).toBeUndefined()
})

const tenantId = 'alpha'
const clock = new ManualClock(Date.UTC(2026, 2, 1, 12))
let stores: TestDatabase
let profiles: Profiles
let http: FastifyInstance
let linkOf: Awaited<ReturnType<typeof unsubscribeLinks>>

beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  const access = createAccess({ database, clock })
  const documents = new Documents(database, [attributesKind])
  profiles = createProfiles({ database, access, documents, clock })
  const settings = { currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC', language: 'ru' as const }
  await access.createTenant({ tenantId, name: 'A', ...settings })
  http = createHttp((error) => console.error(error))
  unsubscribeRoutes(http, { database, profiles, clock })
  linkOf = await unsubscribeLinks(database, 'https://tenure.example/')
})
afterAll(async () => {
  await http.close()
  await stores.close()
})

const subscriber = async (consents: object): Promise<{ id: number; url: string; messageId: string }> => {
  const external = newId()
  await profiles.upsertSubscribers(tenantId, [{ identities: { external }, language: 'uk', consents }])
  const id = (await profiles.resolveIdentities(tenantId, [`external:${external}`]))[0]!
  clock.setMs(clock.nowMs() + 1_000)
  const messageId = newId()
  const link = linkOf({ tenantId, subscriberId: id, messageId, channel: 'email', purpose: 'marketing' })
  expect(link).toMatch(/^https:\/\/tenure\.example\/u\/[\w-]+$/)
  return { id, messageId, url: link.slice('https://tenure.example'.length) }
}
const post = (url: string, payload: string, type = 'application/x-www-form-urlencoded') =>
  http.inject({ method: 'POST', url, headers: { 'content-type': type }, payload })
const bookOf = (id: number) =>
  stores.database.tx(tenantId, async (tx) => (await profiles.consentBooksOf(tx, [id])).get(id))

test('a look at the page changes nothing; it speaks the subscriber’s language and lists what can be refused', async () => {
  const { id, url } = await subscriber({ email: true, 'email/personalisation': true, 'sms/service': true })
  const page = await http.inject({ url })
  expect(page.statusCode).toBe(200)
  expect(page.headers['content-type']).toContain('text/html')
  expect(page.body).toContain('lang="uk"')
  expect(page.body).toMatch(/value="marketing" checked> Пропозиції та новини/)
  expect(page.body).toMatch(/value="personalisation"> Пропозиції саме для мене/)
  expect(page.body).not.toContain('value="service"')
  expect(page.body).not.toContain('<script')
  expect(await bookOf(id)).toMatchObject({ marketing: { email: true } })
})

test.for(['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
  'one click of a mail program (%s) ends the message’s own consent, with proof',
  async (type) => {
    const { id, url, messageId } = await subscriber({ email: true, sms: true })
    expect((await post(url, 'List-Unsubscribe=One-Click', type)).statusCode).toBe(200)
    expect(await bookOf(id)).toEqual({ marketing: { email: false, sms: true } })
    const { history } = await profiles.consentsView(tenantId, id)
    expect(history[0]).toMatchObject({ granted: false, source: 'one-click unsubscribe', messageId })
  },
)

test('the page’s button ends what was ticked, in every channel where that was ticked too', async () => {
  const { id, url } = await subscriber({ email: true, sms: true, 'email/personalisation': true })
  const answer = await post(url, 'purpose=personalisation&purpose=nonsense')
  expect(answer.body).toContain('Готово')
  expect(await bookOf(id)).toMatchObject({ marketing: { email: true }, personalisation: { email: false } })
  await post(url, 'purpose=marketing&everywhere=1')
  expect(await bookOf(id)).toMatchObject({ marketing: { email: false, sms: false, '*': false } })
  expect((await profiles.consentsView(tenantId, id)).history).toContainEqual(
    expect.objectContaining({ source: 'unsubscribe page', shownText: 'Пропозиції та новини', channel: '*' }),
  )
})

test('a token that we did not make is answered in three languages and does nothing', async () => {
  const { url } = await subscriber({ email: true })
  for (const bad of [`${url.slice(0, -4)}AAAA`, '/u/x']) {
    const [page, click] = [await http.inject({ url: bad }), await post(bad, 'List-Unsubscribe=One-Click')]
    expect([page.statusCode, click.statusCode]).toEqual([404, 404])
    expect(page.body).toContain('Посилання недійсне')
  }
})

test('another process of the installation reads the same tokens', async () => {
  const { id, url } = await subscriber({ email: true })
  const again = await unsubscribeLinks(stores.database, 'https://other.example')
  const claim = { tenantId, subscriberId: id, messageId: newId(), channel: 'email', purpose: 'marketing' }
  expect((await http.inject({ url: again(claim).slice('https://other.example'.length) })).statusCode).toBe(
    200,
  )
  expect(url).not.toBe('')
})
