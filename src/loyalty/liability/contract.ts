import { z } from 'zod'
import { expirySchema, words } from '../programmes.ts'

const minor = z.string().regex(/^-?\d+$/)

/** `GET /v1/loyalty/programmes/:programmeId/liability`; amounts are minor units of points, costs those of money. */
export const liabilityView = z.object({
  programme: z.string(),
  currency: z.string(),
  decimals: z.int(),
  cost: z.object({ currency: z.string(), perPoint: z.string() }).nullable(),
  held: z.object({
    accounts: z.int(),
    balanceMinor: minor,
    reservedMinor: minor,
    debtMinor: minor,
    inLotsMinor: minor,
    costMinor: minor.nullable(),
  }),
  otherSide: z.array(z.object({ purpose: z.string(), balanceMinor: minor })),
  /** Whether all figures agree with the ledger and each other; false while the journal is being added up. */
  agrees: z.boolean(),
  outstanding: z.array(
    z.object({
      earnedMonth: z.string(),
      expiresMonth: z.string().optional(),
      lots: z.int(),
      amountMinor: minor,
    }),
  ),
  expected: z.object({
    breakageMinor: minor,
    expirableMinor: minor,
    basis: z.enum(['history', 'assumed', 'unknown']),
    byAge: z.array(z.object({ earnedMonth: z.string(), outstandingMinor: minor, chance: z.number() })),
  }),
  cohorts: z.array(
    z.object({
      earnedMonth: z.string(),
      issued: minor,
      spent: minor,
      returned: minor,
      expired: minor,
      expiredShare: z.number().nullable(),
    }),
  ),
  months: z.array(
    z.object({
      month: z.string(),
      issued: minor,
      returned: minor,
      redeemed: minor,
      refunded: minor,
      expired: minor,
      restored: minor,
      forfeited: minor,
      sent: minor,
      received: minor,
      balance: minor,
      costMinor: minor.nullable(),
    }),
  ),
})
export type LiabilityView = z.infer<typeof liabilityView>

/** `GET /v1/members/:subscriber/expiry` */
export const memberExpiryView = z.object({
  programmes: z.array(
    z.object({
      programme: z.string(),
      policy: z.object({ expiry: expirySchema, noticeDays: z.array(z.int()), text: words }),
      availableMinor: minor,
      upcomingMinor: minor,
      expiredMinor: minor,
      expires: z.array(z.object({ on: z.string(), at: z.string(), amountMinor: minor })),
      lastingMinor: minor,
    }),
  ),
})
export type MemberExpiryView = z.infer<typeof memberExpiryView>
