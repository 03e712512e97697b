import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, loyaltyWorld, programme } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { derivedId } from '../../platform/index.ts'
import type { TakenEvent } from '../consumer.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import { type AbuseCase, type Level, levels } from './case.ts'
import { instrumentOf } from './standing.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MEMBERS = 5

const signals = {
  velocity: [
    { of: 'earned', withinHours: 48, times: 4, score: 30 },
    { of: 'earned', withinHours: 12, points: '60', score: 20 },
    { of: 'redeemed', withinHours: 24, times: 2, points: '80', score: 25 },
  ],
  manyToOne: { senders: 2, withinDays: 6, score: 40 },
  oneToMany: { recipients: 3, withinDays: 5, score: 35 },
  freshReceiver: { youngerThanDays: 10, points: '40', ownBelowPercent: 30, score: 45 },
  shared: [{ kind: 'device', on: ['visit'], field: 'deviceId', members: 2, withinDays: 4, score: 50 }],
}
const policy = {
  kind: 'AbusePolicy',
  id: 'club',
  programme: 'club',
  signals,
  hold: 40,
  limit: { from: 60, pointsPerDay: '10' },
  refuse: 90,
  openForDays: 90,
  exemptForDays: 3,
  confirmed: { refuseForDays: 2 },
}

/** Something that a member does, or an agent decides about a member's open case; members by place, times in hours. */
type Item =
  | { does: 'earn' | 'burn'; who: number; points: number }
  | { does: 'send'; who: number; to: number; points: number }
  | { does: 'visit'; who: number; device: number }
  | { does: 'confirm' | 'release'; who: number }
type Step = { item: Item; afterHours: number; lateHours: number; endsBatch: boolean }

const who = fc.nat(MEMBERS - 1)
const points = fc.integer({ min: 1, max: 60 })
const item: fc.Arbitrary<Item> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constantFrom('earn' as const, 'burn' as const), who, points }),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({ does: fc.constant('send' as const), who, to: who, points })
      .filter((one) => one.who !== one.to),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('visit' as const), who, device: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('confirm' as const, 'release' as const), who }) },
)
const step: fc.Arbitrary<Step> = fc.record({
  item,
  afterHours: fc.integer({ min: 0, max: 12 }),
  lateHours: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 60 })),
  endsBatch: fc.boolean(),
})

let stores: TestDatabase
let world: LoyaltyWorld
let runs = 0
/** When the present history begins: behind the one before, since the clock never goes back. */
let startMs = 0
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  await world.apply(
    programme({ id: 'club', currency: 'stars', enrolment: { on: 'any' } }),
    eventType('visit', { deviceId: 'string' }),
    policy,
  )
})
afterAll(async () => {
  await world.close()
  await stores.close()
})

/** Members who joined some days before everything begins. */
async function membersOf(agesInDays: number[]): Promise<number[]> {
  const ids = await world.subscribers(...agesInDays.map((_, i) => `run${runs}-${i}`))
  await world.append(
    ...ids.map((subscriberId, i) => {
      return { subscriberId, type: 'visit', atMs: startMs - agesInDays[i]! * DAY_MS, data: {} }
    }),
  )
  await world.run()
  return ids
}

/** The steps with the moment at which each comes, and that at which it had happened. */
function timed(steps: Step[]): { item: Item; endsBatch: boolean; nowMs: number; atMs: number }[] {
  let nowMs = startMs
  return steps.map(({ item, afterHours, lateHours, endsBatch }) => {
    nowMs += afterHours * HOUR_MS
    return { item, endsBatch, nowMs, atMs: nowMs - lateHours * HOUR_MS }
  })
}

const deviceName = (device: number): string => `run${runs}-device${device}`

function eventOf(ids: number[], item: Item, atMs: number, n: number): TakenEvent {
  const id = `run${runs}-${n}`
  const base = { eventId: derivedId('test', id), id, source: LOYALTY_SOURCE, atMs, depth: 0 }
  const subscriberId = ids[item.who]!
  if (item.does === 'visit')
    return { ...base, subscriberId, type: 'visit', data: { deviceId: deviceName(item.device) } }
  const types = { earn: 'points_earned', burn: 'points_burned', send: 'points_transferred' }
  const given = 'points' in item ? item.points : 0
  const to = item.does === 'send' ? ids[item.to]! : undefined
  return {
    ...base,
    subscriberId,
    type: `loyalty.${types[item.does as 'earn' | 'burn' | 'send']}`,
    ...(to === undefined ? {} : { concerns: [to] }),
    data: { programme: 'club', pointsMinor: given, ...(to === undefined ? {} : { to }) },
  }
}

/** Lets the system take the steps, in batches that end where the steps say, and returns every case. */
async function taken(ids: number[], steps: Step[]): Promise<Told[]> {
  let batch: TakenEvent[] = []
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await world.tx((tx) => world.loyalty.take(tx, world.tenantId, batch))
    batch = []
  }
  for (const [n, { item, endsBatch, nowMs, atMs }] of timed(steps).entries()) {
    if (item.does === 'confirm' || item.does === 'release') {
      await flush()
      world.clock.setMs(nowMs)
      const cases = await world.loyalty.abuse.ofMember(world.tenantId, ids[item.who]!)
      const open = cases.find(({ state }) => state === 'open')
      const about = { tenantId: world.tenantId, decision: item.does, by: 'agent' }
      if (open) await world.loyalty.abuse.decide({ ...about, caseId: open.caseId })
      continue
    }
    world.clock.setMs(nowMs)
    batch.push(eventOf(ids, item, atMs, n))
    if (endsBatch) await flush()
  }
  await flush()
  const all: AbuseCase[] = []
  for (const id of ids) all.push(...(await world.loyalty.abuse.ofMember(world.tenantId, id)))
  return sorted(all.map((one) => ({ ...one, findings: one.findings.map(keyOf) })))
}

type Told = Pick<AbuseCase, 'subscriberId' | 'state' | 'level' | 'score' | 'openedAtMs'> & {
  findings: string[]
}
const keyOf = (one: { reason: string; subject: string; score: number }): string =>
  `${one.reason} ${one.subject} ${one.score}`
const sorted = (cases: Told[]): Told[] =>
  cases
    .map(({ subscriberId, state, level, score, openedAtMs, findings }) => {
      return { subscriberId, state, level, score, openedAtMs, findings: findings.toSorted() }
    })
    .toSorted((a, b) => a.subscriberId - b.subscriberId || a.openedAtMs - b.openedAtMs || a.score - b.score)

type Deed = { n: number; kind: string; atMs: number; points: number; other: number }

/** The same, slow and obvious: with each step the whole history is read again. */
function expected(ids: number[], agesInDays: number[], steps: Step[]): Told[] {
  const history = timed(steps)
  const cases: (Told & { refusedUntilMs: number })[] = []
  const exempt = new Map<string, number>()
  /** Step of the last decision that made the past count no more. */
  const pastOf = new Map<number, number>()

  const deedsOf = (place: number, n: number): Deed[] =>
    history.slice(0, n + 1).flatMap(({ item, atMs }, i): Deed[] => {
      const one = { n: i, atMs, points: 'points' in item ? item.points : 0, other: -1 }
      if (item.does === 'earn' && item.who === place) return [{ ...one, kind: 'earned' }]
      if (item.does === 'burn' && item.who === place) return [{ ...one, kind: 'redeemed' }]
      if (item.does !== 'send') return []
      if (item.who === place) return [{ ...one, kind: 'sent', other: item.to }]
      return item.to === place ? [{ ...one, kind: 'received', other: item.who }] : []
    })
  const sum = (deeds: Deed[]): number => deeds.reduce((total, deed) => total + deed.points, 0)

  function findings(place: number, n: number): { reason: string; subject: string; score: number }[] {
    const past = pastOf.get(place) ?? -1
    const ever = deedsOf(place, n)
    const deeds = ever.filter((deed) => deed.n > past)
    const asOfMs = Math.max(history[n]!.atMs, ...deeds.map(({ atMs }) => atMs))
    const within = (kind: string, ms: number): Deed[] =>
      deeds.filter((deed) => deed.kind === kind && deed.atMs > asOfMs - ms)
    const others = (list: Deed[]): number => new Set(list.map(({ other }) => other)).size
    const found: { reason: string; subject: string; score: number }[] = []
    const find = (reason: string, score: number, subject = 'member'): void =>
      void found.push({ reason, subject, score })
    for (const { of, withinHours, times = Infinity, points = Infinity, score } of signals.velocity) {
      const list = within(of, withinHours * HOUR_MS)
      if (list.length >= times || sum(list) >= Number(points)) find(`velocity_${of}`, score)
    }
    const { manyToOne, oneToMany, freshReceiver } = signals
    if (others(within('received', manyToOne.withinDays * DAY_MS)) >= manyToOne.senders)
      find('many_to_one', manyToOne.score)
    if (others(within('sent', oneToMany.withinDays * DAY_MS)) >= oneToMany.recipients)
      find('one_to_many', oneToMany.score)
    const own = sum(ever.filter(({ kind }) => kind === 'earned'))
    const given = sum(deeds.filter(({ kind }) => kind === 'received'))
    const ageDays = Math.floor((asOfMs - (startMs - agesInDays[place]! * DAY_MS)) / DAY_MS)
    const isPoor = own * 100 < freshReceiver.ownBelowPercent * (own + given)
    if (ageDays < freshReceiver.youngerThanDays && given >= Number(freshReceiver.points) && isPoor)
      find('fresh_receiver', freshReceiver.score)
    for (const { members, withinDays, score } of signals.shared) {
      for (let device = 0; device < 3; device++) {
        const visits = history.slice(0, n + 1).flatMap(({ item, atMs }, i) => {
          return item.does === 'visit' && item.device === device ? [{ n: i, who: item.who, atMs }] : []
        })
        if (!visits.some((one) => one.who === place && one.n > past)) continue
        const users = new Set(
          visits.filter(({ atMs }) => atMs > asOfMs - withinDays * DAY_MS).map((one) => one.who),
        )
        const subject = instrumentOf(world.tenantId, 'device', deviceName(device))
        if (users.has(place) && users.size >= members) find('shared_device', score, subject)
      }
    }
    return found
  }

  function look(place: number, n: number): void {
    const { atMs } = history[n]!
    const own = cases.filter(({ subscriberId }) => subscriberId === ids[place])
    if (own.some(({ refusedUntilMs }) => refusedUntilMs > atMs)) return
    const found = findings(place, n).filter(({ reason, subject }) => {
      return !((exempt.get(`${subject === 'member' ? place : subject} ${reason}`) ?? 0) > atMs)
    })
    const highest = new Map<string, number>()
    for (const { reason, subject, score } of found)
      highest.set(`${reason} ${subject}`, Math.max(score, highest.get(`${reason} ${subject}`) ?? 0))
    const score = Math.min(
      100,
      [...highest.values()].reduce((total, one) => total + one, 0),
    )
    const level: Level | undefined =
      score >= policy.refuse
        ? 'refuse'
        : score >= policy.limit.from
          ? 'limit'
          : score >= policy.hold
            ? 'hold'
            : undefined
    let open = own.find(({ state }) => state === 'open')
    if (!open && !level) return
    if (!open) {
      const none = { level: 'hold' as const, score: 0, findings: [], refusedUntilMs: 0 }
      open = { ...none, subscriberId: ids[place]!, state: 'open', openedAtMs: atMs }
      cases.push(open)
    }
    open.score = Math.max(open.score, score)
    open.findings = [...new Set([...open.findings, ...found.map(keyOf)])]
    if (level && levels.indexOf(level) > levels.indexOf(open.level)) open.level = level
  }

  for (const [n, { item, nowMs }] of history.entries()) {
    if (item.does === 'confirm' || item.does === 'release') {
      const open = cases.find(({ subscriberId, state }) => subscriberId === ids[item.who] && state === 'open')
      if (!open) continue
      if (item.does === 'confirm') {
        const refusedUntilMs = nowMs + policy.confirmed.refuseForDays * DAY_MS
        Object.assign(open, { state: 'confirmed', level: 'refuse', refusedUntilMs })
        pastOf.set(item.who, n)
        continue
      }
      open.state = 'released'
      for (const [reason, subject] of open.findings.map((one) => one.split(' '))) {
        exempt.set(
          `${subject === 'member' ? item.who : subject} ${reason}`,
          nowMs + policy.exemptForDays * DAY_MS,
        )
      }
      continue
    }
    look(item.who, n)
    if (item.does === 'send') look(item.to, n)
  }
  return sorted(cases)
}

test('scores and cases of any history, however it is cut, are those of whoever reads all of it each time', async () => {
  const seen = { cases: 0, states: new Set<string>(), reasons: new Set<string>() }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 30 }), { minLength: MEMBERS, maxLength: MEMBERS }),
      fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }),
      async (agesInDays, steps) => {
        runs++
        startMs = world.clock.nowMs()
        const ids = await membersOf(agesInDays)
        const cases = await taken(ids, steps)
        expect(cases).toEqual(expected(ids, agesInDays, steps))
        seen.cases += cases.length
        for (const { state, findings } of cases) {
          seen.states.add(state)
          for (const one of findings) seen.reasons.add(one.split(' ')[0]!)
        }
      },
    ),
    { numRuns: 22 },
  )
  // The histories are of a kind in which everything happens.
  expect(seen.cases).toBeGreaterThan(15)
  expect([...seen.states].toSorted()).toEqual(['confirmed', 'open', 'released'])
  expect(seen.reasons.size).toBeGreaterThanOrEqual(5)
}, 60_000)
