import { z } from 'zod'
import { amountMinor } from './cascade-contract.ts'
import { slug } from './template-contract.ts'

export {
  type ChannelCapabilities,
  channelCapabilitiesList,
  type Language,
  type PreviewAnswer,
  previewAnswer,
  previewRequest,
  type Template,
  template,
  type TemplateWarning,
  testSendRequest,
} from './template-contract.ts'

const duration = z.string().refine(isDuration, 'an ISO 8601 duration of days or less, such as PT15M or P2D')
const localTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a local time such as 21:00')

/** Local times of day of the subscriber; `from` may be later than `to`, over midnight. */
const localHours = z.strictObject({ from: localTime, to: localTime })
const isNotEmpty = ({ from, to }: { from: string; to: string }): boolean => from !== to

/** What a message is for: advertising, news about a service in use, or the answer to what the subscriber does now. */
export const purpose = z.enum(['marketing', 'service', 'transactional'])

/** When within a day a message goes: at once, or at the hour at which the subscriber uses to react. */
const timing = z.enum(['now', 'best_hour'])

/**
 * Steps in order. A step is over when `until` came true (the cascade has reached its aim) or when `wait` ran out
 * or its message failed (the next step follows).
 */
export const cascade = z.strictObject({
  kind: z.literal('Cascade'),
  id: slug,
  purpose: purpose.default('marketing'),
  /** Among campaigns: the higher goes first, and caps may spare room for it. */
  priority: z.int().min(0).max(100).default(50),
  /** As written, or by what each step costs for one subscriber whom it reaches, the cheapest first. */
  order: z.enum(['written', 'expected_cost']).default('written'),
  /** In the subscriber's own time; days from 1 (Monday) to 7 (Sunday). */
  sendWindow: localHours
    .extend({ days: z.array(z.int().min(1).max(7)).min(1).optional() })
    .refine(isNotEmpty, 'a window must not end when it begins')
    .optional(),
  timing: timing.default('now'),
  /** So many first contacts a minute. */
  perMinute: z.int().min(1).optional(),
  steps: z
    .array(
      z.strictObject({
        channel: slug,
        template: slug,
        until: z.enum(['accepted', 'delivered', 'seen', 'clicked', 'answered']),
        wait: duration,
        /** After this a message that is still waiting (quiet hours, a channel that is down) is stale. */
        validFor: duration.default('P1D'),
      }),
    )
    .min(1),
})

/** The rules of the one gate before sending. What is not set does not limit: unset is not zero. */
export const contactPolicy = z.strictObject({
  kind: z.literal('ContactPolicy'),
  id: slug,
  /** Marketing needs a consent for the channel. A withdrawn consent stops whatever this says. */
  consentRequired: z.boolean().default(true),
  /** No message between these local times of the subscriber. */
  quietHours: localHours.refine(isNotEmpty, 'quiet hours must not end when they begin').optional(),
  /** At most `limit` messages in any `period` up to now, of one channel or purpose or over all. */
  caps: z
    .array(
      z.strictObject({
        channel: slug.optional(),
        purpose: purpose.exclude(['transactional']).optional(),
        limit: z.int().min(0),
        period: duration,
        /** Holds only for cascades of a lower priority, so that the last of a wider cap is kept for the others. */
        below: z.int().min(1).max(100).optional(),
      }),
    )
    .default([]),
  /** Between two different cascades to one subscriber. Steps of one cascade are one contact. */
  minimumGap: duration.optional(),
})

export type Cascade = z.infer<typeof cascade>
export type ContactPolicy = z.infer<typeof contactPolicy>
export type Purpose = z.infer<typeof purpose>
export type LocalHours = z.infer<typeof localHours>

function isDuration(text: string): boolean {
  try {
    const parsed = Temporal.Duration.from(text)
    return parsed.years === 0 && parsed.months === 0 && parsed.weeks === 0 && parsed.sign > 0
  } catch {
    return false
  }
}

/** Length of a document's duration in milliseconds; days are 24 hours. */
export function durationMs(text: string): number {
  let lengthMs = lengths.get(text)
  if (lengthMs === undefined)
    lengths.set(text, (lengthMs = Temporal.Duration.from(text).total('milliseconds')))
  return lengthMs
}

/** A policy names a handful of durations and is asked for them with every message. */
const lengths = new Map<string, number>()

/** `GET /v1/messages/:messageId`: a message with its reasons, without its text's addressee. */
export const messageView = z.object({
  messageId: z.uuid(),
  runId: z.uuid(),
  subscriberId: z.int(),
  channel: z.string(),
  templateId: z.string(),
  text: z.string(),
  /** What is said beside the text: subject, HTML, picture, buttons. */
  content: z.record(z.string(), z.unknown()).nullable(),
  parts: z.int(),
  costMinor: amountMinor,
  state: z.string(),
  reason: z.string().nullable(),
  postponedFor: z.string().nullable(),
  queuedAt: z.string(),
  notBefore: z.string(),
  submittedAt: z.string().nullable(),
  settledAt: z.string().nullable(),
})

/** `GET /v1/messages/:messageId/explain`: the cascade of a message, step by step. */
export const messageExplanation = z.object({
  messageId: z.uuid(),
  run: z.object({
    runId: z.uuid(),
    cascadeId: z.string(),
    cascadeVersion: z.int(),
    subscriberId: z.int(),
    campaignId: z.string(),
    arm: z.string(),
    state: z.string(),
    outcome: z.string().nullable(),
    startedAt: z.string(),
    /** Where the cascade leaves the order open: places in the document, and by which figures they were ordered. */
    stepOrder: z
      .object({
        order: z.array(z.int()),
        steps: z.array(
          z.object({
            channel: z.string(),
            priceMinor: amountMinor,
            tried: z.int(),
            reached: z.int(),
            reach: z.number(),
          }),
        ),
      })
      .nullable(),
  }),
  /** `saw`: the values by which the gate held or postponed it. */
  steps: z.array(messageView.extend({ step: z.int(), saw: z.record(z.string(), z.unknown()).nullable() })),
})
export type MessageExplanation = z.infer<typeof messageExplanation>

export {
  type CascadeReport,
  cascadeReport,
  cascadeReportQuery,
  type ExpectationAnswer,
  expectationAnswer,
  expectationRequest,
} from './cascade-contract.ts'

export { type LinkStatistics, linkStatistics, linkStatisticsQuery } from './link-contract.ts'
export { type StopsAnswer, stopsAnswer, stopsQuery } from './policy-contract.ts'
