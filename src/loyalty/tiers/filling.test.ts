import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LoyaltyWorld, orderTypes, paid, programme, same } from '../../../test/loyalty-world.ts'
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
const ladder = (id: string, by: object, period: unknown = 'calendar_year'): object => ({
  kind: 'TierLadder',
  id,
  name: same(id),
  by,
  period,
  isPrimary: false,
  tiers: [
    { id: 'base', name: same('Base'), at: '0' },
    { id: 'silver', name: same('Silver'), at: by === spend ? '10000' : '100' },
    { id: 'gold', name: same('Gold'), at: by === spend ? '30000' : '300' },
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
          const world = await newWorld(rule, later, quest, ...made('first'))
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
          await world.apply(...made('later'))
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
            for (const { counted } of of('later')) filled += counted!
          }
        },
      ),
      { numRuns: 20, interruptAfterTimeLimit: 60_000 },
    )
    expect(filled).toBeGreaterThan(0n)
  }, 240_000)
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
