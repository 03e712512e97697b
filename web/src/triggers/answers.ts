import { z } from 'zod'
import type {
  CountedEvent,
  Explanation,
  FiringsOverTime,
  FiringView,
  Trigger,
  TriggerView,
  TryAnswer,
} from '../../../src/triggers/contract.ts'

/* What the page asks of an answer: that it fits the contract's types in what is shown, no more. */

/** The kinds of rule, as the contract has them. */
export const ruleKinds = ['match', 'change', 'threshold', 'sequence', 'absence', 'date'] as const
export type RuleKind = (typeof ruleKinds)[number]

// The document was checked when it was saved; here it is shown.
const trigger = z.custom<Trigger>(
  (value) => z.looseObject({ kind: z.literal('Trigger'), id: z.string() }).safeParse(value).success,
  'a trigger',
)

const firing: z.ZodType<FiringView> = z.object({
  firingId: z.string(),
  ruleId: z.string(),
  subscriberId: z.number(),
  cause: z.string(),
  key: z.string(),
  firedAt: z.string(),
  values: z.record(z.string(), z.unknown()),
  handledAt: z.string().nullable(),
  retractedAt: z.string().nullable(),
})

const counted: z.ZodType<CountedEvent> = z.object({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  at: z.string(),
  value: z.unknown(),
})

/** `GET /v1/triggers` */
export const triggerList: z.ZodType<{ triggers: TriggerView[] }> = z.object({
  triggers: z.array(
    z.object({
      trigger,
      firings: z.number(),
      retracted: z.number(),
      lastFiredAt: z.string().nullable(),
      behind: z.number().nullable(),
      problem: z.string().nullable(),
      pause: z.object({ since: z.string(), reason: z.enum(['person', 'ceiling']) }).nullable(),
    }),
  ),
})

/** `GET /v1/triggers/:id/firings` */
export const firingList: z.ZodType<{ firings: FiringView[] }> = z.object({ firings: z.array(firing) })

/** `GET /v1/triggers/firings-over-time` */
export const overTime: z.ZodType<{ firings: FiringsOverTime }> = z.object({
  firings: z.array(z.object({ ruleId: z.string(), at: z.string(), firings: z.number() })),
})

/** The closed codes of an explanation. */
export const explainedStates = [
  'fired',
  'waiting',
  'below',
  'cooling',
  'limited',
  'paused',
  'not_valid',
  'subscriber',
  'nothing_counted',
] as const

/** `GET /v1/triggers/:id/explain` */
export const explanation: z.ZodType<{ explanation: Explanation }> = z.object({
  explanation: z.array(
    z.object({
      ruleId: z.string(),
      subscriberId: z.number(),
      state: z.enum(explainedStates),
      reason: z.string(),
      key: z.string().nullable(),
      values: z.record(z.string(), z.unknown()),
      counted: z.array(counted),
      firings: z.array(firing),
    }),
  ),
})

/** `POST /v1/triggers/try` */
export const tryAnswer: z.ZodType<TryAnswer> = z.object({
  events: z.number(),
  seen: z.number(),
  firings: z.number(),
  subscribers: z.number(),
  sample: z.array(
    z.object({
      subscriberId: z.number(),
      firedAt: z.string(),
      cause: counted,
      counted: z.array(counted),
      reason: z.string(),
    }),
  ),
})

/** Which kind of rule the document holds. */
export const kindOf = (rule: Trigger): RuleKind =>
  ruleKinds.find((kind) => rule[kind] !== undefined) ?? 'match'
