import { z } from 'zod'
import { documentId, pointsText, words } from '../programmes.ts'

const moment = z.iso.datetime({ offset: true })
const expression = z.string().min(1).max(10_000)
const percent = z.string().regex(/^\d{1,2}(\.\d{1,6})?$/, 'percent below 100 with up to six places')

/** At most so many points, in minor units, or so many times in a period of the programme's zone. */
const limits = z
  .array(
    z
      .strictObject({
        per: z.enum(['member', 'all']).default('member'),
        period: z.enum(['day', 'week', 'month', 'year', 'ever']),
        points: pointsText.optional(),
        times: z.int().min(1).max(1_000_000_000).optional(),
      })
      .refine(({ points, times }) => points !== undefined || times !== undefined, 'points or times'),
  )
  .max(10)
  .default([])
export type ExchangeLimit = z.infer<typeof limits>[number]

/** `{ kind: TransferTerms, id: <programme> }`: that members may give points to each other, and on which terms. */
export const transferTerms = z.strictObject({
  kind: z.literal('TransferTerms'),
  /** Of the programme. */
  id: documentId,
  /** CEL over `subscriber` and `member`: who may send. */
  who: expression.optional(),
  least: pointsText.optional(),
  most: pointsText.optional(),
  limits,
  /** Paid by the sender beside what is sent: a fixed part, and percent rounded down. */
  fee: z.strictObject({ fixed: pointsText.optional(), percent: percent.optional() }).default({}),
})
export type TransferTerms = z.infer<typeof transferTerms>

const side = z.union([
  z.strictObject({ programme: documentId }),
  /** A currency that a partner keeps: what it owes us, or we owe it, stands on a clearing account. */
  z.strictObject({
    partner: documentId,
    currency: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{1,30}$/),
    decimals: z.int().min(0).max(4).default(0),
  }),
])
export type ExchangeSide = z.infer<typeof side>

/** `{ kind: Exchange, id, name, from, to, rate, … }`: one currency for another, in one direction. */
export const exchange = z.strictObject({
  kind: z.literal('Exchange'),
  id: documentId,
  name: words,
  from: side,
  to: side,
  /** Units of `to` for one unit of `from`; units, not minor units. */
  rate: z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, 'a decimal with up to six places'),
  /** What the exchange keeps of the rate. */
  spreadPercent: percent.default('0'),
  /** How long a quote holds. */
  quoteMinutes: z.int().min(1).max(1_440).default(5),
  /** CEL over `subscriber` and `member` of the programme on the member's side. */
  who: expression.optional(),
  /** Minor units of `from`. */
  least: pointsText.optional(),
  most: pointsText.optional(),
  limits,
  /** Between programmes: whether points keep their days of expiry or get new ones. */
  expiry: z.enum(['keep', 'new']).default('keep'),
  validFrom: moment.optional(),
  validTo: moment.optional(),
})
export type Exchange = z.infer<typeof exchange>
