import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'

const { openWorld, worlds } = loyaltyWorlds()

const ladder = (rest: object = {}): object => ({
  kind: 'TierLadder',
  id: 'levels',
  name: same('Levels'),
  by: {
    measure: 'spend',
    adds: [{ on: 'order.paid' }],
    takesBack: [{ on: 'order.returned' }],
    unit: same('RUB'),
  },
  period: 'calendar_year',
  tiers: [
    { id: 'base', name: same('Base'), at: '0' },
    { id: 'silver', name: same('Silver'), at: '100000', benefits: [{ id: 'line', name: same('Fast line') }] },
    {
      id: 'gold',
      name: same('Gold'),
      at: '500000',
      benefits: [{ id: 'tv', name: same('TV'), order: { productId: 'tv-free', onEnd: 'tv-paid' } }],
    },
  ],
  ...rest,
})
const tenure = (rest: object = {}): object => ({
  kind: 'TierLadder',
  id: 'years',
  name: same('Years with us'),
  isPrimary: false,
  by: { measure: 'tenure', since: 'subscriber.activatedAt' },
  tiers: [
    { id: 'new', name: same('New'), after: {} },
    {
      id: 'one',
      name: same('One year'),
      after: { months: 12 },
      benefits: [{ id: 'fee', name: same('Lower fee') }],
    },
    {
      id: 'three',
      name: same('Three years'),
      after: { months: 36 },
      benefits: [{ id: 'manager', name: same('Personal manager') }],
    },
  ],
  ...rest,
})

const newWorld = async (
  documents: object[],
  options: Parameters<typeof openWorld>[0] = {},
): Promise<LoyaltyWorld> => {
  const world = await openWorld(options)
  await world.apply(
    eventType('order.paid', { orderId: 'string', amountMinor: 'integer' }),
    eventType('order.returned', { orderId: 'string', amountMinor: 'integer' }),
    { kind: 'Attributes', id: 'subscriber', attributes: { activatedAt: 'timestamp', city: 'string' } },
    {
      kind: 'Programme',
      id: 'main',
      name: same('Points'),
      currency: 'points',
      enrolment: { on: ['order.paid'] },
    },
    {
      kind: 'EarnRule',
      id: 'five',
      on: 'order.paid',
      points: { perMajorUnit: '1' },
      multipliers: [
        { id: 'gold', when: 'member.tier == "gold"', times: '3' },
        { id: 'silver', when: 'member.tier == "silver"', times: '2' },
      ],
    },
    ...documents,
  )
  return world
}
const paid = (subscriberId: number, amountMinor: number, rest: object = {}) => ({
  subscriberId,
  type: 'order.paid',
  data: { amountMinor },
  ...rest,
})
const moves = async (world: LoyaltyWorld, ladderId: string, subscriberId: number): Promise<string[]> =>
  (await world.loyalty.tiers.history(world.tenantId, ladderId, subscriberId, 100))
    .toReversed()
    .map(
      ({ former, tier, reason, atMs }) =>
        `${former} ${tier} ${reason} ${new Date(atMs).toISOString().slice(0, 16)}`,
    )
const viewOf = async (world: LoyaltyWorld, subscriberId: number, id = 'levels') =>
  (await world.loyalty.tiers.ofMember(world.tenantId, subscriberId)).find((one) => one.ladder === id)!
const ordered = (world: LoyaltyWorld): Promise<string[]> =>
  world
    .tx<{ product: string; reference: string }[]>((tx) =>
      tx.query(`select product_id as product from operator.activation where reference = activation_id::text
                order by requested_at, product_id`),
    )
    .then((rows) => rows.map(({ product }) => product))
const at = (world: LoyaltyWorld, text: string): void => world.clock.setMs(Date.parse(text))

describe('a tier by spend', () => {
  test('is reached at once and the event that reaches it earns by it; it lapses with the year, by the zone', async () => {
    const world = await newWorld([ladder()], {
      timeZone: 'Europe/Kyiv',
      startMs: Date.parse('2026-03-01T12:00:00Z'),
    })
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 99_999), paid(ann!, 1), paid(ann!, 400_000))
    await world.run()
    // 999.99 once, 0.01 twice and rounded down to nothing, 4000 thrice.
    expect(await world.balances(ann!)).toEqual({ points: 999n + 12_000n })
    const view = await viewOf(world, ann!)
    expect(view).toMatchObject({
      tier: 'gold',
      counted: 500_000n,
      keptUntil: '2026-12-31',
      next: null,
      keep: null,
    })
    expect(await ordered(world)).toEqual(['tv-free'])
    at(world, '2026-12-31T21:59:59Z')
    await world.run()
    expect(await viewOf(world, ann!)).toMatchObject({ tier: 'gold' })
    at(world, '2026-12-31T22:00:00Z')
    await world.run()
    expect(await moves(world, 'levels', ann!)).toEqual([
      'null base tier_enrolled 2026-03-01T12:00',
      'base silver tier_reached 2026-03-01T12:00',
      'silver gold tier_reached 2026-03-01T12:00',
      'gold base tier_lapsed 2026-12-31T22:00',
    ])
    expect(await ordered(world)).toEqual(['tv-free', 'tv-paid'])
  })

  test('is kept for its grace; whoever must do something is told once what is missing', async () => {
    const world = await newWorld([ladder({ grace: { days: 90 } })])
    const [ann, bob] = await world.subscribers('ann', 'bob')
    await world.append(paid(ann!, 500_000), paid(bob!, 100_000))
    await world.run()
    at(world, '2027-01-10T00:00:00Z')
    await world.run()
    await world.append(paid(bob!, 30_000))
    await world.run()
    const view = await viewOf(world, bob!)
    expect(view).toMatchObject({ tier: 'silver', keptUntil: '2027-03-31', counted: 30_000n })
    expect(view.keep).toMatchObject({ missing: 70_000n, by: '2027-03-31' })
    expect(view.keep!.text.en).toBe('700 RUB more by 31 Mar 2027 to keep Silver')
    expect(view.next!.text.en).toBe('4700 RUB more by 31 Dec 2027 for Gold')
    await world.append(paid(bob!, 70_000))
    await world.run()
    expect(await viewOf(world, bob!)).toMatchObject({ tier: 'silver', keptUntil: '2028-03-30', keep: null })
    at(world, '2027-04-01T00:00:00Z')
    await world.run()
    expect((await moves(world, 'levels', ann!)).at(-1)).toBe('gold base tier_lapsed 2027-04-01T00:00')
    expect((await viewOf(world, bob!)).tier).toBe('silver')
    const risks = await world.logged('loyalty.tier_at_risk')
    expect(
      risks
        .map(({ tier, missing, missingMinor, on }) => `${tier} ${missing} ${missingMinor} ${on}`)
        .toSorted(),
    ).toEqual(['gold 5000 500000 2027-03-31', 'silver 1000 100000 2027-03-31'])
  })

  test('that is in its grace once more, after a tier by hand, is told again to whoever listens', async () => {
    const world = await newWorld([
      ladder({ grace: { months: 3, days: 0 } }),
      { kind: 'EarnRule', id: 'nudge', on: 'loyalty.tier_at_risk', points: { fixed: '5' } },
    ])
    const { tenantId, loyalty, clock } = world
    const [ann = 0] = await world.subscribers('ann')
    await world.append(paid(ann, 100_000))
    await world.run()
    clock.setMs(Date.parse('2027-01-02T12:00:00Z'))
    await world.run()
    const by = { tenantId, subscriberId: ann, ladderId: 'levels', reason: 'asked', by: 'agent' }
    await loyalty.tiers.override({ ...by, tier: 'base', isFloor: false })
    await loyalty.tiers.override({ ...by, tier: null, isFloor: false })
    await world.append(paid(ann, 100))
    await world.run()
    expect(await viewOf(world, ann)).toMatchObject({ tier: 'silver' })
    expect(await world.logged('loyalty.tier_at_risk')).toHaveLength(2)
    const nudges = (await world.judgements()).filter(({ rule }) => rule === 'nudge')
    expect(nudges.map(({ points }) => points)).toEqual(['5', '5'])
  })

  test('falls when what had counted is returned, and never below nothing', async () => {
    const world = await newWorld([ladder()])
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 100_000), {
      subscriberId: ann!,
      type: 'order.returned',
      data: { amountMinor: 1 },
    })
    await world.append({ subscriberId: ann!, type: 'order.returned', data: { amountMinor: 900_000 } })
    await world.append(paid(ann!, 100_000))
    await world.run()
    expect((await moves(world, 'levels', ann!)).map((line) => line.split(' ')[2])).toEqual([
      'tier_enrolled',
      'tier_reached',
      'tier_taken_back',
      'tier_reached',
    ])
    expect((await viewOf(world, ann!)).counted).toBe(100_000n)
  })

  test.each(['ever', 'calendar_year', { rollingMonths: 12 }])(
    'counts what was not returned in whatever order purchases and returns of one name come (%j)',
    async (period) => {
      const of = { reference: 'event.orderId' }
      const adds = [{ on: 'order.paid', ...of }]
      const by = { measure: 'spend', adds, takesBack: [{ on: 'order.returned', ...of }], unit: same('RUB') }
      const world = await newWorld([ladder({ period, by })], { partitions: 1 })
      const [ann = 0] = await world.subscribers('ann')
      const named = (type: string, orderId: string, amountMinor: number) => ({
        subscriberId: ann,
        type,
        data: { orderId, amountMinor },
      })
      // The second line of an order, and all of the next one, are read after their return.
      for (const one of [
        named('order.paid', 'a', 60_000),
        named('order.returned', 'a', 90_000),
        named('order.returned', 'b', 50_000),
        named('order.paid', 'a', 60_000),
        named('order.paid', 'b', 90_000),
      ]) {
        await world.append(one)
        await world.run()
      }
      expect(await viewOf(world, ann)).toMatchObject({ counted: 70_000n, tier: 'base' })
      // What waited has met its line, and nothing of it waits for another one.
      await world.append(named('order.paid', 'a', 10_000), named('order.paid', 'c', 20_000))
      await world.run()
      expect(await viewOf(world, ann)).toMatchObject({ tier: 'silver' })
      const kept = await world.tx((tx) => tx.query('select from loyalty.tier_purchase where day >= 0'))
      expect(kept).toHaveLength(period === 'ever' ? 0 : 3)
    },
  )

  test('counts points earned, not the balance, and none that are still reserved', async () => {
    const world = await newWorld([
      ladder({
        by: { measure: 'points', where: 'event.rule != "#welcome"' },
        period: 'ever',
        tiers: [
          { id: 'base', name: same('Base'), at: '0' },
          { id: 'silver', name: same('Silver'), at: '900' },
        ],
      }),
      {
        kind: 'EarnRule',
        id: 'later',
        on: 'order.paid',
        points: { fixed: '5000' },
        pending: { event: 'order.returned' },
      },
    ])
    await world.apply({
      kind: 'Programme',
      id: 'main',
      name: same('P'),
      currency: 'points',
      welcome: { points: '5000' },
      enrolment: { on: ['order.paid'] },
    })
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 89_900))
    await world.run()
    expect((await viewOf(world, ann!)).next!.text).toEqual({
      en: '1 point more for Silver',
      ru: 'Ещё 1 балл до уровня «Silver»',
      uk: 'Ще 1 бал до рівня «Silver»',
    })
    expect(await viewOf(world, ann!)).toMatchObject({ tier: 'base', counted: 899n })
    await world.append(paid(ann!, 100))
    await world.run()
    expect(await viewOf(world, ann!)).toMatchObject({ tier: 'silver', counted: 900n, next: null })
    await world.append({ subscriberId: ann!, type: 'order.returned', data: { amountMinor: 1 } })
    await world.run()
    expect((await viewOf(world, ann!)).counted).toBe(10_900n)
  })

  test('says what is missing in what it counts: in money by its code, in points with their decimals', async () => {
    const by = { measure: 'spend', adds: [{ on: 'order.paid' }] }
    const tiers = [
      { id: 'base', name: same('Base'), at: '0' },
      { id: 'silver', name: same('Silver'), at: '90000' },
    ]
    const some = (id: string, counts: object) =>
      ladder({ id, by: counts, tiers, period: 'ever', isPrimary: false })
    const world = await newWorld([])
    await world.apply(
      { kind: 'Programme', id: 'main', name: same('P'), currency: 'points', decimals: 2 },
      some('own', by),
      some('dollars', { ...by, currency: 'USD' }),
      some('points', { measure: 'points' }),
    )
    const [ann = 0] = await world.subscribers('ann')
    await world.loyalty.members.enrol({ tenantId: world.tenantId, programmeId: 'main', subscriberId: ann })
    await world.append(paid(ann, 89_950))
    await world.run()
    const text = async (id: string) => (await viewOf(world, ann, id)).next!.text
    expect((await text('own')).en).toBe('0.50 RUB more for Silver')
    expect((await text('dollars')).en).toBe('0.50 USD more for Silver')
    expect(await text('points')).toEqual({
      en: '0.50 points more for Silver',
      ru: 'Ещё 0.50 балла до уровня «Silver»',
      uk: 'Ще 0.50 бала до рівня «Silver»',
    })
  })
})

describe('tenure', () => {
  test('climbs by the clock alone, gives benefits of each rung, and shows the ladder ahead', async () => {
    const world = await newWorld([tenure()])
    const rows = [
      { identities: { external: 'old' }, attributes: { activatedAt: '2024-02-10T09:00:00Z' } },
      { identities: { external: 'new' } },
    ]
    await world.profiles.upsertSubscribers(world.tenantId, rows)
    const [old, fresh] = await world.subscribers('old', 'new')
    await world.append(paid(old!, 100), paid(fresh!, 100))
    await world.run()
    expect(
      (await viewOf(world, old!, 'years')).tiers.map(({ id, state, on }) => `${id} ${state} ${on}`),
    ).toEqual(['new done 2024-02-10', 'one present 2025-02-10', 'three ahead 2027-02-10'])
    expect(await viewOf(world, fresh!, 'years')).toMatchObject({
      tier: 'new',
      next: { tier: 'one', by: '2027-03-01' },
    })
    expect((await viewOf(world, fresh!, 'years')).next!.text.uk).toContain('«One year» з 1 бер. 2027')
    at(world, '2027-03-02T00:00:00Z')
    await world.run()
    expect(await moves(world, 'years', old!)).toEqual([
      'null one tier_enrolled 2026-03-01T12:00',
      'one three tier_reached 2027-02-10T00:00',
    ])
    expect(await moves(world, 'years', fresh!)).toEqual([
      'null new tier_enrolled 2026-03-01T12:00',
      'new one tier_reached 2027-03-01T00:00',
    ])
    const granted = await world.logged('loyalty.benefit_granted')
    expect(granted.map(({ benefit, tier }) => `${benefit} ${tier}`).toSorted()).toEqual([
      'fee one',
      'fee one',
      'manager three',
    ])
    await expect(world.loyalty.tiers.history(world.tenantId, 'none', old!, 1)).rejects.toThrow('no ladder')
  })

  test('a ladder that is made or changed later takes in everybody who is a member already, once', async () => {
    const world = await newWorld([])
    const [ann, bob] = await world.subscribers('ann', 'bob')
    await world.append(paid(ann!, 100), paid(bob!, 100))
    await world.run()
    await world.apply(tenure({ by: { measure: 'tenure' } }))
    await world.run()
    expect((await viewOf(world, bob!, 'years')).tier).toBe('new')
    const lower = { id: 'gift', name: same('Gift'), order: { productId: 'gift-1' } }
    await world.apply(
      tenure({
        by: { measure: 'tenure' },
        tiers: [{ id: 'hello', name: same('Hello'), after: {}, benefits: [lower] }],
      }),
    )
    await world.run()
    await world.run()
    expect((await moves(world, 'years', bob!)).map((line) => line.slice(0, -17))).toEqual([
      'null new tier_enrolled',
      'new hello tier_ladder_changed',
    ])
    expect(await ordered(world)).toEqual(['gift-1', 'gift-1'])
    const { tiers: counts } = await world.loyalty.tiers.counts(world.tenantId, 'years')
    expect(counts).toEqual([{ tier: 'hello', members: 2 }])
  })
})

describe('somebody decides', () => {
  test('a tier by hand holds to its end, with its reason, once by its key', async () => {
    const world = await newWorld([ladder()])
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 100))
    await world.run()
    const { tenantId } = world
    const request = {
      tenantId,
      subscriberId: ann!,
      ladderId: 'levels',
      tier: 'gold',
      reason: 'a guest of the house',
      by: 'key-1',
      key: 'k',
      until: Temporal.Instant.from('2026-04-01T00:00:00Z'),
    }
    await world.loyalty.tiers.override(request)
    const view = await world.loyalty.tiers.override(request)
    expect(view).toMatchObject({
      tier: 'gold',
      keptUntil: '2026-03-31',
      override: { reason: 'a guest of the house' },
    })
    await world.append(paid(ann!, 10_000))
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 301n })
    at(world, '2026-04-01T00:00:00Z')
    await world.run()
    const history = await world.loyalty.tiers.history(tenantId, 'levels', ann!, 10)
    expect(history.map(({ tier, reason }) => `${tier} ${reason}`)).toEqual([
      'base tier_override_over',
      'gold tier_overridden',
      'base tier_enrolled',
    ])
    expect(history[1]!.saw).toMatchObject({ overrideReason: 'a guest of the house', by: 'key-1' })
    await expect(world.loyalty.tiers.override({ ...request, key: 'x', tier: 'none' })).rejects.toThrow(
      'no tier',
    )
    await expect(world.loyalty.tiers.override({ ...request, key: 'x' })).rejects.toThrow('past')
  })

  test('two members who become one have what both had; who leaves has nothing and begins again', async () => {
    const world = await newWorld([ladder()])
    const [ann, bob] = await world.subscribers('ann', 'bob')
    await world.append(paid(ann!, 60_000), paid(bob!, 50_000))
    await world.run()
    const { tenantId } = world
    await world.loyalty.members.merge({ tenantId, programmeId: 'main', subscriberId: ann!, from: bob! })
    expect(await viewOf(world, ann!)).toMatchObject({ tier: 'silver', counted: 110_000n })
    expect(await viewOf(world, bob!)).toMatchObject({ tier: 'silver', counted: 110_000n })
    await world.loyalty.members.leave({ tenantId, programmeId: 'main', subscriberId: ann! })
    await world.loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId: ann! })
    expect(await viewOf(world, ann!)).toMatchObject({ tier: 'base', counted: 0n })
    expect((await moves(world, 'levels', ann!)).map((line) => line.slice(0, -17))).toEqual([
      'null base tier_enrolled',
      'base silver tier_merged',
      'silver null tier_left',
      'null base tier_enrolled',
    ])
  })
})

describe('the same history', () => {
  test('leads to the same moves whatever the batches, faults and kills, and whether the clock or an event looked first', async () => {
    const happening = fc.record({
      member: fc.integer({ min: 0, max: 2 }),
      amountMinor: fc.integer({ min: 1, max: 400_000 }),
      isReturn: fc.boolean(),
      hours: fc.integer({ min: 0, max: 24 * 60 }),
    })
    const fault = fc.constantFrom('none' as const, 'none' as const, 'before' as const, 'after' as const)
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { minLength: 3, maxLength: 20 }),
        fc.array(fault, { maxLength: 60 }),
        async (happened, faults) => {
          const period = { rollingMonths: 3 }
          const documents = [ladder({ period, grace: { days: 10 } }), tenure({ by: { measure: 'tenure' } })]
          const rows = async (batchEvents: number, isLive: boolean): Promise<unknown[]> => {
            const world = await newWorld(documents, { batchEvents, partitions: 1 })
            const ids = await world.subscribers('a', 'b', 'c')
            let atMs = world.clock.nowMs()
            for (const [i, { member, amountMinor, isReturn, hours }] of happened.entries()) {
              atMs += hours * 3_600_000
              if (isLive) world.clock.setMs(atMs)
              const type = isReturn ? 'order.returned' : 'order.paid'
              await world.append({
                subscriberId: ids[member]!,
                type,
                data: { amountMinor },
                atMs,
                id: `e${i}`,
              })
              if (!isLive) continue
              world.faults.push(...faults.splice(0, 6))
              await world.run()
              if (i % 4 === 0) world.kill()
            }
            world.clock.setMs(atMs + 200 * 86_400_000)
            await world.run()
            const found = await world.tx<object[]>((tx) =>
              tx.query(
                `select ladder_id, subscriber_id - $1 as member, move, former, tier_id, reason, at, saw
                 from loyalty.tier_change order by 1, 2, 3`,
                [ids[0]],
              ),
            )
            const points = await Promise.all(ids.map((id) => world.balances(id)))
            expect(await world.verify()).toMatchObject({ ok: true })
            await worlds.pop()!.close()
            return JSON.parse(
              JSON.stringify([...found, ...points], (_, value: unknown) =>
                typeof value === 'bigint' ? String(value) : value,
              ),
            ) as unknown[]
          }
          expect(await rows(1, true)).toEqual(await rows(1_000, false))
        },
      ),
      { numRuns: 6 },
    )
  })
})
