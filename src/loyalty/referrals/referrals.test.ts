import { renderSVG } from 'uqr'
import { afterAll, describe, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'
import { decodeRecord } from '../../events/index.ts'
import { createOperator, operatorSystemsKind } from '../../operator/index.ts'
import { createHttp, Documents, entriesOf, isoOf, ManualClock } from '../../platform/index.ts'
import { referralCodeOf } from '../members.ts'
import { periodSpan } from './cap-period.ts'

const { openWorld, stores } = loyaltyWorlds()
const ends: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const end of ends) await end()
})

const start = Date.parse('2026-03-01T12:00:00Z')
const DAY = 86_400_000
const programme = {
  kind: 'Programme',
  id: 'main',
  name: same('Main'),
  currency: 'points',
  enrolment: { on: ['activated'] },
  households: { sharesBalance: false },
}
const activation = { id: 'activation', name: same('A'), when: { on: 'loyalty.member_enrolled' } }
const payment = { id: 'payment', name: same('P'), when: { on: 'paid', where: 'event.amountMinor >= 10000' } }
const stay = { id: 'stay', name: same('S'), when: { stayedDays: 90, where: 'subscriber.plan == "full"' } }
const referral = (rest: object = {}) => ({
  kind: 'Referral',
  id: 'friends',
  name: same('Friends'),
  link: 'https://t.me/bot?start={code}',
  code: { on: 'activated', code: 'event.promo' },
  rewards: [
    { ...activation, referee: { points: '5' } },
    { ...payment, referrer: { points: '100' }, referee: { points: '50' } },
    { ...stay, referrer: { points: '30' } },
  ],
  abuse: { distinct: ['device', 'card'] },
  ...rest,
})
type Options = Parameters<typeof openWorld>[0]
const newWorld = async (document: object, options: Options = {}): Promise<LoyaltyWorld> => {
  const world = await openWorld({ startMs: start, partitions: 1, ...options })
  await world.apply(
    eventType('activated', { promo: 'string' }),
    eventType('paid', { amountMinor: 'integer' }),
    {
      kind: 'Attributes',
      id: 'subscriber',
      attributes: { device: 'string', card: 'string', plan: 'string' },
    },
    programme,
    document,
  )
  return world
}
const activated = (subscriberId: number, referrer?: number, atMs = start) => ({
  subscriberId,
  type: 'activated',
  data: referrer === undefined ? {} : { promo: ` ${referralCodeOf('main', referrer).toUpperCase()}` },
  atMs,
})
const paid = (subscriberId: number, amountMinor: number, atMs = start) => ({
  subscriberId,
  type: 'paid',
  data: { amountMinor },
  atMs,
})
const points = async (world: LoyaltyWorld, ...ids: number[]): Promise<bigint[]> =>
  Promise.all(ids.map(async (id) => (await world.balances(id))['points'] ?? 0n))
const all = { referralId: null, subscriberId: null, before: null, limit: 100 }
const refusals = async (world: LoyaltyWorld): Promise<string[]> =>
  (await world.loyalty.referrals.refusals(world.tenantId, all)).map(({ reason }) => reason)

describe('rewards', () => {
  test('both sides are rewarded by activation, first payment and stay, each once', async () => {
    const world = await newWorld(referral())
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    // The code of a member who appears in the same batch is good, and so is the order within it.
    await world.append(
      activated(ann),
      activated(bob, ann),
      paid(bob, 9_999),
      paid(bob, 10_000),
      paid(bob, 20_000),
    )
    await world.run()
    expect(await points(world, ann, bob)).toEqual([100n, 55n])
    await world.profiles.upsertSubscribers(world.tenantId, [
      { identities: { external: 'bob' }, attributes: { plan: 'full' } },
    ])
    world.clock.setMs(start + 90 * DAY - 1)
    await world.run()
    expect(await points(world, ann, bob)).toEqual([100n, 55n])
    world.clock.setMs(start + 90 * DAY)
    await world.run()
    world.kill()
    await world.run()
    expect(await points(world, ann, bob)).toEqual([130n, 55n])
    const view = await world.loyalty.referrals.view(world.tenantId, 'main', ann)
    expect(view.links).toEqual([
      { referral: 'friends', name: same('Friends'), url: `https://t.me/bot?start=${view.code}` },
    ])
    expect(view.brought).toMatchObject([{ refereeId: bob }])
    expect(view.rewards.map(({ rewardId, side, state }) => [rewardId, side, state]).toSorted()).toEqual([
      ['payment', 'referrer', 'granted'],
      ['stay', 'referrer', 'granted'],
    ])
    const chunks = await world.log.read(0, 0, 1_000)
    const told = [...entriesOf(chunks)]
      .map(({ record }) => decodeRecord(record))
      .filter(({ type }) => type.startsWith('loyalty.referral'))
      .map(({ type, subscriberId }) => ({ type, subscriber: subscriberId }))
    expect(told.filter(({ type }) => type === 'loyalty.referral_linked')).toEqual([
      { type: 'loyalty.referral_linked', subscriber: ann },
    ])
    expect(told).toHaveLength(5)
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('who left before the day gives nothing; who has left gets nothing', async () => {
    const world = await newWorld(referral())
    const [ann, bob, eve] = (await world.subscribers('ann', 'bob', 'eve')) as [number, number, number]
    await world.append(activated(ann), activated(bob, ann), activated(eve, ann))
    await world.run()
    await world.loyalty.members.leave({ tenantId: world.tenantId, programmeId: 'main', subscriberId: bob })
    world.clock.setMs(start + 90 * DAY)
    await world.run()
    const { brought } = await world.loyalty.referrals.view(world.tenantId, 'main', ann)
    const reasonOf = (id: number) =>
      brought.find(({ refereeId }) => refereeId === id)!.steps.find(({ rewardId }) => rewardId === 'stay')!
        .reason
    expect(reasonOf(bob)).toBe('referee_left')
    expect(reasonOf(eve)).toBe('condition_not_met')
    await world.loyalty.members.leave({ tenantId: world.tenantId, programmeId: 'main', subscriberId: ann })
    await world.append(paid(eve, 10_000, start + 90 * DAY))
    await world.run()
    const refused = await world.loyalty.referrals.rewards(world.tenantId, { ...all, state: 'refused' })
    expect(refused).toMatchObject([
      { beneficiaryId: ann, side: 'referrer', reason: 'beneficiary_not_active' },
    ])
    expect(await points(world, ann, eve)).toEqual([0n, 55n])
  })

  test('a chain shares points upwards, caps count by period', async () => {
    const rewards = [{ ...payment, referrer: { points: '101' } }]
    const caps = [{ period: 'month', times: 2 }]
    const world = await newWorld(referral({ rewards, chain: { shares: [50, 10] }, caps }))
    const ids = (await world.subscribers('a', 'b', 'c', 'd', 'e', 'f', 'g')) as number[]
    const [a, b, c, d, e, f, g] = ids as [number, number, number, number, number, number, number]
    await world.append(activated(a), activated(b, a), activated(c, b), activated(d, c), activated(e, d))
    await world.append(activated(f, d), activated(g, d))
    await world.run()
    await world.append(paid(e, 10_000))
    await world.run()
    expect(await points(world, a, b, c, d, e)).toEqual([0n, 10n, 50n, 101n, 0n])
    const april = Date.parse('2026-04-01T00:00:00Z')
    await world.append(paid(f, 10_000), paid(g, 10_000), paid(b, 10_000, april))
    world.clock.setMs(april)
    await world.run()
    expect((await points(world, d))[0]).toBe(202n)
    const refused = await world.loyalty.referrals.rewards(world.tenantId, { ...all, state: 'refused' })
    expect(refused).toMatchObject([{ beneficiaryId: d, refereeId: g, reason: 'cap_reached' }])
    expect((await points(world, a))[0]).toBe(101n)
  })
})

describe('abuse', () => {
  test('each refusal has its reason, whether those concerned come in one batch or in many', async () => {
    for (const batchEvents of [1, 2_000]) {
      const world = await newWorld(referral(), { batchEvents })
      const names = ['ann', 'bob', 'eve', 'joe', 'kim', 'old']
      const [ann, bob, eve, joe, kim, old] = (await world.subscribers(...names)) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      await world.profiles.upsertSubscribers(world.tenantId, [
        { identities: { external: 'ann' }, attributes: { device: 'one', card: '1' } },
        { identities: { external: 'bob' }, attributes: { device: 'two' } },
        { identities: { external: 'eve' }, attributes: { device: 'one' } },
        { identities: { external: 'joe' }, attributes: { device: 'two' } },
      ])
      await world.append(
        activated(old, undefined, start - 31 * DAY),
        activated(ann),
        activated(ann, ann),
        activated(bob, ann),
        activated(bob, kim),
        activated(eve, ann),
        activated(joe, ann),
        activated(ann, bob),
        activated(old, ann),
        { ...activated(kim), data: { promo: 'nobody' } },
        activated(kim, bob),
        activated(ann, kim),
      )
      await world.run()
      expect((await refusals(world)).toSorted()).toEqual(
        [
          'already_referred',
          'attribute_used_before',
          'code_unknown',
          'referee_not_new',
          'referral_ring',
          'referral_ring',
          'same_attribute',
          'self_referral',
        ]
          .map((reason) => (reason === 'already_referred' ? 'code_unknown' : reason))
          .toSorted(),
      )
      const { referrals } = world.loyalty
      // They are of one moment, and page by page each is met once.
      const paged: object[] = []
      for (let before = null as string | null; ;) {
        const [one] = await referrals.refusals(world.tenantId, { ...all, before, limit: 1 })
        if (!one) break
        paged.push(one)
        before = `${isoOf(one.atMs)} ${one.refusalId}`
      }
      expect(paged).toEqual(await referrals.refusals(world.tenantId, all))
      const ask = (subscriberId: number, referrer: number) =>
        referrals.useCode(world.tenantId, {
          referralId: 'friends',
          subscriberId,
          code: referralCodeOf('main', referrer),
        })
      expect(await ask(bob, kim)).toMatchObject({ reason: 'already_referred' })
      // The same key says the same again, whatever has become of it since, and another code under it is none.
      const keyed = (code: string) =>
        referrals.useCode(world.tenantId, { referralId: 'friends', subscriberId: kim, code, key: 'k' })
      expect(await keyed('nobody')).toMatchObject({ reason: 'code_unknown' })
      expect(await keyed(' NOBODY ')).toMatchObject({ reason: 'code_unknown' })
      await expect(keyed('others')).rejects.toMatchObject({
        code: 'referral_key_mismatch',
        details: { field: 'idempotencyKey', found: 'others', expected: 'nobody' },
      })
      await world.loyalty.members.joinHousehold({
        tenantId: world.tenantId,
        programmeId: 'main',
        subscriberId: joe,
        householdId: 'h',
      })
      await world.loyalty.members.joinHousehold({
        tenantId: world.tenantId,
        programmeId: 'main',
        subscriberId: eve,
        householdId: 'h',
      })
      expect(await ask(joe, eve)).toMatchObject({ reason: 'same_household' })
      // Refusals of one moment have no order but that of their ids, which are drawn: the reason says which is meant.
      const refused = await referrals.refusals(world.tenantId, { ...all, subscriberId: joe })
      expect(refused.find((one) => one.reason === 'same_household')?.words.en).toContain('household')
    }
  })

  test('a device that is known only later stops the reward', async () => {
    const world = await newWorld(referral())
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.append(activated(ann), activated(bob, ann))
    await world.run()
    await world.profiles.upsertSubscribers(
      world.tenantId,
      ['ann', 'bob'].map((name) => ({ identities: { external: name }, attributes: { card: '4242' } })),
    )
    await world.append(paid(bob, 10_000))
    await world.run()
    expect(await points(world, ann, bob)).toEqual([0n, 5n])
    const { brought } = await world.loyalty.referrals.view(world.tenantId, 'main', ann)
    expect(brought[0]!.steps.find(({ rewardId }) => rewardId === 'payment')).toMatchObject({
      reason: 'same_attribute',
    })
  })
})

describe('money and products', () => {
  /** An operator that answers with faults: it does what it was asked, once an external id, and may not say so. */
  const operatorWith = async (faultOf: (call: number) => number | null) => {
    const topUps = new Map<string, unknown>()
    const orders = new Map<string, object>()
    let calls = 0
    const http = createHttp(() => undefined)
    http.post<{ Body: { externalId: string; amount: unknown } }>(
      '/balance/topupBalance',
      async (request, reply) => {
        topUps.set(request.body.externalId, request.body.amount)
        const fault = faultOf(calls++)
        return fault === null ? { status: 'completed' } : reply.code(fault).send({ reason: 'no' })
      },
    )
    http.get<{ Querystring: { externalId: string } }>('/order/productOrder', async ({ query }) =>
      [orders.get(query.externalId)].filter((order) => order !== undefined),
    )
    http.post<{ Body: { externalId: string } }>('/order/productOrder', async (request) => {
      const order = { id: `o${orders.size}`, state: 'completed' }
      orders.set(request.body.externalId, order)
      return order
    })
    const url = await http.listen({ port: 0, host: '127.0.0.1' })
    const clock = new ManualClock(start)
    const documents = new Documents(stores().database, [operatorSystemsKind])
    const operator = createOperator({
      database: stores().database,
      clock,
      documents,
      accountsOf: async () => new Map(),
      onFinished: () => undefined,
    })
    ends.push(
      () => operator.close(),
      () => http.close(),
    )
    const systems = {
      kind: 'OperatorSystems',
      id: 'default',
      balanceUrl: `${url}/balance`,
      productOrderUrl: `${url}/order`,
      trustPaymentUrl: url,
      creditScoringUrl: url,
    }
    return { operator, topUps, orders, prepare: (tenantId: string) => documents.apply(tenantId, [systems]) }
  }
  const rewards = [
    {
      ...payment,
      referrer: { money: { amountMinor: '15000', currency: 'RUB' } },
      referee: { product: { id: 'month-free', as: 'free_month' } },
    },
  ]

  test('reach the account through the operator once, through faults and deaths of the process', async () => {
    const { operator, topUps, orders, prepare } = await operatorWith((call) => (call < 4 ? 503 : null))
    const world = await newWorld(referral({ rewards }), { operator })
    await prepare(world.tenantId)
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.profiles.upsertSubscribers(
      world.tenantId,
      ['ann', 'bob'].map((name) => ({ identities: { external: name, account: `acc-${name}` } })),
    )
    await world.append(activated(ann), activated(bob, ann), paid(bob, 10_000))
    await world.run()
    expect((await world.loyalty.referrals.rewards(world.tenantId, { ...all, state: 'paying' })).length).toBe(
      1,
    )
    world.kill()
    world.clock.setMs(start + 3_600_000)
    world.faults.push('none', 'none', 'none', 'none', 'before')
    await world.run()
    world.faults.length = 0
    world.clock.setMs(start + 2 * 3_600_000)
    await world.run()
    expect([...topUps.values()]).toEqual([{ amount: 150, units: 'RUB' }])
    expect(orders.size).toBe(1)
    const granted = await world.loyalty.referrals.rewards(world.tenantId, { ...all, state: 'granted' })
    expect(granted.map(({ side, beneficiaryId }) => [side, beneficiaryId]).toSorted()).toEqual([
      ['referee', bob],
      ['referrer', ann],
    ])
  })

  test('a refusal and a missing account are seen by the agent', async () => {
    const { operator, prepare } = await operatorWith(() => 422)
    const world = await newWorld(referral({ rewards }), { operator })
    await prepare(world.tenantId)
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.profiles.upsertSubscribers(world.tenantId, [
      { identities: { external: 'ann', account: 'acc' } },
    ])
    await world.append(activated(ann), activated(bob, ann), paid(bob, 10_000))
    await world.run()
    const refused = await world.loyalty.referrals.rewards(world.tenantId, { ...all, state: 'refused' })
    expect(refused.map(({ side, reason }) => [side, reason]).toSorted()).toEqual([
      ['referee', 'account_missing'],
      ['referrer', 'operator_refused'],
    ])
  })
})

test('a link is a picture of itself for a camera', async () => {
  const world = await newWorld(referral({ link: 'https://t.me/bot?start={code}' }))
  const [ann] = (await world.subscribers('ann')) as [number]
  await world.append(activated(ann))
  await world.run()
  const { referrals } = world.loyalty
  const svg = await referrals.qrCode(world.tenantId, 'friends', ann)
  expect(svg).toBe(
    renderSVG(`https://t.me/bot?start=${referralCodeOf('main', ann)}`, { ecc: 'M', border: 4 }),
  )
  expect(svg).toMatch(/^<svg [^>]*viewBox/)
  const { link: _link, ...without } = referral() as { link: string }
  await world.apply(without)
  await expect(referrals.qrCode(world.tenantId, 'friends', ann)).rejects.toMatchObject({
    code: 'referral_link_not_found',
  })
  await expect(referrals.qrCode(world.tenantId, 'other', ann)).rejects.toMatchObject({
    code: 'referral_not_found',
  })
})

test('periods begin and end with the days of the time zone', () => {
  const at = Date.parse('2026-03-29T12:00:00Z')
  const span = (period: Parameters<typeof periodSpan>[0]) =>
    Object.values(periodSpan(period, at, 'Europe/Kyiv')).map((ms) =>
      ms === null ? null : new Date(ms).toISOString(),
    )
  // The clocks go forward in Kyiv that night.
  expect(span('day')).toEqual(['2026-03-28T22:00:00.000Z', '2026-03-29T21:00:00.000Z'])
  expect(span('week')).toEqual(['2026-03-22T22:00:00.000Z', '2026-03-29T21:00:00.000Z'])
  expect(span('month')).toEqual(['2026-02-28T22:00:00.000Z', '2026-03-31T21:00:00.000Z'])
  expect(span('year')).toEqual(['2025-12-31T22:00:00.000Z', '2026-12-31T22:00:00.000Z'])
  expect(span('ever')).toEqual([null, null])
})
