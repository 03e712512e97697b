import { describe, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, orderTypes, programme } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'
import { postTransfers } from '../../ledger/index.ts'

const { openWorld } = loyaltyWorlds()

const HOUR = 3_600_000
const start = Date.parse('2026-03-10T12:00:00Z')
const common = { kind: 'EarnRule', on: 'order.paid', points: { perMajorUnit: '1' } }
/** Waits for the delivery of the very order. */
const byOrder = {
  ...common,
  id: 'by-order',
  reference: 'event.orderId',
  pending: { event: 'order.delivered', key: 'event.orderId', eventKey: 'event.orderId', days: 2 },
  returns: { on: 'order.returned', reference: 'event.orderId', amount: 'event.amountMinor' },
}
/** Waits for any visit afterwards. */
const byVisit = { ...common, id: 'by-visit', pending: { event: 'visit', days: 2 } }

async function newWorld(rule: object, batchEvents = 2_000): Promise<LoyaltyWorld> {
  // The clock stands before it all, so that nothing is given up meanwhile.
  const startMs = start - 72 * HOUR
  const world = await openWorld({ startMs, partitions: 1, batchEvents })
  await world.apply(
    ...orderTypes,
    eventType('visit', {}),
    programme({ id: 'main', currency: 'points' }),
    rule,
  )
  return world
}

type Deed = { type: string; hours: number; data?: Record<string, unknown> }
const paid = (orderId: string, hours: number, amountMinor = 10_000): Deed => ({
  type: 'order.paid',
  hours,
  data: { orderId, amountMinor },
})
const delivered = (orderId: string, hours: number): Deed => ({
  type: 'order.delivered',
  hours,
  data: { orderId },
})
const returned = (orderId: string, hours: number, amountMinor: number): Deed => ({
  type: 'order.returned',
  hours,
  data: { orderId, amountMinor },
})
const visit = (hours: number): Deed => ({ type: 'visit', hours })

/** Lets a member's deeds come in this order, whenever they happened. */
const append = (world: LoyaltyWorld, subscriberId: number, deeds: Deed[]): Promise<void> =>
  world.append(
    ...deeds.map(({ type, hours, data = {} }) => ({
      subscriberId,
      type,
      data,
      id: `${subscriberId}-${type}-${String(data['orderId'])}-${hours}`,
      atMs: start + hours * HOUR,
    })),
  )

const stateOf = async (world: LoyaltyWorld, subscriberId: number) => {
  const account = await world.account(`member:main:${subscriberId}:points`)
  return { given: account?.balanceMinor ?? 0n, waiting: account?.pendingCreditsMinor ?? 0n }
}

function* orders<T>(items: T[]): Generator<T[]> {
  if (items.length === 0) yield []
  for (const [i, item] of items.entries()) {
    for (const rest of orders(items.toSpliced(i, 1))) yield [item, ...rest]
  }
}

describe('points that wait for an event', () => {
  test.for([7, 2_000])(
    'come to the same in whatever order purchase, confirmation and return arrive, in batches of %i',
    async (batchEvents) => {
      const cases = [
        // 75 of the first are left by the return, the second was delivered too late, the third never.
        {
          rule: byOrder,
          deeds: [
            paid('x', 0),
            delivered('x', 3),
            returned('x', 2, 2_500),
            paid('y', 0, 500),
            delivered('y', 48),
          ],
          state: { given: 75n, waiting: 5n },
        },
        // A visit is for what was bought before it, and not for what was bought later or long ago.
        {
          rule: byVisit,
          deeds: [paid('x', -48, 700), paid('y', 0), visit(1), paid('z', 2, 300)],
          state: { given: 100n, waiting: 10n },
        },
      ]
      for (const { rule, deeds, state } of cases) {
        const world = await newWorld(rule, batchEvents)
        const ways = [...orders(deeds)]
        const members = await world.subscribers(...ways.map((_, i) => `member-${i}`))
        for (const [i, deeds] of ways.entries()) await append(world, members[i]!, deeds)
        await world.run()
        await world.rewind()
        await world.run()
        for (const [i, way] of ways.entries()) {
          expect([way, await stateOf(world, members[i]!)]).toEqual([way, state])
        }
        expect(await world.verify()).toMatchObject({ ok: true })
      }
    },
  )

  test('goods that were handed over before they were paid confirm the first payment for them, and no other', async () => {
    const world = await newWorld(byOrder)
    const [ann] = (await world.subscribers('ann')) as [number]
    await append(world, ann, [delivered('x', 0)])
    await world.run()
    expect((await world.judgements())[0]).toMatchObject({ reason: 'confirmation_waits', saw: { key: 'x' } })
    world.kill()
    await append(world, ann, [paid('x', 1, 100), paid('x', 2, 200)])
    await world.run()
    expect(await stateOf(world, ann)).toEqual({ given: 1n, waiting: 2n })
    const released = (await world.judgements()).filter(({ reason }) => reason === 'released')
    expect(released).toMatchObject([{ points: '1', saw: { waitedFor: 'order.delivered' } }])
  })

  test('who is merged into another member takes confirmations that wait along', async () => {
    const world = await newWorld(byOrder)
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await append(world, ann, [paid('a', 0, 100), delivered('x', 1)])
    await append(world, bob, [paid('b', 0, 100)])
    await world.run()
    const { tenantId } = world
    await world.loyalty.members.merge({ tenantId, programmeId: 'main', from: ann, subscriberId: bob })
    await append(world, ann, [paid('x', 0, 700)])
    await world.run()
    expect(await stateOf(world, bob)).toMatchObject({ given: 7n })
  })

  test('a confirmation that names no purchase confirms none', async () => {
    const world = await newWorld(byOrder)
    const [ann] = (await world.subscribers('ann')) as [number]
    await append(world, ann, [paid('x', 0), { type: 'order.delivered', hours: 1 }])
    await world.run()
    expect(await stateOf(world, ann)).toEqual({ given: 0n, waiting: 100n })
    expect((await world.judgements()).at(-1)).toMatchObject({ reason: 'confirmation_key_missing' })
  })

  test('are not for somebody who left and gave all up by that, until they are back', async () => {
    const world = await newWorld(byOrder)
    await world.apply(programme({ id: 'main', currency: 'points', leaving: { points: 'forfeit' } }))
    const [ann] = (await world.subscribers('ann')) as [number]
    const membership = { tenantId: world.tenantId, programmeId: 'main', subscriberId: ann }
    await append(world, ann, [paid('x', 0)])
    await world.run()
    await world.loyalty.members.leave(membership)
    await append(world, ann, [delivered('x', 1)])
    await world.run()
    expect(await stateOf(world, ann)).toEqual({ given: 0n, waiting: 100n })
    await world.loyalty.members.enrol(membership)
    await append(world, ann, [delivered('x', 2)])
    await world.run()
    expect(await stateOf(world, ann)).toEqual({ given: 100n, waiting: 0n })
  })

  test('pay a debt of the household in which they were earned, as its history says, before they follow who left it', async () => {
    const world = await newWorld(byOrder)
    const main = programme({ id: 'main', currency: 'points', households: { sharesBalance: true } })
    await world.apply(main)
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    const about = (subscriberId: number) => ({ tenantId: world.tenantId, programmeId: 'main', subscriberId })
    for (const id of [ann, bob]) {
      await world.loyalty.members.enrol(about(id))
      await world.loyalty.members.joinHousehold({ ...about(id), householdId: 'home' })
    }
    await append(world, ann, [paid('a', 0, 4_000), paid('b', 0, 3_000)])
    await world.run()
    const home = 'household:main:home:points'
    await world.tx((tx) =>
      postTransfers(
        tx,
        [
          {
            key: 'debt',
            kind: 'post',
            debitAccount: home,
            creditAccount: 'programme:main:liability:points',
            amountMinor: 35n,
            currency: 'points',
            deficit: 'debt',
          },
        ],
        world.clock.now(),
      ),
    )
    await world.loyalty.members.leaveHousehold(about(ann))
    const sums = async () => [
      await world.toldAndHeld(ann, `member:main:${ann}:points`),
      await world.toldAndHeld(bob, home),
    ]
    await append(world, ann, [delivered('a', 1)])
    await world.run()
    expect(await sums()).toEqual([
      { told: 0n, held: 0n },
      { told: 5n, held: 5n },
    ])
    await append(world, ann, [delivered('b', 1)])
    await world.run()
    expect(await sums()).toEqual([
      { told: 30n, held: 30n },
      { told: 5n, held: 5n },
    ])
    expect(await world.verify()).toMatchObject({ ok: true })
  })
})
