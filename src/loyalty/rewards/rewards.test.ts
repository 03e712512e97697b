import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type LoyaltyWorld,
  loyaltyWorld,
  orderTypes,
  paid,
  programme,
  same,
} from '../../../test/loyalty-world.ts'
import { RewardOperator } from '../../../test/reward-operator.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { type Operator, OperatorClient } from '../../operator/index.ts'
import { unitHash } from '../../platform/index.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let operator: RewardOperator
let client: OperatorClient
let ann: number
let bob: number
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())
beforeEach(async () => {
  operator = new RewardOperator()
  const url = await operator.listen()
  client = new OperatorClient({
    kind: 'OperatorSystems',
    id: 'default',
    balanceUrl: url,
    productOrderUrl: url,
    trustPaymentUrl: url,
    creditScoringUrl: url,
  })
  world = await loyaltyWorld(stores, { operator: { client: async () => client } as unknown as Operator })
  await world.apply(
    { kind: 'Attributes', id: 'subscriber', attributes: { city: 'string' } },
    programme({
      id: 'main',
      currency: 'points',
      enrolment: 'by_hand',
      welcome: { points: '1000' },
      expiry: { after: 'earn', days: 90 },
    }),
  )
  await world.profiles.upsertSubscribers(
    world.tenantId,
    ['ann', 'bob', 'eve'].map((name) => ({
      identities: { external: name, account: `acc-${name}` },
      attributes: { city: name === 'ann' ? 'Kyiv' : 'Lviv' },
    })),
  )
  ;[ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
  for (const subscriberId of [ann, bob])
    await world.loyalty.members.enrol({ tenantId: world.tenantId, programmeId: 'main', subscriberId })
})
afterEach(async () => {
  operator.close()
  await client.close()
  await world.close()
})

const offer = (id: string, gives: object, rest: object = {}): object => ({
  kind: 'Reward',
  id,
  name: same(id),
  price: { points: '100' },
  gives,
  ...rest,
})
const redeem = (subscriberId: number, rewardId: string, key: string, recipientId?: number) =>
  world.loyalty.rewards.redeem({
    tenantId: world.tenantId,
    rewardId,
    subscriberId,
    key,
    ...(recipientId === undefined ? {} : { recipientId }),
  })
const balanceOf = async (subscriberId: number) => {
  const account = await world.account(`member:main:${subscriberId}:points`)
  return { balance: account!.balanceMinor, reserved: account!.pendingDebitsMinor }
}
const everything = { subscriberId: null, rewardId: null, state: null, before: null, limit: 9 }
const later = (ms: number): void => world.clock.setMs(world.clock.nowMs() + ms)
const DAY_MS = 86_400_000

test('a voucher is one code for one member, by price, audience, limit and stock', async () => {
  const { tenantId } = world
  await world.apply(
    offer(
      'cinema',
      { voucher: { pool: 'cinema' } },
      {
        price: { points: '100', byTier: { gold: '80' } },
        limits: [{ per: 'member', period: 'month', times: 2 }],
        lowStock: 1,
      },
    ),
    offer('kyiv-only', { voucher: { pool: 'cinema' } }, { audience: 'subscriber.city == "Kyiv"' }),
    offer('over', { donation: { to: 'trees' } }, { validTo: '2026-01-01T00:00:00Z' }),
    offer('dear', { donation: { to: 'trees' } }, { price: { points: '5000' } }),
  )
  const { rewards } = world.loyalty
  expect(await rewards.addCodes(tenantId, 'cinema', ['A', 'B', 'C', 'B'], null)).toEqual({
    added: 3,
    known: 1,
    left: 3,
  })
  const catalogue = await rewards.catalogue(tenantId, 'main', bob)
  expect(catalogue.lines.map(({ reward, refusal }) => [reward.document.id, refusal])).toEqual([
    ['cinema', null],
    ['dear', 'reward_points_insufficient'],
  ])
  const first = await redeem(ann, 'cinema', 'k1')
  expect(first).toMatchObject({ state: 'done', code: 'A', points: 100n })
  expect(await redeem(ann, 'cinema', 'k1')).toMatchObject({ redemptionId: first.redemptionId, code: 'A' })
  await expect(redeem(ann, 'kyiv-only', 'k1')).rejects.toMatchObject({ code: 'redemption_key_mismatch' })
  expect(await redeem(ann, 'cinema', 'k2')).toMatchObject({ code: 'B' })
  await expect(redeem(ann, 'cinema', 'k3')).rejects.toMatchObject({ code: 'reward_limit_reached' })
  await expect(redeem(bob, 'kyiv-only', 'k4')).rejects.toMatchObject({ code: 'reward_not_for_member' })
  await expect(redeem(bob, 'over', 'k5')).rejects.toMatchObject({ code: 'reward_not_open' })
  expect(await redeem(bob, 'cinema', 'k6')).toMatchObject({ code: 'C' })
  await expect(redeem(bob, 'cinema', 'k7')).rejects.toMatchObject({ code: 'reward_out_of_stock' })
  later(31 * DAY_MS)
  expect((await rewards.addCodes(tenantId, 'cinema', ['D', 'E', 'F'], world.clock.now())).left).toBe(0)
  await expect(redeem(ann, 'cinema', 'k8')).rejects.toMatchObject({ code: 'reward_out_of_stock' })
  expect(await balanceOf(ann)).toEqual({ balance: 800n, reserved: 0n })
  await world.run()
  expect(await world.logged('loyalty.reward_low_stock')).toMatchObject([
    { reward: 'cinema', left: 1, threshold: 1 },
  ])
  expect(await world.logged('loyalty.reward_redeemed')).toHaveLength(3)
  expect(await rewards.list(tenantId)).toMatchObject([
    { left: 0, codes: { given: 3, free: 3 }, done: 3, open: 0 },
    { left: null, codes: null },
    { left: 0 },
    { left: null },
  ])
  const history = await world.loyalty.pointsHistory({
    tenantId,
    subscriberId: ann,
    language: 'en',
    limit: 20,
  })
  expect(
    history.events.flatMap(({ judgements }) => judgements).map(({ reason, text }) => [reason, text]),
  ).toContainEqual(['reward_redeemed', 'Points spent on “cinema”: 100.'])
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('a tier has a price of its own, as it stands when points are spent', async () => {
  await world.apply(
    ...orderTypes,
    {
      kind: 'TierLadder',
      id: 'status',
      name: same('Status'),
      by: { measure: 'spend', adds: [{ on: 'order.paid' }], unit: same('RUB') },
      period: 'calendar_year',
      tiers: [
        { id: 'base', name: same('Base'), at: '0' },
        { id: 'gold', name: same('Gold'), at: '100000' },
      ],
    },
    offer(
      'trees',
      { donation: { to: 'trees' } },
      { price: { points: '100', byTier: { gold: '80' } }, audience: 'member.tier == "gold"' },
    ),
  )
  await world.append(paid(ann, 'o1', 1_000_00))
  await world.run()
  await expect(redeem(bob, 'trees', 'k')).rejects.toMatchObject({ code: 'reward_not_for_member' })
  expect((await redeem(ann, 'trees', 'k')).points).toBe(80n)
})

test('goods are held until somebody hands them out, come back in time, and can be refunded', async () => {
  const { tenantId } = world
  await world.apply(offer('kettle', { goods: { handOutWithinDays: 7 } }))
  const { rewards } = world.loyalty
  await expect(redeem(ann, 'kettle', 'a')).rejects.toMatchObject({ code: 'reward_out_of_stock' })
  expect(await rewards.addStock(tenantId, 'kettle', 2, 's1')).toEqual({ left: 2 })
  expect(await rewards.addStock(tenantId, 'kettle', 2, 's1')).toEqual({ left: 2 })
  await expect(rewards.addStock(tenantId, 'kettle', 3, 's1')).rejects.toMatchObject({
    code: 'redemption_key_mismatch',
  })
  await expect(rewards.addStock(tenantId, 'kettle', -3, 's2')).rejects.toMatchObject({
    code: 'redemption_conflict',
  })
  const one = await redeem(ann, 'kettle', 'a')
  const other = await redeem(ann, 'kettle', 'b')
  await expect(redeem(bob, 'kettle', 'c')).rejects.toMatchObject({ code: 'reward_out_of_stock' })
  expect(await balanceOf(ann)).toEqual({ balance: 1000n, reserved: 200n })
  expect((await rewards.handOut(tenantId, one.redemptionId)).state).toBe('done')
  expect((await rewards.handOut(tenantId, one.redemptionId)).state).toBe('done')
  expect(await balanceOf(ann)).toEqual({ balance: 900n, reserved: 100n })
  later(7 * DAY_MS)
  await world.run()
  const query = { ...everything, subscriberId: ann, rewardId: 'kettle', state: 'cancelled' as const }
  const [mine] = await rewards.redemptions(tenantId, query)
  expect(mine).toMatchObject({ redemptionId: other.redemptionId, reason: 'timed_out' })
  expect(await balanceOf(ann)).toEqual({ balance: 900n, reserved: 0n })
  await expect(rewards.handOut(tenantId, other.redemptionId)).rejects.toMatchObject({
    code: 'redemption_conflict',
  })
  const note = 'it was broken'
  const refund = { tenantId, redemptionId: one.redemptionId, note, restock: true }
  expect(await rewards.refund(refund)).toMatchObject({ state: 'refunded', note })
  await rewards.refund(refund)
  expect(await balanceOf(ann)).toEqual({ balance: 1000n, reserved: 0n })
  expect(await rewards.addStock(tenantId, 'kettle', 1, 's3')).toEqual({ left: 3 })
  const third = await redeem(bob, 'kettle', 'd')
  await rewards.cancel({ tenantId, redemptionId: third.redemptionId, note })
  expect(await balanceOf(bob)).toEqual({ balance: 1000n, reserved: 0n })
  // The points come back with the day of expiry that they had.
  expect((await world.account(`member:main:${ann}:points`))!.expiring).toMatchObject([{ amountMinor: 1000n }])
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('money and products come from the operator once, whatever it loses; what it refuses is paid back', async () => {
  await world.apply(
    offer('money', { credit: { amountMinor: '5000', currency: 'RUB' } }),
    offer('roaming', { product: { id: 'roaming-1' } }),
  )
  let call = 0
  operator.fault = () => {
    const draw = unitHash('faults', call++)
    return draw < 0.3 ? 'reset_after' : draw < 0.5 ? 'error_after' : draw < 0.7 ? 'error_before' : 'none'
  }
  operator.isSlow = (account) => account === 'acc-bob'
  for (const [i, who] of [ann, bob, ann, bob].entries()) {
    await redeem(who, i < 2 ? 'money' : 'roaming', `k${i}`)
  }
  for (let i = 0; i < 40; i++) {
    await world.run()
    later(700_000)
  }
  const { rewards } = world.loyalty
  const all = await rewards.redemptions(world.tenantId, everything)
  expect(all.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done'])
  expect(
    [...operator.topups.values()].map(({ account, amount }) => `${account} ${amount}`).toSorted(),
  ).toEqual(['acc-ann 50', 'acc-bob 50'])
  expect(operator.orders.map(({ account, product }) => `${account} ${product}`).toSorted()).toEqual([
    'acc-ann roaming-1',
    'acc-bob roaming-1',
  ])
  operator.fault = () => 'none'
  operator.refuses = () => true
  await redeem(ann, 'money', 'no1')
  await redeem(ann, 'roaming', 'no2')
  await world.run()
  expect(await balanceOf(ann)).toEqual({ balance: 800n, reserved: 0n })
  const cancelled = await world.logged('loyalty.redemption_cancelled')
  expect(cancelled.map(({ reason }) => reason)).toEqual(['operator_refused', 'operator_refused'])
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('an operator that is never reached gives up in time, and one that was asked keeps the points set aside', async () => {
  await world.apply(offer('money', { credit: { amountMinor: '5000', currency: 'RUB' } }))
  operator.fault = () => 'error_before'
  const asked = await redeem(ann, 'money', 'k')
  await world.run()
  const { rewards } = world.loyalty
  const cancel = { tenantId: world.tenantId, redemptionId: asked.redemptionId, note: 'the member waits' }
  await expect(rewards.cancel(cancel)).rejects.toMatchObject({ code: 'redemption_conflict' })
  later(25 * 3_600_000)
  await world.run()
  expect(await balanceOf(ann)).toEqual({ balance: 1000n, reserved: 100n })
  expect(await rewards.cancel(cancel)).toMatchObject({ state: 'cancelled', note: 'the member waits' })
  expect(await balanceOf(ann)).toEqual({ balance: 1000n, reserved: 0n })
})

test('without systems of the operator points come back when the time is over', async () => {
  const lonely = await loyaltyWorld(stores)
  await lonely.apply(
    programme({ id: 'main', currency: 'points', enrolment: 'by_hand', welcome: { points: '1000' } }),
    offer('money', { credit: { amountMinor: '5000', currency: 'RUB' } }),
  )
  const [cat] = (await lonely.subscribers('cat')) as [number]
  const { tenantId } = lonely
  await lonely.loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId: cat })
  await lonely.loyalty.rewards.redeem({ tenantId, rewardId: 'money', subscriberId: cat, key: 'k' })
  await lonely.run()
  expect((await lonely.account(`member:main:${cat}:points`))!.availableMinor).toBe(900n)
  lonely.clock.setMs(lonely.clock.nowMs() + DAY_MS)
  await lonely.run()
  expect((await lonely.account(`member:main:${cat}:points`))!.availableMinor).toBe(1000n)
  expect(await lonely.logged('loyalty.redemption_cancelled')).toMatchObject([{ reason: 'timed_out' }])
  await lonely.close()
})

test('of many who ask at once nobody gets what is not there, and no balance is spent twice', async () => {
  await world.apply(offer('seat', { voucher: { pool: 'seats' } }, { price: { points: '300' } }))
  await world.loyalty.rewards.addCodes(world.tenantId, 'seat', ['1', '2', '3', '4', '5'], null)
  const asked = Array.from({ length: 6 }, (_, i) => [
    redeem(ann, 'seat', `a${i}`),
    redeem(bob, 'seat', `b${i}`),
  ])
  const results = await Promise.allSettled([...asked.flat(), redeem(ann, 'seat', 'a0')])
  const codes = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value.code] : []))
  expect(new Set(codes).size).toBe(5)
  const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
  expect(reasons.every((code) => /^reward_(out_of_stock|points_insufficient)$/.test(code))).toBe(true)
  const [ofAnn, ofBob] = [await balanceOf(ann), await balanceOf(bob)]
  expect(ofAnn.balance + ofBob.balance).toBe(2000n - 1500n)
  expect(ofAnn.balance >= 100n && ofBob.balance >= 100n).toBe(true)
})

test('of many who ask at once no more get it than all together may, and a pool is refilled for all its rewards', async () => {
  const { tenantId } = world
  const { rewards } = world.loyalty
  await world.apply(
    offer('rare', { donation: { to: 'trees' } }, { limits: [{ per: 'all', period: 'day', times: 5 }] }),
    offer('front', { voucher: { pool: 'seats' } }, { lowStock: 1 }),
    offer('back', { voucher: { pool: 'seats' } }, { lowStock: 1 }),
  )
  const asked = Array.from({ length: 4 }, (_, i) => [
    redeem(ann, 'rare', `a${i}`),
    redeem(bob, 'rare', `b${i}`),
  ])
  const results = await Promise.allSettled(asked.flat())
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  const [cancelled] = await rewards.redemptions(tenantId, { ...everything, limit: 1 })
  await rewards.refund({ tenantId, redemptionId: cancelled!.redemptionId, note: 'a mistake', restock: false })
  await redeem(bob, 'rare', 'again')
  await expect(redeem(bob, 'rare', 'more')).rejects.toMatchObject({ code: 'reward_limit_reached' })
  later(DAY_MS)
  await redeem(bob, 'rare', 'tomorrow')

  await rewards.addCodes(tenantId, 'front', ['1', '2', '3'], null)
  for (const [i, reward] of ['front', 'front', 'back'].entries()) await redeem(ann, reward, `s${i}`)
  await rewards.addCodes(tenantId, 'front', ['4', '5'], null)
  await redeem(ann, 'back', 'last')
  await world.run()
  expect((await world.logged('loyalty.reward_low_stock')).map(({ reward, left }) => [reward, left])).toEqual([
    ['front', 1],
    ['back', 0],
    ['back', 1],
  ])
})

test('a merge between: the same key is the same redemption, and points come back to whoever goes on', async () => {
  const { tenantId } = world
  const { rewards } = world.loyalty
  await world.apply(offer('kettle', { goods: {} }))
  await rewards.addStock(tenantId, 'kettle', 9, 's')
  const one = await redeem(bob, 'kettle', 'k')
  await rewards.handOut(tenantId, one.redemptionId)
  await world.loyalty.members.merge({ tenantId, programmeId: 'main', subscriberId: ann, from: bob })
  expect((await redeem(bob, 'kettle', 'k')).redemptionId).toBe(one.redemptionId)
  expect(await balanceOf(ann)).toEqual({ balance: 1900n, reserved: 0n })
  await rewards.refund({ tenantId, redemptionId: one.redemptionId, note: 'it was broken', restock: true })
  expect(await balanceOf(ann)).toEqual({ balance: 2000n, reserved: 0n })
  expect(await balanceOf(bob)).toEqual({ balance: 0n, reserved: 0n })
  expect((await world.account(`member:main:${ann}:points`))!.expiring).toMatchObject([{ amountMinor: 2000n }])
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('points that come back to a member who shares a household’s balance by then go on to the household', async () => {
  const { tenantId } = world
  const { rewards, members } = world.loyalty
  const households = { sharesBalance: true, maxMembers: 4 }
  await world.apply(
    programme({ id: 'main', currency: 'points', enrolment: 'by_hand', households }),
    offer('kettle', { goods: {} }),
  )
  await rewards.addStock(tenantId, 'kettle', 9, 's')
  const { redemptionId } = await redeem(ann, 'kettle', 'k')
  await members.joinHousehold({ tenantId, programmeId: 'main', subscriberId: ann, householdId: 'h' })
  await rewards.cancel({ tenantId, redemptionId, note: 'not wanted' })
  expect((await world.account('household:main:h:points'))!.availableMinor).toBe(1000n)
  expect(await balanceOf(ann)).toEqual({ balance: 0n, reserved: 0n })
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('what is reserved counts in the limit of a member who is being checked', async () => {
  const { tenantId } = world
  await world.apply(offer('kettle', { goods: {} }), offer('trees', { donation: { to: 'trees' } }), {
    kind: 'AbusePolicy',
    id: 'main',
    hold: 50,
    signals: { velocity: [{ of: 'redeemed', withinHours: 24, times: 2, score: 70 }] },
    limit: { from: 70, pointsPerDay: '350' },
  })
  await world.loyalty.rewards.addStock(tenantId, 'kettle', 9, 's')
  await redeem(ann, 'trees', 'k1')
  await redeem(ann, 'trees', 'k2')
  const kettle = await redeem(ann, 'kettle', 'k3')
  await expect(redeem(ann, 'kettle', 'k4')).rejects.toMatchObject({ code: 'abuse_limited' })
  await world.loyalty.rewards.cancel({ tenantId, redemptionId: kettle.redemptionId, note: 'not wanted' })
  expect((await redeem(ann, 'kettle', 'k4')).state).toBe('reserved')
})

test('a gift goes to who it is for, who alone is told the code', async () => {
  await world.apply(
    offer('cinema', { voucher: { pool: 'cinema' } }),
    offer('mine', { donation: { to: 'trees' } }, { giftable: false }),
    offer('money', { credit: { amountMinor: '5000', currency: 'RUB' } }),
  )
  await world.loyalty.rewards.addCodes(world.tenantId, 'cinema', ['GIFT-1'], null)
  const [eve] = (await world.subscribers('eve')) as [number]
  await expect(redeem(ann, 'mine', 'k0', eve)).rejects.toMatchObject({ code: 'reward_not_giftable' })
  await expect(redeem(ann, 'cinema', 'k0', 999_999)).rejects.toMatchObject({ code: 'recipient_not_found' })
  await redeem(ann, 'cinema', 'k1', eve)
  await redeem(ann, 'money', 'k2', eve)
  await world.run()
  expect([...operator.topups.values()].map(({ account }) => account)).toEqual(['acc-eve'])
  expect(await balanceOf(ann)).toEqual({ balance: 800n, reserved: 0n })
  const told = await world.logged('loyalty.reward_redeemed')
  expect(told.map(({ recipient }) => recipient)).toEqual([eve, eve])
  expect(JSON.stringify(told)).not.toContain('GIFT-1')
  expect(await world.logged('loyalty.gift_received')).toMatchObject([
    { reward: 'cinema', from: ann, code: 'GIFT-1' },
    { reward: 'money', from: ann },
  ])
})

test('a discount is used once, at its partner, while it is valid, and then not refunded', async () => {
  const { tenantId } = world
  await world.apply(offer('taxi', { discount: { partner: 'taxi', off: { percent: 20 }, validDays: 10 } }))
  const { rewards } = world.loyalty
  const use = (code: string, key: string, partner = 'taxi') =>
    rewards.useDiscount({ tenantId, code, partner, key })
  const [one, other] = [await redeem(ann, 'taxi', 'k1'), await redeem(ann, 'taxi', 'k2')]
  expect(one.code).toMatch(/^[0-9A-Z]{12}$/)
  expect(one.code).not.toBe(other.code)
  await expect(use(one.code!, 'k', 'bakery')).rejects.toMatchObject({
    code: 'discount_not_found',
  })
  expect((await use(one.code!.toLowerCase(), 'k')).usedAtMs).toBe(world.clock.nowMs())
  expect((await use(one.code!, 'k')).usedAtMs).toBe(world.clock.nowMs())
  await expect(use(one.code!, 'another')).rejects.toMatchObject({
    code: 'discount_used_conflict',
  })
  const refund = { tenantId, note: 'changed their mind', restock: false }
  await expect(rewards.refund({ ...refund, redemptionId: one.redemptionId })).rejects.toMatchObject({
    code: 'redemption_conflict',
  })
  await rewards.refund({ ...refund, redemptionId: other.redemptionId })
  await expect(use(other.code!, 'k')).rejects.toMatchObject({
    code: 'discount_not_found',
  })
  const third = await redeem(bob, 'taxi', 'k3')
  later(10 * DAY_MS)
  await expect(use(third.code!, 'k')).rejects.toMatchObject({
    code: 'discount_expired',
  })
})
