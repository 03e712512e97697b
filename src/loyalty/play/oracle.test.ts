import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventType, loyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import type { PlayView } from './view.ts'

/*
 * Random histories of a few members against a slow reading of the rules: a quest, an achievement, a streak and a
 * leaderboard, in batches of any size, with transactions that fail before and after their commit and with deaths of
 * the process in between.
 */

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const HOUR = 3_600_000
const DAY = 24 * HOUR
const start = Date.parse('2026-03-01T00:00:00Z')

type Event = { who: number; type: 'pay' | 'visit'; atMs: number; amount: number; shop: string }

const documents = (strict: boolean) => [
  eventType('pay', { amount: 'integer', shop: 'string' }),
  eventType('visit', { amount: 'integer', shop: 'string' }),
  {
    kind: 'Programme',
    id: 'main',
    name: same('M'),
    currency: 'points',
    timeZone: 'UTC',
    enrolment: { on: 'any' },
  },
  {
    kind: 'Quest',
    id: 'q',
    name: same('Q'),
    order: strict ? 'strict' : 'any',
    deadline: { days: 2 },
    times: 2,
    steps: [
      { id: 'visit', name: same('V'), on: 'visit', reach: '2' },
      { id: 'pay', name: same('P'), on: 'pay', where: 'event.amount > 3', sum: 'event.amount', reach: '12' },
      { id: 'shops', name: same('S'), on: 'pay', distinct: 'event.shop', reach: '2' },
    ],
    reward: { points: '100' },
  },
  {
    kind: 'Achievement',
    id: 'a',
    name: same('A'),
    on: 'pay',
    sum: 'event.amount',
    levels: [
      { at: '10', name: same('1'), reward: { points: '1' } },
      { at: '15', name: same('2'), reward: { points: '10' } },
      { at: '40', name: same('3'), reward: { points: '1000' } },
    ],
  },
  {
    kind: 'Streak',
    id: 's',
    name: same('S'),
    on: 'visit',
    every: 'day',
    grace: 1,
    freezes: { each: 2, most: 1 },
    milestones: [
      { at: 2, reward: { points: '10000' } },
      { at: 3, again: false, reward: { points: '100000' } },
    ],
  },
  { kind: 'Leaderboard', id: 'b', name: same('B'), on: 'pay', sum: 'event.amount', period: 'ever' },
]

type Expected = {
  points: number
  quest: { state: string; run: number; completed: number; steps: number[] }
  achievement: { amount: number; level: number }
  streak: { length: number; best: number }
  score: number
}

/** The rules once more, written for one member with loops over the history and no state between events but plain sums. */
function readSlowly(events: Event[], strict: boolean, nowMs: number): Expected {
  let points = 0
  let joinedMs: number | null = null
  const quest = { state: 'not_joined', run: 0, completed: 0, steps: [0, 0, 0] }
  let shops = new Set<string>()
  const reach = [2, 12, 2]
  const blank = () => {
    joinedMs = null
    quest.steps = [0, 0, 0]
    shops = new Set()
  }
  for (const { type, amount, shop, atMs } of events) {
    if (joinedMs !== null && atMs >= joinedMs + 2 * DAY) {
      quest.state = 'expired'
      joinedMs = null
    }
    if (joinedMs === null ? quest.completed === 2 : atMs < joinedMs) continue
    const open = joinedMs === null ? [0, 0, 0] : quest.steps
    const seen = joinedMs === null ? new Set<string>() : shops
    const adds = [
      type === 'visit' ? 1 : 0,
      type === 'pay' && amount > 3 ? amount : 0,
      type === 'pay' && !seen.has(shop) ? 1 : 0,
    ]
    const first = open.findIndex((value, i) => value < reach[i]!)
    const counts = adds.map((add, i) => (open[i]! < reach[i]! && (!strict || i === first) ? add : 0))
    if (counts.every((add) => add === 0)) continue
    if (joinedMs === null) {
      blank()
      joinedMs = atMs
      quest.run++
      quest.state = 'open'
    }
    quest.steps = quest.steps.map((value, i) => Math.min(reach[i]!, value + counts[i]!))
    if (counts[2]! > 0) shops.add(shop)
    if (quest.steps.every((value, i) => value === reach[i])) {
      quest.completed++
      quest.state = 'completed'
      joinedMs = null
      points += 100
    }
  }
  if (joinedMs !== null && nowMs >= joinedMs + 2 * DAY) quest.state = 'expired'

  const amount = events.reduce((sum, event) => sum + (event.type === 'pay' ? event.amount : 0), 0)
  const level = [10, 15, 40].filter((at) => amount >= at).length
  points += [1, 10, 1000].slice(0, level).reduce((sum, reward) => sum + reward, 0)

  // Days are taken in the order of the events: one before the latest day seen says nothing.
  const days: number[] = []
  for (const { type, atMs } of events) {
    const day = Math.floor(atMs / DAY)
    if (type === 'visit' && (days.length === 0 || day > days.at(-1)!)) days.push(day)
  }
  let length = 0
  let best = 0
  let freezes = 0
  let isThirdGiven = false
  days.forEach((day, i) => {
    const missed = i === 0 ? 0 : day - days[i - 1]! - 1
    const needed = Math.max(0, missed - 1)
    if (i > 0 && needed <= freezes) {
      length++
      freezes -= needed
    } else {
      length = 1
      freezes = 0
    }
    best = Math.max(best, length)
    if (length % 2 === 0) freezes = Math.min(1, freezes + 1)
    if (length === 2) points += 10_000
    if (length === 3 && !isThirdGiven) {
      points += 100_000
      isThirdGiven = true
    }
  })
  const isLost = days.length === 0 || Math.floor(nowMs / DAY) > days.at(-1)! + 2 + freezes
  return {
    points,
    quest,
    achievement: { amount, level },
    streak: { length: isLost ? 0 : length, best },
    score: amount,
  }
}

const seenOf = (view: PlayView, points: bigint, score: bigint): Expected => {
  const [quest] = view.quests
  const [achievement] = view.achievements
  const [streak] = view.streaks
  return {
    points: Number(points),
    quest: {
      state: quest!.state,
      run: quest!.run,
      completed: quest!.completed,
      steps: quest!.steps.map(({ amount }) => Number(amount)),
    },
    achievement: { amount: Number(achievement!.amount), level: achievement!.level },
    streak: { length: streak!.length, best: streak!.best },
    score: Number(score),
  }
}

const history = fc.array(
  fc.record({
    who: fc.nat(2),
    type: fc.constantFrom('pay' as const, 'visit' as const, 'visit' as const),
    // Mostly forward, now and then back: what comes late is part of the rules.
    stepMs: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 20 }).map((hours) => hours * HOUR) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }).map((days) => days * DAY) },
      { weight: 1, arbitrary: fc.constant(-DAY) },
    ),
    amount: fc.integer({ min: 1, max: 9 }),
    shop: fc.constantFrom('x', 'y', 'z'),
    after: fc.constantFrom('nothing', 'nothing', 'run', 'kill', 'before', 'after'),
  }),
  { minLength: 1, maxLength: 40 },
)

test('random histories give what a slow reading finds, through faults and deaths, once', async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.boolean(),
      fc.constantFrom(1, 3, 2_000),
      async (steps, strict, batchEvents) => {
        const world = await loyaltyWorld(stores, { startMs: start, batchEvents })
        try {
          await world.apply(...documents(strict))
          const ids = await world.subscribers('a', 'b', 'c')
          const events: Event[] = []
          let atMs = start + 10 * DAY
          let latestMs = atMs
          for (const { stepMs, after, ...rest } of steps) {
            atMs += stepMs
            latestMs = Math.max(latestMs, atMs)
            world.clock.setMs(latestMs)
            const event = { ...rest, atMs }
            events.push(event)
            const { who, type, amount, shop } = event
            await world.append({ subscriberId: ids[who]!, type, data: { amount, shop }, atMs })
            if (after === 'before' || after === 'after') world.faults.push(after)
            if (after === 'kill') world.kill()
            if (after !== 'nothing') await world.run()
          }
          world.faults.length = 0
          await world.run()
          const nowMs = world.clock.nowMs()
          const { play } = world.loyalty
          const scores: number[] = []
          for (const [who, id] of ids.entries()) {
            const own = events.filter((event) => event.who === who)
            const expected = readSlowly(own, strict, nowMs)
            scores.push(expected.score)
            if (own.length === 0) continue
            const view = await play.view(world.tenantId, 'main', id)
            const points = (await world.balances(id))['points'] ?? 0n
            const board = await play.board(world.tenantId, 'b', { limit: 0, near: 0, subscriberId: id })
            expect(seenOf(view, points, board.me?.score ?? 0n)).toEqual(expected)
            if (expected.score === 0) continue
            expect(board.me!.rank).toBeGreaterThan(0)
          }
          const board = await play.board(world.tenantId, 'b', { limit: 10, near: 0 })
          const sorted = scores.filter((score) => score > 0).toSorted((a, b) => b - a)
          expect(board.top.map(({ rank, score }) => [rank, Number(score)])).toEqual(
            sorted.map((score) => [1 + sorted.filter((other) => other > score).length, score]),
          )
          expect(await world.verify()).toMatchObject({ ok: true })
        } finally {
          await world.close()
        }
      },
    ),
    { numRuns: 15 },
  )
}, 240_000)
