import fc from 'fast-check'
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

const { openWorld } = loyaltyWorlds()

const START = Date.parse('2025-11-20T12:00:00Z')
const DAY = 86_400_000
const rule = {
  kind: 'EarnRule',
  id: 'one',
  on: 'order.paid',
  points: { perMajorUnit: '1' },
  reference: 'event.orderId',
  returns: { on: 'order.returned', reference: 'event.orderId', amount: 'event.amountMinor' },
}
/** Earns once the order is delivered. */
const later = {
  ...rule,
  id: 'later',
  pending: { event: 'order.delivered', key: 'event.orderId', eventKey: 'event.orderId', days: 60 },
}
const quest = {
  kind: 'Quest',
  id: 'first',
  name: same('First'),
  steps: [{ id: 'pay', name: same('Pay'), on: 'order.paid', reach: '1' }],
  reward: { points: '55' },
}
const spend = {
  measure: 'spend',
  adds: [{ on: 'order.paid', reference: 'event.orderId' }],
  takesBack: [{ on: 'order.returned', reference: 'event.orderId' }],
}
const ladder = (
  id: string,
  by: { measure: string; [more: string]: unknown },
  period: unknown = 'calendar_year',
) => ({
  kind: 'TierLadder',
  id,
  name: same(id),
  by,
  period,
  isPrimary: false,
  tiers: [
    { id: 'base', name: same('Base'), at: '0' },
    { id: 'silver', name: same('Silver'), at: by.measure === 'spend' ? '10000' : '100' },
    { id: 'gold', name: same('Gold'), at: by.measure === 'spend' ? '30000' : '300' },
  ],
})
const back = (subscriberId: number, orderId: string, amountMinor: number, n = 0) => ({
  subscriberId,
  type: 'order.returned',
  id: `back-${orderId}-${n}`,
  data: { orderId, amountMinor },
})
const newWorld = async (...documents: object[]): Promise<LoyaltyWorld> => {
  const world = await openWorld({ startMs: START })
  await world.apply(...orderTypes, programme({ id: 'main', currency: 'points' }), ...documents)
  return world
}
type Row = { subscriber: number; tier: string | null; days: number[]; amounts: bigint[] }
const standings = (world: LoyaltyWorld, ladderId: string): Promise<Row[]> =>
  world.tx((tx) =>
    tx.query(
      `select subscriber_id as subscriber, tier_id as tier, days, amounts from loyalty.tier_standing
       where ladder_id = $1 order by 1`,
      [ladderId],
    ),
  )

describe('a ladder that is made later', () => {
  test('counts what members had spent and earned before, and moves everybody once', async () => {
    const world = await newWorld(rule, quest)
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.append(paid(ann, 'a1', 30_000), paid(bob, 'b1', 9_000))
    await world.run()
    await world.apply(ladder('spent', spend, { rollingMonths: 12 }), ladder('earned', { measure: 'points' }))
    // What comes before the ladder is full counts by itself.
    await world.append(paid(bob, 'b2', 1_000))
    await world.run()
    const tiers = async (id: string) => (await standings(world, id)).map(({ tier }) => tier)
    expect([await tiers('spent'), await tiers('earned')]).toEqual([
      ['gold', 'silver'],
      ['gold', 'silver'],
    ])
    const moves = await world.loyalty.tiers.history(world.tenantId, 'spent', ann, 10)
    expect(moves.map(({ tier, reason }) => [tier, reason])).toEqual([['gold', 'tier_enrolled']])
    const { filling } = await world.loyalty.tiers.counts(world.tenantId, 'spent')
    expect(filling).toBeNull()
  })

  test('begins again with who has left and come back, and reads what `where` asks for', async () => {
    const world = await newWorld({ ...rule, returns: undefined }, quest)
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(paid(ann, 'a1', 20_000))
    await world.run()
    const about = { tenantId: world.tenantId, programmeId: 'main', subscriberId: ann }
    await world.loyalty.members.leave(about)
    world.clock.setMs(START + DAY)
    await world.loyalty.members.enrol(about)
    await world.append(paid(ann, 'a2', 12_000))
    await world.run()
    await world.apply(
      ladder('spent', spend),
      ladder('rule', { measure: 'points', where: 'event.rule == "one"' }),
      ladder('quest', { measure: 'points', where: 'event.rule == "quest:first"' }),
    )
    await world.run()
    const counted = async (id: string) => (await standings(world, id)).map(({ amounts }) => amounts)
    expect([await counted('spent'), await counted('rule'), await counted('quest')]).toEqual([
      [[12_000n]],
      [[120n]],
      [[]],
    ])
  })

  test('comes to what one that was there from the beginning has counted, with faults, kills and replays', async () => {
    const who = fc.nat(2)
    const order = fc.nat(4)
    const amount = fc.integer({ min: 1, max: 20_000 })
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('buy' as const), who, order, amount }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('return' as const), who, order, amount }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('deliver' as const), who, order }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 40 }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('run' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('replay' as const) }) },
    )
    let filled = 0n
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 30 }),
        fc.array(step, { maxLength: 8 }),
        fc.array(fc.constantFrom('none' as const, 'before' as const, 'after' as const), { maxLength: 6 }),
        fc.constantFrom('calendar_year', 'ever', { rollingMonths: 2 }),
        async (before, after, faults, period) => {
          const kinds = { spend, points: { measure: 'points' } }
          const made = (name: string) =>
            Object.entries(kinds).map(([kind, by]) => ladder(`${kind}-${name}`, by, period))
          // Ladders of other terms, which are changed to these when the later ones are made.
          const others = [
            ladder('spend-changed', { ...spend, adds: [{ on: 'order.paid' }], takesBack: [] }, 'ever'),
            ladder(
              'points-changed',
              { measure: 'points', where: 'event.rule == "one"' },
              { rollingMonths: 1 },
            ),
          ]
          const world = await newWorld(rule, later, quest, ...made('first'), ...others)
          const ids = await world.subscribers('ann', 'bob', 'eve')
          for (const subscriberId of ids) {
            const { tenantId } = world
            await world.loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId })
          }
          let n = 0
          const play = async (steps: typeof before): Promise<void> => {
            for (const one of steps) {
              n++
              if (one.do === 'buy') {
                const event = paid(ids[one.who]!, `${one.who}-${one.order}`, one.amount)
                await world.append({ ...event, id: `buy-${n}` })
              } else if (one.do === 'return') {
                await world.append(back(ids[one.who]!, `${one.who}-${one.order}`, one.amount, n))
              } else if (one.do === 'deliver') {
                const data = { orderId: `${one.who}-${one.order}` }
                await world.append({
                  subscriberId: ids[one.who]!,
                  type: 'order.delivered',
                  id: `d-${n}`,
                  data,
                })
              } else if (one.do === 'wait') {
                await world.run()
                world.clock.setMs(world.clock.nowMs() + one.days * DAY)
              } else {
                await world.run()
                if (one.do !== 'replay') continue
                await world.rewind()
                world.kill()
                await world.run()
              }
            }
          }
          await play(before)
          await world.run()
          await world.apply(...made('later'), ...made('changed'))
          world.faults.push(...faults)
          await play(after)
          world.kill()
          await world.run()
          world.faults.length = 0
          for (const id of ids) {
            // What counts today, the tier and until when it is kept; days that are over may be kept by either or not.
            const views = await world.loyalty.tiers.ofMember(world.tenantId, id)
            const of = (name: string) =>
              views
                .filter(({ ladder }) => ladder.endsWith(name))
                .map(({ measure, tier, counted, keptUntil }) => ({ measure, tier, counted, keptUntil }))
            expect(of('later')).toEqual(of('first'))
            expect(of('changed')).toEqual(of('first'))
            for (const { counted } of of('later')) filled += counted!
          }
        },
      ),
      { numRuns: 20, interruptAfterTimeLimit: 60_000 },
    )
    expect(filled).toBeGreaterThan(0n)
  }, 240_000)

  test('comes to the same for two members who are merged while it fills, whoever of them goes on', async () => {
    const firsts = [ladder('spend-first', spend), ladder('points-first', { measure: 'points' })]
    const world = await newWorld(rule, quest, ...firsts)
    // Members are filled in pages of 500, in order of their numbers: the two of a pair stand in different ones.
    const pairs = 4
    const name = (part: string) => (_: unknown, i: number) => `${part}-${i}`
    const early = await world.subscribers(...Array.from({ length: pairs }, name('early')))
    const between = await world.subscribers(...Array.from({ length: 500 }, name('between')))
    const late = await world.subscribers(...Array.from({ length: pairs }, name('late')))
    await world.append(...between.map((id) => paid(id, `o-${id}`, 100)))
    for (const [i, id] of [...early, ...late].entries())
      await world.append(paid(id, `o-${id}`, 9_000 + 500 * i))
    await world.run()
    // Since when they are members of something else too is nothing to these ladders.
    world.clock.setMs(world.clock.nowMs() + 1_000)
    await world.apply(programme({ id: 'play', currency: 'coins' }))
    const play = { tenantId: world.tenantId, programmeId: 'play' }
    for (const subscriberId of [...early, ...late])
      await world.loyalty.members.enrol({ ...play, subscriberId })
    const stage = world.loyalty.stages.find((one) => one.name === 'loyalty-tiers')!
    const tiers = new Set<string | null>()
    for (let i = 0; i < pairs; i++) {
      const laters = [ladder(`points-${i}`, { measure: 'points' }), ladder(`spend-${i}`, spend)]
      await world.apply(...laters)
      // In the middle of the one ladder, and of the other one.
      const pieces = i % 2 === 0 ? 1 : 3
      for (let n = 0; n < pieces; n++) await stage.run(world.tenantId)
      const { filling } = await world.loyalty.tiers.counts(world.tenantId, `spend-${i}`)
      expect(filling).not.toBeNull()
      const [subscriberId, from] = i < pairs / 2 ? [early[i]!, late[i]!] : [late[i]!, early[i]!]
      await world.loyalty.members.merge({ tenantId: world.tenantId, programmeId: 'main', subscriberId, from })
      await world.append(paid(from, `more-${i}`, 1_000))
      await world.run()
      const views = await world.loyalty.tiers.ofMember(world.tenantId, subscriberId)
      const of = (id: string) => {
        const { tier, counted, keptUntil } = views.find((view) => view.ladder === id)!
        return { pieces, tier, counted, keptUntil }
      }
      for (const measure of ['points', 'spend']) {
        expect(of(`${measure}-${i}`)).toEqual(of(`${measure}-first`))
        tiers.add(of(`${measure}-${i}`).tier)
      }
    }
    expect(tiers.size).toBeGreaterThan(1)
  }, 240_000)
})

describe('a ladder that is changed', () => {
  test('leaves the higher tier of two who are merged meanwhile, and what they are due when it is full', async () => {
    const world = await newWorld(rule, ladder('spent', spend))
    const [ann, bob, cat, dan] = (await world.subscribers('ann', 'bob', 'cat', 'dan')) as [
      number,
      number,
      number,
      number,
    ]
    await world.append(paid(ann, 'a', 1_000), paid(bob, 'b', 40_000))
    await world.append(paid(cat, 'c', 12_000), paid(dan, 'd', 1_000))
    await world.run()
    const rolling = { ...ladder('spent', spend, { rollingMonths: 12 }) }
    rolling.tiers[2]!.at = '50000'
    await world.apply(rolling)
    const merge = (subscriberId: number, from: number) =>
      world.loyalty.members.merge({ tenantId: world.tenantId, programmeId: 'main', subscriberId, from })
    await merge(ann, bob)
    await merge(cat, dan)
    const tiers = async () => (await standings(world, 'spent')).map(({ tier }) => tier)
    expect(await tiers()).toEqual(['gold', null, 'silver', null])
    await world.run()
    expect(await tiers()).toEqual(['silver', null, 'silver', null])
    const moves = await world.loyalty.tiers.history(world.tenantId, 'spent', ann, 10)
    expect(moves.map(({ tier, reason }) => [tier, reason]).toReversed()).toEqual([
      ['base', 'tier_enrolled'],
      ['gold', 'tier_merged'],
      ['silver', 'tier_ladder_changed'],
    ])
  })

  const tierRule = {
    ...rule,
    id: 'gold',
    points: { fixed: '7' },
    where: 'member.tier == "gold"',
    returns: undefined,
    reference: undefined,
  }
  const primary = (by: { measure: string; [more: string]: unknown }, period: unknown = 'ever') => ({
    ...ladder('spent', by, period),
    isPrimary: true,
  })
  const stageOf = (world: LoyaltyWorld, name: string) =>
    world.loyalty.stages.find((stage) => stage.name === name)!

  test('is filled again piece by piece, and nobody falls and rises meanwhile', async () => {
    const world = await newWorld(tierRule, primary(spend, { rollingMonths: 12 }))
    const { tenantId } = world
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.append(paid(ann, 'a1', 30_000), paid(bob, 'b1', 12_000), paid(bob, 'b2', 900))
    await world.run()
    const tierOf = async (id: number) => (await world.loyalty.tiers.ofMember(tenantId, id))[0]!
    expect([(await tierOf(ann)).tier, (await tierOf(bob)).tier]).toEqual(['gold', 'silver'])
    // Small orders count no more, and what counts does so by the year.
    await world.apply(
      primary(
        { ...spend, adds: [{ ...spend.adds[0], where: 'event.amountMinor >= 1000' }] },
        'calendar_year',
      ),
    )
    const { filling } = await world.loyalty.tiers.counts(tenantId, 'spent')
    expect(filling).toMatchObject({ read: 0 })
    const before = (await world.balances(ann))['points']!
    // One of the small orders is returned: it takes nothing of what counts by now.
    await world.append(paid(ann, 'a2', 1_000), paid(bob, 'b3', 17_100), back(bob, 'b2', 900))
    let turns = 0
    for (let isFull = false; !isFull; turns++) {
      await stageOf(world, 'loyalty').run(tenantId)
      const views = [await tierOf(ann), await tierOf(bob)]
      expect(views).toMatchObject([
        { tier: 'gold', counted: null, next: null },
        { tier: 'silver', counted: null, next: null },
      ])
      await stageOf(world, 'loyalty-tiers').run(tenantId)
      world.kill()
      isFull = (await world.loyalty.tiers.counts(tenantId, 'spent')).filling === null
    }
    expect(turns).toBeGreaterThan(2)
    await world.run()
    // The tier was gold for earn rules too while it was filled.
    expect((await world.balances(ann))['points']).toBe(before + 7n)
    const shown = await Promise.all([ann, bob].map(tierOf))
    expect(shown).toMatchObject([
      { tier: 'gold', counted: 31_000n, keptUntil: '2025-12-31' },
      { tier: 'silver', counted: 29_100n, keptUntil: '2025-12-31' },
    ])
    const fallen = (await world.logged('loyalty.tier_changed')).filter(
      ({ direction }) => direction === 'down',
    )
    expect(fallen).toEqual([])
    // A return finds its purchase, and of what was counted by the former terms nothing is kept.
    await world.append(back(ann, 'a1', 30_000))
    await world.run()
    expect(await tierOf(ann)).toMatchObject({ tier: 'base', counted: 1_000n })
    const kept = await world.tx<{ reference: string }[]>((tx) =>
      tx.query('select reference from loyalty.tier_purchase where day >= 0 order by 1'),
    )
    expect(kept.map(({ reference }) => reference)).toEqual(['a1', 'a2', 'b1', 'b3'])
  })

  test('moves whom the new terms move once, and keeps what somebody decided by hand meanwhile', async () => {
    const world = await newWorld(primary({ measure: 'spend', adds: [{ on: 'order.paid' }] }))
    const { tenantId } = world
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    for (const subscriberId of [ann, bob])
      await world.loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId })
    await world.append(paid(ann, 'a1', 30_000), paid(bob, 'b1', 9_000))
    await world.run()
    await world.apply(
      primary({ measure: 'spend', adds: [{ on: 'order.paid', where: 'event.amountMinor < 10000' }] }),
    )
    const decided = { tenantId, subscriberId: bob, ladderId: 'spent', reason: 'sorry', by: 'agent' }
    expect(await world.loyalty.tiers.override({ ...decided, tier: 'silver' })).toMatchObject({
      tier: 'silver',
    })
    await world.run()
    const movesOf = async (id: number) =>
      (await world.loyalty.tiers.history(tenantId, 'spent', id, 10)).map(({ tier, reason }) => [tier, reason])
    expect((await movesOf(ann))[0]).toEqual(['base', 'tier_ladder_changed'])
    expect((await movesOf(bob))[0]).toEqual(['silver', 'tier_overridden'])
    // Words alone begin nothing.
    await world.apply({
      ...primary({ measure: 'spend', adds: [{ on: 'order.paid', where: 'event.amountMinor < 10000' }] }),
      name: same('Another name'),
    })
    expect((await world.loyalty.tiers.counts(tenantId, 'spent')).filling).toBeNull()
  })

  test('takes a tier that is no more away when it is full, with its benefits, and not before', async () => {
    const benefits = [{ id: 'manager', name: same('A manager of your own') }]
    const terms = (period: string, id: string) => {
      const { tiers, ...rest } = primary(spend, period)
      return {
        ...rest,
        tiers: tiers.map((tier) => (tier.id === 'silver' ? { ...tier, id, benefits } : tier)),
      }
    }
    const world = await newWorld(terms('ever', 'silver'))
    const { tenantId } = world
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId: ann })
    await world.append(paid(ann, 'a1', 12_000))
    await world.run()
    const until = world.clock.now().add({ hours: 1 })
    const decided = { tenantId, subscriberId: ann, ladderId: 'spent', reason: 'a gift', by: 'agent' }
    await world.loyalty.tiers.override({ ...decided, tier: 'silver', until })
    await world.apply(terms('calendar_year', 'argent'))
    // What was decided by hand ends meanwhile.
    world.clock.setMs(START + 2 * 3_600_000)
    await world.append(paid(ann, 'a2', 1_000))
    await stageOf(world, 'loyalty').run(tenantId)
    expect((await standings(world, 'spent')).map(({ tier }) => tier)).toEqual(['silver'])
    const ended = () => world.logged('loyalty.benefit_ended')
    expect(await ended()).toEqual([])
    await world.run()
    const history = await world.loyalty.tiers.history(tenantId, 'spent', ann, 1)
    expect(history).toMatchObject([{ former: 'silver', tier: 'argent', reason: 'tier_ladder_changed' }])
    expect(await ended()).toEqual([])
  })

  test('counts what campaigns sold, which stands on no log', async () => {
    const sold = { on: 'purchase' }
    const world = await newWorld(primary({ measure: 'spend', adds: [sold] }))
    const { tenantId } = world
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId: ann })
    const buy = (key: string, priceMinor: bigint) =>
      world.tx((tx) =>
        world.loyalty.awardForPurchases(tx, tenantId, [
          { key, subscriberId: ann, productId: 'p', priceMinor, currency: 'RUB', at: world.clock.now() },
        ]),
      )
    await buy('one', 6_000n)
    await buy('two', 5_000n)
    await world.append(paid(ann, 'a1', 20_000))
    await world.run()
    await world.apply(primary({ measure: 'spend', adds: [sold, { on: 'order.paid' }] }, 'calendar_year'))
    // One while it is filled: it counts once.
    await buy('three', 500n)
    await world.apply({ ...ladder('new', { measure: 'spend', adds: [sold] }) })
    await world.run()
    await buy('three', 500n)
    const counted = (await world.loyalty.tiers.ofMember(tenantId, ann)).map((view) => [
      view.ladder,
      view.counted,
      view.tier,
    ])
    expect(counted).toEqual([
      ['new', 11_500n, 'silver'],
      ['spent', 31_500n, 'gold'],
    ])
  })
})

test('amounts of other currencies than the tenant’s, or the ladder’s own, do not count and take nothing back', async () => {
  const fields = { orderId: 'string', amountMinor: 'integer', currency: 'string' }
  const by = (rest: object) => ({
    measure: 'spend',
    adds: [{ on: 'sold' }],
    takesBack: [{ on: 'unsold' }],
    ...rest,
  })
  const world = await newWorld(
    eventType('sold', fields),
    eventType('unsold', fields),
    ladder('roubles', by({})),
    ladder('dollars', by({ currency: 'USD' })),
  )
  const [ann] = (await world.subscribers('ann')) as [number]
  await world.loyalty.members.enrol({ tenantId: world.tenantId, programmeId: 'main', subscriberId: ann })
  const event = (type: string, amountMinor: number, currency?: string) => ({
    subscriberId: ann,
    type,
    data: { amountMinor, ...(currency === undefined ? {} : { currency }) },
  })
  await world.append(
    event('sold', 40_000, 'RUB'),
    event('sold', 7_000),
    event('sold', 900, 'USD'),
    event('unsold', 1_000, 'RUB'),
    event('unsold', 100, 'USD'),
    event('unsold', 20_000, 'EUR'),
  )
  await world.run()
  const views = await world.loyalty.tiers.ofMember(world.tenantId, ann)
  // What names no currency is taken as the one that the ladder counts.
  expect(views.map((view) => [view.ladder, view.counted])).toEqual([
    ['dollars', 7_800n],
    ['roubles', 46_000n],
  ])
})

describe('a return in a later year', () => {
  test('is taken from the year of its purchase, and the tier of this year stays', async () => {
    const world = await newWorld(rule, ladder('spent', spend), ladder('earned', { measure: 'points' }))
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(paid(ann, 'old', 30_000))
    await world.run()
    world.clock.setMs(Date.parse('2026-01-10T12:00:00Z'))
    await world.append(paid(ann, 'new', 30_000))
    await world.run()
    await world.append(back(ann, 'old', 30_000))
    await world.run()
    const tiers = async () =>
      [...(await standings(world, 'spent')), ...(await standings(world, 'earned'))].map(({ tier }) => tier)
    expect(await tiers()).toEqual(['gold', 'gold'])
    world.clock.setMs(Date.parse('2026-12-31T12:00:00Z'))
    await world.run()
    expect(await tiers()).toEqual(['gold', 'gold'])
    await world.append(back(ann, 'new', 25_000))
    await world.run()
    expect(await tiers()).toEqual(['base', 'base'])
    // Purchases that can be taken back from nothing any more are forgotten.
    const names = () =>
      world.tx((tx) => tx.query('select reference, amount from loyalty.tier_purchase order by 1'))
    expect(await names()).toEqual([{ reference: 'new', amount: 5_000n }])
    world.clock.setMs(Date.parse('2027-03-01T12:00:00Z'))
    await world.run()
    expect(await names()).toEqual([])
    // What is not known any more is over; what has not come yet does not count when it does.
    await world.append(paid(ann, 'next', 12_000), back(ann, 'old', 30_000, 2), back(ann, 'early', 9_000))
    await world.append(paid(ann, 'early', 9_000))
    await world.run()
    const views = await world.loyalty.tiers.ofMember(world.tenantId, ann)
    expect(views.find(({ ladder }) => ladder === 'spent')).toMatchObject({ counted: 12_000n, tier: 'silver' })
  })

  test('names its purchase on both sides or on none', async () => {
    const [first] = spend.adds
    const nameless = { ...spend, adds: [{ on: first!.on }] }
    const world = await newWorld()
    await expect(world.apply(ladder('spent', nameless))).rejects.toThrow('needs purchases with a `reference`')
  })
})
