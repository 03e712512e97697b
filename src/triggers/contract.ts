import { z } from 'zod'
import { durationMs } from './duration.ts'

const duration = z.string().refine((text) => durationMs(text) !== undefined, {
  message: 'an ISO 8601 duration of weeks, days, hours, minutes or seconds, such as PT24H or P7D',
})
const fieldPath = z.string().regex(/^event\.[A-Za-z_][A-Za-z0-9_]*$/, 'a field of the event: event.NAME')
const instant = z.iso.datetime({ offset: true })
const scalar = z.union([z.string(), z.number(), z.boolean()])
const oneOrMore = z.union([scalar, z.array(scalar).min(1)])
const expression = z.string().min(1)

const match = z.strictObject({})
const change = z.strictObject({ field: fieldPath, from: oneOrMore.optional(), to: oneOrMore.optional() })
const threshold = z
  .strictObject({
    aggregate: z.enum(['count', 'sum']),
    of: fieldPath.optional(),
    window: duration,
    reaches: z.number().positive(),
  })
  .refine((rule) => (rule.aggregate === 'sum') === (rule.of !== undefined), {
    message: 'sum needs the field to add up, count takes none',
    path: ['of'],
  })
const absence = z.strictObject({
  // oxlint-disable-next-line unicorn/no-thenable -- the word authors expect; a string is never called
  then: z.string().min(1).optional(),
  thenWhere: expression.optional(),
  within: duration,
})

/** The document kind `Trigger`: on which events, under which condition, and exactly one kind of rule. */
export const triggerSchema = z
  .strictObject({
    kind: z.literal('Trigger'),
    id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'lower-case letters, digits, dots and hyphens'),
    description: z.string().optional(),
    on: z.string().min(1),
    where: expression.optional(),
    match: match.optional(),
    change: change.optional(),
    threshold: threshold.optional(),
    absence: absence.optional(),
    cooldown: duration.optional(),
    validFrom: instant.optional(),
    validTo: instant.optional(),
    emit: z.array(fieldPath).optional(),
    backfill: z.boolean().optional(),
  })
  .refine((rule) => ruleKinds.filter((kind) => rule[kind] !== undefined).length === 1, {
    message: 'exactly one of match, change, threshold, absence',
  })

export type Trigger = z.infer<typeof triggerSchema>

/** The kinds of rule. */
export const ruleKinds = ['match', 'change', 'threshold', 'absence'] as const

/** A rule in the list of `GET /v1/triggers`: the document, how often it fired, and how far it has read. */
export type TriggerView = {
  trigger: Trigger
  firings: number
  lastFiredAt: string | null
  /** Events of the log that the rule has not read yet; null while the engine has not started. */
  behind: number | null
  /** Why the engine cannot run the rule now, such as an event type that lost a field. */
  problem: string | null
}

/** A firing in `GET /v1/triggers/:id/firings`, newest first. */
export type FiringView = {
  firingId: string
  ruleId: string
  subscriberId: number
  cause: string
  firedAt: string
  values: Record<string, unknown>
  handledAt: string | null
}
