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
    expect(await world.logged('loyalty.points_returned')).toMatchObject([
      { pointsMinor: 100, forgivenMinor: 80 },
    ])
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

  describe.each([
    ['short', 'zeta'],
    ['short', 'alpha'],
  ])('of two awards of one moment, %s-lived and %s,', (short, long) => {
    /** 100 points that live for ten days and 30 that live for ninety; what becomes of them is up to the case. */
    const twoAwards = async () => {
      const world = await openWorld()
      const lasting = (id: string, share: string, days: number) => ({
        ...rule,
        id,
        points: { perMajorUnit: share },
        expiry: { after: 'earn', days },
      })
      await world.apply(
        ...orderTypes,
        programme({
          id: 'main',
          currency: 'points',
          reinstatedForDays: 10,
          households: { sharesBalance: true },
        }),
        lasting(short, '1', 10),
        lasting(long, '0.3', 90),
        {
          kind: 'Reward',
          id: 'mug',
          name: same('mug'),
          price: { points: '130' },
          gives: { goods: { handOutWithinDays: 60 } },
        },
      )
      const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
      await world.append(paid(ann, 'x', 10_000))
      await world.run()
      const as = (subscriberId: number) => ({ tenantId: world.tenantId, programmeId: 'main', subscriberId })
      const onDay = async (day: number): Promise<void> => {
        world.clock.setMs(Date.parse('2026-03-01T12:00:00Z') + day * DAY)
        await world.run()
      }
      const bringBack = async (amountMinor: number): Promise<void> => {
        await world.append(returned(ann, 'x', amountMinor))
        await world.run()
      }
      const lapses = async () =>
        (await world.judgements())
          .filter(({ reason }) => reason === 'returned' || reason === 'nothing_to_return')
          .map(({ rule, points, saw }) => [rule, points ?? '0', saw['lapsed'] ?? '0'])
          .toSorted()
      return { world, ann, bob, as, onDay, bringBack, lapses }
    }
    const ofBoth = [
      [long, '-30', '0'],
      [short, '0', '100'],
    ].toSorted()

    test('each knows its own lapse after a merge, and after another one', async () => {
      const { world, ann, bob, as, onDay, bringBack, lapses } = await twoAwards()
      const { members } = world.loyalty
      const [cat = 0] = await world.subscribers('cat')
      for (const id of [bob, cat]) await members.enrol(as(id))
      await members.merge({ ...as(bob), from: ann })
      await members.merge({ ...as(cat), from: bob })
      await onDay(15)
      expect(await world.balances(cat)).toEqual({ points: 30n })
      await bringBack(10_000)
      expect(await lapses()).toEqual(ofBoth)
      expect(await world.balances(cat)).toEqual({ points: 0n })
      expect(await world.verify()).toMatchObject({ ok: true })
    })

    test('each knows its own lapse after a merge with what was earned at another moment', async () => {
      const { world, ann, bob, as, onDay, bringBack, lapses } = await twoAwards()
      await onDay(1)
      await world.append(paid(ann, 'y', 10_000))
      await world.run()
      const { members } = world.loyalty
      await members.enrol(as(bob))
      await members.merge({ ...as(bob), from: ann })
      await onDay(15)
      expect(await world.balances(bob)).toEqual({ points: 60n })
      await bringBack(10_000)
      expect(await lapses()).toEqual(ofBoth)
      expect(await world.balances(bob)).toEqual({ points: 30n })
    })

    test('what somebody else was sent has not lapsed for who sent it, even where it did there', async () => {
      const { world, ann, bob, as, onDay, bringBack } = await twoAwards()
      await world.apply({ kind: 'TransferTerms', id: 'main' })
      await world.loyalty.members.enrol(as(bob))
      const sent = { fromId: ann, toId: bob, points: 100n, note: null, key: 'k' }
      await world.loyalty.exchanges.send(world.tenantId, 'main', sent)
      await onDay(15)
      expect(await world.balances(bob)).toEqual({ points: 0n })
      await bringBack(10_000)
      expect(await world.balances(ann)).toEqual({ points: -100n })
    })

    test('each knows its own lapse after a merge into a debt and a part of a return', async () => {
      const { world, ann, bob, as, onDay, bringBack } = await twoAwards()
      const { members } = world.loyalty
      await members.enrol(as(bob))
      await world.append(paid(bob, 'y', 5_000))
      await world.run()
      await world.spend(bob, 65n)
      await world.append(returned(bob, 'y', 5_000))
      await world.run()
      expect(await world.balances(bob)).toEqual({ points: -65n })
      await members.merge({ ...as(bob), from: ann })
      expect(await world.balances(bob)).toEqual({ points: 65n })
      await onDay(15)
      // 65 of the hundred paid the debt, 35 have lapsed.
      expect(await world.balances(bob)).toEqual({ points: 30n })
      // Half of either is asked for: of 50 the 35 are gone already.
      await bringBack(5_000)
      expect(await world.balances(bob)).toEqual({ points: 0n })
      await bringBack(5_000)
      expect(await world.balances(bob)).toEqual({ points: -65n })
    })

    test('each knows what lapsed where it lay before: with a member who was merged on, and in a household that was left', async () => {
      const merged = await twoAwards()
      const { members } = merged.world.loyalty
      const [cat = 0] = await merged.world.subscribers('cat')
      for (const id of [merged.bob, cat]) await members.enrol(merged.as(id))
      await members.merge({ ...merged.as(merged.bob), from: merged.ann })
      await merged.onDay(15)
      await members.merge({ ...merged.as(cat), from: merged.bob })
      await merged.bringBack(10_000)
      expect(await merged.lapses()).toEqual(ofBoth)
      expect(await merged.world.balances(cat)).toEqual({ points: 0n })

      const home = await twoAwards()
      const household = home.world.loyalty.members
      await household.joinHousehold({ ...home.as(home.ann), householdId: 'h' })
      await home.onDay(15)
      await household.leaveHousehold(home.as(home.ann))
      await home.bringBack(10_000)
      expect(await home.lapses()).toEqual(ofBoth)
      expect(await home.world.balances(home.ann)).toEqual({ points: 0n })
    })

    test('each knows its own lapse on a shared balance', async () => {
      const { world, ann, bob, as, onDay, bringBack, lapses } = await twoAwards()
      const { members } = world.loyalty
      await members.enrol(as(bob))
      for (const id of [ann, bob]) await members.joinHousehold({ ...as(id), householdId: 'h' })
      await onDay(15)
      await bringBack(10_000)
      expect(await lapses()).toEqual(ofBoth)
      expect((await world.account('household:main:h:points'))?.balanceMinor).toBe(0n)
    })

    test.each(['handed out and refunded', 'cancelled'] as const)(
      'each knows its own lapse after both came back from a reward that was %s',
      async (way) => {
        const { world, ann, onDay, bringBack, lapses } = await twoAwards()
        const { rewards } = world.loyalty
        const { tenantId } = world
        await rewards.addStock(tenantId, 'mug', 1, 'stock')
        const asked = { tenantId, rewardId: 'mug', subscriberId: ann, key: 'k' }
        const { redemptionId } = await rewards.redeem(asked)
        if (way !== 'cancelled') await rewards.handOut(tenantId, redemptionId)
        await onDay(20)
        if (way === 'cancelled') await rewards.cancel({ tenantId, redemptionId, note: 'none left' })
        else await rewards.refund({ tenantId, redemptionId, note: 'broken', restock: false })
        expect(await world.balances(ann)).toEqual({ points: 130n })
        await onDay(35)
        expect(await world.balances(ann)).toEqual({ points: 30n })
        await bringBack(10_000)
        expect(await lapses()).toEqual(ofBoth)
        expect(await world.balances(ann)).toEqual({ points: 0n })
      },
    )
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

  const delivered = { event: 'order.delivered', key: 'event.orderId', eventKey: 'event.orderId', days: 9 }
  /** A programme that forgives what was spent, and two of its members. */
  const forgiving = async (batchEvents: number, ...documents: object[]) => {
    const world = await openWorld({ batchEvents, partitions: 1 })
    const main = programme({ id: 'main', currency: 'points', returns: { onSpent: 'forgive' } })
    await world.apply(...orderTypes, main, ...documents)
    const [ann = 0, bob = 0] = await world.subscribers('ann', 'bob')
    return { world, ann, bob }
  }

  test.for([1, 2_000])(
    'what a quest gave and what moved with a merge is there to be taken, wherever a batch ends; batches of %i',
    async (batchEvents) => {
      const { world, ann, bob } = await forgiving(
        batchEvents,
        rule,
        { ...rule, id: 'later', pending: delivered },
        {
          kind: 'Quest',
          id: 'delivery',
          name: same('Delivery'),
          steps: [{ id: 'take', name: same('Take'), on: 'order.delivered', reach: '1' }],
          reward: { points: '100' },
        },
      )
      const { tenantId, loyalty } = world
      const about = { tenantId, programmeId: 'main', subscriberId: bob }
      const of = (subscriberId: number) => ({ ...about, subscriberId })
      const delivery = (subscriberId: number, orderId: string) => ({
        subscriberId,
        type: 'order.delivered',
        data: { orderId },
      })
      // Bob's order waits for its delivery while he becomes ann; what either had is spent.
      await world.append(paid(ann, 'a', 10_000), paid(bob, 'b', 10_000))
      await world.run()
      for (const id of [ann, bob])
        await loyalty.burning.burn({ ...of(id), points: 100n, reason: 'till', key: `${id}` })
      await loyalty.members.merge({ ...of(ann), from: bob })
      await world.append(delivery(ann, 'b'), returned(ann, 'b', 10_000), returned(ann, 'a', 10_000))
      await world.run()
      // A hundred of the quest and a hundred of the delivery are there, for the three hundred that are taken back.
      expect(await world.balances(ann)).toEqual({ points: 0n })
      const lines = await world.history(ann)
      expect(lines.reduce((sum, { points }) => sum + BigInt(points), 0n)).toBe(0n)
      expect(await world.verify()).toMatchObject({ ok: true })
    },
  )

  test.for([1, 2_000])(
    'each return sees what the ones before it took, and not what still waits; batches of %i',
    async (batchEvents) => {
      const { world, ann, bob } = await forgiving(
        batchEvents,
        { ...rule, where: 'event.orderId != "p"' },
        { ...rule, id: 'later', where: 'event.orderId == "p"', pending: delivered },
      )
      const { tenantId, loyalty } = world
      const about = { tenantId, programmeId: 'main', subscriberId: ann }
      await world.append(paid(ann, 'a', 10_000), paid(bob, 'b', 10_000))
      await world.run()
      await loyalty.members.merge({ ...about, from: bob })
      await loyalty.burning.burn({ ...about, points: 120n, reason: 'till' })
      // Of the eighty 50 go for what bob had bought and 20 for ann's own; ten are left for the eighty of the last return.
      const back = [returned(ann, 'b', 5_000), returned(ann, 'a', 2_000), returned(ann, 'a', 8_000)]
      await world.append(paid(ann, 'p', 10_000), ...back)
      await world.run()
      const news = await world.logged('loyalty.points_returned')
      expect(news.map(({ forgivenMinor }) => forgivenMinor)).toEqual([0, 0, 70])
      expect(await world.balances(ann)).toEqual({ points: 0n })
      const lines = await world.history(ann)
      expect(lines.reduce((sum, { points }) => sum + BigInt(points), 0n)).toBe(0n)
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
