import { z } from 'zod'

/** Minor units, as digits. */
export const amountMinor = z.string().regex(/^\d+$/)
const share = z.number().min(0).max(1)

/** `POST /v1/cascades/expectation`: what a cascade, saved or not, would cost and reach. */
export const expectationRequest = z.strictObject({
  document: z.unknown(),
  /** What is believed instead of history and defaults: chance of a step's aim, by its place in the document. */
  reach: z.record(z.string().regex(/^\d{1,3}$/), share).default({}),
})

/** Figures of a step as if 1,000 subscribers began the cascade. They are expectations and not whole numbers. */
const expectedStep = z.object({
  /** Place in the document, from 0. */
  place: z.int(),
  channel: z.string(),
  template: z.string(),
  until: z.string(),
  /** Of one message; undefined where the tenant has no such channel. */
  priceMinor: amountMinor.optional(),
  /** Parts of an SMS; an average where the template was sent before. */
  units: z.number(),
  unitsFrom: z.enum(['history', 'template']),
  /** The chance that one of its messages does what the step waits for. */
  reach: share,
  reachFrom: z.enum(['history', 'assumption', 'given']),
  /** Messages of the channel that the history is made of. */
  tried: z.int(),
  /** Who come to this step, to whom a message goes, and who need no further step. */
  entering: z.number(),
  sent: z.number(),
  reached: z.number(),
  costMinor: z.number(),
})

/** Answer of `POST /v1/cascades/expectation`; steps stand in the order in which they would be taken. */
export const expectationAnswer = z.object({
  /** How far back history reaches. */
  days: z.int(),
  recipients: z.int(),
  steps: z.array(expectedStep),
  reached: z.number(),
  costMinor: z.number(),
  /** Undefined where the tenant has no SMS channel. */
  allSms: z.object({ units: z.number(), costMinor: z.number(), reached: z.number() }).optional(),
})
export type ExpectationAnswer = z.infer<typeof expectationAnswer>

/** `GET /v1/cascades/:cascadeId/report?from&to`: instants; the last 30 days without them. */
export const cascadeReportQuery = z.strictObject({
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
})

const counts = {
  sent: z.int(),
  delivered: z.int(),
  seen: z.int(),
  clicked: z.int(),
  answered: z.int(),
  failed: z.int(),
  unknown: z.int(),
  costMinor: amountMinor,
}

/** What became of a cascade's runs that began between two moments. */
export const cascadeReport = z.object({
  cascadeId: z.string(),
  from: z.string(),
  to: z.string(),
  runs: z.int(),
  contacted: z.int(),
  /** Runs that ended with what their cascade waited for. */
  reached: z.int(),
  steps: z.array(
    z.object({
      ...counts,
      /** From 0, in the order in which steps are taken. */
      step: z.int(),
      channel: z.string(),
      template: z.string(),
      until: z.string(),
      /** Runs that came to the step. */
      entered: z.int(),
      held: z.int(),
      /** Messages that did what the step waits for. */
      reached: z.int(),
    }),
  ),
  /** Clicked and answered as shares of what was sent (CTR, CR up to the answer); null where nothing was. */
  channels: z.array(
    z.object({ ...counts, channel: z.string(), ctr: share.nullable(), answerRate: share.nullable() }),
  ),
  costMinor: amountMinor,
  /** What the same contacts would have cost as SMS. */
  allSmsMinor: amountMinor,
  /** May be negative. */
  savedMinor: z.string().regex(/^-?\d+$/),
})
export type CascadeReport = z.infer<typeof cascadeReport>
