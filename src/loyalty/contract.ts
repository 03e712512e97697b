import { z } from 'zod'
import { awardReasons } from './errors.ts'

const id = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'lower-case letters, digits, ".", "_" and "-"')

/** How many points a purchase earns: a rate by the major unit of its price, rounded down, or a fixed number. */
const points = z.union([
  z.strictObject({
    perMajorUnit: z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, 'a decimal with up to six places'),
  }),
  z.strictObject({ fixed: z.string().regex(/^[1-9]\d{0,8}$/, 'a whole number above 0') }),
])

export const earnRule = z.strictObject({
  kind: z.literal('EarnRule'),
  id,
  on: z.literal('purchase'),
  points,
  /** Currency of the points, which is also the end of the member's account id. */
  currency: id.default('points'),
  /** CEL over `purchase`: productId, priceMinor, onCredit, campaignId. Absent: every purchase. */
  where: z.string().min(1).max(10_000).optional(),
})
export type EarnRule = z.infer<typeof earnRule>

/** A purchase that may earn points. */
export type Purchase = {
  /** Idempotency key: the same purchase is awarded once by each rule. */
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

const minor = z.string().regex(/^-?\d+$/)

/** `GET /v1/subscribers/:subscriberId/points` */
export const subscriberPoints = z.object({
  subscriberId: z.int(),
  balances: z.array(z.object({ currency: z.string(), balance: minor, reserved: minor })),
  awards: z.array(
    z.object({
      purchaseKey: z.string(),
      ruleId: z.string(),
      ruleVersion: z.int(),
      productId: z.string(),
      currency: z.string(),
      points: minor,
      reason: z.enum(awardReasons),
      /** The values that decided it. */
      saw: z.record(z.string(), z.unknown()),
      at: z.string(),
    }),
  ),
})
export type SubscriberPoints = z.infer<typeof subscriberPoints>

/** Path of the points page of one subscriber. */
export const pointsPath = (subscriberId: number): string => `/v1/subscribers/${subscriberId}/points`
