import { afterAll, beforeAll } from 'vitest'
import { type LoyaltyWorld, loyaltyWorld } from './loyalty-world.ts'
import { type TestDatabase, testDatabase } from './stores.ts'

/** Gives a test file worlds on one database of its own; what is open at its end is closed. */
export function loyaltyWorlds() {
  let stores: TestDatabase
  const worlds: LoyaltyWorld[] = []
  beforeAll(async () => {
    stores = await testDatabase()
  })
  afterAll(async () => {
    for (const world of worlds) await world.close()
    await stores.close()
  })
  return {
    /** Another world beside those that there are. */
    async openWorld(options?: Parameters<typeof loyaltyWorld>[1]): Promise<LoyaltyWorld> {
      const world = await loyaltyWorld(stores, options)
      worlds.push(world)
      return world
    },
    /** Those that the end closes: a test that closes one itself takes it out. */
    worlds,
    /** The database of them all, once the tests run. */
    stores: (): TestDatabase => stores,
  }
}
