import { expect, test } from 'vitest'
import { type LoyaltyWorld, orderTypes, paid, programme } from '../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../test/loyalty-worlds.ts'

const { openWorld } = loyaltyWorlds()

const newWorld = async (): Promise<LoyaltyWorld> => {
  const world = await openWorld()
  await world.apply(...orderTypes)
  return world
}
const main = (rest: Record<string, unknown> = {}): object =>
  programme({ id: 'main', currency: 'points', ...rest })
const rule = { kind: 'EarnRule', id: 'one', on: 'order.paid', points: { perMajorUnit: '1' } }
const problemsOf = async (world: LoyaltyWorld, document: object, dryRun = false) => {
  const [result] = await world.documents.apply(world.tenantId, [document], { dryRun })
  return (result!.problems ?? []).map(({ code, field, found, expected }) => [code, field, found, expected])
}

test('currency and decimals of a programme whose members hold points stay; everything else may change', async () => {
  const world = await newWorld()
  await world.apply(main({ decimals: 1 }), rule)
  // Nobody holds any yet.
  await world.apply(main())
  const [ann] = await world.subscribers('ann')
  await world.append(paid(ann!, 'x', 10_000))
  await world.run()
  for (const dryRun of [true, false]) {
    expect(await problemsOf(world, main({ decimals: 2 }), dryRun)).toEqual([
      ['programme_currency_in_use', 'decimals', 2, '0'],
    ])
  }
  expect(await problemsOf(world, main({ currency: 'bonus', decimals: 2 }))).toEqual([
    ['programme_currency_in_use', 'currency', 'bonus', 'points'],
    ['programme_currency_in_use', 'decimals', 2, '0'],
  ])
  expect(await problemsOf(world, main({ reinstatedForDays: 7 }))).toEqual([])
  expect((await world.loyalty.members.membershipsOf(world.tenantId, ann!))[0]!.balance).toMatchObject({
    currency: 'points',
    availableMinor: 100n,
  })
})

test('the programme that nobody saved has a currency too, and another one’s points are not its own', async () => {
  const world = await newWorld()
  await world.apply(programme({ id: 'other', currency: 'points', enrolment: { on: ['order.paid'] } }), {
    ...rule,
    programme: 'other',
  })
  const [ann] = await world.subscribers('ann')
  await world.append(paid(ann!, 'x', 10_000))
  await world.run()
  expect(await problemsOf(world, main({ currency: 'miles' }))).toEqual([])

  const implied = await newWorld()
  await implied.apply(rule)
  const [bob] = await implied.subscribers('bob')
  await implied.append(paid(bob!, 'y', 10_000))
  await implied.run()
  expect(await problemsOf(implied, main({ currency: 'miles' }))).toEqual([
    ['programme_currency_in_use', 'currency', 'miles', 'points'],
  ])
  expect(await problemsOf(implied, main())).toEqual([])
})

test('a budget stays as long as a rule draws from it, for without it the rule would give without end', async () => {
  const world = await newWorld()
  const spring = { id: 'spring', points: '120' }
  await world.apply(main({ budgets: [spring] }), { ...rule, budget: 'spring' })
  expect(await problemsOf(world, main())).toEqual([['programme_budget_in_use', 'budgets', [], 'spring']])
  expect(await problemsOf(world, main({ budgets: [{ ...spring, id: 'autumn' }] }))).toEqual([
    ['programme_budget_in_use', 'budgets', ['autumn'], 'spring'],
  ])
  expect(await problemsOf(world, main({ budgets: [{ ...spring, points: '50' }] }))).toEqual([])
  expect(await problemsOf(world, programme({ id: 'other', currency: 'coins' }))).toEqual([])
  // Both at once.
  await world.apply(main(), rule)
})

test('a programme names each of its budgets once', async () => {
  const world = await newWorld()
  const budgets = [
    { id: 'spring', points: '120' },
    { id: 'spring', points: '7' },
  ]
  expect(await problemsOf(world, main({ budgets }))).toEqual([
    ['programme_budget_twice', 'budgets.1.id', 'spring', 'a budget of another name'],
  ])
})
