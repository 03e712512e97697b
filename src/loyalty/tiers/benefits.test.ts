import { describe, expect, test } from 'vitest'
import { type LoyaltyWorld, orderTypes, paid, programme, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'

const { openWorld } = loyaltyWorlds()

const START = Date.parse('2026-03-01T12:00:00Z')
/** Three tiers by spend of a calendar month's length; the upper two have these benefits. */
const ladder = (silver: object, gold: object): object => ({
  kind: 'TierLadder',
  id: 'levels',
  name: same('Levels'),
  by: { measure: 'spend', adds: [{ on: 'order.paid' }] },
  period: { rollingMonths: 1 },
  tiers: [
    { id: 'base', name: same('Base'), at: '0' },
    { id: 'silver', name: same('Silver'), at: '100', benefits: [silver] },
    { id: 'gold', name: same('Gold'), at: '300', benefits: [gold] },
  ],
})
const fee = (percent: number, rest: object = {}) => ({ id: 'fee', name: same(`${percent} % off`), ...rest })
const newWorld = async (silver: object, gold: object): Promise<{ world: LoyaltyWorld; ann: number }> => {
  const world = await openWorld({ startMs: START })
  await world.apply(
    ...orderTypes,
    programme({ id: 'main', currency: 'points', enrolment: { on: ['order.paid'] } }),
    ladder(silver, gold),
  )
  const [ann] = (await world.subscribers('ann')) as [number]
  return { world, ann }
}
const spend = async (world: LoyaltyWorld, id: number, order: string, amount: number): Promise<void> => {
  await world.append(paid(id, order, amount))
  await world.run()
}
const told = async (world: LoyaltyWorld, what: 'granted' | 'ended'): Promise<string[]> =>
  (await world.logged(`loyalty.benefit_${what}`)).map(
    ({ benefit, tier, productId }) => `${benefit} ${tier} ${productId}`,
  )
const orders = async (world: LoyaltyWorld): Promise<string[]> => {
  const rows = await world.tx<{ product: string }[]>((tx) =>
    tx.query('select product_id as product from operator.activation'),
  )
  return rows.map(({ product }) => product).toSorted()
}

describe('a better benefit under the same id', () => {
  test('takes the place of the one before, and gives way to it again', async () => {
    const { world, ann } = await newWorld(
      fee(5, { order: { productId: 'fee-5', onEnd: 'fee-full' } }),
      fee(10, { order: { productId: 'fee-10', onEnd: 'fee-full' } }),
    )
    await spend(world, ann, 'o1', 100)
    await spend(world, ann, 'o2', 200)
    expect(await told(world, 'granted')).toEqual(['fee silver fee-5', 'fee gold fee-10'])
    expect(await told(world, 'ended')).toEqual([])
    expect(await orders(world)).toEqual(['fee-10', 'fee-5'])
    world.clock.setMs(START + 20 * 86_400_000)
    await spend(world, ann, 'o3', 100)
    // The first two leave the month: what remains is enough for silver alone.
    world.clock.setMs(START + 35 * 86_400_000)
    await world.run()
    expect(await told(world, 'granted')).toEqual(['fee silver fee-5', 'fee gold fee-10', 'fee silver fee-5'])
    world.clock.setMs(START + 90 * 86_400_000)
    await world.run()
    expect(await told(world, 'ended')).toEqual(['fee base fee-full'])
    expect(await orders(world)).toEqual(['fee-10', 'fee-5', 'fee-5', 'fee-full'])
  })

  test('ends what the one before had ordered, where its own product does not', async () => {
    const { world, ann } = await newWorld(
      fee(5, { order: { productId: 'fee-5', onEnd: 'no-fee-5' } }),
      fee(10, { order: { productId: 'fee-10' } }),
    )
    await spend(world, ann, 'o1', 100)
    await spend(world, ann, 'o2', 200)
    expect(await orders(world)).toEqual(['fee-10', 'fee-5', 'no-fee-5'])
  })

  test('is told where nothing is ordered; the same words again, or the same product, are no other benefit', async () => {
    const words = await newWorld(fee(5), fee(10))
    const again = await newWorld(fee(5), fee(5))
    const product = await newWorld(
      fee(5, { order: { productId: 'fee' } }),
      fee(6, { order: { productId: 'fee' } }),
    )
    for (const { world, ann } of [words, again, product]) {
      await spend(world, ann, 'o1', 100)
      await spend(world, ann, 'o2', 200)
    }
    expect(await told(words.world, 'granted')).toEqual(['fee silver undefined', 'fee gold undefined'])
    expect(await told(again.world, 'granted')).toEqual(['fee silver undefined'])
    expect(await told(product.world, 'granted')).toEqual(['fee silver fee'])
    expect(await orders(product.world)).toEqual(['fee'])
  })
})
