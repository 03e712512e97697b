import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, loyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'

/*
 * 10,000 real top-ups of 800 subscribers through quests, streaks, an achievement and leaderboards: what every one of
 * them has at the end must be what a plain reading of the file finds. The file is not part of the project.
 */

const folder =
  process.env['TENURE_SHARED_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const file = join(folder, 'recharges.csv')
const isRequired = process.env['CI'] === 'true' || Boolean(process.env['TENURE_REQUIRE_SHARED_DATA'])
const isLeftOut = !existsSync(file) && !isRequired
if (isLeftOut) {
  const where = `${file} is not there (TENURE_SHARED_DATA names its folder)`
  process.stderr.write(`\nLEFT OUT: quests and streaks on 10,000 real top-ups, because ${where}\n`)
}

let stores: TestDatabase
let world: LoyaltyWorld
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores, { startMs: Date.parse('2020-01-01T00:00:00Z') })
})
afterAll(async () => {
  await world.close()
  await stores.close()
})

/** The zone of the programme: its days are not those of the file, which is read as UTC. */
const ZONE = 'Asia/Tashkent'
const ZONE_OFFSET_MS = 5 * 3_600_000
const DAY = 86_400_000

const quest = {
  kind: 'Quest',
  id: 'good-fortnight',
  name: same('A good fortnight'),
  deadline: { days: 14 },
  times: 3,
  steps: [
    { id: 'often', name: same('Three top-ups'), on: 'top-up', reach: '3' },
    { id: 'large', name: same('One of 80'), on: 'top-up', where: 'event.amount >= 80' },
    { id: 'sum', name: same('150 in all'), on: 'top-up', sum: 'event.amount', reach: '150' },
  ],
  reward: { points: '70', badge: 'fortnight' },
}
const documents = [
  eventType('top-up', { amount: 'integer' }),
  {
    kind: 'Programme',
    id: 'main',
    name: same('M'),
    currency: 'points',
    timeZone: ZONE,
    enrolment: { on: 'any' },
  },
  { kind: 'Badge', id: 'fortnight', name: same('Fortnight') },
  quest,
  {
    kind: 'Streak',
    id: 'weekly',
    name: same('Every week'),
    on: 'top-up',
    every: 'week',
    milestones: [
      { at: 4, reward: { points: '1000' } },
      { at: 8, again: false, reward: { points: '100000' } },
    ],
  },
  {
    kind: 'Streak',
    id: 'daily',
    name: same('Every day, nearly'),
    on: 'top-up',
    every: 'day',
    grace: 2,
    freezes: { each: 4, most: 2 },
    milestones: [],
  },
  {
    kind: 'Achievement',
    id: 'saver',
    name: same('Saver'),
    on: 'top-up',
    sum: 'event.amount',
    levels: ['300', '600', '1200'].map((at) => ({ at, name: same(at) })),
  },
  {
    kind: 'Leaderboard',
    id: 'month',
    name: same('Month'),
    on: 'top-up',
    sum: 'event.amount',
    period: 'month',
  },
]

type TopUp = { caller: string; amount: number; atMs: number }
const read = (): TopUp[] =>
  (parse(readFileSync(file), { columns: true }) as Record<string, string>[])
    .map((row) => ({
      caller: row['caller_id']!,
      amount: Number(row['amount']),
      atMs: Date.parse(`${row['timestamp']!.replace(' ', 'T')}Z`),
    }))
    .sort((a, b) => a.atMs - b.atMs)

/** Every stretch of periods that are next to each other, or apart by what is forgiven. */
function stretches(periods: number[], isForgiven: (missed: number, length: number) => boolean): number[] {
  const lengths: number[] = []
  periods.forEach((period, i) => {
    const isNext = i > 0 && isForgiven(period - periods[i - 1]! - 1, lengths.at(-1)!)
    if (isNext) lengths[lengths.length - 1]!++
    else lengths.push(1)
  })
  return lengths
}

function readPlainly(topUps: TopUp[]) {
  let points = 0
  let completed = 0
  let runs = 0
  for (let i = 0; i < topUps.length && completed < 3;) {
    // A run begins with a top-up and holds those of the next fourteen days, up to the one with which all is done.
    const inTime = topUps.slice(i).filter(({ atMs }) => atMs < topUps[i]!.atMs + 14 * DAY)
    const end = inTime.findIndex((_, n) => {
      const part = inTime.slice(0, n + 1)
      const sum = part.reduce((total, { amount }) => total + amount, 0)
      return part.length >= 3 && part.some(({ amount }) => amount >= 80) && sum >= 150
    })
    runs++
    if (end >= 0) completed++
    i += end >= 0 ? end + 1 : inTime.length
  }
  points += 70 * completed
  const dayOf = ({ atMs }: TopUp): number => Math.floor((atMs + ZONE_OFFSET_MS) / DAY)
  const days = [...new Set(topUps.map(dayOf))]
  const weeks = [...new Set(days.map((day) => Math.floor((day + 3) / 7)))]
  const weekly = stretches(weeks, (missed) => missed === 0)
  points += 1_000 * weekly.filter((length) => length >= 4).length
  if (weekly.some((length) => length >= 8)) points += 100_000
  let freezes = 0
  const daily = stretches(days, (missed, length) => {
    // One is earned with each fourth day and taken for each missed day beyond two.
    if (length % 4 === 0) freezes = Math.min(2, freezes + 1)
    const needed = Math.max(0, missed - 2)
    const isKept = needed <= freezes
    freezes = isKept ? freezes - needed : 0
    return isKept
  })
  const amount = topUps.reduce((sum, one) => sum + one.amount, 0)
  return { points, completed, runs, weekly: Math.max(...weekly), daily: Math.max(...daily), amount }
}

const monthOf = ({ atMs }: TopUp): string => new Date(atMs + ZONE_OFFSET_MS).toISOString().slice(0, 7)

test.skipIf(isLeftOut)(
  '800 subscribers have what a plain reading of their top-ups finds',
  async () => {
    const topUps = read()
    expect(topUps).toHaveLength(10_000)
    const callers = [...new Set(topUps.map(({ caller }) => caller))]
    await world.apply(...documents)
    const ids = await world.subscribers(...callers)
    const idOf = new Map(callers.map((caller, i) => [caller, ids[i]!]))
    await world.append(
      ...topUps.map(({ caller, amount, atMs }) => ({
        subscriberId: idOf.get(caller)!,
        type: 'top-up',
        data: { amount },
        atMs,
      })),
    )
    world.clock.setMs(topUps.at(-1)!.atMs)
    const before = process.cpuUsage()
    await world.run()
    const { user, system } = process.cpuUsage(before)
    const perEventUs = ((user + system) / topUps.length).toFixed(0)
    process.stderr.write(`\nplay: 10,000 top-ups, seven documents, ${perEventUs} µs of this process each\n`)

    const { play } = world.loyalty
    let mostCompleted = 0
    for (const [caller, own] of Map.groupBy(topUps, (one) => one.caller)) {
      const id = idOf.get(caller)!
      const expected = readPlainly(own)
      const view = await play.view(world.tenantId, 'main', id)
      const [weekly, daily] = ['weekly', 'daily'].map(
        (name) => view.streaks.find((streak) => streak.id === name)!.best,
      )
      const { run, completed } = view.quests[0]!
      const amount = Number(view.achievements[0]!.amount)
      const points = Number((await world.balances(id))['points'] ?? 0n)
      expect({ caller, points, completed, runs: run, weekly, daily, amount }).toEqual({ caller, ...expected })
      expect(view.achievements[0]!.level).toBe([300, 600, 1200].filter((at) => amount >= at).length)
      expect(view.badges).toHaveLength(completed > 0 ? 1 : 0)
      mostCompleted = Math.max(mostCompleted, completed)
    }
    // The rules meet real life: some got everything, and not all did.
    expect(mostCompleted).toBe(3)

    for (const month of ['2020-01', '2020-02']) {
      const sums = new Map<string, number>()
      for (const one of topUps) {
        if (monthOf(one) === month) sums.set(one.caller, (sums.get(one.caller) ?? 0) + one.amount)
      }
      const all = [...sums.values()].sort((a, b) => b - a)
      const view = await play.board(world.tenantId, 'month', { period: month, limit: 200, near: 0 })
      expect(view.members).toBe(all.length)
      expect(view.top.map(({ score }) => Number(score))).toEqual(all.slice(0, 200))
      expect(view.top.map(({ rank }) => rank)).toEqual(
        all.slice(0, 200).map((sum) => 1 + all.filter((other) => other > sum).length),
      )
      for (const [caller, sum] of [...sums].slice(0, 60)) {
        const own = await play.board(world.tenantId, 'month', {
          period: month,
          limit: 0,
          near: 0,
          subscriberId: idOf.get(caller)!,
        })
        expect(own.me!.rank).toBe(1 + all.filter((other) => other > sum).length)
      }
    }
    expect(await world.verify()).toMatchObject({ ok: true })
  },
  240_000,
)
