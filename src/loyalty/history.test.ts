import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyWorld, loyaltyWorld, orderTypes, paid, programme } from '../../test/loyalty-world.ts'
import { LoyaltyOracle, type Policy } from '../../test/loyalty-oracle.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const START = Date.parse('2026-01-01T12:00:00Z')
const DAY = 86_400_000

const policies: Policy[] = [
  {
    id: 'main',
    currency: 'points',
    days: 30,
    onSpent: 'debt',
    limit: 0n,
    forfeits: false,
    welcome: 25n,
    rate: 100n,
  },
  {
    id: 'club',
    currency: 'club',
    days: 45,
    onSpent: 'forgive',
    limit: 0n,
    forfeits: true,
    welcome: 0n,
    rate: 300n,
  },
  {
    id: 'bank',
    currency: 'bank',
    days: null,
    onSpent: 'limit',
    limit: 40n,
    forfeits: false,
    welcome: 7n,
    rate: 50n,
  },
]
const documents = policies.flatMap(({ id, currency, days, onSpent, limit, forfeits, welcome, rate }) => [
  programme({
    id,
    currency,
    expiry: days === null ? 'never' : { after: 'earn', days },
    returns: { onSpent, ...(onSpent === 'limit' ? { limit: limit.toString() } : {}) },
    leaving: { points: forfeits ? 'forfeit' : 'keep' },
    ...(welcome > 0n ? { welcome: { points: welcome.toString() } } : {}),
  }),
  {
    kind: 'EarnRule',
    id: `rule-${id}`,
    programme: id,
    on: 'order.paid',
    points: { perMajorUnit: (Number(rate) / 100).toString() },
    reference: 'event.orderId',
    returns: { on: 'order.returned', reference: 'event.orderId', amount: 'event.amountMinor' },
  },
])

const who = fc.nat(2)
const order = fc.nat(3)
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('buy' as const),
      who,
      order,
      amount: fc.integer({ min: 1, max: 20_000 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('return' as const),
      who,
      order,
      amount: fc.integer({ min: 1, max: 15_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('spend' as const),
      who,
      programme: fc.nat(2),
      // Mostly all: a return after that makes a debt.
      share: fc.oneof({ weight: 2, arbitrary: fc.constant(100) }, fc.integer({ min: 1, max: 99 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who, programme: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rejoin' as const), who, programme: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('run' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replay' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      fault: fc.constantFrom('before' as const, 'after' as const),
      in: fc.nat(4),
    }),
  },
)

test('random histories come to what a list of lots says, with faults, kills and replays in between', async () => {
  let returns = 0
  let debts = 0
  let lapses = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 15, maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      async (steps, batchEvents) => {
        const world = await loyaltyWorld(stores, { startMs: START, batchEvents })
        try {
          await world.apply(...orderTypes, ...documents)
          const ids = await world.subscribers('ann', 'bob', 'eve')
          const oracle = new LoyaltyOracle(policies)
          await play(world, ids, steps, oracle)
          returns += oracle.returns
          debts += oracle.debts
          lapses += oracle.lapses
        } finally {
          await world.close()
        }
      },
    ),
    { numRuns: 25, interruptAfterTimeLimit: 60_000 },
  )
  expect(returns).toBeGreaterThan(20)
  expect(debts).toBeGreaterThan(0)
  expect(lapses).toBeGreaterThan(0)
}, 240_000)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function play(world: LoyaltyWorld, ids: number[], steps: Step[], oracle: LoyaltyOracle): Promise<void> {
  let returns = 0
  const settle = async (): Promise<void> => {
    await world.run()
    world.faults.length = 0
    oracle.flush(world.clock.nowMs())
  }
  for (const one of steps) {
    switch (one.do) {
      case 'buy':
        await world.append({
          ...paid(ids[one.who]!, `${one.order}`, one.amount),
          id: `buy-${oracle.bought(one.who, `${one.order}`, one.amount)}`,
        })
        break
      case 'return': {
        const data = { orderId: `${one.order}`, amountMinor: one.amount }
        await world.append({
          subscriberId: ids[one.who]!,
          type: 'order.returned',
          id: `return-${returns++}`,
          data,
        })
        oracle.returned(one.who, `${one.order}`, one.amount)
        break
      }
      case 'run':
        await settle()
        break
      case 'wait':
        await settle()
        world.clock.setMs(world.clock.nowMs() + one.days * DAY)
        for (const { currency, id } of policies) await world.expire(currency, id)
        oracle.expire(world.clock.nowMs())
        break
      case 'spend': {
        await settle()
        const policy = policies[one.programme]!
        const points = (oracle.available(one.who, policy.id) * BigInt(one.share)) / 100n
        if (points > 0n) await world.spend(ids[one.who]!, points, policy.id)
        oracle.spend(one.who, policy.id, points)
        break
      }
      case 'leave':
      case 'rejoin': {
        await settle()
        const { id } = policies[one.programme]!
        const request = { tenantId: world.tenantId, programmeId: id, subscriberId: ids[one.who]! }
        if (one.do === 'rejoin') await world.loyalty.members.enrol(request)
        else if (oracle.isMember(one.who, id)) await world.loyalty.members.leave(request)
        oracle[one.do](one.who, id, world.clock.nowMs())
        break
      }
      case 'fault':
        world.faults.unshift(...Array.from({ length: one.in }, () => 'none' as const), one.fault)
        break
      case 'replay':
        await settle()
        await world.rewind()
        world.kill()
    }
  }
  await settle()
  for (const [who, id] of ids.entries()) {
    for (const policy of policies) {
      const balance = (await world.balances(id, policy.id))[policy.currency] ?? 0n
      expect(`${who} ${policy.id} ${balance}`).toBe(`${who} ${policy.id} ${oracle.balance(who, policy.id)}`)
    }
  }
  expect(await world.verify()).toMatchObject({ ok: true })
}
