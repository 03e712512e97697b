import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LoyaltyWorld, orderTypes, paid, programme, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'

const { openWorld } = loyaltyWorlds()

const rule = {
  kind: 'EarnRule',
  id: 'one',
  programme: 'old',
  on: 'order.paid',
  points: { perMajorUnit: '1' },
  reference: 'event.orderId',
  returns: { on: 'order.returned', reference: 'event.orderId', amount: 'event.amountMinor' },
}
const migration = { kind: 'ProgrammeMigration', id: 'over', from: 'old', to: 'new', rate: '0.35' }
const newWorld = async (...documents: object[]): Promise<LoyaltyWorld> => {
  const world = await openWorld()
  await world.apply(
    ...orderTypes,
    programme({ id: 'old', currency: 'old', expiry: { after: 'earn', days: 100 } }),
    programme({ id: 'new', currency: 'new', decimals: 1, enrolment: 'by_hand', welcome: { points: '500' } }),
    rule,
    migration,
    ...documents,
  )
  return world
}
const run = (world: LoyaltyWorld, dryRun = false) =>
  world.loyalty.migrations.runMigration(world.tenantId, 'over', { dryRun })
const report = (world: LoyaltyWorld) =>
  world.tx<{ subscriberId: number; outcome: string; fromMinor: bigint; toMinor: bigint }[]>((tx) =>
    world.loyalty.migrations.migratedAccounts(tx, 'over', 0, 100),
  )

test('points go over with their days of expiry, rounded once an account, every account is reported, twice moves nothing', async () => {
  const later = { ...rule, id: 'later', pending: { days: 14 } }
  const world = await newWorld(later)
  const [ann, bob, eve] = await world.subscribers('ann', 'bob', 'eve')
  await world.append(paid(ann!, 'a', 3_300))
  await world.run()
  world.clock.setMs(world.clock.nowMs() + 20 * 86_400_000)
  await world.append(paid(ann!, 'b', 1_000), paid(bob!, 'c', 99), paid(eve!, 'e', 2_000))
  await world.run()
  await world.spend(eve!, 20n, 'old')
  await world.append({
    subscriberId: eve!,
    type: 'order.returned',
    data: { orderId: 'e', amountMinor: 2_000 },
  })
  await world.run()

  const told = await run(world, true)
  // Ann: 33 + 33 + 10 are there, 10 come later; 76 points of the old are 26.6 of the new.
  const expected = { accounts: 3, outcomes: { moved: 1, empty: 1, debt_moved: 1 }, leftMinor: '10' }
  expect(told).toMatchObject({ dryRun: true, ...expected })
  expect(await report(world)).toEqual([])
  expect(await world.balances(ann!, 'new')).toEqual({})

  expect(await run(world)).toEqual({ ...told, dryRun: false })
  expect(await world.balances(ann!, 'new')).toEqual({ new: 266n })
  expect(await world.balances(ann!, 'old')).toEqual({ old: 10n })
  const old = await world.account(`member:new:${ann}:new`)
  // Two lots of 33, of which the second was to be spent, and so lives, from fourteen days later on.
  expect(old!.expiring.map(({ amountMinor }) => amountMinor)).toEqual([115n, 116n, 35n])
  expect(await world.balances(eve!, 'old')).toEqual({ old: 0n })
  expect(await world.balances(eve!, 'new')).toEqual({ new: -70n })
  expect(await report(world)).toMatchObject([
    { subscriberId: ann, outcome: 'moved', fromMinor: 76n, toMinor: 266n, leftMinor: 10n },
    { subscriberId: bob, outcome: 'empty' },
    { subscriberId: eve, outcome: 'debt_moved', fromMinor: -20n, toMinor: -70n },
  ])

  // Ann's ten are still to come over, and the report says so again.
  expect(await run(world)).toMatchObject({ outcomes: { empty: 3 }, fromMinor: '0', leftMinor: '10' })
  expect(await report(world)).toHaveLength(4)
  world.clock.setMs(world.clock.nowMs() + 14 * 86_400_000)
  expect(await run(world)).toMatchObject({ outcomes: { empty: 2, moved: 1 }, fromMinor: '10', toMinor: '35' })
  expect(await report(world)).toHaveLength(5)
  expect(await world.verify()).toMatchObject({ ok: true })
  // Nobody who came over is welcomed like a newcomer.
  expect((await world.judgements()).filter(({ reason }) => reason === 'welcome')).toEqual([])
})

test('what those who left have stays with them, and is said to be left', async () => {
  const world = await newWorld()
  const [ann = 0] = await world.subscribers('ann')
  await world.append(paid(ann, 'a', 900))
  await world.run()
  await world.loyalty.members.leave({ tenantId: world.tenantId, programmeId: 'old', subscriberId: ann })
  expect(await run(world)).toMatchObject({ outcomes: { refused: 1 }, fromMinor: '0', leftMinor: '9' })
  expect(await world.balances(ann, 'old')).toEqual({ old: 9n })
})

test('what is too small to go over is said to be left', async () => {
  const world = await newWorld()
  await world.apply({ ...migration, rate: '0.01' })
  const [ann = 0] = await world.subscribers('ann')
  await world.append(paid(ann, 'a', 900))
  await world.run()
  expect(await run(world)).toMatchObject({ outcomes: { empty: 1 }, fromMinor: '0', leftMinor: '9' })
  expect(await world.balances(ann, 'old')).toEqual({ old: 9n })
})

test('it runs in its time alone, and a document that speaks of no programme is refused', async () => {
  const world = await newWorld({ ...migration, id: 'early', validFrom: '2026-04-01T00:00:00Z' })
  const early = world.loyalty.migrations.runMigration(world.tenantId, 'early', { dryRun: true })
  await expect(early).rejects.toMatchObject({ code: 'migration_closed' })
  const none = world.loyalty.migrations.runMigration(world.tenantId, 'none', { dryRun: true })
  await expect(none).rejects.toMatchObject({ code: 'migration_not_found' })
  await expect(world.apply({ ...migration, id: 'x', name: same('x'), to: 'gone' })).rejects.toThrow(
    'programme_missing',
  )
  await expect(world.apply({ ...migration, id: 'x', to: 'old' })).rejects.toThrow('to itself')
})

test('whatever dies in between, at the end nothing is lost and nothing is doubled', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: 100, max: 99_999 }), { maxLength: 4 }), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.integer({ min: 1, max: 999_999 }),
      fc.constantFrom('before' as const, 'after' as const),
      async (purchases, millionths, fault) => {
        const world = await newWorld()
        await world.apply({ ...migration, rate: `0.${String(millionths).padStart(6, '0')}` })
        const ids = await world.subscribers(...purchases.map((_, i) => `s${i}`))
        await world.append(
          ...purchases.flatMap((amounts, i) =>
            amounts.map((amount, j) => paid(ids[i]!, `${i}-${j}`, amount)),
          ),
        )
        await world.run()
        world.faults.push(fault)
        await expect(run(world)).rejects.toThrow('fault')
        await run(world)
        for (const [i, amounts] of purchases.entries()) {
          const points = amounts.reduce((sum, amount) => sum + BigInt(Math.floor(amount / 100)), 0n)
          const moved = (points * BigInt(millionths) * 10n) / 1_000_000n
          const [old = 0n] = Object.values(await world.balances(ids[i]!, 'old'))
          const [fresh = 0n] = Object.values(await world.balances(ids[i]!, 'new'))
          expect([old, fresh]).toEqual(moved === 0n ? [points, 0n] : [0n, moved])
        }
        expect(await world.verify()).toMatchObject({ ok: true })
      },
    ),
    { numRuns: 8, interruptAfterTimeLimit: 40_000 },
  )
})
