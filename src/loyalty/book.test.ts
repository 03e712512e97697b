import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyWorld, loyaltyWorld, same } from '../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { migrate, newId, openDatabase } from '../platform/index.ts'

let stores: TestDatabase
let world: LoyaltyWorld
beforeAll(async () => {
  stores = await testDatabase()
  // One connection alone: whoever asks for another one while it holds this one waits for ever.
  const database = openDatabase(await migrate(stores.ownerUrl), 1)
  world = await loyaltyWorld({ ...stores, database })
  await world.apply(
    { kind: 'EarnRule', id: 'one', on: 'purchase', points: { perMajorUnit: '1' } },
    { kind: 'BotGame', id: 'doors', name: same('Doors'), reward: { points: '9' } },
  )
})
afterAll(async () => {
  await world.close()
  await world.database.end()
  await stores.close()
})

const purchase = (subscriberId: number) => ({
  key: newId(),
  subscriberId,
  productId: 'data-500',
  priceMinor: 15_000n,
  currency: 'RUB',
  onCredit: false,
  at: world.clock.now(),
  campaignId: 'c',
  arm: 'a',
})

test('a caller’s transaction never waits for another connection, whatever was forgotten before', async () => {
  const [ann] = (await world.subscribers('ann')) as [number]
  const award = (): Promise<void> =>
    world.tx((tx) => world.loyalty.awardForPurchases(tx, world.tenantId, [purchase(ann)]))
  world.kill()
  await award()
  expect(await world.balances(ann)).toEqual({ points: 150n })
  // What changed is seen by the next one.
  await world.apply({ kind: 'EarnRule', id: 'one', on: 'purchase', points: { perMajorUnit: '2' } })
  await Promise.all([award(), award()])
  expect(await world.balances(ann)).toEqual({ points: 750n })
  world.kill()
  const answer = {
    answerId: newId(),
    subscriberId: ann,
    channel: 'telegram',
    text: 'play:doors',
    choice: null,
  }
  const taken = await world.tx<Map<string, unknown>>((tx) =>
    world.loyalty.play.takeAnswers(tx, world.tenantId, [{ ...answer, at: world.clock.now() }]),
  )
  expect([...taken.keys()]).toEqual([answer.answerId])
  await world.run()
  expect(await world.loyalty.play.games(world.tenantId, 'main', ann)).toMatchObject([{ id: 'doors' }])
}, 10_000)
