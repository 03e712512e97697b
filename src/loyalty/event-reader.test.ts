import { expect, test } from 'vitest'
import { eventType, orderTypes, paid, programme, same } from '../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../test/loyalty-worlds.ts'

const { openWorld } = loyaltyWorlds()

const documents = [
  ...orderTypes,
  eventType('order.seen', { orderId: 'string' }),
  programme({ id: 'main', currency: 'points' }),
  {
    kind: 'EarnRule',
    id: 'rate',
    on: 'order.paid',
    where: 'event.productId != "none"',
    points: { perMajorUnit: '0.05' },
    reference: 'event.orderId',
    returns: { on: 'order.returned', reference: 'event.orderId', amount: 'event.amountMinor' },
  },
  {
    kind: 'EarnRule',
    id: 'delivered',
    on: 'order.paid',
    points: { fixed: '3' },
    pending: { event: 'order.delivered', key: 'event.orderId', eventKey: 'event.orderId', days: 5 },
  },
  {
    kind: 'TierLadder',
    id: 'metals',
    name: same('metals'),
    by: {
      measure: 'spend',
      adds: [{ on: 'order.paid', amount: 'event.amountMinor', reference: 'event.orderId' }],
      takesBack: [{ on: 'order.returned', amount: 'event.amountMinor', reference: 'event.orderId' }],
    },
    period: { rollingMonths: 12 },
    tiers: [
      { id: 'bronze', name: same('bronze'), at: '0' },
      { id: 'gold', name: same('gold'), at: '1000000' },
    ],
  },
  {
    kind: 'Quest',
    id: 'different',
    name: same('different'),
    steps: [{ id: 'two', name: same('two'), on: 'order.paid', distinct: 'event.orderId', reach: '3' }],
    reward: { points: '7' },
  },
  {
    kind: 'Referral',
    id: 'friends',
    name: same('friends'),
    code: { on: 'order.seen', code: 'event.orderId' },
    rewards: [{ id: 'seen', name: same('seen'), when: { on: 'order.seen' }, referee: { points: '1' } }],
  },
]

/** Fifteen thousand letters of which no two stretches are alike, so that no index can make them short. */
const endless = (last: string): string => {
  let seed = 7
  const letters = Array.from({ length: 15_000 }, () => {
    seed = (seed * 48_271) % 2_147_483_647
    return String.fromCharCode(33 + (seed % 90))
  })
  return letters.join('') + last
}

test.each([
  ['U+0000', 'a\u0000b', 'c\u0000d'],
  ['half of a surrogate pair', 'a\ud800b', 'c\udfffd'],
  ['more letters than an index holds', endless('b'), endless('d')],
])('a text with %s stops nobody', async (_name, orderId, otherId) => {
  const world = await openWorld({ partitions: 1 })
  await world.apply(...documents)
  const [odd = 0, next = 0] = await world.subscribers('odd', 'next')
  await world.append(
    { ...paid(odd, orderId, 100_000, { productId: orderId }), id: 'first' },
    { ...paid(odd, otherId, 100_000, { productId: otherId }), id: 'second' },
    { subscriberId: odd, type: 'order.delivered', data: { orderId } },
    { subscriberId: odd, type: 'order.returned', data: { orderId, amountMinor: 40_000 } },
    { subscriberId: odd, type: 'order.seen', data: { orderId } },
    paid(next, 'plain', 100_000, { productId: 'p' }),
  )
  await world.run()
  // What names one purchase still names no other: 50 and 50, of which 20 were returned, and 3 for the delivered one.
  expect(await world.balances(odd)).toEqual({ points: 83n })
  expect(await world.balances(next)).toEqual({ points: 50n })
  expect(await world.toldAndHeld(odd, `member:main:${odd}:points`)).toEqual({ told: 83n, held: 83n })
  expect(await world.verify()).toMatchObject({ ok: true })
})
