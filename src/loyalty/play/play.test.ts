import { describe, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'

const { openWorld } = loyaltyWorlds()

const HOUR = 3_600_000
const DAY = 24 * HOUR
const start = Date.parse('2026-03-01T12:00:00Z')

const programme = {
  kind: 'Programme',
  id: 'main',
  name: same('Main'),
  currency: 'points',
  timeZone: 'Europe/Kyiv',
  enrolment: { on: 'any' },
}
const newWorld = async (...documents: object[]): Promise<LoyaltyWorld> => {
  const world = await openWorld({ startMs: start })
  await world.apply(
    eventType('top-up', { amount: 'number', partner: 'string' }),
    eventType('app.opened', { screen: 'string' }),
    { kind: 'Attributes', id: 'subscriber', attributes: { city: 'string' } },
    programme,
    ...documents,
  )
  return world
}
const topUp = (subscriberId: number, amount: number, atMs = start, partner = 'p') => ({
  subscriberId,
  type: 'top-up',
  data: { amount, partner },
  atMs,
})
const opened = (subscriberId: number, atMs = start, screen = 'home') => ({
  subscriberId,
  type: 'app.opened',
  data: { screen },
  atMs,
})

describe('quests', () => {
  const quest = (rest: object = {}) => ({
    kind: 'Quest',
    id: 'first-steps',
    name: same('First steps'),
    steps: [
      { id: 'open', name: same('Open'), on: 'app.opened' },
      {
        id: 'pay',
        name: same('Pay'),
        on: 'top-up',
        where: 'event.amount >= 5.0',
        sum: 'event.amount',
        reach: '3000',
      },
      { id: 'partners', name: same('Partners'), on: 'top-up', distinct: 'event.partner', reach: '2' },
    ],
    reward: { points: '100', badge: 'starter' },
    ...rest,
  })
  const starter = { kind: 'Badge', id: 'starter', name: same('Starter') }

  test('steps in any order, by number, sum and distinct values; the reward comes at once and once', async () => {
    const world = await newWorld(starter, quest())
    const [ann] = await world.subscribers('ann')
    await world.append(topUp(ann!, 4.99), topUp(ann!, 20), opened(ann!), topUp(ann!, 9.99, start + 1, 'q'))
    await world.run()
    const { quests } = await world.loyalty.play.view(world.tenantId, 'main', ann!)
    expect(quests[0]!.steps.map(({ id, amount, reach }) => [id, amount, reach])).toEqual([
      ['open', 1n, 1n],
      ['pay', 2999n, 3000n],
      ['partners', 2n, 2n],
    ])
    expect(await world.balances(ann!)).toEqual({})
    await world.append(topUp(ann!, 5, start + 2), topUp(ann!, 500, start + 3), opened(ann!, start + 4))
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 100n })
    const view = await world.loyalty.play.view(world.tenantId, 'main', ann!)
    expect(view.quests[0]).toMatchObject({ state: 'completed', completed: 1, mayBegin: false })
    expect(view.badges).toEqual([
      { id: 'starter', name: same('Starter'), cause: 'quest:first-steps', at: '2026-03-01T12:00:00.002Z' },
    ])
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('strict order counts one step at a time; a deadline after joining ends a run, and another one begins', async () => {
    const world = await newWorld(starter, quest({ order: 'strict', deadline: { days: 7 }, times: 2 }))
    const [ann] = await world.subscribers('ann')
    await world.append(topUp(ann!, 30), opened(ann!, start + HOUR), topUp(ann!, 30, start + 2 * HOUR))
    await world.run()
    const at = async () => (await world.loyalty.play.view(world.tenantId, 'main', ann!)).quests[0]!
    expect(await at()).toMatchObject({ state: 'open', deadline: '2026-03-08T13:00:00Z' })
    expect((await at()).steps.map(({ amount }) => amount)).toEqual([1n, 3000n, 0n])
    world.clock.setMs(start + HOUR + 7 * DAY)
    expect(await at()).toMatchObject({ state: 'expired', mayBegin: true })
    const late = start + HOUR + 7 * DAY
    await world.append(topUp(ann!, 5, late), opened(ann!, late + 1), topUp(ann!, 30, late + 2))
    await world.append(
      topUp(ann!, 5, late + 3, 'a'),
      topUp(ann!, 5, late + 4, 'a'),
      topUp(ann!, 5, late + 5, 'b'),
    )
    await world.run()
    expect(await at()).toMatchObject({ state: 'completed', run: 2, completed: 1, mayBegin: true })
    expect(await world.balances(ann!)).toEqual({ points: 100n })
  })

  test('who joins by hand begins then; nobody joins twice', async () => {
    const world = await newWorld(starter, quest({ join: 'by_hand' }))
    const [ann] = await world.subscribers('ann')
    await world.append(opened(ann!))
    await world.run()
    const { play } = world.loyalty
    expect(await play.joinQuest(world.tenantId, 'first-steps', ann!)).toEqual({ run: 1 })
    await expect(play.joinQuest(world.tenantId, 'first-steps', ann!)).rejects.toMatchObject({
      code: 'quest_join_conflict',
    })
    const { quests } = await play.view(world.tenantId, 'main', ann!)
    expect(quests[0]).toMatchObject({ state: 'open', run: 1 })
    expect(quests[0]!.steps[0]!.amount).toBe(0n)
  })

  test('a quest whose season is over, or has not begun, is joined by nobody', async () => {
    const season = { validFrom: '2026-03-02T00:00:00Z', validTo: '2026-03-03T00:00:00Z' }
    const world = await newWorld(starter, quest({ join: 'by_hand', ...season }))
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(opened(ann))
    await world.run()
    const { play } = world.loyalty
    const isRefused = () =>
      expect(play.joinQuest(world.tenantId, 'first-steps', ann)).rejects.toMatchObject({
        code: 'quest_join_conflict',
      })
    await isRefused()
    world.clock.setMs(Date.parse('2026-03-02T12:00:00Z'))
    const [bob] = (await world.subscribers('bob')) as [number]
    await world.append(opened(bob))
    await world.run()
    expect(await play.joinQuest(world.tenantId, 'first-steps', bob)).toEqual({ run: 1 })
    world.clock.setMs(Date.parse('2026-03-03T12:00:00Z'))
    await isRefused()
    expect((await play.view(world.tenantId, 'main', bob)).quests).toMatchObject([{ mayBegin: false }])
  })

  test('what a document may not say is refused with its place', async () => {
    const world = await newWorld()
    const refused = async (document: object): Promise<string[]> => {
      const results = await world.documents.apply(world.tenantId, [document])
      return results.flatMap(({ problems = [] }) => problems.map(({ code, field }) => `${code} ${field}`))
    }
    expect(await refused(quest())).toEqual(['play_document_invalid reward.badge'])
    expect(await refused(quest({ programme: 'other', reward: undefined }))).toContain(
      'programme_missing programme',
    )
    const steps = [
      { id: 'a', name: same('A'), on: 'top-up', where: 'event.amout > 1.0', sum: 'event.partner' },
    ]
    expect(await refused(quest({ reward: undefined, steps }))).toEqual([
      'expression_unknown_field steps.0.where',
      'expression_type steps.0.sum',
    ])
    const circle = { kind: 'Achievement', id: 'c', name: same('C'), on: 'loyalty.points_earned' }
    expect(
      await refused({ ...circle, levels: [{ at: '1', name: same('1'), reward: { points: '1' } }] }),
    ).toEqual(['play_document_invalid levels.0.reward.points'])
  })
})

describe('achievements and streaks', () => {
  test('levels are passed one by one, each with its reward', async () => {
    const levels = ['1', '3', '10'].map((at) => ({ at, name: same(at), reward: { points: at } }))
    const world = await newWorld({ kind: 'Achievement', id: 'payer', name: same('P'), on: 'top-up', levels })
    const [ann] = await world.subscribers('ann')
    for (let i = 0; i < 4; i++) await world.append(topUp(ann!, 1, start + i))
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 4n })
    const { achievements } = await world.loyalty.play.view(world.tenantId, 'main', ann!)
    expect(achievements).toMatchObject([{ amount: 4n, level: 2, levelName: same('3'), nextAt: 10n }])
  })

  test('days are those of the programme, grace and freezes make good what was missed', async () => {
    const world = await newWorld({
      kind: 'Streak',
      id: 'daily',
      name: same('Daily'),
      on: 'app.opened',
      every: 'day',
      freezes: { each: 3, most: 1 },
      milestones: [{ at: 3, reward: { points: '5' } }],
    })
    const [ann] = await world.subscribers('ann')
    // 22:30 UTC is half past midnight in Kyiv in winter.
    const evening = Date.parse('2026-03-01T21:30:00Z')
    const at = async () => (await world.loyalty.play.view(world.tenantId, 'main', ann!)).streaks[0]!
    await world.append(opened(ann!, evening), opened(ann!, evening + HOUR), opened(ann!, evening + HOUR + 1))
    await world.append(opened(ann!, evening + DAY + HOUR))
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 5n })
    world.clock.setMs(evening + DAY + HOUR)
    expect(await at()).toMatchObject({ length: 3, best: 3, freezes: 1, isKeptNow: true, periodsLeft: 3 })
    // One day is missed: the freeze makes it good. Then two are.
    await world.append(opened(ann!, evening + 3 * DAY + HOUR))
    await world.run()
    world.clock.setMs(evening + 3 * DAY + HOUR)
    expect(await at()).toMatchObject({ length: 4, freezes: 0 })
    await world.append(opened(ann!, evening + 6 * DAY + HOUR))
    await world.run()
    world.clock.setMs(evening + 6 * DAY + HOUR)
    expect(await at()).toMatchObject({ length: 1, best: 4, freezes: 0 })
    world.clock.setMs(evening + 9 * DAY)
    expect(await at()).toMatchObject({ length: 0, best: 4, periodsLeft: 0 })
  })
})

describe('two members who are one person', () => {
  test('go on with what both have played', async () => {
    const world = await newWorld(
      { kind: 'Badge', id: 'b', name: same('B') },
      {
        kind: 'Achievement',
        id: 'a',
        name: same('A'),
        on: 'top-up',
        levels: [{ at: '3', name: same('3'), reward: { badge: 'b' } }],
      },
      { kind: 'Leaderboard', id: 'l', name: same('L'), on: 'top-up', period: 'ever' },
      {
        kind: 'Quest',
        id: 'q',
        name: same('Q'),
        steps: [{ id: 's', name: same('S'), on: 'top-up', reach: '9' }],
      },
    )
    const [ann, anna] = (await world.subscribers('ann', 'anna')) as [number, number]
    await world.append(topUp(ann, 1), topUp(anna, 1), topUp(anna, 1), topUp(anna, 1), opened(ann))
    await world.run()
    const { members, play } = world.loyalty
    await members.merge({ tenantId: world.tenantId, programmeId: 'main', subscriberId: ann, from: anna })
    await world.append(topUp(anna, 1, start + 1))
    await world.run()
    const view = await play.view(world.tenantId, 'main', anna)
    expect(view.achievements).toMatchObject([{ amount: 5n, level: 1 }])
    expect(view.badges).toMatchObject([{ id: 'b' }])
    expect(view.quests[0]!.steps[0]!.amount).toBe(5n)
    const board = await play.board(world.tenantId, 'l', { limit: 9, near: 0, subscriberId: ann })
    expect(board).toMatchObject({ members: 1, top: [{ rank: 1, score: 5n, isMe: true }] })
  })
})

describe('leaderboards', () => {
  const board = {
    kind: 'Leaderboard',
    id: 'spenders',
    name: same('Spenders'),
    on: 'top-up',
    sum: 'event.amount',
    period: 'month',
    regionBy: 'city',
  }
  test('ranks are shared, neighbours are seen, who opts out is gone and may come back', async () => {
    const world = await newWorld(board)
    const ids = await world.subscribers('a', 'b', 'c', 'd', 'e')
    const [a, b, c, d, e] = ids as [number, number, number, number, number]
    await world.profiles.upsertSubscribers(world.tenantId, [
      { identities: { external: 'a' }, attributes: { city: 'Kyiv' } },
      { identities: { external: 'c' }, attributes: { city: 'Kyiv' } },
    ])
    await world.append(
      topUp(a, 10),
      topUp(b, 30),
      topUp(c, 20, start + 1),
      topUp(d, 20),
      topUp(e, 5),
      topUp(a, 1),
    )
    await world.run()
    const { play } = world.loyalty
    const ask = (subscriberId: number, rest: object = {}) =>
      play.board(world.tenantId, 'spenders', { limit: 10, near: 1, subscriberId, ...rest })
    await play.setPlayer(world.tenantId, 'main', b, { displayName: 'Bea', isHidden: false })
    const view = await ask(c)
    expect(view).toMatchObject({ period: '2026-03', region: '', members: 5 })
    expect(view.top.map(({ rank, score, isMe }) => [rank, score, isMe])).toEqual([
      [1, 3000n, false],
      [2, 2000n, false],
      [2, 2000n, true],
      [4, 1100n, false],
      [5, 500n, false],
    ])
    expect(view.top[0]!.name).toBe('Bea')
    expect(view.me).toMatchObject({ rank: 2, near: [{ rank: 2 }, { rank: 2, isMe: true }, { rank: 4 }] })
    expect((await ask(a, { region: 'Kyiv' })).top.map(({ score }) => score)).toEqual([2000n, 1100n])
    await play.setPlayer(world.tenantId, 'main', d, { displayName: null, isHidden: true })
    await world.append(topUp(d, 100))
    await world.run()
    expect((await ask(d)).me).toEqual({ rank: null, score: 12_000n, isHidden: true, near: [] })
    expect((await ask(a)).me!.rank).toBe(3)
    await play.setPlayer(world.tenantId, 'main', d, { displayName: null, isHidden: false })
    expect((await ask(d)).me!.rank).toBe(1)
    expect((await ask(a)).me!.rank).toBe(4)
    await expect(
      play.setPlayer(world.tenantId, 'main', a, { displayName: '+380 44 123', isHidden: false }),
    ).rejects.toMatchObject({ code: 'display_name_invalid' })
  })
})

describe('sums of money', () => {
  const paidIn = (subscriberId: number, amountMinor: number, currency?: string) => ({
    subscriberId,
    type: 'paid',
    data: { amountMinor, ...(currency === undefined ? {} : { currency }) },
    atMs: start,
  })
  const summing = { on: 'paid', sum: 'event.amountMinor' }
  const payments = eventType('paid', { amountMinor: 'integer', currency: 'string' })
  const dollars = { ...summing, currency: 'USD' }

  test('are in one currency: the tenant’s, or the one that is named', async () => {
    const step = { name: same('Pay'), reach: '1000' }
    const world = await newWorld(
      payments,
      {
        kind: 'Quest',
        id: 'pay',
        name: same('Pay'),
        steps: [
          { id: 'roubles', ...step, ...summing },
          { id: 'dollars', ...step, ...dollars },
          // Without a sum each event counts, whatever it was paid in.
          { id: 'often', ...step, on: 'paid' },
        ],
      },
      {
        kind: 'Achievement',
        id: 'pay',
        name: same('Pay'),
        ...dollars,
        levels: [{ at: '5', name: same('A') }],
      },
      { kind: 'Streak', id: 'pay', name: same('Pay'), ...summing, every: 'day', reach: '130' },
      { kind: 'Leaderboard', id: 'in-roubles', name: same('Pay'), ...summing, period: 'ever' },
      { kind: 'Leaderboard', id: 'in-dollars', name: same('Pay'), ...dollars, period: 'ever' },
    )
    const [ann = 0] = await world.subscribers('ann')
    await world.append(paidIn(ann, 100, 'RUB'), paidIn(ann, 7, 'USD'), paidIn(ann, 20), paidIn(ann, 9, 'EUR'))
    await world.run()
    const { quests, achievements, streaks } = await world.loyalty.play.view(world.tenantId, 'main', ann)
    expect(quests[0]!.steps.map(({ id, amount }) => [id, amount])).toEqual([
      ['roubles', 120n],
      ['dollars', 27n],
      ['often', 4n],
    ])
    expect(achievements[0]).toMatchObject({ amount: 27n })
    expect(streaks[0]).toMatchObject({ length: 0 })
    const scoreOn = async (boardId: string) =>
      (await world.loyalty.play.board(world.tenantId, boardId, { limit: 5, near: 0 })).top.map(
        ({ score }) => score,
      )
    expect(await scoreOn('in-roubles')).toEqual([120n])
    expect(await scoreOn('in-dollars')).toEqual([27n])
  })

  test('a currency where nothing is summed is refused', async () => {
    const { sum: _sum, ...counted } = dollars
    const achievement = {
      kind: 'Achievement',
      id: 'pay',
      name: same('Pay'),
      levels: [{ at: '5', name: same('A') }],
    }
    await expect(newWorld(payments, { ...achievement, ...counted })).rejects.toThrow(
      /play_document_invalid[^]*"currency"/,
    )
  })
})
