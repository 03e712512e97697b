/* oxlint-disable unicorn/no-thenable -- `then` is a word of the rule language; it holds data and is never called */
import fc from 'fast-check'
import type { LoggedEvent } from '../src/events/index.ts'
import { aggregates, type CalendarPeriod, type Trigger, triggerSchema } from '../src/triggers/contract.ts'
import type { Data, Meaning, OracleRule } from './trigger-oracle.ts'

/*
 * Random rules of every kind that reads events, with what their expressions mean in JavaScript, and random histories
 * for them.
 */

const HOUR_MS = 3_600_000

/**
 * A coarse grid of time, so that events meet the edges of windows, waits, periods and the lateness bound. Everything is
 * counted in steps of it; the bound is `LATENESS_STEPS`.
 */
export type Scale = { startMs: number; stepMs: number }
export const LATENESS_STEPS = 6

const scaleOf = (start: string, stepMinutes: number): Scale => ({
  startMs: Date.parse(start),
  stepMs: stepMinutes * 60_000,
})
/** Around what calendars do: changes of the clock, leap days, ends of months and years. */
export const anyScale: fc.Arbitrary<Scale> = fc.constantFrom(
  scaleOf('2020-01-01T00:00:00Z', 5),
  scaleOf('2020-10-24T23:00:00Z', 15), // Europe/Berlin goes back on the 25th at 01:00 UTC.
  scaleOf('2020-03-28T12:00:00Z', 30), // Asia/Beirut skips midnight at 22:00, Europe/Berlin goes forward at 01:00.
  scaleOf('2020-02-27T00:00:00Z', 6 * 60),
  scaleOf('2020-12-27T00:00:00Z', 8 * 60),
)
/** Where subscribers 1, 2, … live. */
export const anyZones = fc.array(
  fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'Europe/Berlin',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Asia/Beirut',
  ),
  { minLength: 4, maxLength: 4 },
)

/** The event types `a`, `b` and `c` as documents; each has the same fields, none of them required. */
export const eventTypes = ['a', 'b', 'c'].map((id) => ({
  kind: 'EventType',
  id,
  schema: {
    type: 'object',
    properties: {
      amount: { type: ['number', 'null'] },
      kind: { type: 'string' },
      order: { type: 'integer' },
      flag: { type: 'boolean' },
    },
  },
}))

/** The attributes of subscribers as a document. */
export const attributes = {
  kind: 'Attributes',
  id: 'subscriber',
  attributes: { plan: 'string', months: 'int' },
}
/** A subscriber of whom the profiles know nothing: neither attributes nor a time zone. */
export const TENANT_ONLY = 4

/** What the profiles know of another one. */
export function attributesOf(subscriberId: number): { plan: string; months: number } {
  return { plan: subscriberId === 2 ? 'basic' : 'pro', months: subscriberId }
}

const audiences: [source: string | undefined, isIn: OracleRule['subscriber']][] = [
  [undefined, undefined],
  ["subscriber.plan == 'pro'", (id) => id !== TENANT_ONLY && attributesOf(id).plan === 'pro'],
  ['subscriber.months > 1', (id) => id !== TENANT_ONLY && attributesOf(id).months > 1],
]

function number(data: Data, name: string): number {
  const value = data[name]
  if (typeof value !== 'number') throw new Error(`no number ${name}`)
  return value
}
function text(data: Data, name: string): string {
  const value = data[name]
  if (typeof value !== 'string') throw new Error(`no text ${name}`)
  return value
}
/** Either side may be an error when the other is true. */
const either = (one: () => boolean, other: () => boolean): boolean => {
  try {
    if (one()) return true
  } catch {
    return other()
  }
  return other()
}

/** An expression and its meaning. */
export type Condition = [source: string | undefined, meaning: Meaning | undefined]

/** Conditions over `event`. */
export const conditions: Condition[] = [
  [undefined, undefined],
  ['event.amount >= 0.2', (event) => number(event, 'amount') >= 0.2],
  ["event.kind in ['x', 'y']", (event) => ['x', 'y'].includes(text(event, 'kind'))],
  ["event.kind == 'x'", (event) => text(event, 'kind') === 'x'],
  ["!(event.kind == 'x')", (event) => text(event, 'kind') !== 'x'],
  ['event.flag', (event) => event['flag'] === true],
  ['event.order == 2', (event) => number(event, 'order') === 2],
  [
    'event.order > 1 && event.order <= 3',
    (event) => number(event, 'order') > 1 && number(event, 'order') <= 3,
  ],
  ['has(event.kind)', (event) => event['kind'] !== undefined],
  [
    "event.amount >= 1.0 || event.kind == 'x'",
    (event) =>
      either(
        () => number(event, 'amount') >= 1,
        () => text(event, 'kind') === 'x',
      ),
  ],
  [
    "event.amount < 2.0 && event.kind != 'z'",
    (event) => number(event, 'amount') < 2 && text(event, 'kind') !== 'z',
  ],
]
/** More than half of all rules have none, so that histories stay dense. */
const anyCondition = fc.oneof(
  { weight: 3, arbitrary: fc.constant(conditions[0]!) },
  { weight: 2, arbitrary: fc.constantFrom(...conditions) },
)

/** Conditions of steps, over `event`, `first` and `previous`. */
export const stepConditions: Condition[] = [
  ...conditions.slice(0, 4),
  ['event.order == first.order', (event, first) => number(event, 'order') === number(first, 'order')],
  ['event.kind != previous.kind', (event, _, before) => text(event, 'kind') !== text(before, 'kind')],
  [
    'event.amount > previous.amount',
    (event, _, before) => number(event, 'amount') > number(before, 'amount'),
  ],
  [
    'event.kind == first.kind && event.order != previous.order',
    (event, first, before) =>
      text(event, 'kind') === text(first, 'kind') && number(event, 'order') !== number(before, 'order'),
  ],
  ['first.amount >= 0.3', (_, first) => number(first, 'amount') >= 0.3],
]

const rarely = <T>(made: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: made })
const anyType = fc.constantFrom('a', 'a', 'b', 'c')
const anyKind = fc.constantFrom('x', 'y', 'z', '')
const anyOrder = fc.integer({ min: 1, max: 3 })
/** Small decimals that binary fractions cannot hold, negatives, thousandths of a millionth, and the largest. */
const anyAmount = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 0.1, 0.2, 0.3, 0.7, 1, 1.1, 2, 0.25) },
  { weight: 4, arbitrary: fc.constantFrom(-0.1, -0.3, -1, -1.000001, 0.0000004, 0.0000006, 1.9999999) },
  { weight: 1, arbitrary: fc.constantFrom(1e12, -1e12, 1e12 + 1, -1e15) },
)

/** An ISO duration of so many steps, in one of its ways of being written. */
function durationOf(scale: Scale, steps: number): string {
  const ms = scale.stepMs * steps
  if (ms % (24 * HOUR_MS) === 0) return `P${ms / (24 * HOUR_MS)}D`
  return ms % HOUR_MS === 0 ? `PT${ms / HOUR_MS}H` : `PT${ms / 60_000}M`
}
const anyDuration = (scale: Scale, max = 6): fc.Arbitrary<string> =>
  fc.integer({ min: 1, max }).map((steps) => durationOf(scale, steps))

/** Periods that begin anew within a history. */
const anyPeriod = (scale: Scale): fc.Arbitrary<CalendarPeriod> =>
  scale.stepMs < HOUR_MS
    ? fc.constantFrom('hour', 'hour', 'day', 'month')
    : fc.constantFrom('day', 'day', 'week', 'month', 'hour')

type Made = { body: Partial<Trigger>; thenWhere?: Meaning | undefined; steps?: (Meaning | undefined)[] }

const oneOrMore = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | T[] | undefined> =>
  rarely(fc.oneof(one, fc.uniqueArray(one, { minLength: 1, maxLength: 2 })))
const anyChange: fc.Arbitrary<Made> = fc
  .oneof(
    fc.record({ field: fc.constant('event.kind'), from: oneOrMore(anyKind), to: oneOrMore(anyKind) }),
    fc.record({ field: fc.constant('event.order'), from: oneOrMore(anyOrder), to: oneOrMore(anyOrder) }),
    fc.record({ field: fc.constant('event.flag'), from: rarely(fc.boolean()), to: rarely(fc.boolean()) }),
    fc.record({ field: fc.constant('event.amount'), from: fc.constant(undefined), to: rarely(anyAmount) }),
  )
  .map(({ field, from, to }) => ({
    body: {
      change: { field, ...(from !== undefined && { from }), ...(to !== undefined && { to }) },
    },
  }))

const anyThreshold = (scale: Scale): fc.Arbitrary<Made> =>
  fc
    .record({
      aggregate: fc.constantFrom(...aggregates, 'sum' as const),
      of: fc.constantFrom('event.amount', 'event.amount', 'event.order'),
      distinctOf: fc.constantFrom('event.kind', 'event.amount', 'event.order', 'event.flag'),
      window: fc.oneof(
        { weight: 2, arbitrary: anyDuration(scale, 8) },
        { weight: 1, arbitrary: anyPeriod(scale) },
      ),
      falls: fc.boolean(),
      whole: fc.integer({ min: 0, max: 4 }),
      decimal: fc.constantFrom(-0.5, 0, 0.1, 0.3, 0.5, 0.6, 1, 1.1, 2, 2.0000004, 3),
      gap: fc.constantFrom(undefined, undefined, undefined, 0, 0.2, 1, 1, 2),
    })
    .map(({ aggregate, of, distinctOf, window, falls, whole, decimal, gap }) => {
      const limit = aggregate === 'count' || aggregate === 'distinct' ? whole : decimal
      return {
        body: {
          threshold: {
            aggregate,
            ...(aggregate !== 'count' && { of: aggregate === 'distinct' ? distinctOf : of }),
            window,
            ...(falls ? { fallsTo: limit } : { reaches: limit }),
            ...(gap !== undefined && { rearm: falls ? limit + gap : limit - gap }),
          },
        },
      }
    })

const anySequence = (scale: Scale): fc.Arbitrary<Made> =>
  fc
    .record({
      steps: fc.array(fc.tuple(anyType, fc.constantFrom(...stepConditions)), { minLength: 1, maxLength: 3 }),
      within: anyDuration(scale, 12),
    })
    .map(({ steps, within }) => ({
      body: {
        sequence: {
          then: steps.map(([on, [where]]) => ({ on, ...(where !== undefined && { where }) })),
          within,
        },
      },
      steps: steps.map(([, [, meaning]]) => meaning),
    }))

const anyAbsence = (scale: Scale): fc.Arbitrary<Made> =>
  fc
    .record({
      then: fc.constantFrom(undefined, 'a', 'b'),
      thenWhere: anyCondition,
      within: anyDuration(scale),
    })
    .map(({ then, thenWhere: [source, thenWhere], within }) => ({
      body: {
        absence: {
          ...(then !== undefined && { then }),
          ...(source !== undefined && { thenWhere: source }),
          within,
        },
      },
      thenWhere,
    }))

const defined = (fields: Record<string, unknown>): Partial<Trigger> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** A rule that may fire on every event has to say so. */
export const everyEvent = { match: {}, ceilingPerHour: 1_000_000 } as const

/** A rule that reads events, of any kind, with any of what may stand beside the kind. */
export function anyRule(scale: Scale): fc.Arbitrary<OracleRule> {
  const moment = (min: number, max: number): fc.Arbitrary<string> =>
    fc.integer({ min, max }).map((steps) => new Date(scale.startMs + steps * scale.stepMs).toISOString())
  return fc
    .record({
      made: fc.oneof(
        { weight: 1, arbitrary: fc.constant<Made>({ body: everyEvent }) },
        { weight: 2, arbitrary: anyChange },
        { weight: 4, arbitrary: anyThreshold(scale) },
        { weight: 3, arbitrary: anySequence(scale) },
        { weight: 3, arbitrary: anyAbsence(scale) },
      ),
      on: fc.constantFrom('a', 'a', 'a', 'b'),
      where: anyCondition,
      key: rarely(fc.constantFrom('event.kind', 'event.order', 'event.flag', 'event.amount')),
      cooldown: rarely(anyDuration(scale, 8)),
      limit: rarely(
        fc.record({
          times: fc.integer({ min: 1, max: 3 }),
          per: fc.oneof(anyPeriod(scale), anyPeriod(scale), fc.constant('ever' as const)),
        }),
      ),
      validFrom: rarely(moment(0, 12)),
      validTo: rarely(moment(12, 40)),
      audience: fc.oneof({ weight: 8, arbitrary: fc.constant(audiences[0]!) }, fc.constantFrom(...audiences)),
    })
    .map(({ made, where, audience, ...rest }) => ({
      trigger: triggerSchema.parse({
        kind: 'Trigger',
        id: 'unnamed',
        ...made.body,
        ...defined({ ...rest, where: where[0], subscriber: audience[0] }),
      }),
      where: where[1],
      subscriber: audience[1],
      thenWhere: made.thenWhere,
      steps: made.steps,
    }))
}

/** Rules `rule-0`, `rule-1`, … */
export function anyRules(scale: Scale, minLength: number, maxLength: number): fc.Arbitrary<OracleRule[]> {
  return fc.array(anyRule(scale), { minLength, maxLength, size: 'max' }).map((rules) =>
    rules.map((rule, i) => ({
      ...rule,
      trigger: { ...rule.trigger, id: `rule-${String(i).padStart(2, '0')}` },
    })),
  )
}

/** An event by its place in time relative to the clock at which it arrives. */
export type EventPlan = {
  serial: number
  type: string
  subscriberId: number
  lagSteps: number
  /** Off the grid by this much. */
  offMs: number
  data: Data
}

const sometimesMissing = <T>(made: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(made, { nil: undefined, freq: 9 })
/** The data of an event. */
export const anyData: fc.Arbitrary<Data> = fc
  .record({
    amount: fc.oneof({ weight: 20, arbitrary: sometimesMissing(anyAmount) }, fc.constant(null)),
    kind: sometimesMissing(anyKind),
    order: sometimesMissing(anyOrder),
    flag: sometimesMissing(fc.boolean()),
  })
  .map(defined)

/** An event that arrives `lagSteps` behind the clock; the few serials make some of them duplicates. */
export function anyEvent(lagSteps: fc.Arbitrary<number>, serials = 300): fc.Arbitrary<EventPlan> {
  return fc.record({
    serial: fc.nat({ max: serials }),
    type: anyType,
    subscriberId: fc.integer({ min: 1, max: 4 }),
    lagSteps,
    offMs: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1),
    data: anyData,
  })
}

/** An event that has happened when it arrives. */
export const isPast = ({ lagSteps, offMs }: EventPlan): boolean => lagSteps >= 0 && offMs <= 0

/** Mostly in order, sometimes late up to the bound and beyond it, sometimes of the future. */
export const anyLag = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: LATENESS_STEPS + 4 }) },
)

/** The event of a plan when it arrives at `nowMs`. An id belongs to one subscriber, as an event does. */
export function eventOf(plan: EventPlan, scale: Scale, nowMs: number): LoggedEvent {
  return {
    id: `${plan.subscriberId}-${plan.serial}`,
    source: 'network',
    type: plan.type,
    atMs: nowMs - plan.lagSteps * scale.stepMs + plan.offMs,
    receivedMs: nowMs,
    subscriberId: plan.subscriberId,
    isReplayed: false,
    data: plan.data,
  }
}

/** What happens to a world: events come, the clock goes on, the stage runs to its end or for a turn, the process dies. */
export type Action =
  | { append: EventPlan[] }
  | { advanceSteps: number }
  | { run: true }
  | { runOnce: true }
  | { kill: true }

/** A history of `length` actions. */
export function anyHistory(minLength: number, maxLength: number): fc.Arbitrary<Action[]> {
  const action: fc.Arbitrary<Action> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        append: fc.array(anyEvent(anyLag), { minLength: 1, maxLength: 14, size: 'max' }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ advanceSteps: fc.integer({ min: 0, max: 3 }) }) },
    { weight: 2, arbitrary: fc.constant<Action>({ run: true }) },
    { weight: 1, arbitrary: fc.constant<Action>({ runOnce: true }) },
    { weight: 1, arbitrary: fc.constant<Action>({ kill: true }) },
  )
  return fc.array(action, { minLength, maxLength, size: 'max' })
}
