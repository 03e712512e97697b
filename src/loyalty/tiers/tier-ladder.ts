import { z } from 'zod'
import { documentId, MAIN_PROGRAMME, moneyCurrency, words } from '../programmes.ts'

const expression = z.string().min(1).max(10_000)
const amountText = z.string().regex(/^\d{1,15}$/, 'a whole number')

/** A time by the calendar of the programme's zone. */
export const lengthSchema = z
  .strictObject({ months: z.int().min(0).max(1_200).default(0), days: z.int().min(0).max(36_500).default(0) })
  .describe('calendar months, then days')
export type Length = z.infer<typeof lengthSchema>

/** Which events count and by how much. */
const counting = z.strictObject({
  on: z.string().min(1).max(200),
  /** CEL over `event` and `subscriber`. */
  where: expression.optional(),
  /** CEL: an int is minor units, a double major units. Absent: the event's `priceMinor`, else `amountMinor`. */
  amount: expression.optional(),
  /** CEL: by what a return names the purchase, such as `event.orderId`; it is taken back from the day of the purchase then. */
  reference: expression.optional(),
})
export type Counting = z.infer<typeof counting>

/** What a member of a tier has besides its name. */
const benefit = z.strictObject({
  id: documentId,
  name: words,
  description: words.optional(),
  /** Ordered from the operator when a member comes by it, and what is ordered when it ends. */
  order: z
    .strictObject({ productId: z.string().min(1).max(200), onEnd: z.string().min(1).max(200).optional() })
    .optional(),
})
export type Benefit = z.infer<typeof benefit>

const tier = z.strictObject({
  id: documentId,
  name: words,
  description: words.optional(),
  /** What has to come together in minor units of spend or points; 0 for the tier that everybody has. */
  at: amountText.optional(),
  /** How long one has to be there. */
  after: lengthSchema.optional(),
  /** A benefit of a lower tier stays; one with the same id takes its place. */
  benefits: z.array(benefit).max(50).default([]),
})

/** `{ kind: TierLadder, id, name, by, tiers, … }`: tiers from the lowest up and what leads from one to the next. */
export const tierLadder = z
  .strictObject({
    kind: z.literal('TierLadder'),
    id: documentId,
    name: words,
    programme: documentId.default(MAIN_PROGRAMME),
    /** Whether its tier is the `member.tier` of conditions; one ladder of a programme is that. */
    isPrimary: z.boolean().default(true),
    by: z.discriminatedUnion('measure', [
      z.strictObject({
        measure: z.literal('spend'),
        adds: z.array(counting).min(1).max(20),
        /**
         * Returns: each undoes the purchase that it names by `reference`; without a name the latest spend first, and never
         * more than there is.
         */
        takesBack: z.array(counting).max(20).default([]),
        /** ISO 4217: what amounts are in. An event that says another `currency` does not count. Absent: the tenant's. */
        currency: moneyCurrency.optional(),
        amountDecimals: z.int().min(0).max(4).default(2),
        /** What the amount is called, such as a currency. */
        unit: words.optional(),
      }),
      z.strictObject({
        /** Points earned, never the balance: spending them costs no tier. */
        measure: z.literal('points'),
        /** CEL over `event`, which is `loyalty.points_earned`: which points count. */
        where: expression.optional(),
      }),
      z.strictObject({
        measure: z.literal('tenure'),
        /** CEL over `subscriber`: a timestamp since when the time is counted. Absent or unknown: the enrolment. */
        since: expression.optional(),
      }),
    ]),
    /** What of the past counts: this calendar year, the last months to the day, or everything since enrolment. */
    period: z
      .union([z.enum(['ever', 'calendar_year']), z.strictObject({ rollingMonths: z.int().min(1).max(60) })])
      .default('ever'),
    /** How long a tier stays after its period: after the year, or after the day on which too little counts. */
    grace: lengthSchema.default({ months: 0, days: 0 }),
    tiers: z.array(tier).min(1).max(20),
  })
  .refine(({ by, tiers }) => tiers.every((one) => (one.at === undefined) === (by.measure === 'tenure')), {
    error: 'each tier has `at`, or `after` where tenure counts',
    path: ['tiers'],
  })
  .refine(({ tiers }) => tiers.every((one) => (one.at === undefined) !== (one.after === undefined)), {
    error: 'each tier has either `at` or `after`',
    path: ['tiers'],
  })
  .refine(({ tiers }) => tiers.every((one, i) => i === 0 || isAbove(one, tiers[i - 1]!)), {
    error: 'each tier asks for more than the one before',
    path: ['tiers'],
  })
  .refine(({ tiers }) => new Set(tiers.map(({ id }) => id)).size === tiers.length, {
    error: 'each tier has an id of its own',
    path: ['tiers'],
  })
  .refine(
    ({ by }) =>
      by.measure !== 'spend' ||
      by.takesBack.every(({ reference }) => reference === undefined) ||
      by.adds.every(({ reference }) => reference !== undefined),
    { error: 'a return that names its purchase needs purchases with a `reference`', path: ['by', 'adds'] },
  )
  .refine(({ by, period }) => by.measure !== 'tenure' || period === 'ever', {
    error: 'time itself has no period',
    path: ['period'],
  })
  .refine(({ period, grace }) => period !== 'ever' || grace.months + grace.days === 0, {
    error: 'what counts for ever needs no grace',
    path: ['grace'],
  })
export type TierLadder = z.infer<typeof tierLadder>
export type Tier = TierLadder['tiers'][number]

type Asked = { at?: string | undefined; after?: Length | undefined }

/** A month is at most 31 days, so more months and as many days are more by any calendar. */
function isAbove(one: Asked, other: Asked): boolean {
  if (one.at !== undefined && other.at !== undefined) return BigInt(one.at) > BigInt(other.at)
  if (!one.after || !other.after) return true
  const { months, days } = one.after
  if (months === other.after.months) return days > other.after.days
  return months > other.after.months && days + 31 * (months - other.after.months) > other.after.days
}

/** `POST /v1/members/:subscriberId/tier-overrides`: a tier by somebody's decision, with the reason and an end. */
export const overrideBody = z.strictObject({
  /** Idempotency key. */
  key: z.string().min(1).max(200).optional(),
  ladder: documentId,
  /** Null ends the override that is in force. */
  tier: documentId.nullable(),
  reason: z.string().min(1).max(500),
  until: z.iso.datetime({ offset: true }).optional(),
  /** Whether the member may rise above it by themselves; otherwise it is exactly this tier. */
  isFloor: z.boolean().default(true),
})
export type OverrideBody = z.infer<typeof overrideBody>
