import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'
import { bucketEnd, bucketOf } from './leaderboard.ts'
import { drawn, ticket } from './fairness.ts'

const { openWorld } = loyaltyWorlds()

const start = Date.parse('2026-03-01T12:00:00Z')
const DAY = 86_400_000
const programme = {
  kind: 'Programme',
  id: 'main',
  name: same('Main'),
  currency: 'points',
  enrolment: { on: 'any' },
  welcome: { points: '50' },
}
const newWorld = async (...documents: object[]): Promise<LoyaltyWorld> => {
  const world = await openWorld({ startMs: start })
  await world.apply(eventType('top-up', { amount: 'number' }), programme, ...documents)
  return world
}
const wheel = (rest: object = {}) => ({
  kind: 'Wheel',
  id: 'lucky',
  name: same('Lucky'),
  rights: [{ on: 'top-up', where: 'event.amount >= 10.0', days: 7 }],
  prizes: [
    { id: 'nothing', name: same('Nothing'), weight: 1 },
    { id: 'ten', name: same('Ten'), weight: 3, reward: { points: '10' }, stock: 2 },
  ],
  otherwise: 'nothing',
  ...rest,
})
const topUp = (subscriberId: number, amount: number) => ({ subscriberId, type: 'top-up', data: { amount } })

/** The formula of the README, written once more. */
function prizeOf(serverSeed: string, clientSeed: string, roundId: string): string {
  const mac = createHmac('sha256', serverSeed).update(`${clientSeed}:${roundId}:0`).digest('hex')
  return (BigInt(`0x${mac.slice(0, 16)}`) * 4n) / 2n ** 64n < 1n ? 'nothing' : 'ten'
}

describe('a wheel', () => {
  test('a round takes a right, its outcome follows from both seeds, and the same call answers the same', async () => {
    const world = await newWorld(wheel())
    const { play } = world.loyalty
    const t = world.tenantId
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.append(topUp(ann, 9), topUp(bob, 1))
    await world.run()
    const first = await play.commitment(t, 'Wheel', 'lucky', ann)
    expect(await play.commitment(t, 'Wheel', 'lucky', ann)).toEqual(first)
    expect(first.odds!.map(({ oneIn }) => oneIn)).toEqual([4, 4 / 3])
    await expect(play.spin(t, ann, first.roundId, 'mine')).rejects.toMatchObject({
      code: 'play_right_missing',
    })
    for (let i = 0; i < 5; i++) await world.append(topUp(ann, 10))
    await world.run()
    expect((await play.games(t, 'main', ann))[0]).toMatchObject({ id: 'lucky', rounds: 5 })
    await expect(play.spin(t, bob, first.roundId, 'mine')).rejects.toMatchObject({ code: 'round_not_found' })
    expect(await play.fairRecord(t, first.roundId)).toMatchObject({ state: 'committed', serverSeed: null })

    let tens = 0
    const texts = new Set<string>()
    for (let i = 0; i < 5; i++) {
      const { roundId, seedHash } = await play.commitment(t, 'Wheel', 'lucky', ann)
      const spun = await play.spin(t, ann, roundId, `seed ${i}`)
      expect(await play.spin(t, ann, roundId, `seed ${i}`)).toEqual(spun)
      await expect(play.spin(t, ann, roundId, 'other')).rejects.toMatchObject({ code: 'round_conflict' })
      expect(createHash('sha256').update(spun.serverSeed).digest('hex')).toBe(seedHash)
      expect(spun.drawn).toBe(prizeOf(spun.serverSeed, `seed ${i}`, roundId))
      const isGone = spun.drawn === 'ten' && tens === 2
      expect([spun.prize, spun.reason]).toEqual(
        isGone ? ['nothing', 'prize_stock_exhausted'] : [spun.drawn, 'prize_won'],
      )
      if (spun.prize === 'ten') tens++
      const name = { nothing: 'Nothing', ten: 'Ten' }[spun.prize]
      texts.add(
        isGone
          ? 'The wheel drew “Ten”, which had run out; “Nothing” was given instead.'
          : `The wheel drew “${name}”.`,
      )
      expect(await play.fairRecord(t, roundId)).toMatchObject({ state: 'finished', isVerified: true })
    }
    expect(await world.balances(ann)).toEqual({ points: 50n + BigInt(10 * tens) })
    expect((await play.games(t, 'main', ann))[0]!.rounds).toBe(0)
    expect(await world.verify()).toMatchObject({ ok: true })
    const rows = await world.tx<{ type: string }[]>((tx) =>
      tx.query(`select judgements from loyalty.judged_event where type = 'play.wheel_spun'`),
    )
    expect(rows).toHaveLength(5)
    const told = new Set((await world.history(ann)).map(({ text }) => text))
    expect([...told].filter((text) => text.includes('wheel')).toSorted()).toEqual([...texts].toSorted())
  })

  test('sixteen spins at once of one round are one spin; a fault in between loses and doubles nothing', async () => {
    const world = await newWorld(
      wheel({
        prizes: [{ id: 'ten', name: same('T'), weight: 1, reward: { points: '10' } }],
        otherwise: undefined,
      }),
    )
    const { play } = world.loyalty
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(topUp(ann, 10), topUp(ann, 10))
    await world.run()
    const { roundId } = await play.commitment(world.tenantId, 'Wheel', 'lucky', ann)
    world.faults.push('after', 'before')
    await expect(play.spin(world.tenantId, ann, roundId, 'x')).rejects.toThrow('fault')
    await expect(play.spin(world.tenantId, ann, roundId, 'x')).rejects.toThrow('fault')
    const spins = await Promise.all(
      Array.from({ length: 16 }, () => play.spin(world.tenantId, ann, roundId, 'x')),
    )
    expect(new Set(spins.map(({ serverSeed }) => serverSeed)).size).toBe(1)
    expect(await world.balances(ann)).toEqual({ points: 60n })
    expect((await play.games(world.tenantId, 'main', ann))[0]!.rounds).toBe(1)
  })

  test('free rounds come back each day, bought ones cost points, the budget ends what points there are', async () => {
    const world = await newWorld(
      wheel({
        rights: [],
        free: { period: 'day', rounds: 1 },
        price: '20',
        budget: { points: '15', period: 'day' },
        prizes: [
          { id: 'nothing', name: same('Nothing'), weight: 1 },
          { id: 'ten', name: same('Ten'), weight: 1_000_000_000, reward: { points: '10' } },
        ],
      }),
    )
    const { play } = world.loyalty
    const t = world.tenantId
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(topUp(ann, 1))
    await world.run()
    const spin = async () => {
      const { roundId } = await play.commitment(t, 'Wheel', 'lucky', ann)
      return (await play.spin(t, ann, roundId, 'x')).reason
    }
    expect(await spin()).toBe('prize_won')
    await expect(spin()).rejects.toMatchObject({ code: 'play_right_missing' })
    const right = await play.buyRight(t, 'Wheel', 'lucky', ann, 'k1')
    world.clock.setMs(start + 1_000)
    expect(await play.buyRight(t, 'Wheel', 'lucky', ann, 'k1')).toEqual(right)
    expect(await world.balances(ann)).toEqual({ points: 40n })
    expect(await spin()).toBe('prize_budget_exhausted')
    await play.buyRight(t, 'Wheel', 'lucky', ann, 'k2')
    await play.buyRight(t, 'Wheel', 'lucky', ann, 'k3')
    await expect(play.buyRight(t, 'Wheel', 'lucky', ann, 'k4')).rejects.toMatchObject({
      code: 'ledger_balance_insufficient',
    })
    expect(await world.balances(ann)).toEqual({ points: 0n })
    world.clock.setMs(start + DAY)
    expect((await play.games(t, 'main', ann))[0]!.rounds).toBe(3)
    expect(await spin()).toBe('prize_won')
  })
})

describe('a quiz', () => {
  const question = (id: string) => ({
    id,
    text: same(`${id}?`),
    options: ['a', 'b', 'c'].map((option) => ({ id: option, text: same(option) })),
    answer: 'b',
  })
  const quiz = {
    kind: 'Quiz',
    id: 'brains',
    name: same('Brains'),
    free: { period: 'day', rounds: 1 },
    questions: ['q1', 'q2', 'q3', 'q4'].map(question),
    perRound: 3,
    secondsPerQuestion: 10,
    rewards: [
      { correct: 1, reward: { points: '5' } },
      { correct: 2, reward: { points: '7' } },
      { correct: 3, reward: { points: '100' } },
    ],
  }
  test('questions are drawn by both seeds, answers are timed, keys never leave', async () => {
    const world = await newWorld(quiz)
    const { play } = world.loyalty
    const t = world.tenantId
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(topUp(ann, 1))
    await world.run()
    const { roundId } = await play.commitment(t, 'Quiz', 'brains', ann)
    await expect(play.quizQuestion(t, ann, roundId)).rejects.toMatchObject({ code: 'round_conflict' })
    expect(await play.startQuiz(t, ann, roundId, 'mine')).toEqual({ questions: 3 })
    expect(await play.startQuiz(t, ann, roundId, 'mine')).toEqual({ questions: 3 })
    const told: unknown[] = []
    const ask = async () => {
      const step = await play.quizQuestion(t, ann, roundId)
      told.push(step)
      return step.state === 'open' ? step.question.question : 'finished'
    }
    const q1 = await ask()
    expect(await ask()).toBe(q1)
    expect(await play.answerQuiz(t, ann, roundId, { question: q1, option: 'b' })).toEqual({
      isInTime: true,
      isLast: false,
    })
    await expect(play.answerQuiz(t, ann, roundId, { question: q1, option: 'a' })).rejects.toMatchObject({
      code: 'quiz_answer_conflict',
    })
    const q2 = await ask()
    world.clock.setMs(world.clock.nowMs() + 10_001)
    expect(await play.answerQuiz(t, ann, roundId, { question: q2, option: 'b' })).toEqual({
      isInTime: false,
      isLast: false,
    })
    const q3 = await ask()
    expect(JSON.stringify(told)).not.toMatch(/answer"|correct/)
    expect(await play.answerQuiz(t, ann, roundId, { question: q3, option: 'b' })).toEqual({
      isInTime: true,
      isLast: true,
    })
    const result = await play.quizQuestion(t, ann, roundId)
    expect(result).toMatchObject({ state: 'finished', correct: 2, of: 3 })
    expect(await world.balances(ann)).toEqual({ points: 62n })
    const record = await play.fairRecord(t, roundId)
    expect(record).toMatchObject({ isVerified: true })
    expect(JSON.stringify(record)).not.toContain('"answer"')
    const again = await play.commitment(t, 'Quiz', 'brains', ann)
    await expect(play.startQuiz(t, ann, again.roundId, 'x')).rejects.toMatchObject({
      code: 'play_right_missing',
    })
  })

  test('a round that was begun in time is rewarded when the season is over', async () => {
    const world = await newWorld({ ...quiz, validTo: '2026-03-02T12:00:00Z' })
    const { play } = world.loyalty
    const t = world.tenantId
    const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
    await world.append(topUp(ann, 1), topUp(bob, 1))
    await world.run()
    const { roundId } = await play.commitment(t, 'Quiz', 'brains', ann)
    const other = await play.commitment(t, 'Quiz', 'brains', bob)
    await play.startQuiz(t, ann, roundId, 'mine')
    world.clock.setMs(start + DAY)
    await expect(play.startQuiz(t, bob, other.roundId, 'late')).rejects.toMatchObject({
      code: 'game_not_found',
    })
    for (let n = 0; n < 3; n++) {
      const step = await play.quizQuestion(t, ann, roundId)
      assert(step.state === 'open')
      await play.answerQuiz(t, ann, roundId, { question: step.question.question, option: 'b' })
    }
    expect(await play.quizQuestion(t, ann, roundId)).toMatchObject({ state: 'finished', correct: 3 })
    expect(await world.balances(ann)).toEqual({ points: 162n })
  })
})

describe('a game in a chat', () => {
  const game = {
    kind: 'BotGame',
    id: 'doors',
    name: same('Doors'),
    free: { period: 'day', rounds: 1 },
    reward: { points: '9' },
  }
  type Turn = {
    turn: string
    round: string
    step: string
    seedHash: string
    serverSeed?: string
    winningDoor?: number
    door?: number
  }
  const playing = async (game: object) => {
    const world = await newWorld(game)
    const [ann] = (await world.subscribers('ann')) as [number]
    await world.append(topUp(ann, 1))
    await world.run()
    let answers = 0
    const press = async (choice: string | null, text = 'x'): Promise<boolean> => {
      const answerId = `00000000-0000-8000-8000-00000000000${++answers}`
      const answer = { answerId, subscriberId: ann, channel: 'telegram', text, choice, at: world.clock.now() }
      const taken = await world.tx<Map<string, unknown>>((tx) =>
        world.loyalty.play.takeAnswers(tx, world.tenantId, [answer, answer]),
      )
      return taken.size === 1
    }
    const turns = (): Promise<Turn[]> => world.waiting<Turn>('loyalty.game_turn')
    return { world, ann, press, turns }
  }
  test('buttons are moves: the hash comes with the doors, the seed with what was behind them', async () => {
    const { world, ann, press, turns } = await playing(game)
    expect(await press('data-500')).toBe(false)
    expect(await press('play:doors:1')).toBe(false)
    await press('play:doors')
    const [{ step }] = (await turns()) as [Turn]
    await press(null, 'play:doors')
    await press(`play:doors:${step}:4`)
    await press(`play:doors:${step}:2`)
    await press('play:doors')
    const [first, second, end, over] = await turns()
    expect(first).toMatchObject({ turn: 'choose' })
    expect(first!.serverSeed).toBeUndefined()
    expect(second).toMatchObject({ turn: 'choose', round: first!.round, seedHash: first!.seedHash })
    expect(createHash('sha256').update(end!.serverSeed!).digest('hex')).toBe(first!.seedHash)
    const seeds = { serverSeed: end!.serverSeed!, clientSeed: '', roundId: first!.round }
    expect(end!.winningDoor).toBe(1 + Number(ticket(seeds, 0, 3n)))
    expect(end!.turn).toBe(end!.winningDoor === 2 ? 'won' : 'lost')
    expect(over!.turn).toBe('no_right')
    expect(await world.balances(ann)).toEqual({ points: end!.turn === 'won' ? 59n : 50n })
    expect(await world.loyalty.play.fairRecord(world.tenantId, first!.round)).toMatchObject({
      isVerified: true,
    })
  })

  test('a door may be opened when the season is over, and no round begins any more', async () => {
    const { world, press, turns } = await playing({ ...game, validTo: '2026-03-02T12:00:00Z' })
    await press('play:doors')
    const [{ step }] = (await turns()) as [Turn]
    world.clock.setMs(start + DAY)
    await press(`play:doors:${step}:1`)
    await press('play:doors')
    expect((await turns()).map(({ turn }) => turn)).toEqual([
      'choose',
      expect.stringMatching(/won|lost/),
      'not_open',
    ])
  })

  test('a button of an earlier round opens no door of a later one', async () => {
    const { world, ann, press, turns } = await playing({ ...game, free: { period: 'day', rounds: 2 } })
    await press('play:doors')
    const [{ step }] = (await turns()) as [Turn]
    await press(`play:doors:${step}:1`)
    await press('play:doors')
    await press(`play:doors:${step}:2`)
    const all = await turns()
    expect(all.map(({ turn }) => turn)).toEqual([
      'choose',
      expect.stringMatching(/won|lost/),
      'choose',
      'past_round',
    ])
    const open = (await world.loyalty.play.rounds(world.tenantId, ann)).filter(
      ({ state }) => state === 'open',
    )
    expect(open.map(({ roundId }) => roundId)).toEqual([all[2]!.round])
    await press(`play:doors:${all[2]!.step}:2`)
    expect((await turns()).at(-1)).toMatchObject({ round: all[2]!.round, door: 2 })
  })
})

describe('pure rules', () => {
  test('tickets fall evenly, and a draw is an order without repeats', () => {
    const counts = [0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 60_000; i++) {
      counts[Number(ticket({ serverSeed: 's', clientSeed: 'c', roundId: String(i) }, 0, 6n))]!++
    }
    // Chi-square with five degrees of freedom: 20.5 is passed once in a thousand fair draws.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(20.5)
    const order = drawn({ serverSeed: 's', clientSeed: 'c', roundId: 'r' }, 0, 10, 10)
    expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('ranges of scores rise without gaps', () => {
    let score = 1n
    for (let i = 0; i < 20_000; i++) {
      const end = bucketEnd(score)
      expect(bucketOf(end - 1n)).toBe(bucketOf(score))
      expect(bucketOf(end)).toBe(bucketOf(score) + 1)
      score = end
    }
    expect(bucketOf(0n)).toBe(0)
    expect(bucketOf(-5n)).toBe(0)
  })
})
