import { describe, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, orderTypes, paid, programme } from '../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../test/loyalty-worlds.ts'
import { loggedEvents } from '../../test/log-events.ts'
import { referralCodeOf } from './members.ts'

const { openWorld, worlds } = loyaltyWorlds()

const DAY = 86_400_000
const rule = {
  kind: 'EarnRule',
  id: 'one',
  on: 'order.paid',
  points: { perMajorUnit: '1' },
  reference: 'event.orderId',
  returns: { on: 'order.returned', reference: 'event.orderId', amount: 'event.amountMinor' },
}
const newWorld = async (main: Record<string, unknown>, ...documents: object[]): Promise<LoyaltyWorld> => {
  const world = await openWorld()
  const attributes = { kind: 'Attributes', id: 'subscriber', attributes: { city: 'string' } }
  await world.apply(
    ...orderTypes,
    eventType('line.activated', {}),
    attributes,
    programme({ id: 'main', currency: 'points', ...main }),
    ...documents,
  )
  return world
}
const asked = (world: LoyaltyWorld, subscriberId: number) => ({
  tenantId: world.tenantId,
  programmeId: 'main',
  subscriberId,
})
const states = (world: LoyaltyWorld) =>
  world.tx<{ id: number; state: string }[]>((tx) =>
    tx.query('select subscriber_id as id, state from loyalty.member order by 1'),
  )
const types = async (world: LoyaltyWorld): Promise<string[]> =>
  (await loggedEvents(world.log)).filter(({ source }) => source === '/loyalty').map(({ type }) => type)

describe('enrolment', () => {
  test('happens on activation, with a welcome and events for a message, and only where the condition holds', async () => {
    const enrolment = { on: ['line.activated'], where: 'subscriber.city == "Kyiv"' }
    const world = await newWorld({ enrolment, welcome: { points: '50' } }, rule)
    await world.profiles.upsertSubscribers(world.tenantId, [
      { identities: { external: 'ann' }, attributes: { city: 'Kyiv' } },
      { identities: { external: 'bob' }, attributes: { city: 'Lviv' } },
    ])
    const [ann, bob] = await world.subscribers('ann', 'bob')
    const activated = (subscriberId: number) => ({ subscriberId, type: 'line.activated' })
    await world.append(activated(ann!), activated(bob!), paid(bob!, 'x', 1_000))
    await world.run()
    expect(await states(world)).toEqual([{ id: ann, state: 'active' }])
    expect(await world.balances(ann!)).toEqual({ points: 50n })
    expect((await world.judgements()).map(({ reason }) => reason).toSorted()).toEqual([
      'not_a_member',
      'welcome',
    ])
    expect(await types(world)).toEqual(['loyalty.member_enrolled', 'loyalty.points_earned'])
    const told = (await loggedEvents(world.log)).find(({ type }) => type === 'loyalty.member_enrolled')
    expect(told!.data).toMatchObject({
      programme: 'main',
      by: 'line.activated',
      isReturning: false,
      referralCode: referralCodeOf('main', ann!),
    })
  })

  test('what is announced stands on the log once, though the process dies between the log and its note', async () => {
    const world = await newWorld({ welcome: { points: '50' } }, rule)
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 1_000))
    // Fingerprint, positions, batch, page of announcements, deletion of the page.
    world.faults.push('before', 'none', 'none', 'none')
    for (let i = 0; i < 4; i++) {
      await world.loyalty.stages[0]!.run(world.tenantId).catch(() => undefined)
      world.faults.length = 0
      world.faults.push(...(['before', 'none', 'none', 'none'] as const).slice(0, 4 - i))
      world.kill()
    }
    world.faults.length = 0
    await world.run()
    expect((await types(world)).toSorted()).toEqual([
      'loyalty.member_enrolled',
      'loyalty.points_earned',
      'loyalty.points_earned',
    ])
    expect(await world.balances(ann!)).toEqual({ points: 60n })
  })

  test('is loyalty’s to tell: an event of that name from elsewhere gives nobody a bonus', async () => {
    const world = await newWorld({}, rule)
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(paid(ann, 'x', 1_000))
    await world.run()
    await world.apply(programme({ id: 'main', currency: 'points', welcome: { points: '50' } }))
    await world.append({ subscriberId: ann, type: 'loyalty.member_enrolled', data: { programme: 'main' } })
    await world.append({ subscriberId: ann, type: 'loyalty.asked.leave', data: { programme: 'main' } })
    await world.run()
    expect(await world.balances(ann)).toEqual({ points: 10n })
    expect(await states(world)).toEqual([{ id: ann, state: 'active' }])
  })

  test('by hand, once for a key; a subscriber may be in two programmes', async () => {
    const club = programme({ id: 'club', currency: 'club', enrolment: 'by_hand' })
    const world = await newWorld({}, club, rule, { ...rule, id: 'two', programme: 'club' })
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 1_000))
    await world.run()
    expect(await world.balances(ann!, 'club')).toEqual({})
    const request = { ...asked(world, ann!), programmeId: 'club', key: 'k' }
    for (let i = 0; i < 2; i++)
      expect(await world.loyalty.members.enrol(request)).toMatchObject({ state: 'active' })
    await world.append(paid(ann!, 'y', 1_000))
    await world.run()
    expect(await world.balances(ann!, 'club')).toEqual({ club: 10n })
    expect(await world.balances(ann!)).toEqual({ points: 20n })
    const memberships = await world.loyalty.members.membershipsOf(world.tenantId, ann!)
    expect(memberships.map(({ member, balance }) => [member.programmeId, balance!.availableMinor])).toEqual([
      ['club', 10n],
      ['main', 20n],
    ])
    await expect(world.loyalty.members.enrol({ ...request, programmeId: 'no' })).rejects.toMatchObject({
      code: 'programme_not_found',
    })
  })
})

describe('leaving', () => {
  test('nobody who left is enrolled again by a machine; the welcome is given once; points wait', async () => {
    const world = await newWorld({ welcome: { points: '50' } }, rule)
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 1_000))
    await world.run()
    expect(await world.loyalty.members.leave(asked(world, ann!))).toMatchObject({ state: 'left' })
    await expect(world.loyalty.members.leave(asked(world, ann!))).rejects.toMatchObject({
      code: 'member_not_active',
    })
    await world.append(paid(ann!, 'y', 1_000))
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 60n })
    expect((await world.judgements()).at(-1)).toMatchObject({ reason: 'member_left' })
    await world.loyalty.members.enrol(asked(world, ann!))
    await world.append(paid(ann!, 'z', 1_000))
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 70n })
    expect((await types(world)).filter((type) => type === 'loyalty.member_left')).toHaveLength(1)
  })

  test('where the terms say so the points lapse, those to come included, and a return afterwards asks for none', async () => {
    const later = { ...rule, id: 'later', pending: { days: 14 } }
    const world = await newWorld({ leaving: { points: 'forfeit' } }, rule, later)
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 10_000))
    await world.run()
    await world.loyalty.members.leave(asked(world, ann!))
    expect(await world.balances(ann!)).toEqual({ points: 0n })
    expect((await world.account('programme:main:breakage:points'))!.balanceMinor).toBe(200n)
    await world.append({
      subscriberId: ann!,
      type: 'order.returned',
      data: { orderId: 'x', amountMinor: 10_000 },
    })
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 0n })
    expect(await world.verify()).toMatchObject({ ok: true })
  })
})

describe('what comes later and has paid a debt', () => {
  const later = { ...rule, id: 'later', on: 'order.later', pending: { days: 14 } }
  const orders = [eventType('order.later', { orderId: 'string', amountMinor: 'integer' }), later]
  const bought = (subscriberId: number, amountMinor: number) => ({
    subscriberId,
    type: 'order.later',
    data: { orderId: 'later', amountMinor },
  })
  const back = (subscriberId: number, orderId: string, amountMinor: number) => ({
    subscriberId,
    type: 'order.returned',
    data: { orderId, amountMinor },
  })
  /** A debt of a hundred points, paid by an award that can be spent in two weeks. */
  const inDebt = async (main: Record<string, unknown>): Promise<[LoyaltyWorld, number, number]> => {
    const world = await newWorld(main, rule, ...orders)
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.append(paid(ann, 'x', 10_000), paid(bob, 'b', 100))
    await world.run()
    await world.spend(ann, 100n)
    await world.append(back(ann, 'x', 10_000), bought(ann, 15_000))
    await world.run()
    const held = { availableMinor: 0n, upcomingMinor: 50n }
    expect(await world.account(`member:main:${ann}:points`)).toMatchObject(held)
    return [world, ann, bob]
  }

  test('lapses wholly with whoever leaves, and after coming back a return asks for none of it', async () => {
    const [world, ann] = await inDebt({ leaving: { points: 'forfeit' } })
    await world.append(paid(ann, 'y', 7_000))
    await world.run()
    await world.loyalty.members.leave(asked(world, ann))
    expect(await world.balances(ann)).toEqual({ points: 0n })
    await world.loyalty.members.enrol(asked(world, ann))
    await world.append(paid(ann, 'z', 900), back(ann, 'later', 15_000))
    await world.run()
    // Fifty had lapsed; the hundred that had paid the debt are owed.
    expect(await world.balances(ann)).toEqual({ points: 9n - 100n })
    const { told, held } = await world.toldAndHeld(ann, `member:main:${ann}:points`)
    expect(told).toBe(held)
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('goes over with a merge and is taken back whole when it is returned', async () => {
    const [world, ann, bob] = await inDebt({})
    await world.loyalty.members.merge({ ...asked(world, bob), from: ann })
    const held = { availableMinor: 1n, upcomingMinor: 50n }
    expect(await world.account(`member:main:${bob}:points`)).toMatchObject(held)
    await world.append(back(ann, 'later', 15_000))
    await world.run()
    expect(await world.balances(bob)).toEqual({ points: 51n - 150n })
    const sums = await world.toldAndHeld(bob, `member:main:${ann}:points`, `member:main:${bob}:points`)
    expect(sums.told).toBe(sums.held)
    expect(await world.verify()).toMatchObject({ ok: true })
  })
})

describe('merging', () => {
  test('the one who goes on has the points with their lots, the pending ones, the history and the tenure of both', async () => {
    const later = { ...rule, id: 'later', pending: { days: 14 } }
    const delivered = { event: 'order.delivered', key: 'event.orderId', eventKey: 'event.orderId' }
    const waiting = { ...rule, id: 'waiting', pending: delivered }
    const world = await newWorld({ expiry: { after: 'earn', days: 100 } }, rule, later, waiting)
    const [ann, bob] = await world.subscribers('ann', 'bob')
    const startMs = world.clock.nowMs()
    await world.append(paid(ann!, 'a', 10_000))
    await world.run()
    world.clock.setMs(startMs + 5 * DAY)
    await world.append(paid(bob!, 'b', 1_000))
    await world.run()
    const before = await world.account(`member:main:${ann}:points`)
    await world.loyalty.members.merge({ ...asked(world, bob!), from: ann! })
    expect(await world.account(`member:main:${bob}:points`)).toMatchObject({
      availableMinor: 110n,
      upcomingMinor: 110n,
      expiring: expect.arrayContaining(
        before!.expiring.map(({ expiresAt }) => expect.objectContaining({ expiresAt })),
      ),
    })
    expect((await world.account(`member:main:${ann}:points`))!.balanceMinor).toBe(0n)
    // What comes for either of them is the one member's; a delivery releases what waited.
    await world.append(paid(ann!, 'c', 2_000))
    await world.append({ subscriberId: ann!, type: 'order.delivered', data: { orderId: 'a' } })
    await world.run()
    expect(await world.balances(bob!)).toEqual({ points: 110n + 110n + 20n + 20n + 100n })
    // A return of a purchase from before is taken from where the points are now.
    await world.append({
      subscriberId: ann!,
      type: 'order.returned',
      data: { orderId: 'a', amountMinor: 10_000 },
    })
    await world.run()
    expect(await world.balances(bob!)).toEqual({ points: 10n + 10n + 20n + 20n })
    expect(await world.balances(ann!)).toEqual({ points: 0n })
    const [member] = (await world.loyalty.members.membershipsOf(world.tenantId, ann!)).map(
      ({ member }) => member,
    )
    expect(member).toMatchObject({ subscriberId: bob, enrolledAtMs: startMs })
    const history = await world.loyalty.pointsHistory({
      tenantId: world.tenantId,
      subscriberId: bob!,
      language: 'en',
      limit: 100,
    })
    expect(new Set(history.events.map(({ subscriberId }) => subscriberId))).toEqual(new Set([ann, bob]))
    expect(await world.verify()).toMatchObject({ ok: true })
    const again = { ...asked(world, bob!), from: ann! }
    await expect(world.loyalty.members.merge(again)).rejects.toMatchObject({ code: 'member_merge_conflict' })
  })

  test('a debt goes over too, and a chain of merges ends at the last', async () => {
    const world = await newWorld({}, rule)
    const [ann, bob, eve] = await world.subscribers('ann', 'bob', 'eve')
    await world.append(paid(ann!, 'a', 10_000), paid(bob!, 'b', 4_000), paid(eve!, 'e', 1_000))
    await world.run()
    await world.spend(ann!, 100n)
    await world.append({
      subscriberId: ann!,
      type: 'order.returned',
      data: { orderId: 'a', amountMinor: 10_000 },
    })
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: -100n })
    await world.loyalty.members.merge({ ...asked(world, bob!), from: ann! })
    expect(await world.balances(bob!)).toEqual({ points: -60n })
    await world.loyalty.members.merge({ ...asked(world, eve!), from: bob! })
    await world.append(paid(ann!, 'x', 8_000))
    await world.run()
    expect(await world.balances(eve!)).toEqual({ points: 30n })
    expect(await world.verify()).toMatchObject({ ok: true })
  })
})

describe('households', () => {
  test('share one balance where the programme says so; what was shared stays when somebody leaves', async () => {
    const world = await newWorld({ households: { sharesBalance: true, maxMembers: 2 } }, rule)
    const [ann, bob, eve] = await world.subscribers('ann', 'bob', 'eve')
    await world.append(paid(ann!, 'a', 10_000), paid(bob!, 'b', 4_000), paid(eve!, 'e', 1_000))
    await world.run()
    const join = (subscriberId: number) =>
      world.loyalty.members.joinHousehold({ ...asked(world, subscriberId), householdId: 'home' })
    await join(ann!)
    await join(bob!)
    await expect(join(eve!)).rejects.toMatchObject({ code: 'household_full' })
    const shared = 'household:main:home:points'
    expect((await world.account(shared))!.balanceMinor).toBe(140n)
    await world.append(paid(bob!, 'c', 1_000))
    await world.append({
      subscriberId: bob!,
      type: 'order.returned',
      data: { orderId: 'b', amountMinor: 4_000 },
    })
    await world.run()
    expect((await world.account(shared))!.balanceMinor).toBe(110n)
    await world.loyalty.members.leaveHousehold(asked(world, bob!))
    await world.append(paid(bob!, 'd', 2_000))
    await world.run()
    expect(await world.balances(bob!)).toEqual({ points: 20n })
    expect((await world.account(shared))!.balanceMinor).toBe(110n)
    expect(await world.verify()).toMatchObject({ ok: true })
  })
})

test('whatever has become of members, they are counted as they stand', async () => {
  for (const world of worlds) {
    const counted = await world.tx<object[]>((tx) =>
      tx.query(
        'select programme_id, state, members from loyalty.member_count where members <> 0 order by 1, 2',
      ),
    )
    const standing = await world.tx<object[]>((tx) =>
      tx.query(
        'select programme_id, state, count(*) as members from loyalty.member group by 1, 2 order by 1, 2',
      ),
    )
    expect(counted).toEqual(standing)
    expect(counted.length).toBeGreaterThan(0)
  }
  expect(worlds.length).toBeGreaterThan(0)
})
