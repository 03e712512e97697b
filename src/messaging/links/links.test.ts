import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { createHttp, Documents, type FastifyInstance, ManualClock, newId } from '../../platform/index.ts'
import { linkDomain } from './domain.ts'
import { linkRoutes } from './http.ts'
import { createLinks, type HumanClick, type LinkDependencies, type Links } from './links.ts'
import { selectClicks } from './store.ts'

const phone = {
  'user-agent':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1',
  'accept-language': 'ru',
}
const clock = new ManualClock(Date.UTC(2026, 2, 1))
const told: [string, HumanClick[]][] = []
const errors: unknown[] = []
let stores: TestDatabase
let documents: Documents
let http: FastifyInstance
let links: Links

const linksOf = (over: Partial<LinkDependencies> = {}): Links =>
  createLinks({
    database: stores.database,
    documents,
    clock,
    onClick: async (tenantId, clicks) => void told.push([tenantId, clicks]),
    onError: (error) => errors.push(error),
    ...over,
  })

beforeAll(async () => {
  stores = await testDatabase()
  documents = new Documents(stores.database, [{ kind: 'LinkDomain', schema: linkDomain }])
  const document = {
    kind: 'LinkDomain',
    id: 'default',
    baseUrl: 'https://go.alpha.example/',
    parameters: { utm_source: 'tenure', utm_medium: '{channel}', utm_campaign: '{campaign}' },
  }
  await documents.apply('alpha', [document])
  await documents.apply('beta', [{ ...document, baseUrl: 'https://b.example' }])
  links = linksOf()
  http = createHttp((error) => errors.push(error))
  linkRoutes(http, links, (error) => errors.push(error))
})
afterAll(async () => {
  await http.close()
  await stores.close()
})
beforeEach(() => {
  told.length = 0
  errors.length = 0
})

const shorten = async (tenantId: string, url: string, more: object = {}, made = links) => {
  const messageId = newId()
  const batch = (await made.open(tenantId, 10))!
  const short = batch.shortener({ messageId, channel: 'sms', campaignId: 'spring', ...more })(url)
  await stores.database.tx(tenantId, (tx) => batch.store(tx))
  return { messageId, short, path: short.replace(/^https:\/\/[^/]+/, '') }
}
const clicksOf = (tenantId: string, messageId: string) =>
  stores.database.tx(tenantId, (tx) => selectClicks(tx, messageId))

test('a link leads to its address with the tenant’s parameters and the advertising mark, and tells of the click', async () => {
  const { messageId, short, path } = await shorten('alpha', 'https://shop.example/a?id=7&utm_source=own#x', {
    erid: '2Vtz',
  })
  expect(short).toMatch(/^https:\/\/go\.alpha\.example\/l\/[0-9A-Za-z]{8}$/)
  const answer = await http.inject({ url: path, headers: phone })
  expect(answer.statusCode).toBe(302)
  expect(answer.headers['location']).toBe(
    'https://shop.example/a?id=7&utm_source=own&utm_medium=sms&utm_campaign=spring&erid=2Vtz#x',
  )
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(told).toEqual([['alpha', [{ messageId, status: 'clicked', atMs: clock.nowMs() }]]])
  expect(await clicksOf('alpha', messageId)).toMatchObject([
    { device: 'phone', bot: null, atMs: clock.nowMs() },
  ])
  expect(await clicksOf('beta', messageId)).toEqual([])
})

test('machines are led there too, and nobody is told of a click', async () => {
  const { messageId, path } = await shorten('alpha', 'https://shop.example')
  expect((await http.inject({ method: 'HEAD', url: path, headers: phone })).statusCode).toBe(302)
  await http.inject({ url: path, headers: { 'user-agent': 'TelegramBot (like TwitterBot)' } })
  expect(told).toEqual([])
  expect((await clicksOf('alpha', messageId)).map(({ bot }) => bot)).toEqual(['head', 'preview'])
})

test('every link of many batches of two tenants leads home, also after a restart', async () => {
  const made: [tenantId: string, messageId: string, url: string, code: string][] = []
  for (let round = 0; round < 6; round++) {
    for (const tenantId of ['alpha', 'beta']) {
      const batch = (await links.open(tenantId, 1_500))!
      for (let i = 0; i < 700; i++) {
        const messageId = newId()
        const make = batch.shortener({ messageId, channel: 'sms' })
        for (const url of ['https://shop.example/one', `https://shop.example/${round}/${i}`])
          made.push([tenantId, messageId, url, make(url).split('/').at(-1)!])
        expect(make('https://shop.example/one')).toBe(make('https://shop.example/one'))
      }
      await stores.database.tx(tenantId, (tx) => batch.store(tx))
    }
  }
  expect(new Set(made.map(([, , , code]) => code)).size).toBe(made.length)
  const later = linksOf()
  for (const [tenantId, messageId, url, code] of made.filter((_, i) => i % 97 === 0)) {
    const found = await later.resolve(code)
    expect(found).toMatchObject({ tenantId, messageId })
    expect(found!.target.startsWith(`${url}?`)).toBe(true)
  }
}, 30_000)

test('processes that make links at once never make the same one', async () => {
  const others = [linksOf(), linksOf(), linksOf()]
  const all = await Promise.all(
    others.flatMap((one) => [1, 2, 3].map(() => shorten('alpha', 'https://shop.example', {}, one))),
  )
  expect(new Set(all.map(({ short }) => short)).size).toBe(9)
})

test('links of a transaction that was rolled back lead nowhere, and so does what is no link', async () => {
  const batch = (await links.open('alpha', 1))!
  const short = batch.shortener({ messageId: newId(), channel: 'sms' })('https://shop.example')
  const rolledBack = stores.database.tx('alpha', async (tx) => {
    await batch.store(tx)
    throw new Error('no')
  })
  await expect(rolledBack).rejects.toThrow('no')
  for (const code of [short.split('/').at(-1), 'nonsense', '00000000', '%00'])
    expect((await http.inject({ url: `/l/${code}`, headers: phone })).statusCode).toBe(404)
})

test('what is no web address, or short already, stays as it is', async () => {
  const batch = (await links.open('alpha', 5))!
  const make = batch.shortener({ messageId: newId(), channel: 'sms' })
  for (const url of ['tel:+79990000000', 'tg://resolve?domain=x', 'https://', 'javascript:alert(1)'])
    expect(make(url)).toBe(url)
  const short = make('https://shop.example')
  expect(make(short)).toBe(short)
})

test('a tenant without a domain has no short links', async () => {
  expect(await links.open('gamma', 10)).toBeUndefined()
})

test('a scanner that follows a link in the second of its delivery is told apart; without that knowledge clicks are kept', async () => {
  const desktop = {
    ...phone,
    'user-agent':
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36',
  }
  const { messageId, path } = await shorten('alpha', 'https://shop.example')
  const knowing = linksOf({ deliveredAt: async () => new Map([[messageId, clock.nowMs() - 300]]) })
  const link = (await knowing.resolve(path.slice(3)))!
  await knowing.clicked(link, { method: 'GET', headers: desktop })
  const forgetful = linksOf({ deliveredAt: () => Promise.reject(new Error('down')) })
  await forgetful.clicked(link, { method: 'GET', headers: desktop })
  expect((await clicksOf('alpha', messageId)).map(({ bot }) => bot)).toEqual(['too_fast', null])
  expect(errors).toMatchObject([{ message: 'down' }])
})

test('nobody is kept from the page because the click cannot be told', async () => {
  const failing = linksOf({ onClick: () => Promise.reject(new Error('full')) })
  const { messageId, path } = await shorten('alpha', 'https://shop.example')
  await failing.clicked((await failing.resolve(path.slice(3)))!, { method: 'GET', headers: phone })
  expect(await clicksOf('alpha', messageId)).toHaveLength(1)
  expect(errors).toMatchObject([{ message: 'full' }])
})
