import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { appendEvents } from '../../test/log-events.ts'
import { type TestDatabase, testAnalytics, testDatabase, testFolder } from '../../test/stores.ts'
import { type Analytics, appendFacts, instantOf, LmdbLogStore, newId } from '../platform/index.ts'
import { Feed } from './feed.ts'
import { createTables } from './store.ts'

let stores: TestDatabase
let analytics: Analytics
let logs: LmdbLogStore
beforeAll(async () => {
  stores = await testDatabase()
  analytics = await testAnalytics()
  await createTables(analytics)
  logs = new LmdbLogStore(testFolder(), { partitions: 2 })
})
afterAll(async () => {
  await analytics.close()
  await logs.close()
  await stores.close()
})

const feedOver = (store: Analytics): Feed =>
  new Feed({ database: stores.database, analytics: store, eventLogOf: (tenantId) => logs.log(tenantId) })

const used = (n: number) => ({ id: `e${n}`, type: 'used', atMs: n, subscriberId: n, data: { volumeMb: n } })
const happen = (tenantId: string, from: number, to: number): Promise<void> =>
  stores.database.tx(tenantId, async (tx) => {
    for (let n = from; n <= to; n++)
      await appendFacts(tx, [{ kind: 'entered', at: instantOf(n), subscriberId: n, costMinor: BigInt(n) }])
    await appendEvents(
      logs.log(tenantId),
      Array.from({ length: to - from + 1 }, (_, i) => used(from + i)),
    )
  })

const carried = async (tenantId: string): Promise<{ facts: number[]; events: number[] }> => {
  const [row] = await analytics.query<{ facts: number[]; events: number[] }>(
    `select (select groupArray(subscriber_id) from (select * from facts where tenant_id = {t:String} order by txid, seq)) as facts,
            (select groupArray(subscriber_id) from (select * from events where tenant_id = {t:String} order by subscriber_id)) as events`,
    { t: tenantId },
  )
  return row!
}
const upTo = (n: number): unknown => {
  const all = Array.from({ length: n }, (_, i) => i + 1)
  return { facts: all, events: all }
}
/** What is carried in the end; the oldest running transaction of the whole server may hold facts back for a while. */
const carriedBy = (feed: Feed, tenantId: string, n: number): Promise<unknown> =>
  vi.waitUntil(
    async () => {
      await feed.catchUp(tenantId)
      const found = await carried(tenantId)
      return found.facts.length >= n && found.events.length >= n ? found : undefined
    },
    { timeout: 30_000, interval: 20 },
  )

test('facts and events are carried once and in order, by one feed or by the next', async () => {
  const tenantId = `t-${newId()}`
  const feed = feedOver(analytics)
  await happen(tenantId, 1, 3)
  expect(await carriedBy(feed, tenantId, 3)).toEqual(upTo(3))
  await happen(tenantId, 4, 5)
  await Promise.all([feed.catchUp(tenantId), feed.catchUp(tenantId)])
  expect(await carriedBy(feed, tenantId, 5)).toEqual(upTo(5))
  await feedOver(analytics).catchUp(tenantId)
  expect(await carriedBy(feedOver(analytics), tenantId, 5)).toEqual(upTo(5))
})

test.for(['facts', 'events'])(
  'a kill right after %s were stored doubles nothing, one right before loses none',
  async (table) => {
    const tenantId = `t-${newId()}`
    const dying = (when: 'before' | 'after'): Feed =>
      feedOver({
        ...analytics,
        insert: async (into, rows) => {
          if (into === table && rows.length > 0 && when === 'before') throw new Error('killed')
          await analytics.insert(into, rows)
          if (into === table && rows.length > 0) throw new Error('killed')
        },
      })
    const killed = async (feed: Feed): Promise<void> =>
      vi.waitFor(() => expect(feed.catchUp(tenantId)).rejects.toThrow('killed'), {
        timeout: 30_000,
        interval: 20,
      })
    await happen(tenantId, 1, 3)
    await killed(dying('before'))
    expect(await carriedBy(feedOver(analytics), tenantId, 3)).toEqual(upTo(3))
    await happen(tenantId, 4, 6)
    await killed(dying('after'))
    expect(await carriedBy(feedOver(analytics), tenantId, 6)).toEqual(upTo(6))
  },
)

test('a feed whose insert failed goes on from what the table holds', async () => {
  const tenantId = `t-${newId()}`
  let isDown = false
  const feed = feedOver({
    ...analytics,
    insert: async (into, rows) => {
      await analytics.insert(into, rows)
      if (isDown) throw new Error('connection lost')
    },
  })
  await happen(tenantId, 1, 2)
  expect(await carriedBy(feed, tenantId, 2)).toEqual(upTo(2))
  await happen(tenantId, 3, 4)
  isDown = true
  await expect(feed.catchUp(tenantId)).rejects.toThrow('connection lost')
  isDown = false
  expect(await carriedBy(feed, tenantId, 4)).toEqual(upTo(4))
})

test('tenants do not stand in each other’s way', async () => {
  const [one, two] = [`t-${newId()}`, `t-${newId()}`]
  const feed = feedOver(analytics)
  await happen(one, 1, 2)
  await happen(two, 1, 4)
  expect(await carriedBy(feed, one, 2)).toEqual(upTo(2))
  expect(await carriedBy(feed, two, 4)).toEqual(upTo(4))
})

test('positions are kept for each partition, and an event that was let in again counts once', async () => {
  const tenantId = `t-${newId()}`
  const log = logs.log(tenantId)
  const positions = (): Promise<unknown> =>
    analytics.query(
      `select partition, toUInt32(offset) as offset, subscriber_id as id from events where tenant_id = {t:String}
       order by partition, offset`,
      { t: tenantId },
    )
  await appendEvents(log, [used(2), used(4), used(5)])
  await feedOver(analytics).catchUp(tenantId)
  await appendEvents(log, [used(1), { ...used(2), isReplayed: true }, used(6)])
  await feedOver(analytics).catchUp(tenantId)
  await feedOver(analytics).catchUp(tenantId)
  expect(await positions()).toEqual([
    { partition: 0, offset: 0, id: 2 },
    { partition: 0, offset: 1, id: 4 },
    { partition: 0, offset: 3, id: 6 },
    { partition: 1, offset: 0, id: 5 },
    { partition: 1, offset: 1, id: 1 },
  ])
})
