import { z } from 'zod'
import { documentId, expirySchema, MAIN_PROGRAMME, moneyCurrency, pointsText, words } from '../programmes.ts'

const expression = z.string().min(1).max(10_000)
const eventType = z.string().min(1).max(200)
const moment = z.iso.datetime({ offset: true })

/** What one side gets. */
export const referralGift = z.union([
  z.strictObject({ points: pointsText, expiry: expirySchema.optional() }),
  /** Money on the telecom account, through the operator's balance management. */
  z.strictObject({
    money: z.strictObject({ amountMinor: pointsText, currency: moneyCurrency }),
  }),
  /** A product of the operator, ordered at its price there: the free month or the free option of its catalogue. */
  z.strictObject({ product: z.strictObject({ id: documentId, as: z.enum(['free_month', 'free_option']) }) }),
])
export type ReferralGift = z.infer<typeof referralGift>

/** What undoes the deed for which a reward is due: the payment is returned, the option is ordered off. */
const undoing = z.strictObject({
  on: eventType,
  where: expression.optional(),
  /** CEL over that event: the `reference` of what it undoes. Absent: it undoes whatever the referee did. */
  reference: expression.optional(),
  /** How long a reward waits for it. */
  withinDays: z.int().min(1).max(365).default(14),
})

const reward = z.strictObject({
  id: documentId,
  name: words,
  /**
   * When it is due: with the referee's first event of a type that satisfies the condition, such as the activation or a
   * first payment of 100 and more, or when the referee has stayed so many days.
   */
  when: z.union([
    z.strictObject({
      on: eventType,
      where: expression.optional(),
      /** CEL over the event: by what it is named when it is undone, such as `event.orderId`. */
      reference: expression.optional(),
      /** Must be said of what an earn rule takes back: `nothing` rewards at once and for good. */
      undoneBy: z.union([z.literal('nothing'), undoing]).optional(),
    }),
    /** `where` is CEL over `subscriber` and `member` on that day. */
    z.strictObject({ stayedDays: z.int().min(1).max(3_650), where: expression.optional() }),
  ]),
  referrer: referralGift.optional(),
  referee: referralGift.optional(),
})
export type ReferralReward = z.infer<typeof reward>

/** `{ kind: Referral, id, name, rewards, … }` */
export const referral = z.strictObject({
  kind: z.literal('Referral'),
  id: documentId,
  name: words,
  programme: documentId.default(MAIN_PROGRAMME),
  validFrom: moment.optional(),
  validTo: moment.optional(),
  /** Where a link leads; `{code}` stands for the member's code. */
  link: z
    .url()
    .refine((url) => url.includes('{code}'), 'a URL with {code} in it')
    .optional(),
  /** The referee's events in which a code comes, and CEL for it; besides, codes come by the API. */
  code: z.strictObject({ on: eventType, code: expression }).optional(),
  /** A referee is new: in the programme for so many days at most when the code comes. */
  newWithinDays: z.int().min(0).max(3_650).default(30),
  rewards: z.array(reward).min(1).max(20),
  /** Those above the referrer get a share, in percent, of the points that the referrer gets. */
  chain: z.strictObject({ shares: z.array(z.int().min(1).max(100)).min(1).max(5) }).optional(),
  abuse: z
    .strictObject({
      /** Attributes that two persons do not share, such as a device or a payment instrument. */
      distinct: z.array(z.string().min(1).max(100)).max(10).default([]),
      /** Whether members of one household may bring each other. */
      allowHousehold: z.boolean().default(false),
    })
    .default({ distinct: [], allowHousehold: false }),
  /** At most so many rewards for a referrer in a period. */
  caps: z
    .array(
      z.strictObject({
        period: z.enum(['day', 'week', 'month', 'year', 'ever']),
        times: z.int().min(1).max(1_000_000),
      }),
    )
    .max(5)
    .default([]),
})
export type Referral = z.infer<typeof referral>
