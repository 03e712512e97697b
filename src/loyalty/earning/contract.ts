import { z } from 'zod'
import { place } from '../pages.ts'

const minor = z.string().regex(/^-?\d+$/)
const moment = z.iso.datetime({ offset: true })

/** `POST /v1/loyalty/earn-rules/try`: a rule as a document, and the event time to try it on. */
export const tryRequest = z.strictObject({
  rule: z.unknown(),
  from: moment.optional(),
  to: moment.optional(),
})

const judgement = z.object({
  consumer: z.string(),
  programme: z.string(),
  rule: z.string(),
  /** In the three languages; null where the rule has no name. */
  ruleName: z.record(z.string(), z.string()).nullable(),
  ruleVersion: z.int(),
  reason: z.string(),
  /** By how much the balance of `account` was changed, minor units: those of one account add up to its balance. */
  points: minor,
  decimals: z.int(),
  /** The member's own account, or that of the household; null where nothing was changed. */
  account: z.string().nullable(),
  /** The reason in plain words, in the language asked for. */
  text: z.string(),
  /** The values that decided. */
  saw: z.record(z.string(), z.unknown()),
  /** How what was given stands now; null where nothing was. */
  award: z
    .object({
      state: z.enum(['posted', 'pending', 'voided']),
      points: minor,
      returned: minor,
      forgiven: minor,
      availableFrom: z.string(),
      expiresAt: z.string().nullable(),
    })
    .nullable(),
})
export type JudgementView = z.infer<typeof judgement>

/** One event of a member with everything that was made of it. */
export const explainedEvent = z.object({
  eventId: z.string(),
  event: z.string(),
  source: z.string(),
  type: z.string(),
  at: z.string(),
  subscriberId: z.int(),
  judgements: z.array(judgement),
})
export type ExplainedEvent = z.infer<typeof explainedEvent>

export const languages = ['en', 'ru', 'uk'] as const
export type Language = (typeof languages)[number]

/** `GET /v1/members/:subscriber/points/explain?event=…`: by the event's id in its source, or its UUID here. */
export const explainQuery = z.strictObject({
  event: z.string().min(1).max(400).optional(),
  programme: z.string().optional(),
  language: z.enum(languages).default('en'),
})

/** `GET /v1/members/:subscriber/points`: the latest events first; `before` is `next` of the page before. */
export const historyQuery = z.strictObject({
  programme: z.string().optional(),
  language: z.enum(languages).default('en'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: place.optional(),
})
export const historyPage = z.object({ events: z.array(explainedEvent), next: z.string().nullable() })
export type HistoryPage = z.infer<typeof historyPage>

/** `GET /v1/members/:subscriber/points/explain` */
export const explainAnswer = z.object({
  events: z.array(explainedEvent),
  /** Events of that id that were refused when they came in and wait among the dead letters. */
  refused: z.array(
    z.object({
      deadLetterId: z.string(),
      receivedAt: z.string(),
      code: z.string(),
      field: z.string().nullable(),
      /** In plain words, in the language asked for. */
      text: z.string(),
    }),
  ),
})
export type ExplainAnswer = z.infer<typeof explainAnswer>

/** `GET /v1/loyalty/earn-rules`: each rule, and why it cannot run, if so. */
export const earnRulesView = z.object({
  rules: z.array(
    z.object({
      rule: z.looseObject({ id: z.string(), programme: z.string(), on: z.string() }),
      version: z.int(),
      problem: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
    }),
  ),
})
