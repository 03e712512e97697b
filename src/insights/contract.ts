import { z } from 'zod'

/**
 * The campaign report as the page, the terminal and the API see it. Money is a text of minor units, because
 * value never passes through a float; averages and intervals are statistics and plain numbers (minor units).
 */
const amountMinor = z.string().regex(/^-?\d+$/)

/** A name for people, by language. */
const nameByLanguage = z.object({ en: z.string(), ru: z.string(), uk: z.string() })

const channelFigures = z.object({
  channel: z.string(),
  /** Messages that the provider took. */
  submitted: z.int(),
  /** Messages that a receipt confirmed on the phone. */
  delivered: z.int(),
  /** Messages that the channel refused or whose receipt said that they will not arrive. */
  failed: z.int(),
  /** Messages whose fate is not known: never sent again, resolved only by a late receipt. */
  unknown: z.int(),
  /** Messages that the contact policy stopped before sending. */
  held: z.int(),
  /** Answers that came through this channel. */
  answered: z.int(),
  costMinor: amountMinor,
})

const productFigures = z.object({
  productId: z.string(),
  name: nameByLanguage,
  volumeMb: z.int(),
  /** Sales that the campaign's own activation step made. */
  activated: z.int(),
  /** Those of them that were paid by trust payment, wholly or in part. */
  onCredit: z.int(),
  revenueMinor: amountMinor,
})

const estimate = z.object({
  /** Difference of the mean per enrolled subscriber from control, minor units. */
  perSubscriberMinor: z.number(),
  lowMinor: z.number(),
  highMinor: z.number(),
})

export const armReport = z.object({
  armId: z.string(),
  name: nameByLanguage,
  isControl: z.boolean(),
  /** Subscribers of the population in this arm, whether contacted or not (intent to treat). */
  enrolled: z.int(),
  /** Those whose journey began. */
  entered: z.int(),
  /** Distinct subscribers to whom at least one message was handed. */
  contacted: z.int(),
  /** Distinct subscribers whom at least one message reached. */
  delivered: z.int(),
  /** Distinct subscribers who answered. */
  answered: z.int(),
  /** Distinct subscribers for whom the campaign activated a package. */
  activated: z.int(),
  channels: z.array(channelFigures),
  products: z.array(productFigures),
  /** Every package sale to the arm's subscribers since enrolment, the campaign's and their own. */
  salesTotal: z.int(),
  salesOnCredit: z.int(),
  packageRevenueMinor: amountMinor,
  payAsYouGoRevenueMinor: amountMinor,
  /** Fees of trust payments that were repaid. */
  trustPaymentFeesMinor: amountMinor,
  /** Principal of trust payments that are overdue. */
  overduePrincipalMinor: amountMinor,
  messageCostMinor: amountMinor,
  /** What the same contacts would have cost had each been an SMS. */
  allSmsCostMinor: amountMinor,
  cascadeSavedMinor: amountMinor,
  pointsAwarded: amountMinor,
  /** Package + pay-as-you-go revenue + fees − overdue principal − message cost. */
  marginMinor: amountMinor,
  marginPerSubscriberMinor: z.number(),
  /** Against control, with a 95 % interval that stays valid however often it is looked at; absent for control. */
  margin: estimate.optional(),
  packageRevenue: estimate.optional(),
})

export const refusalReason = z.object({
  armId: z.string(),
  /** Closed list; its words are in the page's language files under `refusal.<reason>`. */
  reason: z.enum([
    'not_contacted',
    'held_by_policy',
    'not_reached',
    'saving_traffic',
    'renewal_near',
    'nothing_affordable',
    'refused',
    'answer_too_late',
    'activation_failed',
    'bought_by_self_service',
    'no_answer',
  ]),
  subscribers: z.int(),
  /** Share of the arm's enrolled subscribers who did not buy through the campaign. */
  share: z.number(),
})

export const dayFigures = z.object({
  day: z.iso.date(),
  armId: z.string(),
  enrolled: z.int(),
  messages: z.int(),
  activated: z.int(),
  packageRevenueMinor: amountMinor,
})

export const campaignReport = z.object({
  campaignId: z.string(),
  version: z.int(),
  name: nameByLanguage,
  currency: z.string(),
  currencyDecimals: z.int(),
  /** First and last day of the facts, and the platform's present moment. */
  from: z.iso.datetime({ offset: true }).nullable(),
  asOf: z.iso.datetime({ offset: true }),
  timeZone: z.string(),
  /** Everything that the platform has taken in, for the live counters. */
  totals: z.object({
    subscribers: z.int(),
    events: z.int(),
    firings: z.int(),
    messages: z.int(),
    receipts: z.int(),
    answers: z.int(),
    activations: z.int(),
  }),
  arms: z.array(armReport),
  refusals: z.array(refusalReason),
  days: z.array(dayFigures),
})

export type CampaignReport = z.infer<typeof campaignReport>
export type ArmReport = z.infer<typeof armReport>
export type RefusalReason = z.infer<typeof refusalReason>

/** `GET /v1/campaigns/:campaignId/report` */
export const reportPath = (campaignId: string): string =>
  `/v1/campaigns/${encodeURIComponent(campaignId)}/report`

/** `GET /v1/cascades/:cascadeId/conversion`: runs that began within [from, to), the last 30 days without them. */
export const conversionQuery = z.strictObject({
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  /** How long after a message a purchase still counts for it. */
  windowHours: z.coerce
    .number()
    .int()
    .min(1)
    .max(24 * 90)
    .default(72),
})

const conversionFigures = {
  channel: z.string(),
  /** Messages that a provider took. */
  sent: z.int(),
  /** Messages after which something was bought before the window was over and before the next message. */
  converted: z.int(),
  purchases: z.int(),
  revenueMinor: amountMinor,
  /** CR: `converted` of `sent`; null where nothing was sent. */
  conversionRate: z.number().min(0).max(1).nullable(),
}

/** What was bought after a cascade's messages: what followed, not what was caused. */
export const cascadeConversion = z.object({
  cascadeId: z.string(),
  from: z.string(),
  to: z.string(),
  windowHours: z.int(),
  currency: z.string(),
  currencyDecimals: z.int(),
  channels: z.array(z.object(conversionFigures)),
  steps: z.array(z.object({ step: z.int(), ...conversionFigures })),
})
export type CascadeConversion = z.infer<typeof cascadeConversion>
