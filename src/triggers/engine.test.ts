import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import {
  type Action,
  anyEvent,
  anyHistory,
  anyRule,
  anyRules,
  anyScale,
  anyZones,
  eventOf,
  isPast,
  LATENESS_STEPS,
  type Scale,
} from '../../test/trigger-arbitraries.ts'
import { acceptedOf, type OracleRule } from '../../test/trigger-oracle.ts'
import { type Fault, World, type WorldOptions } from '../../test/trigger-world.ts'
import type { LoggedEvent } from '../events/index.ts'

/*
 * Random rules over random histories on real stores must leave the standing firings that the oracle finds. A world
 * costs stores, so each has many rules and several subscribers: a run of the properties is thousands of cases.
 */

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const anyOptions = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  batchEvents: fc.constantFrom(1, 3, 8, 50, 1_000),
  sliceBits: fc.constantFrom(0, 0, 1, 2),
  checkpointEvents: fc.constantFrom(1, 5, 20, 40, 100_000),
})
const anyFaults = fc.array(fc.constantFrom<Fault>('none', 'none', 'none', 'before', 'after', 'death'), {
  maxLength: 80,
})

/** So many runs; after a minute a counterexample is made no smaller. */
const runs = (numRuns: number) => ({ numRuns, skipAllAfterTimeLimit: 60_000 })

/** A scale of time with what is made for it. */
const onScale = <T>(make: (scale: Scale) => fc.Arbitrary<T>): fc.Arbitrary<T & { scale: Scale }> =>
  anyScale.chain((scale) => make(scale).map((made) => ({ ...made, scale })))

/** Does the work in a world of its own, which is closed also where the work failed. */
async function inWorld(
  scale: Scale,
  options: Partial<WorldOptions>,
  work: (world: World) => Promise<void>,
): Promise<void> {
  const latenessMs = LATENESS_STEPS * scale.stepMs
  const world = new World(stores, { startMs: scale.startMs, latenessMs, ...options })
  try {
    await work(world)
  } finally {
    await world.close()
  }
}

async function play(world: World, scale: Scale, action: Action): Promise<void> {
  if ('append' in action) {
    await world.append(...action.append.map((plan) => eventOf(plan, scale, world.clock.nowMs())))
  } else if ('advanceSteps' in action) {
    world.clock.setMs(world.clock.nowMs() + action.advanceSteps * scale.stepMs)
  } else if ('run' in action) await agrees(world)
  else if ('runOnce' in action) await world.runOnce()
  else world.kill()
}

/** What stands after everything was read is what the oracle finds, at this moment as at the end. */
async function agrees(world: World): Promise<void> {
  await world.run()
  const { found, expected } = await world.compared()
  expect(found).toEqual(expected)
}

const tooLateIn = (world: World, scale: Scale): string[] =>
  acceptedOf(world.arrivals, LATENESS_STEPS * scale.stepMs)
    .tooLate.map(({ id }) => id)
    .sort()

test('equals the oracle for any rules, histories, disorder, duplicates, partitions, kills and failing writes', async () => {
  await fc.assert(
    fc.asyncProperty(
      onScale((scale) => fc.record({ rules: anyRules(scale, 10, 40) })),
      anyHistory(30, 70),
      anyFaults,
      anyZones,
      anyOptions,
      async ({ scale, rules }, actions, faults, zones, options) => {
        await inWorld(scale, { zones, ...options }, async (world) => {
          await world.add(...rules)
          world.faults = [...faults]
          for (const action of actions) await play(world, scale, action)
          await agrees(world)
          expect(await world.deadLetters()).toEqual(tooLateIn(world, scale))
        })
      },
    ),
    runs(20),
  )
}, 120_000)

/** Events over a stretch of time, to be sent in any order that the lateness bound allows. */
const anyBounded = fc.array(
  fc.record({
    event: anyEvent(fc.integer({ min: 0, max: 40 }), 10_000),
    delays: fc.tuple(
      fc.integer({ min: 0, max: LATENESS_STEPS }),
      fc.integer({ min: 0, max: LATENESS_STEPS }),
    ),
  }),
  { minLength: 40, maxLength: 120 },
)

test('the order of arrival within the bound makes no difference', async () => {
  await fc.assert(
    fc.asyncProperty(
      onScale((scale) => fc.record({ rules: anyRules(scale, 10, 30) })),
      anyBounded,
      anyZones,
      fc.tuple(anyOptions, anyOptions),
      fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })),
      async ({ scale, rules }, planned, zones, options, portions) => {
        const endMs = scale.startMs + 40 * scale.stepMs
        const unique = new Map(
          planned.map(({ event, delays }) => [`${event.subscriberId}-${event.serial}`, { event, delays }]),
        )
        const found: string[][] = []
        for (const turn of [0, 1] as const) {
          await inWorld(scale, { zones, ...options[turn] }, async (world) => {
            await world.add(...rules)
            world.clock.setMs(endMs)
            // A delay of at most the bound: nobody is overtaken by more than that.
            const arriving = [...unique.values()]
              .map(({ event, delays }) => ({
                event: eventOf({ ...event, offMs: 0 }, scale, endMs),
                steps: delays[turn],
              }))
              .sort((a, b) => a.event.atMs + a.steps * scale.stepMs - b.event.atMs - b.steps * scale.stepMs)
              .map(({ event }) => event)
            for (let at = 0; at < arriving.length; at += portions[turn]) {
              await world.append(...arriving.slice(at, at + portions[turn]))
              await world.run()
            }
            await agrees(world)
            expect(await world.deadLetters()).toEqual([])
            found.push((await world.compared()).found)
          })
        }
        expect(found[1]).toEqual(found[0])
      },
    ),
    runs(8),
  )
}, 120_000)

/** Lags that are beyond the bound as soon as the clock has come far enough. */
const oftenTooLate = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: LATENESS_STEPS * 3 }) },
)

test('what came too late waits in the dead letters, once, and counts in its place when it is replayed', async () => {
  await fc.assert(
    fc.asyncProperty(
      onScale((scale) => fc.record({ rules: anyRules(scale, 10, 30) })),
      fc.array(fc.record({ event: anyEvent(oftenTooLate, 60), steps: fc.integer({ min: 0, max: 2 }) }), {
        minLength: 60,
        maxLength: 120,
      }),
      anyFaults,
      anyZones,
      anyOptions,
      fc.integer({ min: 1, max: 20 }),
      async ({ scale, rules }, plans, faults, zones, options, portion) => {
        await inWorld(scale, { zones, ...options }, async (world) => {
          await world.add(...rules)
          world.faults = [...faults]
          for (const [i, { event, steps }] of plans.entries()) {
            world.clock.setMs(world.clock.nowMs() + steps * scale.stepMs)
            await world.append(eventOf(event, scale, world.clock.nowMs()))
            if (i % portion === 0) await world.run()
          }
          await agrees(world)
          expect(await world.deadLetters()).toEqual(tooLateIn(world, scale))
          world.kill()
          const { tooLate } = acceptedOf(world.arrivals, LATENESS_STEPS * scale.stepMs)
          const replayed = tooLate.map((event): LoggedEvent => ({ ...event, isReplayed: true }))
          for (const event of [...replayed, ...replayed]) {
            await world.append(event)
            if (replayed.length % 2 === 0) await world.run()
          }
          await agrees(world)
        })
      },
    ),
    runs(10),
  )
}, 120_000)

test('a rule with backfill finds what it would have found from the start', async () => {
  await fc.assert(
    fc.asyncProperty(
      onScale((scale) => fc.record({ early: anyRules(scale, 1, 6), late: anyRules(scale, 6, 20) })),
      anyHistory(20, 40),
      anyHistory(10, 20),
      anyFaults,
      anyZones,
      anyOptions,
      async ({ scale, early, late }, before, after, faults, zones, options) => {
        await inWorld(scale, { zones, ...options }, async (world) => {
          await world.add(...early)
          for (const action of before) await play(world, scale, action)
          await world.add(...late.map((rule, i) => renamed(rule, `late-${i}`, { backfill: true })))
          world.faults = [...faults]
          for (const action of after) await play(world, scale, action)
          await agrees(world)
          expect(await world.deadLetters()).toEqual(tooLateIn(world, scale))
        })
      },
    ),
    runs(20),
  )
}, 120_000)

test('memory that another version wrote is made anew from the log', async () => {
  await fc.assert(
    fc.asyncProperty(
      onScale((scale) => fc.record({ rules: anyRules(scale, 10, 20) })),
      anyHistory(10, 30),
      anyHistory(5, 15),
      anyZones,
      anyOptions,
      async ({ scale, rules }, before, after, zones, options) => {
        await inWorld(scale, { zones, ...options }, async (world) => {
          await world.add(...rules)
          for (const action of before) await play(world, scale, action)
          await world.run()
          await world.killForAnotherVersion()
          for (const action of after) await play(world, scale, action)
          await agrees(world)
          expect(await world.deadLetters()).toEqual(tooLateIn(world, scale))
        })
      },
    ),
    runs(10),
  )
}, 120_000)

const renamed = (rule: OracleRule, id: string, more: { backfill?: boolean } = {}): OracleRule => ({
  ...rule,
  trigger: { ...rule.trigger, id, ...more },
})

test('rules that come and change in the middle begin there and leave the others alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      onScale((scale) =>
        fc.record({
          rules: anyRules(scale, 3, 12),
          turns: fc.array(
            fc.record({
              history: anyHistory(3, 12),
              rule: anyRule(scale),
              target: fc.option(fc.nat({ max: 11 }), { nil: undefined }),
            }),
            { minLength: 2, maxLength: 6 },
          ),
        }),
      ),
      anyFaults,
      anyZones,
      anyOptions,
      async ({ scale, rules, turns }, faults, zones, options) => {
        await inWorld(scale, { zones, ...options }, async (world) => {
          await world.add(...rules)
          world.faults = [...faults]
          for (const [i, { history, rule, target }] of turns.entries()) {
            for (const action of history) await play(world, scale, action)
            await world.run()
            if (target === undefined) await world.add(renamed(rule, `new-${i}`))
            else await world.change(renamed(rule, rules[target % rules.length]!.trigger.id))
          }
          await agrees(world)
          expect(await world.deadLetters()).toEqual(tooLateIn(world, scale))
        })
      },
    ),
    runs(12),
  )
}, 120_000)

const anyTarget = fc.nat({ max: 19 })

test('a pause leaves out what falls into it, whenever it is read', async () => {
  await fc.assert(
    fc.asyncProperty(
      onScale((scale) => fc.record({ rules: anyRules(scale, 10, 20) })),
      fc.array(
        fc.record({
          history: anyHistory(1, 6),
          pause: fc.array(anyTarget, { maxLength: 6 }),
          resume: fc.array(anyTarget, { maxLength: 12 }),
        }),
        { minLength: 3, maxLength: 10 },
      ),
      anyFaults,
      anyZones,
      anyOptions,
      async ({ scale, rules }, turns, faults, zones, options) => {
        await inWorld(scale, { zones, ...options }, async (world) => {
          await world.add(...rules)
          const idOf = (target: number): string => rules[target % rules.length]!.trigger.id
          for (const { history, pause, resume } of turns) {
            world.faults = [...faults]
            for (const action of history) {
              // What a source tells ahead of the clock would fall into pauses that nobody has made yet.
              await play(world, scale, 'append' in action ? { append: action.append.filter(isPast) } : action)
            }
            world.faults = []
            for (const target of resume) await world.resume(idOf(target))
            for (const target of pause) await world.pause(idOf(target))
          }
          await agrees(world)
          expect(await world.deadLetters()).toEqual(tooLateIn(world, scale))
        })
      },
    ),
    runs(10),
  )
}, 120_000)
