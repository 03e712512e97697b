import { describe, expect, test } from 'vitest'
import { type LoyaltyWorld, orderTypes, paid, programme, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'

const { openWorld } = loyaltyWorlds()

const START = Date.parse('2026-03-01T12:00:00Z')
const DAY = 86_400_000
const rule = (rest: object = {}) => ({
  kind: 'EarnRule',
  id: 'one',
  on: 'order.paid',
  points: { perMajorUnit: '1' },
  ...rest,
})
const newWorld = async (expiry: object, ...documents: object[]): Promise<LoyaltyWorld> => {
  const world = await openWorld({ startMs: START })
  await world.apply(...orderTypes, programme({ id: 'main', currency: 'points', expiry }), ...documents)
  return world
}
/** The clock comes to noon of a day after the first one, and everything due is done. */
const goTo = async (world: LoyaltyWorld, day: number): Promise<void> => {
  world.clock.setMs(START + day * DAY)
  await world.run()
}
const available = async (world: LoyaltyWorld, id: number): Promise<bigint> =>
  (await world.account(`member:main:${id}:points`))?.availableMinor ?? 0n
const expiring = async (world: LoyaltyWorld, id: number): Promise<[bigint, string][]> =>
  (await world.account(`member:main:${id}:points`))!.expiring.map(({ amountMinor, expiresAt }) => [
    amountMinor,
    expiresAt.toString(),
  ])

describe('the life of points', () => {
  test('begins on the day from which they can be spent', async () => {
    const world = await newWorld({ after: 'earn', days: 10 }, rule({ pending: { days: 14 } }))
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(paid(ann, 'o1', 10_000))
    await goTo(world, 12)
    expect(await available(world, ann)).toBe(0n)
    await goTo(world, 15)
    expect(await available(world, ann)).toBe(100n)
    expect(await expiring(world, ann)).toEqual([[100n, '2026-03-26T00:00:00Z']])
    await goTo(world, 25)
    expect(await world.balances(ann)).toEqual({ points: 0n })
  })

  test('begins with their release, of which the member is told until when they live, and told again before', async () => {
    const delivered = { event: 'order.delivered', key: 'event.orderId', eventKey: 'event.orderId', days: 60 }
    const expiry = { after: 'earn', days: 10, noticeDays: [3] }
    const world = await newWorld(expiry, rule({ pending: delivered }))
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(paid(ann, 'o1', 10_000))
    await goTo(world, 20)
    await world.append({ subscriberId: ann, type: 'order.delivered', data: { orderId: 'o1' } })
    await goTo(world, 21)
    expect(await available(world, ann)).toBe(100n)
    const end = '2026-04-01T00:00:00Z'
    expect(await expiring(world, ann)).toEqual([[100n, end]])
    expect(await world.logged('loyalty.points_released')).toMatchObject([
      { pointsMinor: 100, expiresAt: Date.parse(end) },
    ])
    for (let day = 22; day <= 31; day++) await goTo(world, day)
    expect(await world.logged('loyalty.points_expiring')).toMatchObject([
      { pointsMinor: 100, on: '2026-03-31' },
    ])
    expect(await world.balances(ann)).toEqual({ points: 0n })
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('ends for a promotion as it says, whatever activity gives the other points', async () => {
    const promo = { after: 'earn', days: 14 }
    const world = await newWorld(
      { after: 'activity', days: 180 },
      rule(),
      rule({
        id: 'promo',
        points: { fixed: '500' },
        where: 'event.productId == "promo"',
        expiry: promo,
      }),
      {
        kind: 'Quest',
        id: 'first',
        name: same('First'),
        steps: [{ id: 'pay', name: same('Pay'), on: 'order.paid', reach: '1' }],
        reward: { points: '30', expiry: promo },
      },
    )
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(paid(ann, 'o1', 10_000, { productId: 'promo' }))
    await goTo(world, 10)
    await world.append(paid(ann, 'o2', 10_000, { productId: 'other' }))
    await world.run()
    expect(await expiring(world, ann)).toEqual([
      [530n, '2026-03-16T00:00:00Z'],
      [200n, '2026-09-08T00:00:00Z'],
    ])
    await goTo(world, 20)
    expect(await world.balances(ann)).toEqual({ points: 200n })
  })

  test('ends so long after any points were last earned, also by a quest', async () => {
    const world = await newWorld({ after: 'activity', days: 100 }, rule(), {
      kind: 'Quest',
      id: 'delivery',
      name: same('Delivery'),
      steps: [{ id: 'take', name: same('Take'), on: 'order.delivered', reach: '1' }],
      reward: { points: '30' },
    })
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(paid(ann, 'o1', 10_000))
    await goTo(world, 10)
    await world.append({ subscriberId: ann, type: 'order.delivered', data: { orderId: 'o1' } })
    await world.run()
    expect(await expiring(world, ann)).toEqual([[130n, '2026-06-20T00:00:00Z']])
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('of a promotion stays as it is through a merge, an exchange and a migration', async () => {
    const act = { after: 'activity', days: 100 }
    const promo = rule({ id: 'promo', points: { fixed: '40' }, expiry: { after: 'earn', days: 14 } })
    const world = await newWorld(
      act,
      promo,
      { ...promo, id: 'later', pending: { days: 5 } },
      programme({ id: 'two', currency: 'two', expiry: act, enrolment: 'by_hand' }),
      { ...rule(), id: 'two', programme: 'two', on: 'order.delivered', points: { fixed: '1' } },
      { kind: 'ProgrammeMigration', id: 'over', from: 'main', to: 'two', rate: '1', expiry: 'keep' },
      {
        kind: 'Exchange',
        id: 'to-two',
        name: same('to two'),
        from: { programme: 'main' },
        to: { programme: 'two' },
        rate: '1',
        expiry: 'keep',
      },
    )
    const { tenantId, loyalty } = world
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.append(paid(ann, 'o1', 100))
    await world.run()
    for (const programmeId of ['main', 'two'])
      await loyalty.members.enrol({ tenantId, programmeId, subscriberId: bob })
    await loyalty.members.merge({ tenantId, programmeId: 'main', subscriberId: bob, from: ann })
    const { quoteId } = await loyalty.exchanges.quote(tenantId, 'to-two', bob, 10n)
    await loyalty.exchanges.convert(tenantId, bob, quoteId)
    await loyalty.migrations.runMigration(tenantId, 'over', { dryRun: false })
    const delivered = { subscriberId: bob, type: 'order.delivered', data: { orderId: 'o1' } }
    await world.append(paid(bob, 'o2', 100), delivered)
    await world.run()
    // What can be spent later waits in the old programme; forty of each lot are a promotion's.
    expect(await expiring(world, bob)).toEqual([
      [40n, '2026-03-16T00:00:00Z'],
      [80n, '2026-03-21T00:00:00Z'],
    ])
    const two = (await world.account(`member:two:${bob}:two`))!.expiring
    expect(two.map(({ amountMinor, expiresAt }) => [amountMinor, expiresAt.toString()])).toEqual([
      [40n, '2026-03-16T00:00:00Z'],
      [1n, '2026-06-10T00:00:00Z'],
    ])
    expect(await world.verify()).toMatchObject({ ok: true })
  })
})
