/* oxlint-disable unicorn/no-thenable -- `then` is a word of the rule language; it holds a string and is never called */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase, testFolder } from '../../test/stores.ts'
import { eventTypeKind } from '../events/index.ts'
import { type Database, Documents, LmdbLogStore, ManualClock } from '../platform/index.ts'
import type { Trigger } from './contract.ts'
import { durationMs } from './duration.ts'
import { causeOf, type LogEvent } from './event-record.ts'
import { createTriggers, type Triggers } from './service.ts'
import { triggerKind } from './trigger-kind.ts'

const MINUTE = 60_000
const START = Date.parse('2020-01-01T00:00:00Z')
const LATENESS_MS = 30 * MINUTE

/*
 * The oracle: reads one subscriber's whole history, anew after every arrival, and knows nothing of the engine.
 */

type Step = { event: LogEvent } | { clockMs: number }
type Found = { event: LogEvent; atMs: number }
type Firing = { ruleId: string; subscriberId: number; cause: string; atMs: number }
type Condition = (event: LogEvent) => boolean
type Case = { trigger: Trigger; where: Condition; thenWhere: Condition }

function expectedFirings({ trigger, where, thenWhere }: Case, steps: Step[]): Firing[] {
  const then = trigger.absence?.then ?? trigger.on
  const starts: Condition = (event) => event.type === trigger.on && where(event)
  const ends: Condition = (event) => trigger.absence !== undefined && event.type === then && thenWhere(event)
  const subscribers = new Set(steps.flatMap((step) => ('event' in step ? [step.event.subscriberId] : [])))
  const firings: Firing[] = []
  for (const subscriberId of subscribers) {
    const seen: LogEvent[] = []
    let truth: Found[] = []
    const settled = new Set<LogEvent>()
    let lastMs: number | undefined
    for (const step of steps) {
      if ('event' in step) {
        const { event } = step
        if (event.subscriberId !== subscriberId || !(starts(event) || ends(event))) continue
        const newestMs = Math.max(...seen.map((other) => other.atMs))
        const isTooLate = event.atMs < newestMs && event.atMs <= newestMs - LATENESS_MS
        if (isTooLate && !trigger.match) continue
        seen.push(event)
      }
      const before = new Set(truth.map((found) => found.event))
      truth = truthOf(trigger, starts, seen, 'clockMs' in step ? step.clockMs : undefined)
      const fresh = truth.filter(
        ({ event }) => !before.has(event) && !(trigger.absence && settled.has(event)),
      )
      for (const { event, atMs } of fresh) {
        settled.add(event)
        if (trigger.validFrom && atMs < Date.parse(trigger.validFrom)) continue
        if (trigger.validTo && atMs >= Date.parse(trigger.validTo)) continue
        if (trigger.cooldown && lastMs !== undefined) {
          if (Math.abs(atMs - lastMs) < durationMs(trigger.cooldown)!) continue
        }
        lastMs = Math.max(lastMs ?? atMs, atMs)
        firings.push({ ruleId: trigger.id, subscriberId, cause: causeOf(event), atMs })
      }
    }
  }
  return firings
}

/** All that a rule says about one history, as if nothing had fired yet. */
function truthOf(
  trigger: Trigger,
  starts: Condition,
  seen: LogEvent[],
  clockMs: number | undefined,
): Found[] {
  const events = [...seen].sort((a, b) => a.atMs - b.atMs)
  const { change, threshold, absence } = trigger
  if (trigger.match) return events.map((event) => ({ event, atMs: event.atMs }))
  if (change) {
    const allows = (list: NonNullable<Trigger['change']>['to'], value: unknown): boolean =>
      list === undefined || [list].flat().includes(value as string)
    return events.flatMap((event, i) => {
      const [from, to] = [events[i - 1]?.data['kind'], event.data['kind']]
      const moved = from !== undefined && from !== to && allows(change.from, from) && allows(change.to, to)
      return moved ? [{ event, atMs: event.atMs }] : []
    })
  }
  if (threshold) {
    const windowMs = durationMs(threshold.window)!
    const amount = (event: LogEvent): number =>
      threshold.aggregate === 'count' ? 1 : (event.data['amount'] as number)
    return events.flatMap((event, i) => {
      const inWindow = events.slice(0, i).filter((other) => other.atMs > event.atMs - windowMs)
      const before = inWindow.reduce((sum, other) => sum + amount(other), 0)
      const crosses = before < threshold.reaches && before + amount(event) >= threshold.reaches
      return crosses ? [{ event, atMs: event.atMs }] : []
    })
  }
  const withinMs = durationMs(absence!.within)!
  return events.flatMap((event, i) => {
    const deadlineMs = event.atMs + withinMs
    const next = events[i + 1]
    const isOver = next ? next.atMs >= deadlineMs : clockMs !== undefined && clockMs >= deadlineMs
    return starts(event) && isOver ? [{ event, atMs: deadlineMs }] : []
  })
}

/*
 * The world: real stores, an engine that can be killed and whose database can fail.
 */

let stores: TestDatabase
let tenants = 0
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

type Fault = 'none' | 'before' | 'after'

class World {
  readonly tenantId = `t${tenants++}`
  readonly clock = new ManualClock(START)
  readonly #store = new LmdbLogStore(testFolder())
  readonly #checkpoints = this.#store.checkpoints()
  readonly log = this.#store.log(`events/${this.tenantId}`)
  readonly steps: Step[] = []
  faults: Fault[] = []
  woken = 0
  documents!: Documents
  triggers!: Triggers
  readonly #options: object

  constructor(options: object) {
    this.#options = { latenessMs: LATENESS_MS, ...options }
    this.kill()
  }

  /** The process dies: what was in memory is gone. */
  kill(): void {
    this.documents = new Documents(stores.database, [eventTypeKind, triggerKind])
    this.triggers = createTriggers({
      database: this.#faultyDatabase(),
      clock: this.clock,
      documents: this.documents,
      logOf: () => this.log,
      checkpoints: this.#checkpoints,
      onFirings: () => this.woken++,
      onRules: () => undefined,
      options: this.#options,
    })
  }

  async apply(...triggers: Trigger[]): Promise<void> {
    const results = await this.documents.apply(this.tenantId, [...eventTypes, ...triggers])
    const refused = results.filter((result) => result.outcome === 'refused')
    if (refused.length > 0) throw new Error(JSON.stringify(refused))
  }

  async append(...events: LogEvent[]): Promise<void> {
    const records = events.map((event) => ({
      key: `${event.source}/${event.id}`,
      record: new TextEncoder().encode(JSON.stringify(event)),
    }))
    const isNew = await this.log.append(records)
    events.forEach((event, i) => isNew[i] && this.steps.push({ event }))
  }

  /** Lets the stage work until it has nothing to do, as the loop does; an error is followed by another try. */
  async run(): Promise<number | null> {
    for (;;) {
      try {
        const { more, nextDueMs } = await this.triggers.stage.run(this.tenantId)
        if (more) continue
        if (nextDueMs !== null && nextDueMs <= this.clock.nowMs())
          throw new Error('due, yet nothing was done')
        this.steps.push({ clockMs: this.clock.nowMs() })
        return nextDueMs
      } catch (error) {
        if ((error as Error).message !== 'fault') throw error
      }
    }
  }

  async firings(): Promise<Firing[]> {
    const rows = await stores.database.tx(this.tenantId, (tx) =>
      tx.query<{ ruleId: string; subscriberId: number; cause: string; at: Temporal.Instant }>(
        `select rule_id as "ruleId", subscriber_id as "subscriberId", cause, fired_at as at from triggers.firing`,
      ),
    )
    return sorted(rows.map(({ at, ...row }) => ({ ...row, atMs: at.epochMilliseconds })))
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  #faultyDatabase(): Database {
    return {
      ...stores.database,
      tx: async (tenantId, work) => {
        const fault = this.faults.pop() ?? 'none'
        if (fault === 'before') throw new Error('fault')
        const result = await stores.database.tx(tenantId, work)
        if (fault === 'after') throw new Error('fault')
        return result
      },
    }
  }
}

const sorted = (firings: Firing[]): Firing[] => {
  const unique = new Map(
    firings.map((firing) => [`${firing.ruleId}/${firing.subscriberId}/${firing.cause}`, firing]),
  )
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, firing]) => firing)
}

/*
 * Random rules and histories.
 */

const conditions: [source: string | undefined, holds: Condition][] = [
  [undefined, () => true],
  ['event.amount >= 2.0', (event) => (event.data['amount'] as number) >= 2],
  ["event.kind in ['x', 'y']", (event) => ['x', 'y'].includes(event.data['kind'] as string)],
]
const anyCondition = fc.constantFrom(conditions[0]!, ...conditions)
// A coarse grid, so that events meet the edges of windows, deadlines and the lateness bound.
const GRID = 5
const minutes = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: min / GRID, max: max / GRID }).map((steps) => steps * GRID)
const anyMinutes = minutes(5, 30)
const kinds = fc.constantFrom('x', 'y', 'z')
const someKinds = fc.option(fc.oneof(kinds, fc.uniqueArray(kinds, { minLength: 1, maxLength: 2 })), {
  nil: undefined,
})

const rarely = <T>(made: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: made })

const ruleBody: fc.Arbitrary<Partial<Trigger>> = fc.oneof(
  fc.constant({ match: {} }),
  fc.record({ from: someKinds, to: someKinds }).map(({ from, to }) => ({
    change: { field: 'event.kind', ...(from && { from }), ...(to && { to }) },
  })),
  fc
    .record({ sum: fc.boolean(), minutes: anyMinutes, reaches: fc.integer({ min: 1, max: 6 }) })
    .map((made) => ({
      threshold: {
        window: `PT${made.minutes}M`,
        reaches: made.reaches,
        ...(made.sum ? { aggregate: 'sum' as const, of: 'event.amount' } : { aggregate: 'count' as const }),
      },
    })),
)

const anyCase: fc.Arbitrary<Case> = fc
  .record({
    body: fc.option(ruleBody, { nil: undefined, freq: 2 }),
    absence: fc.record({
      then: fc.constantFrom(undefined, 'a', 'b'),
      thenWhere: anyCondition,
      minutes: anyMinutes,
    }),
    where: anyCondition,
    cooldown: rarely(anyMinutes),
    validFrom: rarely(minutes(5, 60)),
    validTo: rarely(minutes(60, 120)),
  })
  .map(({ body, absence, where, cooldown, validFrom, validTo }) => {
    const { then, thenWhere, minutes } = absence
    const absent = {
      within: `PT${minutes}M`,
      ...(then && { then }),
      ...(thenWhere[0] && { thenWhere: thenWhere[0] }),
    }
    const trigger: Trigger = {
      kind: 'Trigger',
      id: 'unnamed',
      on: 'a',
      ...(where[0] && { where: where[0] }),
      ...(body ?? { absence: absent }),
      ...(cooldown && { cooldown: `PT${cooldown}M` }),
      ...(validFrom && { validFrom: new Date(START + validFrom * MINUTE).toISOString() }),
      ...(validTo && { validTo: new Date(START + validTo * MINUTE).toISOString() }),
    }
    const ends = then === undefined && thenWhere[0] === undefined ? where[1] : thenWhere[1]
    return { trigger, where: where[1], thenWhere: ends }
  })
const anyCases = fc
  .array(anyCase, { minLength: 1, maxLength: 4 })
  .map((cases) => cases.map((made, i) => ({ ...made, trigger: { ...made.trigger, id: `rule-${i}` } })))

const anyEvent = fc.record({
  id: fc.integer({ min: 0, max: 300 }),
  type: fc.constantFrom('a', 'a', 'b'),
  subscriberId: fc.integer({ min: 1, max: 2 }),
  lagMinutes: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, minutes(-10, 40)),
  kind: fc.option(kinds, { nil: undefined, freq: 15 }),
  // Quarters add up without rounding, so the order of adding cannot make a difference.
  amount: fc.integer({ min: -1, max: 12 }).map((quarters) => quarters / 4),
})
type EventPlan = typeof anyEvent extends fc.Arbitrary<infer T> ? T : never

const anyAction = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.array(anyEvent, { minLength: 1, maxLength: 6 }) }) },
  { weight: 3, arbitrary: fc.record({ advance: minutes(0, 20) }) },
  { weight: 2, arbitrary: fc.constant({ run: true as const }) },
  { weight: 1, arbitrary: fc.constant({ kill: true as const }) },
)

const eventAt = (plan: EventPlan, nowMs: number, source = 'network'): LogEvent => ({
  id: String(plan.id),
  source,
  type: plan.type,
  atMs: nowMs - plan.lagMinutes * MINUTE,
  subscriberId: plan.subscriberId,
  data: { amount: plan.amount, ...(plan.kind !== undefined && { kind: plan.kind }) },
})

test('equals the oracle for any rules, histories, disorder, duplicates, kills and failing writes', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyCases,
      fc.array(anyAction, { minLength: 20, maxLength: 60 }),
      fc.array(fc.constantFrom<Fault>('none', 'none', 'before', 'after'), { maxLength: 30 }),
      fc.record({
        batchEvents: fc.integer({ min: 1, max: 8 }),
        batchesPerRun: fc.integer({ min: 1, max: 3 }),
        checkpointEvents: fc.integer({ min: 1, max: 20 }),
      }),
      async (cases, actions, faults, options) => {
        const world = new World(options)
        await world.apply(...cases.map(({ trigger }) => trigger))
        world.faults = [...faults]
        for (const action of actions) {
          if ('append' in action) {
            await world.append(...action.append.map((plan) => eventAt(plan, world.clock.nowMs())))
          } else if ('advance' in action) world.clock.setMs(world.clock.nowMs() + action.advance * MINUTE)
          else if ('run' in action) await world.run()
          else world.kill()
        }
        await world.run()
        const expected = cases.flatMap((made) => expectedFirings(made, seenBy(made, world.steps)))
        expect(await world.firings()).toEqual(sorted(expected))
        await world.close()
      },
    ),
    { numRuns: 60 },
  )
})

/** A change rule cannot see an event without the field. */
function seenBy({ trigger }: Case, steps: Step[]): Step[] {
  if (!trigger.change) return steps
  return steps.filter((step) => !('event' in step) || step.event.data['kind'] !== undefined)
}

const eventTypes = ['a', 'b'].map((id) => ({
  kind: 'EventType',
  id,
  schema: {
    type: 'object',
    properties: { amount: { type: 'number' }, kind: { type: 'string' } },
  },
}))

/*
 * Rules that come, change and go while events flow.
 */

const event = (id: string, minute: number, rest: Partial<LogEvent> = {}): LogEvent => ({
  id,
  source: 'network',
  type: 'a',
  atMs: START + minute * MINUTE,
  subscriberId: 1,
  data: { amount: 1 },
  ...rest,
})
const rule = (id: string, body: Partial<Trigger>): Trigger => ({ kind: 'Trigger', id, on: 'a', ...body })
const counted = (reaches: number): Partial<Trigger> => ({
  threshold: { aggregate: 'count', window: 'PT1H', reaches },
})
const causes = async (world: World, ruleId: string): Promise<string[]> =>
  (await world.firings()).filter((firing) => firing.ruleId === ruleId).map((firing) => firing.cause)
const namesOf = (...events: LogEvent[]): string[] => events.map(causeOf).sort()
const noCheckpoints = { checkpointEvents: Infinity, checkpointWorkMs: Infinity }

test('a new rule begins at the end of the log, even when the process dies before it first ran', async () => {
  const world = new World(noCheckpoints)
  const [before, during, after] = [event('1', 0), event('2', 1), event('3', 2)]
  await world.append(before)
  await world.apply(rule('new', { match: {} }))
  await world.append(during)
  world.kill()
  await world.append(after)
  await world.run()
  expect(await causes(world, 'new')).toEqual(namesOf(during, after))
  expect(world.woken).toBe(1)
  await world.close()
})

test('a rule with backfill reads the whole log first, others go on meanwhile', async () => {
  const world = new World({ batchEvents: 1, batchesPerRun: 2 })
  const old = Array.from({ length: 20 }, (_, i) => event(`old-${i}`, i))
  await world.apply(rule('steady', { match: {} }))
  for (const each of old) await world.append(each)
  await world.run()
  await world.apply(rule('late', { match: {}, backfill: true }))
  const fresh = event('fresh', 30)
  await world.append(fresh)
  await world.triggers.stage.run(world.tenantId)
  expect(await causes(world, 'steady')).toContain(causeOf(fresh))
  expect(await causes(world, 'late')).not.toContain(causeOf(fresh))
  world.kill()
  await world.run()
  expect(await causes(world, 'late')).toEqual(namesOf(...old, fresh))
  await world.close()
})

test('a changed rule loses only its own memory; another cool-down loses nothing', async () => {
  const world = new World(noCheckpoints)
  await world.apply(rule('kept', counted(3)), rule('changed', counted(3)))
  await world.append(event('1', 0), event('2', 1))
  await world.run()
  await world.apply(rule('kept', { ...counted(3), cooldown: 'PT5M' }), rule('changed', counted(2)))
  const third = event('3', 2)
  await world.append(third)
  await world.run()
  expect(await causes(world, 'kept')).toEqual(namesOf(third))
  expect(await causes(world, 'changed')).toEqual([])
  const fourth = event('4', 3)
  await world.append(fourth)
  await world.run()
  expect(await causes(world, 'changed')).toEqual(namesOf(fourth))
  await world.close()
})

test('the stage wants to run exactly at the earliest deadline', async () => {
  const world = new World({})
  await world.apply(rule('silent', { absence: { within: 'PT30M' } }))
  await world.append(event('1', 0), event('2', 5, { subscriberId: 2 }), event('3', 10))
  expect(await world.run()).toBe(START + 35 * MINUTE)
  world.clock.setMs(START + 35 * MINUTE - 1)
  expect(await world.run()).toBe(START + 35 * MINUTE)
  expect(world.woken).toBe(0)
  world.clock.setMs(START + 35 * MINUTE)
  expect(await world.run()).toBe(START + 40 * MINUTE)
  expect(world.woken).toBe(1)
  world.clock.setMs(START + 40 * MINUTE)
  expect(await world.run()).toBe(null)
  expect(await causes(world, 'silent')).toEqual(namesOf(event('2', 5, { subscriberId: 2 }), event('3', 10)))
  await world.close()
})

test('events without a subscriber and of unheard types have no effect', async () => {
  const world = new World({})
  await world.apply(rule('any', { match: {} }))
  await world.append(event('1', 0, { subscriberId: null as never }), event('2', 1, { type: 'b' }))
  await world.run()
  expect(await world.firings()).toEqual([])
  await world.close()
})

test('a rule that no longer fits its event type stands still, says why, and goes on where it stood', async () => {
  const world = new World({})
  await world.apply(rule('broken', { match: {}, where: 'event.amount > 0.0' }), rule('sound', { match: {} }))
  await world.append(event('1', 0))
  await world.run()
  const withoutAmount = { kind: 'EventType', id: 'a', schema: { type: 'object', properties: {} } }
  await world.documents.apply(world.tenantId, [withoutAmount])
  await world.append(event('2', 1))
  await world.run()
  const views = await world.triggers.list(world.tenantId)
  expect(views.map(({ trigger, firings, behind }) => [trigger.id, firings, behind])).toEqual([
    ['broken', 1, null],
    ['sound', 2, 0],
  ])
  expect(views[0]!.problem).toContain('amount')
  await world.documents.apply(world.tenantId, eventTypes)
  await world.run()
  expect(await causes(world, 'broken')).toEqual(namesOf(event('1', 0), event('2', 1)))
  await world.close()
})

test('a close leaves nothing to read again', async () => {
  const world = new World(noCheckpoints)
  await world.apply(rule('pair', counted(2)))
  await world.append(event('1', 0))
  await world.run()
  await world.triggers.close()
  world.kill()
  await world.append(event('2', 1))
  expect((await world.triggers.stage.run(world.tenantId)).more).toBe(true)
  expect(await causes(world, 'pair')).toEqual(namesOf(event('2', 1)))
  await world.close()
})
