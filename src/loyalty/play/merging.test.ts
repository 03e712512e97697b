import { describe, expect, test } from 'vitest'
import { eventType, programme, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'

const { openWorld } = loyaltyWorlds()

const start = Date.parse('2026-03-01T12:00:00Z')
const HOUR = 3_600_000
const step = (id: string, rest: object): object => ({ id, name: same(id), on: 'visit', ...rest })
const quest = (rest: object): object => ({
  kind: 'Quest',
  id: 'q',
  name: same('Q'),
  steps: [step('s', { reach: '5' })],
  reward: { points: '100' },
  ...rest,
})

/** A world in which `ann` and `anna` have visited, `anna` being merged into `ann` afterwards. */
async function merged(documents: object[], visits: { ann: string[]; anna: string[] }) {
  const world = await openWorld({ startMs: start, partitions: 1 })
  await world.apply(
    eventType('visit', { shop: 'string' }),
    programme({ id: 'main', currency: 'points', enrolment: { on: 'any' } }),
    ...documents,
  )
  const [ann, anna] = (await world.subscribers('ann', 'anna')) as [number, number]
  const visit = (subscriberId: number, shops: string[], hours = 0) =>
    world.append(
      ...shops.map((shop) => ({ subscriberId, type: 'visit', data: { shop }, atMs: start + hours * HOUR })),
    )
  await visit(ann, visits.ann)
  await visit(anna, visits.anna, 1)
  await world.run()
  world.clock.setMs(start + 2 * HOUR)
  const merge = async (): Promise<void> => {
    const { tenantId } = world
    await world.loyalty.members.merge({
      tenantId,
      programmeId: 'main',
      subscriberId: ann,
      from: anna,
      key: '1',
    })
    await world.run()
  }
  const questOf = async () => (await world.loyalty.play.view(world.tenantId, 'main', ann)).quests[0]!
  const points = async (): Promise<bigint> => (await world.balances(ann))['points'] ?? 0n
  return { world, ann, anna, visit, merge, questOf, points }
}
const times = (count: number, shop = 'x'): string[] => Array.from({ length: count }, () => shop)

describe('a quest that both go for', () => {
  test('counts what both have done, and is completed by that with its reward, once', async () => {
    const { world, merge, questOf, points } = await merged([quest({})], { ann: times(2), anna: times(3) })
    await merge()
    expect(await questOf()).toMatchObject({ state: 'completed', completed: 1, steps: [{ amount: 5n }] })
    expect(await points()).toBe(100n)
    // The same merge again, and everything read anew, give nothing more.
    await merge()
    world.kill()
    await world.rewind()
    await world.run()
    expect(await points()).toBe(100n)
    expect(await world.logged('loyalty.quest_completed')).toHaveLength(1)
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('goes on where it is not enough, with steps that either has done and values counted once', async () => {
    const steps = [
      step('shops', { distinct: 'event.shop', reach: '4' }),
      step('often', { reach: '3' }),
      step('far', { where: 'event.shop == "far"' }),
    ]
    const { ann, visit, merge, questOf, points, world } = await merged([quest({ steps })], {
      ann: ['a', 'b', 'b'],
      anna: ['b', 'far'],
    })
    await merge()
    expect(await questOf()).toMatchObject({
      state: 'open',
      steps: [{ amount: 3n, doneAt: null }, { amount: 3n }, { amount: 1n }],
    })
    await visit(ann, ['a', 'd'], 3)
    await world.run()
    expect(await questOf()).toMatchObject({ state: 'completed' })
    expect(await points()).toBe(100n)
  })

  test('the later deadline holds', async () => {
    const { questOf, merge } = await merged([quest({ deadline: { days: 1 } })], {
      ann: times(1),
      anna: times(1),
    })
    await merge()
    expect(await questOf()).toMatchObject({ state: 'open', deadline: '2026-03-02T13:00:00Z' })
  })

  test.for([
    // Who has completed it goes on with nothing; an open run of the other one is over.
    { ann: 5, anna: 2, times: 1, state: 'completed', completed: 1, reached: 100n },
    { ann: 2, anna: 5, times: 1, state: 'completed', completed: 1, reached: 100n },
    // Each has completed it once: what both were given stays, and there is no third time.
    { ann: 5, anna: 5, times: 1, state: 'completed', completed: 2, reached: 200n },
    { ann: 7, anna: 6, times: 2, state: 'completed', completed: 2, reached: 200n },
    // A run that is open goes on while there is a time left.
    { ann: 5, anna: 2, times: 2, state: 'open', completed: 1, reached: 100n },
    { ann: 2, anna: 5, times: 2, state: 'open', completed: 1, reached: 100n },
    { ann: 7, anna: 6, times: 3, state: 'open', completed: 2, reached: 200n },
  ])(
    'is completed as often as it may be: $ann and $anna visits, $times times',
    async ({ ann: first, anna: second, times: allowed, state, completed, reached }) => {
      const documents = [quest({ times: allowed })]
      const { ann, world, visit, merge, questOf, points } = await merged(documents, {
        ann: times(first),
        anna: times(second),
      })
      await merge()
      expect(await questOf()).toMatchObject({ state, completed })
      expect(await points()).toBe(reached)
      await visit(ann, times(20), 3)
      await world.run()
      const most = Math.max(allowed, completed)
      expect(await questOf()).toMatchObject({ state: 'completed', completed: most })
      expect(await points()).toBe(BigInt(most) * 100n)
    },
  )
})

test('an achievement passes the levels that both together reach, each with its reward, once', async () => {
  const level = (at: number) => ({ at: `${at}`, name: same(`${at}`), reward: { points: `${at}` } })
  const achievement = {
    kind: 'Achievement',
    id: 'a',
    name: same('A'),
    on: 'visit',
    levels: [1, 3, 5, 9].map(level),
  }
  const { world, ann, merge, points } = await merged([achievement], { ann: times(2), anna: times(4) })
  // One level of the first, two of the second.
  await merge()
  expect(await points()).toBe(1n + 1n + 3n + 5n)
  const { achievements } = await world.loyalty.play.view(world.tenantId, 'main', ann)
  expect(achievements).toMatchObject([{ amount: 6n, level: 3, nextAt: 9n }])
})

describe('a game that both play', () => {
  const free = { period: 'day', rounds: 1 }
  const wheel = {
    kind: 'Wheel',
    id: 'w',
    name: same('W'),
    free,
    prizes: [{ id: 'p', name: same('P'), weight: 1, reward: { points: '7' } }],
  }
  const quiz = {
    kind: 'Quiz',
    id: 'z',
    name: same('Z'),
    free,
    perRound: 1,
    questions: [
      {
        id: 'one',
        text: same('?'),
        options: [
          { id: 'a', text: same('a') },
          { id: 'b', text: same('b') },
        ],
        answer: 'a',
      },
    ],
    rewards: [{ correct: 1, reward: { points: '11' } }],
  }
  const doors = { kind: 'BotGame', id: 'd', name: same('D'), free, reward: { points: '13' } }

  test('rounds of both that have begun are played to their end', async () => {
    const { world, ann, anna, merge, points } = await merged([quiz, doors], { ann: times(1), anna: times(1) })
    const { tenantId } = world
    const { play } = world.loyalty
    const rounds: string[] = []
    let answers = 0
    const press = async (subscriberId: number, choice: string): Promise<void> => {
      const answerId = `00000000-0000-8000-8000-00000000000${++answers}`
      const answer = { answerId, subscriberId, channel: 'telegram', text: '', choice, at: world.clock.now() }
      await world.tx((tx) => play.takeAnswers(tx, tenantId, [answer]))
    }
    for (const member of [ann, anna]) {
      const { roundId } = await play.commitment(tenantId, 'Quiz', 'z', member)
      await play.startQuiz(tenantId, member, roundId, 'seed')
      await play.quizQuestion(tenantId, member, roundId)
      rounds.push(roundId)
      await press(member, 'play:d')
    }
    await merge()
    for (const roundId of rounds) {
      await play.answerQuiz(tenantId, ann, roundId, { question: 'one', option: 'a' })
      expect(await play.quizQuestion(tenantId, ann, roundId)).toMatchObject({ state: 'finished', correct: 1 })
    }
    expect(await points()).toBe(22n)
    const chosen = await world.waiting<{ turn: string; step: string }>('loyalty.game_turn')
    const logged = await world.logged('loyalty.game_turn')
    const steps = [...chosen, ...logged].map(({ step }) => String(step))
    expect(steps).toHaveLength(2)
    for (const step of steps) await press(ann, `play:d:${step}:1`)
    const ends = await world.waiting<{ turn: string }>('loyalty.game_turn')
    expect(ends.map(({ turn }) => turn)).toEqual([
      expect.stringMatching(/won|lost/),
      expect.stringMatching(/won|lost/),
    ])
  })

  test.for([
    { ann: true, anna: true },
    { ann: false, anna: true },
    { ann: true, anna: false },
    { ann: false, anna: false },
  ])('a free round stays one a period: played by ann $ann, by anna $anna', async (played) => {
    const { world, ann, anna, merge } = await merged([wheel], { ann: times(1), anna: times(1) })
    const { tenantId } = world
    const { play } = world.loyalty
    const spin = async (member: number): Promise<unknown> => {
      const { roundId } = await play.commitment(tenantId, 'Wheel', 'w', member)
      return play.spin(tenantId, member, roundId, 'mine')
    }
    // Both are shown the hash of a round; those who do not play have it still to come.
    for (const member of [ann, anna]) await play.commitment(tenantId, 'Wheel', 'w', member)
    if (played.ann) await spin(ann)
    if (played.anna) await spin(anna)
    await merge()
    const isLeft = !played.ann && !played.anna
    expect((await play.games(tenantId, 'main', ann))[0]!.rounds).toBe(isLeft ? 1 : 0)
    if (isLeft) await spin(ann)
    await expect(spin(ann)).rejects.toMatchObject({ code: 'play_right_missing' })
    world.clock.setMs(world.clock.nowMs() + 24 * HOUR)
    await spin(ann)
    await expect(spin(ann)).rejects.toMatchObject({ code: 'play_right_missing' })
  })
})
