import { z } from 'zod'
import { documentId, MAIN_PROGRAMME, moneyCurrency, pointsText, words } from '../programmes.ts'

const moment = z.iso.datetime({ offset: true })
const money = z.strictObject({
  /** Minor units. */
  amountMinor: z.string().regex(/^[1-9]\d{0,12}$/),
  currency: moneyCurrency,
})

/** What a member gets for the points. */
export const rewardGives = z.union([
  /** A code of a pool that was uploaded; rewards may share a pool. */
  z.strictObject({ voucher: z.strictObject({ pool: documentId }) }),
  /** A product of the operator, ordered by TMF622. */
  z.strictObject({ product: z.strictObject({ id: z.string().min(1).max(200) }) }),
  /** Money on the telecom account, by TMF654. */
  z.strictObject({ credit: money }),
  /** Something that is handed out: whoever does so says when it is done. */
  z.strictObject({ goods: z.strictObject({ handOutWithinDays: z.int().min(1).max(365).default(14) }) }),
  /** A code made here, which a sister company's till uses up. */
  z.strictObject({
    discount: z.strictObject({
      partner: documentId,
      off: z.union([z.strictObject({ percent: z.int().min(1).max(100) }), money]),
      validDays: z.int().min(1).max(3_650).default(30),
    }),
  }),
  /** The points become somebody else's money. */
  z.strictObject({ donation: z.strictObject({ to: documentId }) }),
])
export type RewardGives = z.infer<typeof rewardGives>

/** `{ kind: Reward, id, name, price, gives, … }`: something to spend points on. */
export const reward = z.strictObject({
  kind: z.literal('Reward'),
  id: documentId,
  name: words,
  description: words.optional(),
  programme: documentId.default(MAIN_PROGRAMME),
  /** Minor units of points; a tier may have a price of its own. */
  price: z.strictObject({
    points: pointsText,
    byTier: z.record(documentId, pointsText).default({}),
  }),
  gives: rewardGives,
  validFrom: moment.optional(),
  validTo: moment.optional(),
  /** CEL over `subscriber` and `member`, such as `"gamers" in member.clubs`: who may have it. */
  audience: z.string().min(1).max(10_000).optional(),
  /** At most so many in a period, for each member or for all together. */
  limits: z
    .array(
      z.strictObject({
        per: z.enum(['member', 'all']).default('member'),
        period: z.enum(['day', 'week', 'month', 'year', 'ever']),
        times: z.int().min(1).max(1_000_000_000),
      }),
    )
    .max(10)
    .default([]),
  /** Whether it may be for somebody else than who pays. */
  giftable: z.boolean().default(true),
  /** It is told once that no more than this is left, of goods and voucher codes. */
  lowStock: z.int().min(0).max(1_000_000).default(0),
  /** What the operator was never asked for by then is cancelled. */
  giveUpAfterHours: z.int().min(1).max(720).default(24),
})
export type Reward = z.infer<typeof reward>

/** What kind of thing it is: `voucher`, `product`, `credit`, `goods`, `discount` or `donation`. */
export const kindOfGift = (gives: RewardGives): GiftKind => Object.keys(gives)[0] as GiftKind
export type GiftKind = 'voucher' | 'product' | 'credit' | 'goods' | 'discount' | 'donation'

/** Price for a member of a tier, minor units of points. */
export function priceFor({ price }: Reward, tier: string | null): bigint {
  return BigInt((tier === null ? undefined : price.byTier[tier]) ?? price.points)
}
