import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { loyaltyHttp } from '../../../test/loyalty-http.ts'
import {
  eventType,
  type LoyaltyWorld,
  loyaltyWorld,
  orderTypes,
  paid,
  programme,
  same,
} from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let ann: number
let bob: number
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())
beforeEach(async () => {
  world = await loyaltyWorld(stores, { startMs: Date.parse('2026-01-31T12:00:00Z'), timeZone: 'Europe/Kyiv' })
  await world.apply(
    { kind: 'Attributes', id: 'subscriber', attributes: { likesGames: 'bool' } },
    ...orderTypes,
    eventType('club.fee_paid', { club: 'string' }),
    programme({ id: 'main', currency: 'points', enrolment: 'by_hand', welcome: { points: '250' } }),
  )
  await world.profiles.upsertSubscribers(
    world.tenantId,
    ['ann', 'bob'].map((name) => ({
      identities: { external: name },
      attributes: { likesGames: name === 'ann' },
    })),
  )
  ;[ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
  for (const subscriberId of [ann, bob])
    await world.loyalty.members.enrol({ tenantId: world.tenantId, programmeId: 'main', subscriberId })
})
afterEach(() => world.close())

const club = (id: string, rest: object): object => ({ kind: 'Club', id, name: same(id), ...rest })
const join = (subscriberId: number, clubId: string, key?: string) =>
  world.loyalty.clubs.join({
    tenantId: world.tenantId,
    clubId,
    subscriberId,
    ...(key === undefined ? {} : { key }),
  })
const leave = (subscriberId: number, clubId: string) =>
  world.loyalty.clubs.leave({ tenantId: world.tenantId, clubId, subscriberId })
const linesOf = (subscriberId: number) => world.loyalty.clubs.ofMember(world.tenantId, 'main', subscriberId)
const at = async (moment: string): Promise<void> => {
  world.clock.setMs(Date.parse(moment))
  await world.run()
}
const balance = async (subscriberId: number) => (await world.balances(subscriberId))['points']

test('a free club has rules, rewards and multipliers of its own, and ends when its rules are met no more', async () => {
  await world.apply(
    club('gamers', { who: 'subscriber.likesGames' }),
    {
      kind: 'EarnRule',
      id: 'one',
      on: 'order.paid',
      points: { perMajorUnit: '1' },
      multipliers: [{ id: 'gamers', when: '"gamers" in member.clubs', times: '3' }],
    },
    {
      kind: 'Reward',
      id: 'mouse-mat',
      name: same('mat'),
      price: { points: '10' },
      gives: { donation: { to: 'trees' } },
      audience: '"gamers" in member.clubs',
    },
  )
  const { tenantId } = world
  const mat = (subscriberId: number, key: string) =>
    world.loyalty.rewards.redeem({ tenantId, rewardId: 'mouse-mat', subscriberId, key })
  await expect(join(bob, 'gamers')).rejects.toMatchObject({ code: 'club_not_for_member' })
  await expect(mat(ann, 'm1')).rejects.toMatchObject({ code: 'reward_not_for_member' })
  expect(await join(ann, 'gamers', 'j')).toMatchObject({ state: 'active', paidUntilMs: null })
  await join(ann, 'gamers')
  await world.append(paid(ann, 'o1', 10_00), paid(bob, 'o2', 10_00))
  await world.run()
  expect([await balance(ann), await balance(bob)]).toEqual([280n, 260n])
  expect((await mat(ann, 'm2')).state).toBe('done')
  expect((await leave(ann, 'gamers'))!.state).toBe('left')
  // The key of the first joining is spent.
  expect((await join(ann, 'gamers', 'j')).state).toBe('left')
  await expect(mat(ann, 'm3')).rejects.toMatchObject({ code: 'reward_not_for_member' })
  await join(ann, 'gamers')
  await world.profiles.upsertSubscribers(tenantId, [
    { identities: { external: 'ann' }, attributes: { likesGames: false } },
  ])
  await at('2026-02-28T11:59:00Z')
  expect((await linesOf(ann))[0]!.membership!.state).toBe('active')
  // A month after the 31st of January is the 28th of February.
  await at('2026-02-28T12:00:00Z')
  expect((await linesOf(ann))[0]!.membership).toMatchObject({
    state: 'lapsed',
    reason: 'club_condition_lost',
  })
  expect((await world.logged('loyalty.club_joined')).map(({ isReturning }) => isReturning)).toEqual([
    false,
    true,
  ])
  expect(await world.logged('loyalty.club_lapsed')).toMatchObject([{ reason: 'club_condition_lost' }])
})

test('a club that costs points tells before, takes them each month, waits, and lapses without', async () => {
  await world.apply(club('cinema', { fee: { points: '100', graceDays: 2, noticeDays: 3 } }))
  await world.spend(bob, 200n)
  await expect(join(bob, 'cinema')).rejects.toMatchObject({ code: 'club_points_insufficient' })
  const first = await join(ann, 'cinema', 'j')
  await join(ann, 'cinema', 'j')
  expect(first.paidUntilMs).toBe(Date.parse('2026-02-28T12:00:00Z'))
  expect(await balance(ann)).toBe(150n)
  await at('2026-02-25T12:00:00Z')
  await world.run()
  expect(await world.logged('loyalty.club_due')).toMatchObject([{ club: 'cinema', pointsMinor: 100 }])
  expect(await balance(ann)).toBe(150n)
  await at('2026-02-28T12:00:00Z')
  expect(await balance(ann)).toBe(50n)
  // The day does not move to the 28th for good; and summer time begins in between.
  expect((await linesOf(ann))[0]!.membership!.paidUntilMs).toBe(Date.parse('2026-03-31T11:00:00Z'))
  await at('2026-03-31T11:00:00Z')
  expect((await linesOf(ann))[0]!.membership!.state).toBe('active')
  await at('2026-04-02T10:59:00Z')
  expect((await linesOf(ann))[0]!.membership!.state).toBe('active')
  await at('2026-04-02T11:00:00Z')
  expect((await linesOf(ann))[0]!.membership).toMatchObject({ state: 'lapsed', reason: 'club_unpaid' })
  expect(await balance(ann)).toBe(50n)
  expect((await world.account('programme:main:fees:points'))!.balanceMinor).toBe(200n)
  expect(await world.logged('loyalty.club_renewed')).toHaveLength(1)
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('points that come within the grace pay, and the day stays', async () => {
  await world.apply(club('cinema', { fee: { points: '150', graceDays: 3 } }), {
    kind: 'EarnRule',
    id: 'one',
    on: 'order.paid',
    points: { perMajorUnit: '1' },
  })
  await join(ann, 'cinema')
  await at('2026-02-28T12:00:00Z')
  await world.append(paid(ann, 'o1', 50_00))
  await at('2026-03-01T12:00:00Z')
  expect((await linesOf(ann))[0]!.membership).toMatchObject({
    state: 'active',
    paidUntilMs: Date.parse('2026-03-31T11:00:00Z'),
  })
  expect(await balance(ann)).toBe(0n)
})

test('a fee that is money is an event, which lets in and renews; events alone let in where a club says so', async () => {
  await world.apply(
    club('paid', { fee: { on: 'club.fee_paid', where: 'event.club == "paid"', graceDays: 1 } }),
    club('buyers', { joinOn: { on: 'order.paid', where: 'event.amountMinor >= 1000' } }),
  )
  await expect(join(ann, 'paid')).rejects.toMatchObject({ code: 'club_fee_awaited' })
  const fee = (clubId: string) => ({ subscriberId: ann, type: 'club.fee_paid', data: { club: clubId } })
  await world.append(fee('another'))
  await world.run()
  expect((await linesOf(ann)).map(({ membership }) => membership)).toEqual([null, null])
  await world.append(fee('paid'), fee('paid'), paid(ann, 'o1', 999), paid(bob, 'o2', 1_000))
  await world.run()
  const line = (await linesOf(ann)).find(({ club }) => club.document.id === 'paid')!
  expect(line.membership!.paidUntilMs).toBe(Date.parse('2026-03-31T11:00:00Z'))
  expect((await linesOf(bob)).map(({ membership }) => membership?.state)).toEqual(['active', undefined])
  await world.rewind()
  await world.run()
  expect((await linesOf(ann)).find(({ club }) => club.document.id === 'paid')!.membership!.months).toBe(2)
  await at('2026-04-01T11:00:00Z')
  expect(await world.logged('loyalty.club_lapsed')).toMatchObject([{ club: 'paid', reason: 'club_unpaid' }])
  // Who went by themselves is not let in again unasked.
  await leave(bob, 'buyers')
  await world.append(paid(bob, 'o3', 5_000))
  await world.run()
  expect((await linesOf(bob))[0]!.membership!.state).toBe('left')
  const counts = await world.loyalty.clubs.list(world.tenantId)
  expect(counts.map(({ members }) => members)).toEqual([{ left: 1 }, { lapsed: 1 }])
})

test('a fee within the grace pays from the end of the period, a later one from its own day on', async () => {
  await world.apply(club('paid', { fee: { on: 'club.fee_paid', graceDays: 3 } }))
  const fee = (subscriberId: number, moment: string) => ({
    subscriberId,
    type: 'club.fee_paid',
    atMs: Date.parse(moment),
  })
  await world.append(fee(ann, '2026-01-31T12:00:00Z'), fee(bob, '2026-01-31T12:00:00Z'))
  await world.run()
  // Nothing ran meanwhile, so neither has lapsed when the fees are read.
  world.clock.setMs(Date.parse('2026-03-20T12:00:00Z'))
  await world.append(fee(ann, '2026-03-03T12:00:00Z'), fee(bob, '2026-03-20T12:00:00Z'))
  await world.run()
  const paidUntil = async (id: number) => (await linesOf(id))[0]!.membership!.paidUntilMs
  expect([await paidUntil(ann), await paidUntil(bob)]).toEqual([
    Date.parse('2026-03-31T11:00:00Z'),
    Date.parse('2026-04-20T11:00:00Z'),
  ])
})

test('whoever leaves the programme leaves its clubs, and a merged member stays in them', async () => {
  await world.apply(club('readers', {}), club('walkers', {}))
  await join(ann, 'readers')
  await join(bob, 'readers')
  await join(bob, 'walkers')
  const { tenantId } = world
  await leave(ann, 'readers')
  await world.loyalty.members.merge({ tenantId, programmeId: 'main', subscriberId: ann, from: bob })
  expect((await linesOf(ann)).map(({ membership }) => membership?.state)).toEqual(['active', 'active'])
  const counts = await world.loyalty.clubs.list(tenantId)
  expect(counts.map(({ members }) => members)).toEqual([{ active: 1 }, { active: 1 }])
  await world.loyalty.members.leave({ tenantId, programmeId: 'main', subscriberId: ann })
  await world.run()
  expect(await world.logged('loyalty.club_lapsed')).toMatchObject([
    { club: 'readers', reason: 'club_closed' },
    { club: 'walkers', reason: 'club_closed' },
  ])
})

test('of two who are one person the membership that is paid for longer stays', async () => {
  await world.apply(club('cinema', { fee: { points: '100', noticeDays: 0 } }))
  const { tenantId } = world
  await join(ann, 'cinema')
  await at('2026-02-20T12:00:00Z')
  await join(bob, 'cinema')
  await world.loyalty.members.merge({ tenantId, programmeId: 'main', subscriberId: ann, from: bob })
  expect((await linesOf(ann))[0]!.membership!.paidUntilMs).toBe(Date.parse('2026-03-20T12:00:00Z'))
})

test('who is being checked can buy no membership', async () => {
  await world.apply(
    club('cinema', { fee: { points: '50' } }),
    {
      kind: 'AbusePolicy',
      id: 'main',
      hold: 50,
      signals: { velocity: [{ of: 'redeemed', withinHours: 24, times: 2, score: 90 }] },
      refuse: 90,
    },
    {
      kind: 'Reward',
      id: 'trees',
      name: same('trees'),
      price: { points: '10' },
      gives: { donation: { to: 'trees' } },
    },
  )
  const { tenantId } = world
  for (const key of ['k1', 'k2']) {
    await world.loyalty.rewards.redeem({ tenantId, rewardId: 'trees', subscriberId: ann, key })
  }
  await expect(join(ann, 'cinema')).rejects.toMatchObject({ code: 'abuse_refused' })
  expect((await join(bob, 'cinema')).state).toBe('active')
})

test('a club takes no points from who did not ask for it', async () => {
  const document = { joinOn: { on: 'order.paid' }, fee: { points: '1' } }
  await expect(world.apply(club('trap', document))).rejects.toThrow('lets nobody in unasked')
})

test('who is in a club is told page by page, with those who were by their state', async () => {
  await world.apply(club('open', {}))
  await join(ann, 'open')
  await join(bob, 'open')
  const http = await loyaltyHttp(world)
  const members = async (query: string) =>
    (await http.ask('GET', `/v1/loyalty/clubs/open/members${query}`)).body
  expect(await members('?limit=1')).toMatchObject({ members: [{ subscriberId: ann }], next: ann })
  expect(await members(`?limit=1&after=${ann}`)).toMatchObject({ members: [{ subscriberId: bob }] })
  await leave(ann, 'open')
  expect(await members('')).toMatchObject({
    members: [{ subscriberId: bob, state: 'active', endedAt: null }],
    next: null,
  })
  expect(await members('?state=left')).toMatchObject({
    members: [{ subscriberId: ann, reason: 'club_left', endedAt: '2026-01-31T12:00:00Z' }],
  })
  expect(await http.ask('GET', '/v1/loyalty/clubs/none/members')).toMatchObject({ status: 404 })
  await http.close()
})
