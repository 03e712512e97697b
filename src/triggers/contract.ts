import { z } from 'zod'
import { durationMs } from './duration.ts'

const duration = z.string().refine((text) => durationMs(text) !== undefined, {
  message: 'an ISO 8601 duration of weeks, days, hours, minutes or seconds, such as PT24H or P7D',
})
const fieldPath = z.string().regex(/^event\.[A-Za-z_][A-Za-z0-9_]*$/, 'a field of the event: event.NAME')
const attributePath = z
  .string()
  .regex(/^subscriber\.[A-Za-z_][A-Za-z0-9_]*$/, 'an attribute of the subscriber: subscriber.NAME')
const instant = z.iso.datetime({ offset: true })
const scalar = z.union([z.string(), z.number(), z.boolean()])
const oneOrMore = z.union([scalar, z.array(scalar).min(1)])
const expression = z.string().min(1)

const match = z.strictObject({})
const change = z.strictObject({ field: fieldPath, from: oneOrMore.optional(), to: oneOrMore.optional() })

/** What a threshold looks at: everything but count reads the field `of`. */
export const aggregates = ['count', 'sum', 'min', 'max', 'average', 'distinct', 'last'] as const
/** Calendar periods, in the subscriber's time zone. */
export const calendarPeriods = ['hour', 'day', 'week', 'month'] as const

const threshold = z
  .strictObject({
    aggregate: z.enum(aggregates),
    of: fieldPath.optional(),
    /** A sliding window of this length, or a calendar period that begins anew at its local boundary. */
    window: z.union([duration, z.enum(calendarPeriods)]),
    reaches: z.number().optional(),
    fallsTo: z.number().optional(),
    /** After a firing the aggregate must come back beyond this value before the rule can fire again. */
    rearm: z.number().optional(),
  })
  .refine((rule) => (rule.aggregate !== 'count') === (rule.of !== undefined), {
    message: 'count takes no field, every other aggregate needs the one it reads',
    path: ['of'],
  })
  .refine((rule) => (rule.reaches === undefined) !== (rule.fallsTo === undefined), {
    message: 'exactly one of reaches and fallsTo',
    path: ['reaches'],
  })
  .refine(
    (rule) =>
      rule.rearm === undefined ||
      (rule.reaches !== undefined ? rule.rearm <= rule.reaches : rule.rearm >= rule.fallsTo!),
    { message: 'must lie on the side from which the threshold is crossed', path: ['rearm'] },
  )

const step = z.strictObject({ on: z.string().min(1), where: expression.optional() })
const sequence = z.strictObject({
  /** The steps behind the first, in order. Their `where` may read `event`, `first` and `previous`. */
  // oxlint-disable-next-line unicorn/no-thenable -- the word authors expect; a list is never called
  then: z.array(step).min(1).max(8),
  within: duration,
})
const absence = z.strictObject({
  // oxlint-disable-next-line unicorn/no-thenable -- the word authors expect; a string is never called
  then: z.string().min(1).optional(),
  thenWhere: expression.optional(),
  within: duration,
})
const date = z.strictObject({
  field: attributePath,
  /** Days from the date on which to fire: -7 is a week before it. */
  days: z.int().min(-366).max(366).default(0),
  /** Local time of day, in the subscriber's time zone. */
  at: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 10:00'),
  every: z.enum(['once', 'year', 'month']).default('year'),
})
const limit = z.strictObject({
  times: z.int().positive(),
  /** In a calendar period of the subscriber's time zone, or for good. */
  per: z.enum([...calendarPeriods, 'ever']),
})

/** The kinds of rule. */
export const ruleKinds = ['match', 'change', 'threshold', 'sequence', 'absence', 'date'] as const

/** The document kind `Trigger`: on which events, under which condition, and exactly one kind of rule. */
export const triggerSchema = z
  .strictObject({
    kind: z.literal('Trigger'),
    id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'lower-case letters, digits, dots and hyphens'),
    description: z.string().optional(),
    /** The event type; every kind but date needs one. */
    on: z.string().min(1).optional(),
    where: expression.optional(),
    /** A field beside the subscriber: each of its values has a history of its own. */
    key: fieldPath.optional(),
    match: match.optional(),
    change: change.optional(),
    threshold: threshold.optional(),
    sequence: sequence.optional(),
    absence: absence.optional(),
    date: date.optional(),
    /** A condition over `subscriber`, asked when the rule would fire. */
    subscriber: expression.optional(),
    cooldown: duration.optional(),
    limit: limit.optional(),
    validFrom: instant.optional(),
    validTo: instant.optional(),
    emit: z.array(fieldPath).optional(),
    backfill: z.boolean().optional(),
    /** More firings than this in an hour of event time stop the rule until a person resumes it. */
    ceilingPerHour: z.int().positive().optional(),
  })
  .refine((rule) => ruleKinds.filter((kind) => rule[kind] !== undefined).length === 1, {
    message: `exactly one of ${ruleKinds.join(', ')}`,
  })
  .refine((rule) => (rule.date === undefined) === (rule.on !== undefined), {
    message: 'every kind of rule but date reads an event type',
    path: ['on'],
  })
  .refine(
    (rule) =>
      rule.date === undefined || !(rule.where ?? rule.key ?? rule.emit ?? rule.backfill ?? rule.cooldown),
    {
      message: 'a date rule reads no events: where, key, emit, backfill and cooldown do not go with it',
      path: ['date'],
    },
  )

export type Trigger = z.infer<typeof triggerSchema>
export type Threshold = NonNullable<Trigger['threshold']>
export type Aggregate = (typeof aggregates)[number]
export type CalendarPeriod = (typeof calendarPeriods)[number]

/** A rule in the list of `GET /v1/triggers`: the document, how often it fired, and how far it has read. */
export type TriggerView = {
  trigger: Trigger
  firings: number
  /** Firings that a late event took back. */
  retracted: number
  lastFiredAt: string | null
  /** Events of the log that the rule has not read yet; null while the engine has not started. */
  behind: number | null
  /** Why the engine cannot run the rule now, such as an event type that lost a field. */
  problem: string | null
  /** Since when and why it stands still; null while it runs. */
  pause: { since: string; reason: 'person' | 'ceiling' } | null
}

/** A firing in `GET /v1/triggers/:id/firings`, newest first. */
export type FiringView = {
  firingId: string
  ruleId: string
  subscriberId: number
  cause: string
  /** The value of a composite key; empty for a rule without one. */
  key: string
  firedAt: string
  values: Record<string, unknown>
  handledAt: string | null
  /** When an event that came late took the firing back; null while it stands. */
  retractedAt: string | null
}

/** Firings of each rule by hour or day of event time: `GET /v1/triggers/firings-over-time`. */
export type FiringsOverTime = { ruleId: string; at: string; firings: number }[]

/** An event that a rule counted, in an explanation. */
export type CountedEvent = { id: string; source: string; type: string; at: string; value: unknown }

/** `GET /v1/triggers/:id/explain?subscriber=`: where a rule stands with one subscriber. */
export type Explanation = {
  ruleId: string
  subscriberId: number
  state:
    | 'fired'
    | 'waiting'
    | 'below'
    | 'cooling'
    | 'limited'
    | 'paused'
    | 'not_valid'
    | 'subscriber'
    | 'nothing_counted'
  /** The same in words, with the values that decided. */
  reason: string
  /** The value of a composite key; null for a rule without one. */
  key: string | null
  /** What the rule has of this subscriber now, such as the sum in the window and what is missing. */
  values: Record<string, unknown>
  counted: CountedEvent[]
  firings: FiringView[]
}[]

/** `GET /v1/triggers/firings-over-time`. */
export const firingsOverTimeQuery = z.strictObject({
  from: instant,
  to: instant,
  unit: z.enum(['hour', 'day']).default('hour'),
  rule: z.string().optional(),
})

/** `POST /v1/triggers/try`: what a rule would have done on the log between two moments. */
export const tryRequest = z.strictObject({
  trigger: z.looseObject({}),
  from: instant.optional(),
  to: instant.optional(),
})
export type TryAnswer = {
  /** Events of the log that were read, and those among them that the rule saw. */
  events: number
  seen: number
  firings: number
  subscribers: number
  sample: {
    subscriberId: number
    firedAt: string
    cause: CountedEvent
    counted: CountedEvent[]
    reason: string
  }[]
}
