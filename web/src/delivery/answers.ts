import { z } from 'zod'

/* What the page asks of an answer: that it has what is shown, no more. */

const counts = {
  /** Starts that nobody has taken yet, recipients on their way, and those who are through. */
  waiting: z.number(),
  active: z.number(),
  finished: z.number(),
  messages: z.array(z.object({ channel: z.string(), state: z.string(), count: z.number() })),
  stops: z.array(z.object({ channel: z.string(), reason: z.string().nullable(), count: z.number() })),
}

/** `GET /v1/delivery` */
export const deliveryAnswer = z.object({
  ...counts,
  /** Messages a second that are handed to channels, over the last seconds. */
  ratesPerS: z.record(z.string(), z.number()),
})

/** `GET /v1/delivery/channels` */
export const channelsAnswer = z.object({
  /** How each channel is just now. */
  channels: z.array(
    z.object({
      channel: z.string(),
      /** How many it would take now; null where there is no bound. */
      room: z.number().nullable(),
      queued: z.number(),
      inFlight: z.number(),
    }),
  ),
  /** Runs that answered, by the channel of what they saw last. */
  answers: z.array(z.object({ channel: z.string(), count: z.number() })),
})

export type Delivery = z.infer<typeof deliveryAnswer> & z.infer<typeof channelsAnswer>

const sendingStates = ['running', 'paused', 'cancelled', 'finished'] as const

/** `GET /v1/sendings`: campaigns by how far their sending is. */
export const sendingList = z.object({
  sendings: z.array(
    z.object({
      campaignId: z.string(),
      state: z.enum(sendingStates),
      waiting: z.number(),
      active: z.number(),
      finished: z.number(),
      /** Sent so far, and what that cost. */
      sent: z.number(),
      costMinor: z.string(),
      startedAt: z.string().nullable(),
    }),
  ),
})
export type Sending = z.infer<typeof sendingList>['sendings'][number]

/** One message as lists have it. */
export const messageLine = z.object({
  messageId: z.string(),
  runId: z.string(),
  subscriberId: z.number(),
  channel: z.string(),
  templateId: z.string(),
  text: z.string(),
  parts: z.number(),
  costMinor: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  postponedFor: z.string().nullable(),
  queuedAt: z.string(),
  notBefore: z.string(),
  submittedAt: z.string().nullable(),
  settledAt: z.string().nullable(),
})
export type MessageLine = z.infer<typeof messageLine>

/** `GET /v1/messages?state=unknown` */
export const messageList = z.object({ messages: z.array(messageLine) })
