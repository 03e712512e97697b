import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type LoyaltyWorld, loyaltyWorld, orderTypes, paid, programme } from '../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createEvents } from '../events/index.ts'

const DAY_MS = 86_400_000
let stores: TestDatabase
let world: LoyaltyWorld
let ann: number
let bob: number
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())
beforeEach(async () => {
  world = await loyaltyWorld(stores)
  await world.apply(
    ...orderTypes,
    programme({
      id: 'main',
      currency: 'points',
      decimals: 1,
      enrolment: 'by_hand',
      expiry: { after: 'earn', days: 10 },
      households: { maxMembers: 3, sharesBalance: true },
    }),
    {
      kind: 'EarnRule',
      id: 'five',
      name: { en: 'Five percent', ru: 'Пять процентов', uk: 'П’ять відсотків' },
      on: 'order.paid',
      points: { perMajorUnit: '0.05' },
    },
    {
      kind: 'EarnRule',
      id: 'delivered',
      name: { en: 'On delivery', ru: 'При доставке', uk: 'Після доставки' },
      on: 'order.paid',
      where: 'event.productId == "phone"',
      points: { fixed: '25' },
      pending: { event: 'order.delivered', key: 'event.orderId', eventKey: 'event.orderId', days: 3 },
    },
    {
      kind: 'Reward',
      id: 'mug-2',
      name: { en: 'A mug', ru: 'Кружка', uk: 'Кухоль' },
      price: { points: '35' },
      gives: { goods: {} },
    },
    {
      kind: 'Club',
      id: 'gold-1',
      name: { en: 'Golden club', ru: 'Золотой клуб', uk: 'Золотий клуб' },
      fee: { points: '15', graceDays: 1 },
    },
  )
  ;[ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
  for (const id of [ann, bob]) await world.loyalty.members.enrol(asMember(id))
})
afterEach(() => world.close())

const asMember = (subscriberId: number) => ({ tenantId: world.tenantId, programmeId: 'main', subscriberId })
const lines = async (id: number): Promise<[text: string, points: string][]> =>
  (await world.history(id)).toReversed().map(({ text, points }) => [text, points])
/** Some days later, or a minute. */
const later = async (days: number): Promise<void> => {
  world.clock.setMs(world.clock.nowMs() + Math.max(days * DAY_MS, 60_000))
  await world.run()
}

test('each line says by its name what was got or spent, with its points in the programme’s decimals', async () => {
  const { tenantId, loyalty } = world
  await world.append(paid(ann, 'one', 200_00, { productId: 'book' }))
  await later(0)
  await loyalty.rewards.addStock(tenantId, 'mug-2', 1, 'stock')
  const { redemptionId } = await loyalty.rewards.redeem({ ...asMember(ann), rewardId: 'mug-2', key: 'a' })
  await later(0)
  await loyalty.rewards.handOut(tenantId, redemptionId)
  await later(0)
  await loyalty.rewards.refund({ tenantId, redemptionId, note: 'broken', restock: false })
  await later(0)
  await loyalty.clubs.join({ tenantId, clubId: 'gold-1', subscriberId: ann })
  await later(11)
  // What came back lives on for a while, and only what was left of the purchase itself expires.
  const told = await lines(ann)
  expect(told.slice(0, 2).toSorted()).toEqual([
    ['No points: the condition of the rule was not met.', '0'],
    ['Points credited: 10.', '100'],
  ])
  expect(told.slice(2, 5)).toEqual([
    ['Points set aside for “A mug”: 3.5.', '0'],
    ['Points spent on “A mug”: 3.5.', '-35'],
    ['“A mug” was taken back. Points back: 3.5.', '35'],
  ])
  expect(told.slice(5, 7).toSorted()).toEqual([
    ['Fee for the club “Golden club” in points: 1.5.', '-15'],
    ['Welcome to the club “Golden club”.', '0'],
  ])
  expect(told.slice(7)).toEqual([['Points expired: 5.', '-50']])
  const russian = await loyalty.pointsHistory({ tenantId, subscriberId: ann, language: 'ru', limit: 50 })
  expect(russian.events.flatMap(({ judgements }) => judgements.map(({ text }) => text))).toContain(
    'Потрачено баллов на «Кружка»: 3.5.',
  )
})

test('what is reserved changes no balance and has a line when it comes to nothing', async () => {
  await world.append(paid(ann, 'phone', 1, { productId: 'phone' }))
  await later(4)
  expect(await lines(ann)).toEqual([
    ['No points: the amount is too small for a point.', '0'],
    [expect.stringMatching(/^Points reserved: 2\.5\. They are credited once the order is confirmed/), '0'],
    ['Reserved points given up, because the order was not confirmed in time: 2.5.', '0'],
  ])
  expect(await world.toldAndHeld(ann, `member:main:${ann}:points`)).toEqual({ told: 0n, held: 0n })
})

test('who shares a balance reads what all who share it did, and who goes reads it no more', async () => {
  for (const id of [ann, bob])
    await world.loyalty.members.joinHousehold({ ...asMember(id), householdId: 'home' })
  await world.append(paid(ann, 'one', 200_00), paid(bob, 'two', 400_00))
  await world.run()
  const shared = 'household:main:home:points'
  for (const id of [ann, bob]) {
    expect(await world.toldAndHeld(id, shared)).toEqual({ told: 300n, held: 300n })
  }
  await later(11)
  // One line of expiry for each lot, though everybody in the household is told.
  expect(await world.toldAndHeld(bob, shared)).toEqual({ told: 0n, held: 0n })
  await world.loyalty.members.leaveHousehold(asMember(bob))
  const theirs = (await world.history(bob)).filter(({ text }) => text === 'Points credited: 10.')
  expect(theirs).toEqual([])
})

test('an event that was refused is explained by its dead letter, in the language asked for, to its member alone', async () => {
  const { tenantId, database, documents, profiles, clock, log, loyalty } = world
  const events = createEvents({ database, documents, profiles, clock, log: () => log, wake: () => undefined })
  const event = {
    specversion: '1.0',
    id: 'broken-1',
    source: '/shop',
    type: 'order.paid',
    subject: 'external:ann',
    time: clock.now().toString(),
    data: { orderId: 'x', amountMinor: 'much' },
  }
  expect((await events.ingest(tenantId, [event])).rejected).toHaveLength(1)
  const ask = (subscriberId: number) =>
    loyalty.explainPoints({ tenantId, subscriberId, language: 'ru', event: 'broken-1' })
  const { events: judged, refused } = await ask(ann)
  expect(judged).toEqual([])
  expect(refused).toMatchObject([
    {
      code: 'event_data_invalid',
      text: 'Баллов пока нет: событие не принято (event_data_invalid) и ждёт исправления.',
    },
  ])
  await expect(ask(bob)).rejects.toMatchObject({ code: 'loyalty_event_not_found' })
})
