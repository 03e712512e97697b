import { z } from 'zod'
import { documentId, expirySchema, MAIN_PROGRAMME, moneyCurrency, pointsText, words } from '../programmes.ts'

const expression = z.string().min(1).max(10_000)
const decimal = z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, 'a decimal with up to six places')

/** Points by the major unit of an amount, or a fixed number of them in minor units. */
const rate = { perMajorUnit: decimal.optional(), fixed: pointsText.optional() }
const eitherRate = ({ perMajorUnit, fixed }: { perMajorUnit?: unknown; fixed?: unknown }): boolean =>
  (perMajorUnit === undefined) !== (fixed === undefined)
const eitherMessage = 'either perMajorUnit or fixed'

export const pointsSchema = z.union([
  z.strictObject(rate).refine(eitherRate, eitherMessage),
  z.strictObject({
    /** The amount's step decides: the highest one that it reaches, or with `marginal` each part by its own step. */
    steps: z
      .array(
        z
          .strictObject({ fromMinor: z.string().regex(/^\d{1,15}$/), ...rate })
          .refine(eitherRate, eitherMessage),
      )
      .min(1)
      .max(20),
    marginal: z.boolean().default(false),
  }),
])

export const periods = ['event', 'day', 'week', 'month', 'year', 'ever'] as const
export type CapPeriod = (typeof periods)[number]

const pending = z.union([
  /** Given at once, to be spent so many days later, such as the end of the return period. */
  z.strictObject({ days: z.int().min(1).max(3_650) }),
  /** The same, from a moment that the event names. */
  z.strictObject({ until: expression }),
  /** Reserved until an event of this type comes, of the same subscriber and, where both are given, the same key. */
  z.strictObject({
    event: z.string().min(1),
    where: expression.optional(),
    key: expression.optional(),
    eventKey: expression.optional(),
    /** Given up after so many days without it. */
    days: z.int().min(1).max(3_650).default(90),
  }),
])

/** `{ kind: 'EarnRule', id, on, points, … }`: for which events how many points are given. */
export const earnRule = z.strictObject({
  kind: z.literal('EarnRule'),
  id: documentId,
  name: words.optional(),
  programme: documentId.default(MAIN_PROGRAMME),
  /** Event type; `purchase` is what campaigns sold. */
  on: z.string().min(1).max(200),
  /** CEL over `event`, `subscriber`, `member` and `local` (`weekday` 1 to 7, `date`, `monthDay`, `hour`). */
  where: expression.optional(),
  points: pointsSchema,
  /**
   * CEL: the amount that rates and steps count by. An int is minor units, a double major units. Absent: the event's
   * `priceMinor`, else `amountMinor`.
   */
  amount: expression.optional(),
  /** ISO 4217: what amounts are in. An event that says another `currency` earns nothing. Absent: the tenant's. */
  currency: moneyCurrency.optional(),
  /** Decimals of the amount's currency; absent: those of the currency. */
  amountDecimals: z.int().min(0).max(4).optional(),
  /** How a part of a minor unit is rounded. */
  rounding: z.enum(['down', 'half_up']).default('down'),
  /** Each whose condition holds multiplies; of those with `best` only the largest does. */
  multipliers: z
    .array(
      z.strictObject({ id: documentId, when: expression, times: decimal, best: z.boolean().default(false) }),
    )
    .max(50)
    .default([]),
  /** At most so many points or awards in a period, for each member or for all together. */
  caps: z
    .array(
      z
        .strictObject({
          per: z.enum(['member', 'rule']),
          period: z.enum(periods),
          points: pointsText.optional(),
          times: z.int().min(1).max(1_000_000_000).optional(),
        })
        .refine(({ points, times }) => points !== undefined || times !== undefined, 'points or times'),
    )
    .max(10)
    .default([]),
  /** A budget of the programme. */
  budget: documentId.optional(),
  /** Of the rules of one group the one that gives most for an event is the only one that gives. */
  bestOf: documentId.optional(),
  pending: pending.optional(),
  /** Instead of the programme's. */
  expiry: expirySchema.optional(),
  validFrom: z.iso.datetime({ offset: true }).optional(),
  validTo: z.iso.datetime({ offset: true }).optional(),
  /** CEL: by what a return names the purchase, such as `event.orderId`. */
  reference: expression.optional(),
  returns: z
    .strictObject({
      on: z.string().min(1).max(200),
      where: expression.optional(),
      /** CEL over the return: the purchase's `reference`. */
      reference: expression,
      /** CEL: how much of the price is returned, as `amount`; absent: the whole. */
      amount: expression.optional(),
    })
    .optional(),
})
export type EarnRule = z.infer<typeof earnRule>

/** What is meant by one purchase of a campaign that may earn points. */
export type Purchase = {
  /** Idempotency key: the same purchase is taken once. */
  key: string
  subscriberId: number
  productId: string
  priceMinor: bigint
  /** Currency of the price, for its minor units; absent: two decimals. */
  currency?: string
  onCredit?: boolean
  at: Temporal.Instant
  campaignId?: string
  arm?: string
}
