import { describe, expect, test } from 'vitest'
import {
  eventType,
  type LoyaltyWorld,
  orderTypes,
  paid,
  programme,
  same,
} from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'
import { referralCodeOf } from '../members.ts'

const { openWorld } = loyaltyWorlds()

const START = Date.parse('2026-03-01T12:00:00Z')
const DAY = 86_400_000
const undoneBy = { on: 'order.returned', reference: 'event.orderId', withinDays: 10 }
const referral = (when: object): object => ({
  kind: 'Referral',
  id: 'friends',
  name: same('Friends'),
  code: { on: 'activated', code: 'event.promo' },
  rewards: [
    {
      id: 'payment',
      name: same('First payment'),
      when,
      referrer: { points: '300' },
      referee: { points: '100' },
    },
  ],
  abuse: { distinct: ['device', 'card'] },
})
const common = [
  eventType('activated', { promo: 'string' }),
  { kind: 'Attributes', id: 'subscriber', attributes: { device: 'string', card: 'string' } },
  ...orderTypes,
  programme({ id: 'main', currency: 'points', enrolment: { on: ['activated'] } }),
]
const newWorld = async (when: object, batchEvents = 2_000): Promise<LoyaltyWorld> => {
  const world = await openWorld({ startMs: START, partitions: 1, batchEvents })
  await world.apply(...common, referral(when))
  return world
}
/** The first has a code, and the others come with it. */
const joined = async (world: LoyaltyWorld, ...names: string[]): Promise<number[]> => {
  const [first, ...others] = (await world.subscribers(...names)) as [number, ...number[]]
  const promo = referralCodeOf('main', first)
  await world.append({ subscriberId: first, type: 'activated' })
  await world.append(...others.map((subscriberId) => ({ subscriberId, type: 'activated', data: { promo } })))
  await world.run()
  return [first, ...others]
}
const returned = (subscriberId: number, orderId: string, atMs?: number) => ({
  subscriberId,
  type: 'order.returned',
  id: `back-${orderId}`,
  data: { orderId, amountMinor: 1 },
  ...(atMs === undefined ? {} : { atMs }),
})
const points = (world: LoyaltyWorld, ids: number[]): Promise<bigint[]> =>
  Promise.all(ids.map(async (id) => (await world.balances(id))['points'] ?? 0n))
const goTo = async (world: LoyaltyWorld, day: number): Promise<void> => {
  world.clock.setMs(START + day * DAY)
  await world.run()
}

describe('a reward for a payment that may be returned', () => {
  test.for([1, 2_000])(
    'waits, and is not given for what was returned meanwhile; batches of %i',
    async (size) => {
      const world = await newWorld({ on: 'order.paid', reference: 'event.orderId', undoneBy }, size)
      const [ann, bob, eve, joe] = (await joined(world, 'ann', 'bob', 'eve', 'joe')) as [
        number,
        number,
        number,
        number,
      ]
      await world.append(
        paid(bob, 'b1', 100),
        returned(bob, 'b1'),
        paid(eve, 'e1', 100),
        // Of another order: that of the reward stands.
        returned(eve, 'e2'),
        paid(joe, 'j1', 100),
      )
      await goTo(world, 9)
      expect(await points(world, [ann, bob, eve, joe])).toEqual([0n, 0n, 0n, 0n])
      // Too late by an hour, though it is read in time.
      await world.append(returned(joe, 'j1', START + 10 * DAY + 3_600_000))
      await world.run()
      const before = await world.loyalty.referrals.view(world.tenantId, 'main', ann)
      expect(
        before.brought
          .find(({ refereeId }) => refereeId === bob)!
          .steps.find((one) => one.rewardId === 'payment'),
      ).toMatchObject({ state: 'refused', reason: 'condition_undone' })
      await goTo(world, 10)
      expect(await points(world, [ann, bob, eve, joe])).toEqual([600n, 0n, 100n, 100n])
      // Whoever pays again and keeps it has earned the reward after all, once.
      await world.append(paid(bob, 'b2', 100), paid(bob, 'b3', 100))
      await goTo(world, 20)
      world.kill()
      await world.append(returned(bob, 'b2'))
      await goTo(world, 40)
      expect(await points(world, [ann, bob])).toEqual([900n, 100n])
      const reasons = (await world.judgements()).map(({ reason }) => reason)
      expect(reasons.filter((reason) => reason === 'condition_undone')).toHaveLength(1)
    },
  )

  test('is undone by any return where nothing names the payment', async () => {
    const { reference: _reference, ...anyReturn } = undoneBy
    const world = await newWorld({
      on: 'order.paid',
      undoneBy: { ...anyReturn, where: 'event.amountMinor > 0' },
    })
    const ids = await joined(world, 'ann', 'bob')
    await world.append(paid(ids[1]!, 'b1', 100), returned(ids[1]!, 'something'))
    await goTo(world, 10)
    expect(await points(world, ids)).toEqual([0n, 0n])
  })

  test('must say so where an earn rule takes such payments back', async () => {
    const world = await openWorld({ partitions: 1 })
    const rule = { kind: 'EarnRule', id: 'one', on: 'order.paid', points: { perMajorUnit: '1' } }
    const returns = { on: 'order.returned', reference: 'event.orderId' }
    await world.apply(...common, { ...rule, reference: 'event.orderId', returns })
    await expect(world.apply(referral({ on: 'order.paid' }))).rejects.toThrow(
      /rewards\.0\.when\.undoneBy[^]*on: order\.returned/,
    )
    const nameless = { on: 'order.paid', undoneBy }
    await expect(world.apply(referral(nameless))).rejects.toThrow('rewards.0.when.undoneBy.reference')
    const unknown = { on: 'order.paid', undoneBy: { on: 'order.lost' } }
    await expect(world.apply(referral(unknown))).rejects.toThrow('rewards.0.when.undoneBy.on')
    await world.apply(referral({ on: 'order.paid', undoneBy: 'nothing' }))
    const ids = await joined(world, 'ann', 'bob')
    await world.append(paid(ids[1]!, 'b1', 100))
    await world.run()
    expect(await points(world, ids)).toEqual([300n, 101n])
  })
})

describe('a card that becomes known with the payment', () => {
  test.for([1, 2_000])('earns one reward, and none for the referrer’s own; batches of %i', async (size) => {
    const world = await newWorld({ on: 'order.paid' }, size)
    const ids = await joined(world, 'ann', 'f1', 'f2', 'f3', 'f4')
    const cards = { f1: 'VISA-1', f2: 'VISA-1', f3: 'VISA-2', f4: 'VISA-9', ann: 'VISA-9' }
    await world.profiles.upsertSubscribers(
      world.tenantId,
      Object.entries(cards).map(([name, card]) => ({ identities: { external: name }, attributes: { card } })),
    )
    await world.append(...ids.slice(1).map((id) => paid(id, `o${id}`, 100)))
    await world.run()
    expect(await points(world, ids)).toEqual([600n, 100n, 0n, 100n, 0n])
    const { brought } = await world.loyalty.referrals.view(world.tenantId, 'main', ids[0]!)
    const reasons = ids
      .slice(1)
      .map(
        (id) =>
          brought.find(({ refereeId }) => refereeId === id)!.steps.find((one) => one.rewardId === 'payment')!
            .reason,
      )
    expect(reasons).toEqual([null, 'attribute_used_before', null, 'same_attribute'])
    // And whoever comes with it later is refused at the door.
    const [late] = (await world.subscribers('late')) as [number]
    const attributes = { card: 'VISA-2' }
    await world.profiles.upsertSubscribers(world.tenantId, [{ identities: { external: 'late' }, attributes }])
    const promo = referralCodeOf('main', ids[0]!)
    await world.append({ subscriberId: late, type: 'activated', data: { promo } })
    await world.run()
    const all = { referralId: null, subscriberId: null, before: null, limit: 100 }
    expect(await world.loyalty.referrals.refusals(world.tenantId, all)).toMatchObject([
      { refereeId: late, reason: 'attribute_used_before' },
    ])
  })
})

describe('two members who turn out to be one person while a reward waits', () => {
  const merge = (world: LoyaltyWorld, from: number, into: number) =>
    world.loyalty.members.merge({ tenantId: world.tenantId, programmeId: 'main', subscriberId: into, from })
  const refusals = async (world: LoyaltyWorld) => {
    const found = await world.tx<{ reason: string }[]>((tx) =>
      tx.query("select reason from loyalty.referral_step where state = 'refused' order by 1"),
    )
    return found.map(({ reason }) => reason)
  }

  test.for(['referee into referrer', 'referrer into referee'])(
    'nobody brings themselves: %s',
    async (which) => {
      const world = await newWorld({ on: 'order.paid', reference: 'event.orderId', undoneBy })
      const [ann, anna] = (await joined(world, 'ann', 'anna')) as [number, number]
      await world.append(paid(anna, 'a1', 100))
      await world.run()
      if (which === 'referee into referrer') await merge(world, anna, ann)
      else await merge(world, ann, anna)
      await goTo(world, 20)
      expect(await points(world, [ann, anna])).toEqual([0n, 0n])
      expect(await refusals(world)).toEqual(['self_referral'])
    },
  )

  test('a person who was brought twice is rewarded once', async () => {
    const world = await newWorld({ on: 'order.paid', reference: 'event.orderId', undoneBy })
    const [ann, joe] = (await joined(world, 'ann', 'joe')) as [number, number]
    const [bob] = (await world.subscribers('bob')) as [number]
    await world.append({ subscriberId: bob, type: 'activated' })
    await world.run()
    const [jo] = (await world.subscribers('jo')) as [number]
    await world.append({ subscriberId: jo, type: 'activated', data: { promo: referralCodeOf('main', bob) } })
    await world.append(paid(joe, 'j1', 100), paid(jo, 'j2', 100))
    await world.run()
    await merge(world, jo, joe)
    await goTo(world, 20)
    expect(await points(world, [ann, bob, joe])).toEqual([300n, 0n, 100n])
    expect(await refusals(world)).toEqual(['already_referred'])
  })
})
