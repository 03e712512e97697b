import { afterAll, beforeAll, expect, test } from 'vitest'
import { noonMs, same, sms, smsText, World } from '../../../test/messaging-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { createAccess } from '../../access/index.ts'
import { Documents } from '../../platform/index.ts'
import { messagingDocuments } from '../documents.ts'
import { linkStatistics, type LinkStatistics } from '../link-contract.ts'
import { linkStatisticsRoutes } from './statistics-http.ts'

/*
 * Three subscribers get a link to the shop, one of them a link to the rules as well. The first taps the shop twice on one
 * day and once on the next, the second once, WhatsApp looks at it once; the third taps the rules.
 */

const person = {
  'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1',
}
const machine = { 'user-agent': 'WhatsApp/2.23.20.0' }
const DAY_MS = 24 * 3_600_000

let stores: TestDatabase
let world: World
beforeAll(async () => {
  stores = await testDatabase()
  world = await World.with(
    stores,
    [
      {
        kind: 'LinkDomain',
        id: 'default',
        baseUrl: 'https://go.example',
        parameters: { m: '{message}', c: '{campaign}' },
      },
      smsText('shop', 'Look: {{ link }}', { link: 'https://shop.example/?id=7' }),
      smsText('rules', 'Read: {{ link }}', { link: 'https://shop.example/rules' }),
      sms('shop', { template: 'shop', until: 'clicked', wait: 'P3D' }),
      sms('rules', { template: 'rules', until: 'clicked', wait: 'P3D' }),
    ],
    [{}, {}, {}],
  )
  const { clock } = world
  const { database } = stores
  const documents = new Documents(database, messagingDocuments)
  const access = createAccess({ database, clock })
  linkStatisticsRoutes(world.http, { database, documents, access, clock })
  for (const n of [1, 2, 3]) await world.start('shop', n)
  await world.start('rules', 3, { campaignId: 'other' })
  const [first, second, , rules] = world.gateway.handed.map(({ text }) => text.slice(text.indexOf('/l/')))
  const tap = async (path: string, headers: Record<string, string> = person): Promise<void> => {
    const { statusCode } = await world.http.inject({
      url: path,
      headers: { 'accept-language': 'ru', ...headers },
    })
    expect(statusCode).toBe(302)
  }
  await world.pass(3_600_000)
  await tap(first!)
  await tap(first!)
  await tap(first!, machine)
  await tap(second!)
  await tap(rules!)
  await world.pass(DAY_MS)
  await tap(first!)
  await world.pass(3_600_000)
})
afterAll(async () => {
  await world.stop()
  await stores.close()
})

async function ask(query: string): Promise<LinkStatistics> {
  const { status, body } = await world.ask('GET', `/v1/links/statistics?${query}`)
  expect(status).toBe(200)
  return linkStatistics.parse(body)
}

test('clicks, people and machines by link and day', async () => {
  expect(await ask('campaignId=camp')).toMatchObject({
    timeZone: 'UTC',
    clicks: 4,
    people: 2,
    bots: 1,
    links: [
      {
        // What differs from message to message makes no link of its own.
        target: 'https://shop.example/?id=7&c=camp',
        clicks: 4,
        people: 2,
        bots: 1,
        days: [
          { day: '2026-03-10', clicks: 3, people: 2, bots: 1 },
          { day: '2026-03-11', clicks: 1, people: 1, bots: 0 },
        ],
      },
    ],
  })
})

test('by cascade, and within a time', async () => {
  expect(await ask('cascadeId=rules')).toMatchObject({
    clicks: 1,
    links: [{ target: 'https://shop.example/rules?c=other' }],
  })
  expect(await ask('cascadeId=rules&campaignId=camp')).toMatchObject({
    clicks: 0,
    people: 0,
    bots: 0,
    links: [],
  })
  const nextDay = new Date(noonMs + DAY_MS / 2).toISOString()
  expect(await ask(`campaignId=camp&from=${nextDay}`)).toMatchObject({ clicks: 1, people: 1, bots: 0 })
})

test('somebody must be named, and another tenant sees nothing', async () => {
  const { status, body } = await world.ask('GET', '/v1/links/statistics')
  expect([status, body.field]).toEqual([422, 'campaignId'])
  const other = await World.with(stores, [smsText('x', same('x').en)])
  linkStatisticsRoutes(other.http, {
    database: stores.database,
    documents: new Documents(stores.database, messagingDocuments),
    access: createAccess({ database: stores.database, clock: other.clock }),
    clock: other.clock,
  })
  expect((await other.ask('GET', '/v1/links/statistics?campaignId=camp')).body).toMatchObject({ links: [] })
  await other.stop()
})
