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
import { programmeAccount } from '../accounts.ts'
import { impliedProgramme } from '../programmes.ts'

const { openWorld } = loyaltyWorlds()

const newWorld = async (...documents: object[]): Promise<LoyaltyWorld> => {
  const world = await openWorld()
  const attributes = { kind: 'Attributes', id: 'subscriber', attributes: { city: 'string' } }
  await world.apply(...orderTypes, attributes, ...documents)
  return world
}
const rule = (rest: object): object => ({
  kind: 'EarnRule',
  id: 'five',
  on: 'order.paid',
  points: { perMajorUnit: '0.05' },
  ...rest,
})
const one = (rest: object): object => rule({ points: { perMajorUnit: '1' }, ...rest })
const reasons = async (world: LoyaltyWorld): Promise<string[]> =>
  (await world.judgements()).map(({ rule, reason, points }) => `${rule} ${reason} ${points}`)

describe('a rule', () => {
  test('gives points for events, makes members of those who have them, and says why or why not', async () => {
    const world = await newWorld(rule({ where: 'event.amountMinor >= 1000' }))
    const [ann, bob] = await world.subscribers('ann', 'bob')
    await world.append(paid(ann!, 'a1', 20_000), paid(bob!, 'b1', 999), paid(ann!, 'a2', 1_999))
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 10n })
    expect(await world.balances(bob!)).toEqual({})
    expect((await reasons(world)).toSorted()).toEqual([
      'five condition_not_met 0',
      'five credited 10',
      'five rounds_to_zero 0',
    ])
    const refused = (await world.judgements()).find(({ reason }) => reason === 'condition_not_met')
    expect(refused!.saw).toEqual({ where: 'event.amountMinor >= 1000', 'event.amountMinor': 999 })
    const liability = await world.account(programmeAccount(impliedProgramme, 'liability'))
    expect(liability!.balanceMinor).toBe(-10n)
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('counts by steps, by parts of steps, by a number of major units, and by a fixed number', async () => {
    const steps = [
      { fromMinor: '1000', perMajorUnit: '1' },
      { fromMinor: '10000', perMajorUnit: '2' },
    ]
    const world = await newWorld(
      rule({ id: 'a', points: { steps } }),
      rule({ id: 'b', points: { steps, marginal: true } }),
      rule({ id: 'c', points: { perMajorUnit: '1' }, amount: 'event.amount', rounding: 'half_up' }),
      rule({ id: 'd', points: { fixed: '7' } }),
    )
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 20_000, { amount: 11.5 }), paid(ann!, 'y', 999, { amount: 0.115 }))
    await world.run()
    expect(await reasons(world)).toEqual(
      [
        ['a credited 400', 'b credited 290', 'c credited 12', 'd credited 7'],
        ['a below_first_step 0', 'b below_first_step 0', 'c rounds_to_zero 0', 'd credited 7'],
      ].flat(),
    )
  })

  test('is multiplied by product, partner, day and tier; of those that are best, by the largest alone', async () => {
    const world = await newWorld(
      one({
        multipliers: [
          { id: 'partner', when: 'event.partner == "shop"', times: '1.5' },
          { id: 'sunday', when: 'local.weekday == 7', times: '2', best: true },
          { id: 'spring', when: 'local.monthDay == "03-01"', times: '3', best: true },
          { id: 'city', when: 'subscriber.city == "Kyiv"', times: '10' },
          { id: 'gold', when: 'member.tier == "gold"', times: '10' },
        ],
      }),
    )
    const [ann] = await world.subscribers('ann')
    const monday = Date.parse('2026-03-02T10:00:00Z')
    world.clock.setMs(monday)
    await world.append(
      { ...paid(ann!, 'x', 10_100, { partner: 'shop' }), atMs: Date.parse('2026-03-01T23:59:59Z') },
      { ...paid(ann!, 'y', 10_100), atMs: monday },
    )
    await world.run()
    expect(await reasons(world)).toEqual(['five credited 454', 'five credited 101'])
    expect((await world.judgements())[0]!.saw).toMatchObject({ multipliers: { partner: '1.5', spring: '3' } })
  })

  test('amounts in another currency than the rule’s earn nothing, nor do such returns take anything back', async () => {
    const world = await newWorld(
      eventType('pay', { amountMinor: 'integer', currency: 'string', orderId: 'string' }),
      eventType('refund', { amountMinor: 'integer', currency: 'string', orderId: 'string' }),
      one({
        on: 'pay',
        reference: 'event.orderId',
        returns: { on: 'refund', reference: 'event.orderId', amount: 'event.amountMinor' },
      }),
      one({ id: 'yen', on: 'pay', currency: 'JPY' }),
      one({ id: 'any', on: 'pay', points: { fixed: '7' } }),
    )
    const [ann] = (await world.subscribers('ann')) as [number]
    const event = (type: string, orderId: string, currency: string) => ({
      subscriberId: ann,
      type,
      data: { orderId, amountMinor: 10_000, ...(currency ? { currency } : {}) },
    })
    await world.append(event('pay', 'a', 'USD'))
    await world.run()
    expect(await world.balances(ann)).toEqual({ points: 7n })
    const refused = (await world.judgements()).filter(({ reason }) => reason === 'currency_differs')
    expect(refused.map(({ rule, saw }) => [rule, saw])).toEqual([
      ['five', { currency: 'USD', expected: 'RUB' }],
      ['yen', { currency: 'USD', expected: 'JPY' }],
    ])
    // The tenant's money is roubles, with two decimals; yens have none, and an event may leave its currency out.
    await world.append(event('pay', 'b', 'RUB'), event('pay', 'c', 'JPY'), event('refund', 'b', 'USD'))
    await world.run()
    expect(await world.balances(ann)).toEqual({ points: 7n + 7n + 100n + 7n + 10_000n })
    await world.append(event('refund', 'b', 'RUB'), event('pay', 'd', ''))
    await world.run()
    expect(await world.balances(ann)).toEqual({ points: 28n + 10_000n + 100n + 10_000n })
    await expect(world.apply(one({ on: 'pay', currency: 'roubles' }))).rejects.toThrow('currency')
  })

  test('days are those of the programme’s time zone', async () => {
    const world = await newWorld(
      programme({ id: 'east', currency: 'east', timeZone: 'Asia/Tokyo' }),
      one({ programme: 'east', caps: [{ per: 'member', period: 'day', points: '10' }] }),
    )
    const [ann] = await world.subscribers('ann')
    const at = (time: string) => ({ atMs: Date.parse(`2026-02-27T${time}:00Z`) })
    await world.append(
      { ...paid(ann!, 'x', 1_000), ...at('14:59') },
      { ...paid(ann!, 'y', 1_000), ...at('15:00') },
      { ...paid(ann!, 'z', 1_000), ...at('15:01') },
    )
    await world.run()
    expect(await reasons(world)).toEqual(['five credited 10', 'five credited 10', 'five cap_reached 0'])
  })
})

describe('caps and groups', () => {
  test('a cap gives what is left of it, by member, by rule, by times, and by event', async () => {
    const world = await newWorld(
      one({ id: 'a', caps: [{ per: 'member', period: 'month', points: '150' }] }),
      one({ id: 'b', caps: [{ per: 'rule', period: 'ever', points: '250' }] }),
      one({ id: 'c', caps: [{ per: 'member', period: 'day', times: 1 }] }),
      one({ id: 'd', caps: [{ per: 'member', period: 'event', points: '30' }] }),
    )
    const [ann, bob] = await world.subscribers('ann', 'bob')
    for (const [who, order] of [
      [ann, 'a1'],
      [ann, 'a2'],
      [bob, 'b1'],
    ] as const) {
      await world.append(paid(who!, order, 10_000))
      await world.run()
      world.clock.setMs(world.clock.nowMs() + 1)
    }
    expect(await reasons(world)).toEqual(
      [
        ['a credited 100', 'b credited 100', 'c credited 100', 'd credited_in_part 30'],
        ['a credited_in_part 50', 'b credited 100', 'c cap_reached 0', 'd credited_in_part 30'],
        ['a credited 100', 'b credited_in_part 50', 'c credited 100', 'd credited_in_part 30'],
      ].flat(),
    )
  })

  test('a budget is shared by rules and says when it is exhausted', async () => {
    const world = await newWorld(
      programme({ id: 'main', currency: 'points', budgets: [{ id: 'spring', points: '120' }] }),
      one({ id: 'a', budget: 'spring' }),
      one({ id: 'b', budget: 'spring' }),
    )
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 10_000), paid(ann!, 'y', 10_000))
    await world.run()
    expect(await reasons(world)).toEqual(
      [
        ['a credited 100', 'b credited_in_part 20'],
        ['a budget_exhausted 0', 'b budget_exhausted 0'],
      ].flat(),
    )
    expect(await world.balances(ann!)).toEqual({ points: 120n })
  })

  test('of a group the rule that gives most is the only one; others stack', async () => {
    const world = await newWorld(
      one({ id: 'a', bestOf: 'g' }),
      rule({ id: 'b', bestOf: 'g', points: { fixed: '40' } }),
      rule({ id: 'c', points: { fixed: '1' } }),
    )
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 3_000), paid(ann!, 'y', 5_000))
    await world.run()
    expect(await reasons(world)).toEqual(
      [
        ['c credited 1', 'a better_rule 0', 'b credited 40'],
        ['c credited 1', 'a credited 50', 'b better_rule 0'],
      ].flat(),
    )
  })
})

describe('points that wait', () => {
  test('for a date: they are there and cannot be spent before', async () => {
    const world = await newWorld(one({ pending: { days: 14 } }))
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 10_000))
    await world.run()
    const account = `member:main:${ann}:points`
    expect(await world.account(account)).toMatchObject({ availableMinor: 0n, upcomingMinor: 100n })
    world.clock.setMs(world.clock.nowMs() + 14 * 86_400_000)
    expect(await world.account(account)).toMatchObject({ availableMinor: 100n, upcomingMinor: 0n })
  })

  const delivered = (subscriberId: number, orderId: string) => ({
    subscriberId,
    type: 'order.delivered',
    data: { orderId },
  })
  const untilDelivered = one({
    reference: 'event.orderId',
    returns: { on: 'order.returned', reference: 'event.orderId', amount: 'event.amountMinor' },
    pending: { event: 'order.delivered', key: 'event.orderId', eventKey: 'event.orderId', days: 10 },
  })

  test('until a moment of the event: where it says none, or none that is meant, nothing is given at once', async () => {
    const world = await newWorld(
      eventType('stay', { checkOut: 'date-time' }),
      rule({ on: 'stay', points: { fixed: '50' }, pending: { until: 'event.checkOut' } }),
    )
    const [ann = 0] = await world.subscribers('ann')
    const stay = (checkOut?: string) => ({
      subscriberId: ann,
      type: 'stay',
      data: checkOut === undefined ? {} : { checkOut: Date.parse(checkOut) },
    })
    await world.append(stay('2026-03-20T10:00:00Z'), stay(), stay('9999-12-31T23:59:59Z'))
    await world.run()
    expect(await world.account(`member:main:${ann}:points`)).toMatchObject({
      availableMinor: 0n,
      upcomingMinor: 50n,
    })
    expect((await reasons(world)).toSorted()).toEqual([
      'five credited 50',
      'five until_missing 0',
      'five until_missing 0',
    ])
  })

  test('for an event: it releases what returns have left; after its time they are given up', async () => {
    const world = await newWorld(untilDelivered)
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 10_000), paid(ann!, 'y', 5_000), paid(ann!, 'z', 2_000))
    await world.run()
    const account = `member:main:${ann}:points`
    expect(await world.account(account)).toMatchObject({ balanceMinor: 0n, pendingCreditsMinor: 170n })
    await world.append({
      subscriberId: ann!,
      type: 'order.returned',
      data: { orderId: 'x', amountMinor: 2_500 },
    })
    await world.append({
      subscriberId: ann!,
      type: 'order.returned',
      data: { orderId: 'z', amountMinor: 2_000 },
    })
    await world.append(delivered(ann!, 'x'))
    await world.run()
    expect(await world.account(account)).toMatchObject({ balanceMinor: 75n, pendingCreditsMinor: 50n })
    world.clock.setMs(world.clock.nowMs() + 10 * 86_400_000)
    await world.run()
    expect(await world.account(account)).toMatchObject({ balanceMinor: 75n, pendingCreditsMinor: 0n })
    await world.append(delivered(ann!, 'y'), delivered(ann!, 'z'))
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 75n })
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('what was released can be returned as well', async () => {
    const world = await newWorld(untilDelivered)
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 'x', 10_000), delivered(ann!, 'x'))
    await world.append({
      subscriberId: ann!,
      type: 'order.returned',
      data: { orderId: 'x', amountMinor: 10_000 },
    })
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 0n })
    expect(await reasons(world)).toEqual(
      expect.arrayContaining(['five pending undefined', 'five released 100', 'five returned -100']),
    )
  })
})

test('a welcome is given once and told once, however often somebody comes back', async () => {
  const world = await newWorld(
    programme({ id: 'main', currency: 'points', welcome: { points: '50' } }),
    one({}),
    {
      kind: 'TierLadder',
      id: 'levels',
      name: same('Levels'),
      by: { measure: 'points' },
      tiers: [
        { id: 'base', name: same('Base'), at: '0' },
        { id: 'silver', name: same('Silver'), at: '50' },
      ],
    },
  )
  const [ann] = (await world.subscribers('ann')) as [number]
  const about = { tenantId: world.tenantId, programmeId: 'main', subscriberId: ann }
  const tier = async () => (await world.loyalty.tiers.ofMember(world.tenantId, ann))[0]!.tier
  await world.loyalty.members.enrol(about)
  expect(await tier()).toBe('silver')
  await world.loyalty.members.leave(about)
  await world.loyalty.members.enrol(about)
  await world.run()
  // Whoever has left begins again, and the welcome of the first time is no merit of the second.
  expect(await tier()).toBe('base')
  expect(await world.balances(ann)).toEqual({ points: 50n })
  expect(await world.logged('loyalty.points_earned')).toMatchObject([{ rule: '#welcome', pointsMinor: 50 }])
  expect(await reasons(world)).toContain('#welcome welcome_given_before 0')
})
