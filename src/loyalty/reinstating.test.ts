import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type LoyaltyWorld,
  loyaltyWorld,
  orderTypes,
  paid,
  programme,
  same,
} from '../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let ann: number
let bob: number
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())
beforeEach(async () => {
  world = await loyaltyWorld(stores, { timeZone: 'Europe/Kyiv' })
})
afterEach(() => world.close())

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const DAY_MS = 86_400_000
const goTo = async (day: number): Promise<void> => {
  world.clock.setMs(START_MS + day * DAY_MS)
  await world.run()
}
const main = (rest: Record<string, unknown> = {}): object =>
  programme({ id: 'main', currency: 'points', expiry: { after: 'earn', days: 30 }, ...rest })
const rule = { kind: 'EarnRule', id: 'one', on: 'order.paid', points: { perMajorUnit: '1' } }
const reward = (id: string, gives: object): object => ({
  kind: 'Reward',
  id,
  name: same(id),
  price: { points: '40' },
  gives,
})

/** Two members with a hundred points each that expire at the end of the thirtieth day. */
async function membersWith(document: object, ...rest: object[]): Promise<void> {
  await world.apply(
    ...orderTypes,
    document,
    rule,
    reward('kettle', { goods: { handOutWithinDays: 10 } }),
    reward('trees', { donation: { to: 'trees' } }),
    ...rest,
  )
  ;[ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
  await world.append(paid(ann, 'a', 10_000), paid(bob, 'b', 10_000))
  await world.run()
  await world.loyalty.rewards.addStock(world.tenantId, 'kettle', 9, 'stock')
}
const redeem = (rewardId: string, key = rewardId) =>
  world.loyalty.rewards.redeem({ tenantId: world.tenantId, rewardId, subscriberId: ann, key })
const about = (subscriberId: number) => ({ tenantId: world.tenantId, programmeId: 'main', subscriberId })
const account = (owner: string | number) =>
  world.account(typeof owner === 'number' ? `member:main:${owner}:points` : `${owner}:points`)
const expiring = async (owner: number) =>
  (await account(owner))!.expiring.map(({ expiresAt, amountMinor }) => [expiresAt.toString(), amountMinor])

test('goods that were never handed out come back for the days that the programme promises', async () => {
  await membersWith(main({ reinstatedForDays: 14 }))
  await goTo(25)
  await redeem('kettle')
  await goTo(36)
  // Sixty expired in time. Forty were set aside, and what took long was not the member's doing.
  expect(await expiring(ann)).toEqual([['2026-04-20T21:00:00Z', 40n]])
  expect((await account(ann))!.availableMinor).toBe(40n)
  await goTo(51)
  expect(await world.balances(ann)).toEqual({ points: 0n })
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('a refund comes back for thirty days where the programme says nothing, and no earlier end is moved', async () => {
  await membersWith(main())
  await redeem('kettle')
  const trees = await redeem('trees')
  await goTo(10)
  // The kettle's came back on the tenth day; what was never set aside keeps its end.
  expect(await expiring(ann)).toEqual([
    ['2026-03-31T21:00:00Z', 20n],
    ['2026-04-10T21:00:00Z', 40n],
  ])
  await goTo(100)
  const refund = { tenantId: world.tenantId, redemptionId: trees.redemptionId, note: 'none grew' }
  await world.loyalty.rewards.refund({ ...refund, restock: false })
  expect(await expiring(ann)).toEqual([['2026-07-09T21:00:00Z', 40n]])
  await goTo(101)
  expect(await world.balances(ann)).toEqual({ points: 40n })
})

test('points held by a false alarm come back for as long, whether they were held or forfeited', async () => {
  const velocity = [{ of: 'earned', withinHours: 24, times: 2, score: 60 }]
  const policy = { kind: 'AbusePolicy', id: 'main', signals: { velocity }, hold: 50, openForDays: 90 }
  await membersWith(main({ reinstatedForDays: 5 }), policy)
  await world.append(paid(ann, 'c', 5_000), paid(bob, 'd', 5_000))
  await world.run()
  const { abuse } = world.loyalty
  const { cases } = await abuse.queue({ tenantId: world.tenantId, state: 'open', limit: 10 })
  const caseOf = (id: number) => cases.find(({ subscriberId }) => subscriberId === id)!.caseId
  const decide = (id: number, decision: 'confirm' | 'release') =>
    abuse.decide({ tenantId: world.tenantId, caseId: caseOf(id), decision, by: 'agent' })
  await decide(bob, 'confirm')
  await goTo(40)
  expect([(await account(ann))!.pendingDebitsMinor, (await account(bob))!.balanceMinor]).toEqual([150n, 0n])
  await decide(ann, 'release')
  await decide(bob, 'release')
  await goTo(45)
  for (const id of [ann, bob]) expect(await expiring(id)).toEqual([['2026-04-15T21:00:00Z', 150n]])
  await goTo(46)
  for (const id of [ann, bob]) expect(await world.balances(id)).toEqual({ points: 0n })
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('where points live as long as any are earned, what comes back lives on like what was never set aside', async () => {
  const expiry = { after: 'activity', days: 90 }
  const promo = { ...rule, id: 'promo', points: { fixed: '40' }, expiry: { after: 'earn', days: 60 } }
  await membersWith(main({ expiry, ...households, reinstatedForDays: 5 }), promo)
  await join(ann)
  await join(bob)
  await redeem('kettle', 'of the promotion')
  await redeem('kettle', 'of the promotion, too')
  await redeem('kettle', 'to live on')
  await world.loyalty.burning.burn({ ...about(ann), points: 160n, reason: 'till' })
  await goTo(9)
  // What bob earns gives all that the two share a new life, and is spent at once.
  await world.append(paid(bob, 'c', 1_000))
  await world.run()
  await world.loyalty.burning.burn({ ...about(bob), points: 50n, reason: 'till' })
  await goTo(11)
  const shared = (await account('household:main:home'))!
  expect(shared.expiring.map(({ expiresAt, amountMinor }) => [expiresAt.toString(), amountMinor])).toEqual([
    ['2026-04-30T21:00:00Z', 80n],
    ['2026-06-08T21:00:00Z', 40n],
  ])
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('and not as long as points are earned in another programme, or by who shares a household alone', async () => {
  const games = { ...rule, id: 'games', programme: 'game' }
  const game = programme({ id: 'game', currency: 'coins', expiry: { after: 'activity', days: 90 } })
  const expiry = { after: 'activity', days: 20 }
  await membersWith(main({ expiry, households: { sharesBalance: false } }), game, games)
  for (const id of [ann, bob]) await join(id)
  await redeem('kettle')
  await goTo(5)
  await world.apply({ ...rule, where: 'event.orderId != "c"' })
  await world.append(paid(ann, 'c', 1_000), paid(bob, 'd', 1_000))
  await world.run()
  expect((await world.account(`member:game:${ann}:coins`))?.balanceMinor).toBe(110n)
  await world.apply(main({ expiry, households: { sharesBalance: false }, reinstatedForDays: 5 }))
  await goTo(11)
  expect(await expiring(ann)).toEqual([['2026-03-21T22:00:00Z', 100n]])
})

test('and so does what a false alarm held', async () => {
  const velocity = [{ of: 'earned', withinHours: 24, times: 2, score: 60 }]
  const policy = { kind: 'AbusePolicy', id: 'main', signals: { velocity }, hold: 50, openForDays: 90 }
  await membersWith(main({ expiry: { after: 'activity', days: 90 }, reinstatedForDays: 5 }), policy)
  await world.append(paid(ann, 'c', 5_000))
  await goTo(9)
  expect((await account(ann))!.pendingDebitsMinor).toBe(150n)
  await world.append(paid(ann, 'd', 1_000))
  await goTo(10)
  const { abuse } = world.loyalty
  const [found] = (await abuse.queue({ tenantId: world.tenantId, state: 'open', limit: 10 })).cases
  await abuse.decide({ tenantId: world.tenantId, caseId: found!.caseId, decision: 'release', by: 'agent' })
  expect(await expiring(ann)).toEqual([['2026-06-08T21:00:00Z', 160n]])
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('to a member who left and gave up all points nothing comes back', async () => {
  await membersWith(main({ leaving: { points: 'forfeit' } }))
  await redeem('kettle')
  const trees = await redeem('trees')
  await world.loyalty.members.leave(about(ann))
  expect((await account(ann))!.balanceMinor).toBe(40n)
  await goTo(11)
  expect(await world.balances(ann)).toEqual({ points: 0n })
  const refund = { tenantId: world.tenantId, redemptionId: trees.redemptionId, note: 'none grew' }
  await world.loyalty.rewards.refund({ ...refund, restock: false })
  expect(await world.balances(ann)).toEqual({ points: 0n })
  expect((await account('programme:main:breakage'))!.balanceMinor).toBe(100n)
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('nor from a case that is released, which a member who left with all points waiting does get back', async () => {
  const velocity = [{ of: 'earned', withinHours: 24, times: 2, score: 60 }]
  const policy = { kind: 'AbusePolicy', id: 'main', signals: { velocity }, hold: 50 }
  await membersWith(main({ leaving: { points: 'forfeit' } }), policy)
  await world.append(paid(ann, 'c', 5_000), paid(bob, 'd', 5_000))
  await world.run()
  const { abuse } = world.loyalty
  const { cases } = await abuse.queue({ tenantId: world.tenantId, state: 'open', limit: 10 })
  await world.loyalty.members.leave(about(ann))
  await world.apply(main({ leaving: { points: 'keep' } }))
  await world.loyalty.members.leave(about(bob))
  const decide = (id: number) => {
    const { caseId } = cases.find(({ subscriberId }) => subscriberId === id)!
    return abuse.decide({ tenantId: world.tenantId, caseId, decision: 'release', by: 'agent' })
  }
  await decide(bob)
  await world.apply(main({ leaving: { points: 'forfeit' } }))
  await decide(ann)
  expect([await world.balances(ann), await world.balances(bob)]).toEqual([{ points: 0n }, { points: 150n }])
  expect(await world.verify()).toMatchObject({ ok: true })
})

const households = { households: { sharesBalance: true, maxMembers: 4 } }
const join = (subscriberId: number) =>
  world.loyalty.members.joinHousehold({ ...about(subscriberId), householdId: 'home' })

test.each(['leaveHousehold', 'leave'] as const)(
  'the last one out of a household takes along what it shared, what is reserved and what comes later (%s)',
  async (how) => {
    const later = { ...rule, id: 'later', pending: { days: 14 } }
    await membersWith(main(households), later)
    await join(ann)
    await join(bob)
    await redeem('kettle')
    await world.loyalty.members[how](about(bob))
    expect([(await account('household:main:home'))!.availableMinor, await world.balances(bob)]).toEqual([
      160n,
      { points: 0n },
    ])
    await world.loyalty.members[how](about(ann))
    expect((await account(ann))!).toMatchObject({ availableMinor: 160n, upcomingMinor: 200n })
    await goTo(12)
    expect((await account(ann))!).toMatchObject({ availableMinor: 200n, upcomingMinor: 200n })
    expect((await account('household:main:home'))!.balanceMinor).toBe(0n)
    await goTo(15)
    expect((await account(ann))!.availableMinor).toBe(400n)
    expect(await world.verify()).toMatchObject({ ok: true })
  },
)

test('what a household paid comes back to it as long as anybody is in it, from a case as well', async () => {
  const velocity = [{ of: 'earned', withinHours: 24, times: 2, score: 60 }]
  await membersWith(main(households), { kind: 'AbusePolicy', id: 'main', signals: { velocity }, hold: 50 })
  await join(ann)
  await join(bob)
  await redeem('kettle')
  await world.append(paid(ann, 'c', 5_000))
  await world.run()
  expect((await account('household:main:home'))!.pendingDebitsMinor).toBe(190n)
  await world.loyalty.members.leaveHousehold(about(ann))
  const { abuse } = world.loyalty
  const [found] = (await abuse.queue({ tenantId: world.tenantId, state: 'open', limit: 10 })).cases
  await abuse.decide({ tenantId: world.tenantId, caseId: found!.caseId, decision: 'release', by: 'agent' })
  await goTo(11)
  expect((await account('household:main:home'))!.availableMinor).toBe(250n)
  expect(await world.balances(ann)).toEqual({ points: 0n })
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('what comes back pays what was owed meanwhile, and no more than is left of it goes on', async () => {
  await membersWith(main(households))
  await redeem('kettle')
  const back = { on: 'order.returned', reference: 'event.orderId', amount: 'event.amountMinor' }
  await world.apply({ ...rule, reference: 'event.orderId', returns: back })
  await world.append(paid(ann, 'c', 5_000))
  await world.run()
  await world.loyalty.burning.burn({ ...about(ann), points: 110n, reason: 'till' })
  await world.append({
    subscriberId: ann,
    type: 'order.returned',
    data: { orderId: 'c', amountMinor: 2_500 },
  })
  await world.run()
  // Forty are set aside, and twenty-five are owed; the household is joined without any of them.
  expect((await account(ann))!.availableMinor).toBe(-25n)
  await join(ann)
  await goTo(11)
  expect((await account('household:main:home'))!.availableMinor).toBe(15n)
  expect(await world.balances(ann)).toEqual({ points: 0n })
  const sums = await world.toldAndHeld(ann, `member:main:${ann}:points`)
  expect(sums.told).toBe(sums.held)
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('the last one’s points lapse where the terms say so, and a merge takes them to whoever goes on', async () => {
  await membersWith(main({ ...households, leaving: { points: 'forfeit' } }))
  await join(ann)
  await world.loyalty.members.merge({ ...about(bob), from: ann })
  expect([(await account('household:main:home'))!.balanceMinor, await world.balances(bob)]).toEqual([
    0n,
    { points: 200n },
  ])
  await join(bob)
  await world.loyalty.members.leave(about(bob))
  expect((await account('household:main:home'))!.balanceMinor).toBe(0n)
  expect((await account('programme:main:breakage'))!.balanceMinor).toBe(200n)
  expect((await world.logged('loyalty.member_left')).at(-1) ?? {}).toEqual({})
  await world.run()
  expect(await world.logged('loyalty.member_left')).toMatchObject([{ pointsMinor: 200, forfeited: true }])
  expect(await world.verify()).toMatchObject({ ok: true })
})
