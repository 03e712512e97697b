import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, loyaltyWorld, programme, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { householdOwner, accountOf } from '../accounts.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let keys = 0
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores, { partitions: 1 })
  await world.apply(
    eventType('visit', {}),
    programme({
      id: 'main',
      currency: 'points',
      enrolment: 'by_hand',
      welcome: { points: '1000' },
      households: { sharesBalance: true },
    }),
    programme({ id: 'game', currency: 'coins', enrolment: 'by_hand' }),
    { kind: 'EarnRule', id: 'visits', on: 'visit', points: { fixed: '1' } },
    {
      kind: 'AbusePolicy',
      id: 'main',
      signals: { velocity: [{ of: 'earned', withinHours: 1, times: 20, score: 80 }] },
      hold: 50,
      refuse: 60,
    },
    {
      kind: 'Reward',
      id: 'taxi',
      name: same('taxi'),
      price: { points: '1' },
      gives: { discount: { partner: 'taxi', off: { percent: 15 } } },
      giftable: true,
    },
    {
      kind: 'Reward',
      id: 'mug',
      name: same('mug'),
      price: { points: '1' },
      gives: { goods: { handOutWithinDays: 10 } },
    },
    { kind: 'TransferTerms', id: 'main' },
    {
      kind: 'Exchange',
      id: 'to-game',
      name: same('to-game'),
      from: { programme: 'main' },
      to: { programme: 'game' },
      rate: '1',
      quoteMinutes: 60,
    },
    { kind: 'Club', id: 'readers', name: same('readers'), fee: { points: '1' } },
    {
      kind: 'Wheel',
      id: 'lucky',
      name: same('lucky'),
      price: '1',
      prizes: [{ id: 'a', name: same('a'), weight: 1 }],
    },
  )
})
afterAll(async () => {
  await world.close()
  await stores.close()
})

/** A household of two with one balance, and somebody else. */
async function household() {
  const { tenantId, loyalty } = world
  const home = `home-${++keys}`
  const [ann, bob, eve] = (await world.subscribers(`ann-${keys}`, `bob-${keys}`, `eve-${keys}`)) as [
    number,
    number,
    number,
  ]
  for (const subscriberId of [ann, bob, eve]) {
    await loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId })
    await loyalty.members.enrol({ tenantId, programmeId: 'game', subscriberId })
  }
  for (const subscriberId of [ann, bob]) {
    await loyalty.members.joinHousehold({ tenantId, programmeId: 'main', subscriberId, householdId: home })
  }
  const accountId = accountOf(householdOwner('main', home), 'points')
  return { ann, bob, eve, available: async () => (await world.account(accountId))!.availableMinor }
}
type Household = Awaited<ReturnType<typeof household>>

type Way = {
  way: string
  before?(id: number): Promise<string>
  spend(id: number, home: Household, prepared: string): Promise<unknown>
}
const key = (): string => `k${++keys}`
/** Every way in which points leave a balance because somebody wants it. */
const ways: Way[] = [
  {
    way: 'a reward',
    spend: (subscriberId) =>
      world.loyalty.rewards.redeem({ tenantId: world.tenantId, rewardId: 'taxi', subscriberId, key: key() }),
  },
  {
    way: 'a gift',
    spend: (subscriberId, { eve: recipientId }) =>
      world.loyalty.rewards.redeem({
        tenantId: world.tenantId,
        rewardId: 'taxi',
        subscriberId,
        recipientId,
        key: key(),
      }),
  },
  {
    way: 'a transfer',
    spend: (fromId, { eve: toId }) =>
      world.loyalty.exchanges.send(world.tenantId, 'main', {
        fromId,
        toId,
        points: 1n,
        note: null,
        key: key(),
      }),
  },
  {
    way: 'a quote that is asked for',
    async spend(id) {
      const { quoteId } = await world.loyalty.exchanges.quote(world.tenantId, 'to-game', id, 1n)
      return world.loyalty.exchanges.convert(world.tenantId, id, quoteId)
    },
  },
  {
    way: 'a quote that was promised before',
    before: async (id) => (await world.loyalty.exchanges.quote(world.tenantId, 'to-game', id, 1n)).quoteId,
    spend: (id, _home, quoteId) => world.loyalty.exchanges.convert(world.tenantId, id, quoteId),
  },
  {
    way: 'a till',
    spend: (subscriberId) =>
      world.loyalty.burning.burn({
        tenantId: world.tenantId,
        programmeId: 'main',
        subscriberId,
        points: 1n,
        reason: 'coffee',
        key: key(),
      }),
  },
  {
    way: 'a club’s fee',
    spend: (subscriberId) =>
      world.loyalty.clubs.join({ tenantId: world.tenantId, clubId: 'readers', subscriberId, key: key() }),
  },
  {
    way: 'a round of a game',
    spend: (id) => world.loyalty.play.buyRight(world.tenantId, 'Wheel', 'lucky', id, key()),
  },
]

/** Looks suspicious enough to be refused. */
async function refuse(subscriberId: number): Promise<string> {
  await world.append(...Array.from({ length: 20 }, () => ({ subscriberId, type: 'visit' })))
  await world.run()
  const [found] = await world.loyalty.abuse.ofMember(world.tenantId, subscriberId)
  expect(found).toMatchObject({ state: 'open', level: 'refuse' })
  return found!.caseId
}

test.for(ways)(
  'whoever may not spend spends nothing of what a household shares by $way',
  async ({ before, spend }) => {
    const { tenantId, loyalty } = world
    const home = await household()
    const { ann, bob, available } = home
    const members = [ann, bob]
    const prepare = () => Promise.all(members.map((id) => before?.(id) ?? ''))

    let prepared = await prepare()
    const caseId = await refuse(ann)
    const left = await available()
    for (const [i, id] of members.entries()) {
      // The balance is one, so a housemate is no way around it.
      await expect(spend(id, home, prepared[i]!)).rejects.toMatchObject({
        code: 'abuse_refused',
        // A housemate is not told to be under suspicion, and an agent finds whose case it is.
        message:
          id === ann
            ? 'the member is being checked and cannot do this now'
            : 'somebody who shares a balance with the member is being checked; until that is decided nobody of them can do this',
        details: { found: id, expected: `case ${caseId} decided` },
      })
    }
    expect(await available()).toBe(left)

    await loyalty.abuse.decide({ tenantId, caseId, decision: 'release', by: 'agent', note: 'a false alarm' })
    const released = await available()
    for (const [i, id] of members.entries()) await spend(id, home, prepared[i]!)
    expect(await available()).toBe(released - 2n)

    if (before) prepared = await prepare()
    await loyalty.members.leave({ tenantId, programmeId: 'main', subscriberId: ann })
    const kept = await available()
    await expect(spend(ann, home, prepared[0]!)).rejects.toMatchObject({ code: 'member_not_active' })
    expect(await available()).toBe(kept)
  },
)

test('a limit of one of them is for all who spend from the balance', async () => {
  const { tenantId, loyalty } = world
  await world.apply({
    kind: 'AbusePolicy',
    id: 'main',
    signals: {
      velocity: [
        { of: 'earned', withinHours: 1, times: 20, score: 80 },
        { of: 'redeemed', withinHours: 1, times: 100, score: 1 },
      ],
    },
    hold: 50,
    limit: { from: 60, pointsPerDay: '3' },
  })
  await loyalty.rewards.addStock(tenantId, 'mug', 1, 'stock')
  const { ann, bob } = await household()
  await world.append(...Array.from({ length: 20 }, () => ({ subscriberId: ann, type: 'visit' })))
  await world.run()
  expect(await loyalty.abuse.ofMember(tenantId, ann)).toMatchObject([{ state: 'open', level: 'limit' }])
  const burn = (subscriberId: number, points: bigint) =>
    loyalty.burning.burn({
      tenantId,
      programmeId: 'main',
      subscriberId,
      points,
      reason: 'coffee',
      key: key(),
    })
  await burn(ann, 1n)
  await burn(bob, 1n)
  for (const id of [ann, bob]) {
    await expect(burn(id, 2n)).rejects.toMatchObject({
      code: 'abuse_limited',
      message:
        id === ann
          ? 'the member is being checked and has a limit a day'
          : 'somebody who shares a balance with the member is being checked; until that is decided all of them have one limit a day',
      details: { expected: 'up to 1' },
    })
  }
  // What is set aside for a reward that is on its way is as good as spent.
  await loyalty.rewards.redeem({ tenantId, rewardId: 'mug', subscriberId: bob, key: key() })
  await expect(burn(ann, 1n)).rejects.toMatchObject({
    code: 'abuse_limited',
    details: { expected: 'up to 0' },
  })
})
