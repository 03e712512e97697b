import { describe, expect, test } from 'vitest'
import { type LoyaltyWorld, orderTypes, paid, programme, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'

const { openWorld } = loyaltyWorlds()

const DAY = 86_400_000
const rule = {
  kind: 'EarnRule',
  id: 'one',
  on: 'order.paid',
  points: { perMajorUnit: '1' },
  reference: 'event.orderId',
  returns: { on: 'order.returned', reference: 'event.orderId', amount: 'event.amountMinor' },
}
const newWorld = async (returns: object = {}): Promise<{ world: LoyaltyWorld; ann: number }> => {
  const world = await openWorld()
  await world.apply(...orderTypes, programme({ id: 'main', currency: 'points', returns }), rule)
  const [ann] = await world.subscribers('ann')
  return { world, ann: ann! }
}
const returned = (subscriberId: number, orderId: string, amountMinor: number) => ({
  subscriberId,
  type: 'order.returned',
  data: { orderId, amountMinor },
})
const awards = (world: LoyaltyWorld) =>
  world.tx<object[]>((tx) =>
    tx.query(
      `select points, returned_minor as minor, returned_points as returned, forgiven_points as forgiven
       from loyalty.award order by seq`,
    ),
  )

describe('returns', () => {
  test('parts take back the share that was returned, in whatever order, never more than the whole', async () => {
    const { world, ann } = await newWorld()
    await world.append(paid(ann, 'x', 10_050))
    await world.append(returned(ann, 'x', 3_333), returned(ann, 'x', 1), returned(ann, 'x', 3_333))
    await world.run()
    // 100 points for 100.50; 33.83 are left of it: 33 points.
    expect(await world.balances(ann)).toEqual({ points: 33n })
    await world.append(returned(ann, 'x', 50_000), returned(ann, 'x', 1))
    await world.run()
    expect(await world.balances(ann)).toEqual({ points: 0n })
    expect(await awards(world)).toEqual([{ points: 100n, minor: 10_050n, returned: 100n, forgiven: 0n }])
    const last = (await world.judgements()).filter(({ reason }) => reason === 'nothing_to_return')
    expect(last).toHaveLength(2)
  })

  test('a return that comes before its purchase waits for it', async () => {
    const { world, ann } = await newWorld()
    await world.append(returned(ann, 'x', 4_000))
    await world.run()
    expect((await world.judgements())[0]).toMatchObject({ reason: 'return_waits' })
    await world.append(paid(ann, 'y', 1_000), paid(ann, 'x', 10_000))
    await world.run()
    expect(await world.balances(ann)).toEqual({ points: 70n })
    await world.append(paid(ann, 'z', 1_000), returned(ann, 'z', 500))
    await world.run()
    expect(await world.balances(ann)).toEqual({ points: 75n })
  })

  test('the same return is counted once, however often the log is read', async () => {
    const { world, ann } = await newWorld()
    await world.append(paid(ann, 'x', 10_000), { ...returned(ann, 'x', 2_000), id: 'r' })
    await world.run()
    for (let i = 0; i < 3; i++) {
      await world.rewind()
      await world.run()
    }
    expect(await world.balances(ann)).toEqual({ points: 80n })
  })

  test.for([
    ['debt', undefined, -100n, 0n],
    ['limit', '30', -30n, 70n],
    ['forgive', undefined, 0n, 100n],
  ] as const)('what was spent already: %s', async ([onSpent, limit, balance, forgiven]) => {
    const { world, ann } = await newWorld({ onSpent, ...(limit ? { limit } : {}) })
    await world.append(paid(ann, 'x', 10_000))
    await world.run()
    await world.spend(ann, 100n)
    await world.append(returned(ann, 'x', 10_000))
    await world.run()
    expect(await world.balances(ann)).toEqual({ points: balance })
    expect(await awards(world)).toMatchObject([{ returned: 100n, forgiven }])
    await world.append(paid(ann, 'y', 5_000))
    await world.run()
    expect(await world.balances(ann)).toEqual({ points: balance + 50n })
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('what is set aside for a reward is not taken, and the member is told what was', async () => {
    const mug = {
      kind: 'Reward',
      id: 'mug',
      name: same('mug'),
      price: { points: '80' },
      gives: { goods: { handOutWithinDays: 25 } },
    }
    const { world, ann } = await newWorld({ onSpent: 'forgive' })
    await world.apply(mug)
    await world.append(paid(ann, 'x', 10_000))
    await world.run()
    const { tenantId, loyalty } = world
    await loyalty.rewards.addStock(tenantId, 'mug', 1, 'stock')
    await loyalty.rewards.redeem({ tenantId, rewardId: 'mug', subscriberId: ann, key: 'k' })
    await world.append(returned(ann, 'x', 10_000))
    await world.run()
    expect(await awards(world)).toMatchObject([{ returned: 100n, forgiven: 80n }])
    expect(await world.logged('loyalty.points_returned')).toMatchObject([{ points: 100, forgiven: 80 }])
    const account = `member:main:${ann}:points`
    expect(await world.toldAndHeld(ann, account)).toEqual({ told: 80n, held: 80n })
  })

  test('what expired before is not taken a second time; what was spent of it is', async () => {
    const world = await openWorld()
    await world.apply(
      ...orderTypes,
      programme({ id: 'main', currency: 'points', expiry: { after: 'earn', days: 30 } }),
      rule,
    )
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.append(paid(ann, 'x', 10_000), paid(bob, 'y', 10_000))
    await world.run()
    await world.spend(bob, 40n)
    world.clock.setMs(world.clock.nowMs() + 40 * DAY)
    await world.run()
    expect([await world.balances(ann), await world.balances(bob)]).toEqual([{ points: 0n }, { points: 0n }])
    await world.append(returned(ann, 'x', 10_000), returned(bob, 'y', 7_000))
    await world.run()
    // Of bob's 70 returned points 60 had expired; with the rest of the return all 40 that he spent are owed.
    expect([await world.balances(ann), await world.balances(bob)]).toEqual([{ points: 0n }, { points: -10n }])
    await world.append(returned(bob, 'y', 3_000))
    await world.run()
    expect(await world.balances(bob)).toEqual({ points: -40n })
    const returns = (await world.judgements()).filter(({ reason }) => reason === 'returned')
    expect(returns.map(({ points, saw }) => [points, saw['lapsed'] ?? null])).toEqual([
      ['-10', '60'],
      ['-30', null],
    ])
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('what was forfeited by leaving is not taken a second time after coming back', async () => {
    const world = await openWorld()
    const leaving = { points: 'forfeit' }
    await world.apply(...orderTypes, programme({ id: 'main', currency: 'points', leaving }), rule)
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(paid(ann, 'x', 10_000))
    await world.run()
    const about = { tenantId: world.tenantId, programmeId: 'main', subscriberId: ann }
    await world.loyalty.members.leave(about)
    await world.loyalty.members.enrol(about)
    await world.append(paid(ann, 'z', 500), returned(ann, 'x', 10_000))
    await world.run()
    expect(await world.balances(ann)).toEqual({ points: 5n })
  })

  test('what expired after it had moved with a merge is not taken a second time', async () => {
    const world = await openWorld()
    await world.apply(
      ...orderTypes,
      programme({ id: 'main', currency: 'points', expiry: { after: 'earn', days: 30 } }),
      rule,
    )
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.append(paid(ann, 'x', 10_000))
    await world.run()
    world.clock.setMs(world.clock.nowMs() + DAY)
    await world.append(paid(bob, 'y', 5_000))
    await world.run()
    const about = { tenantId: world.tenantId, programmeId: 'main' }
    await world.loyalty.members.merge({ ...about, subscriberId: bob, from: ann })
    await world.spend(bob, 20n)
    world.clock.setMs(world.clock.nowMs() + 40 * DAY)
    await world.run()
    await world.append(returned(ann, 'x', 10_000))
    await world.run()
    expect(await world.balances(bob)).toEqual({ points: -20n })
  })

  test.for([1, 2_000])(
    'a whole return takes back every line of its order, in whatever order they come; batches of %i',
    async (batchEvents) => {
      const world = await openWorld({ batchEvents, partitions: 1 })
      const whole = { ...rule, returns: { on: 'order.returned', reference: 'event.orderId' } }
      await world.apply(...orderTypes, whole)
      const start = world.clock.nowMs()
      const line = (id: number, name: string, amountMinor: number, hour: number) => ({
        ...paid(id, 'x', amountMinor),
        id: `${id}-${name}`,
        atMs: start + hour * 3_600_000,
      })
      const back = (id: number) => ({
        ...returned(id, 'x', 1),
        id: `${id}-back`,
        atMs: start + 2 * 3_600_000,
      })
      const ids = await world.subscribers('ann', 'bob', 'eve')
      const [ann, bob, eve] = ids as [number, number, number]
      // The third is bought under the same name after the return: a new order, or a subscription that began again.
      await world.append(line(ann, 'one', 10_000, 0), line(ann, 'two', 20_000, 1), back(ann))
      await world.append(back(bob), line(bob, 'three', 700, 3), line(bob, 'two', 20_000, 1))
      await world.append(line(eve, 'one', 10_000, 0), back(eve), line(eve, 'two', 20_000, 1))
      await world.append(line(ann, 'three', 700, 3), line(bob, 'one', 10_000, 0), line(eve, 'three', 700, 3))
      await world.run()
      for (const id of ids) expect(await world.balances(id)).toEqual({ points: 7n })
      expect(await world.verify()).toMatchObject({ ok: true })
    },
  )

  test('a fixed award goes back with the whole purchase, or its share where the rule knows the price', async () => {
    const world = await openWorld()
    const whole = { on: 'order.returned', reference: 'event.orderId' }
    await world.apply(
      ...orderTypes,
      { ...rule, id: 'a', points: { fixed: '10' }, returns: whole },
      { ...rule, id: 'b', points: { fixed: '10' }, amount: 'event.amountMinor' },
    )
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 1_000), returned(ann!, 'x', 250))
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 7n })
  })
})
