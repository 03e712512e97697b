import { z } from 'zod'

/** An id of a document: lower-case words, digits, dots and hyphens. */
const slug = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/)
const localised = z.strictObject({ en: z.string().min(1), ru: z.string().min(1), uk: z.string().min(1) })
const amountMinor = z.string().regex(/^\d+$/)
const duration = z.string().refine(isDuration, 'an ISO 8601 duration of days or less, such as PT15M or P2D')
const localTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a local time such as 21:00')

/** The text of one channel in three languages, in Liquid. Choices are buttons, for channels that have them. */
export const template = z.strictObject({
  kind: z.literal('Template'),
  id: slug,
  channel: slug,
  text: localised,
  choices: z.array(z.strictObject({ id: z.string(), label: localised })).optional(),
})

/**
 * Steps in order. A step is over when `until` came true (the cascade has reached its aim) or when `wait` ran out
 * or its message failed (the next step follows).
 */
export const cascade = z.strictObject({
  kind: z.literal('Cascade'),
  id: slug,
  steps: z
    .array(
      z.strictObject({
        channel: slug,
        template: slug,
        until: z.enum(['accepted', 'delivered', 'seen', 'answered']),
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
  /** Marketing needs a consent for the channel. */
  consentRequired: z.boolean().default(true),
  /** No message between these local times of the subscriber; `from` may be later than `to`. */
  quietHours: z
    .strictObject({ from: localTime, to: localTime })
    .refine(({ from, to }) => from !== to, 'quiet hours must not end when they begin')
    .optional(),
  /** At most `limit` messages in any `period` up to now, of one channel or over all. */
  caps: z
    .array(z.strictObject({ channel: slug.optional(), limit: z.int().min(0), period: duration }))
    .default([]),
  /** Between two different cascades to one subscriber. Steps of one cascade are one contact. */
  minimumGap: duration.optional(),
})

const sms = z.strictObject({
  kind: z.literal('Channel'),
  id: z.literal('sms'),
  /** Price of one part, minor units. */
  priceMinor: amountMinor,
  host: z.string(),
  port: z.int(),
  systemId: z.string(),
  password: z.string(),
  sourceAddress: z.string(),
  window: z.int().min(1).default(100),
})

const dstk = z.strictObject({
  kind: z.literal('Channel'),
  id: z.literal('dstk'),
  /** Price of one push, minor units. */
  priceMinor: amountMinor,
  url: z.url(),
})

/** Where a channel is reached and what it costs. */
export const channelSettings = z.discriminatedUnion('id', [sms, dstk])

export type Template = z.infer<typeof template>
export type Cascade = z.infer<typeof cascade>
export type ContactPolicy = z.infer<typeof contactPolicy>
export type ChannelSettings = z.infer<typeof channelSettings>
export type Language = keyof Template['text']

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
  return Temporal.Duration.from(text).total('milliseconds')
}

/** `GET /v1/messages/:messageId`: a message with its reasons, without its text's addressee. */
export const messageView = z.object({
  messageId: z.uuid(),
  runId: z.uuid(),
  subscriberId: z.int(),
  channel: z.string(),
  templateId: z.string(),
  text: z.string(),
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
