import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyWorld, loyaltyWorld, programme } from '../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { Loop, type Tx } from '../platform/index.ts'
import { PURCHASE } from './announcements.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let loop: Loop
let wakes = 0
beforeAll(async () => {
  stores = await testDatabase()
  const wakeStages = (tenantId: string): void => {
    wakes++
    for (const { name } of world.loyalty.stages) loop.wake(tenantId, name)
  }
  world = await loyaltyWorld(stores, { wakeStages })
  loop = new Loop(world.clock, (stage, error) => console.error(stage, error))
  await world.apply(programme({ id: 'main', currency: 'points' }), {
    kind: 'EarnRule',
    id: 'bought',
    on: PURCHASE,
    points: { fixed: '5' },
  })
  loop.addTenant(world.tenantId, world.loyalty.stages)
  await loop.drain()
})
afterAll(async () => {
  await loop.stop()
  await world.close()
  await stores.close()
})

/** What a campaign sold, within the campaign's transaction. */
const sell = (tx: Tx, subscriberId: number, key: string): Promise<void> =>
  world.loyalty.awardForPurchases(tx, world.tenantId, [
    {
      key,
      subscriberId,
      productId: 'p',
      priceMinor: 100n,
      onCredit: false,
      at: world.clock.now(),
      campaignId: 'c',
      arm: 'a',
    },
  ])

test('what is announced in somebody else’s transaction is on the log as soon as that is committed', async () => {
  const [ann] = (await world.subscribers('ann')) as [number]
  await world.tx(async (tx) => {
    await sell(tx, ann, 'one')
    expect(wakes).toBe(0)
  })
  expect(wakes).toBe(1)
  await loop.drain()
  expect(await world.logged('loyalty.points_earned')).toMatchObject([
    { pointsMinor: 5, points: '5', rule: 'bought' },
  ])
})

test('a transaction that is taken back, or does what was done, wakes nobody', async () => {
  const [bob] = (await world.subscribers('bob')) as [number]
  wakes = 0
  const failing = world.tx(async (tx) => {
    await sell(tx, bob, 'two')
    throw new Error('the campaign failed')
  })
  await expect(failing).rejects.toThrow('the campaign failed')
  await world.tx((tx) => sell(tx, bob, 'one'))
  expect(wakes).toBe(0)
})
