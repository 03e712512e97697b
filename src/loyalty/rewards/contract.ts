import { z } from 'zod'
import { place } from '../pages.ts'
import { documentId, MAIN_PROGRAMME, words } from '../programmes.ts'
import { redemptionStates } from './redemption.ts'
import { rewardGives } from './reward.ts'

export { reward, type Reward, rewardGives, type RewardGives } from './reward.ts'
export { cancelReasons, type RewardRefusal, rewardRefusals } from './errors.ts'
export { redemptionStates, type RedemptionState } from './redemption.ts'
export { rewardWords } from './words.ts'

const key = z.string().min(1).max(200)
const minor = z.string().regex(/^-?\d+$/)
const moment = z.iso.datetime({ offset: true })
const note = z.string().trim().min(3).max(1_000)

/** `GET /v1/members/:subscriber/rewards` */
export const catalogueQuery = z.strictObject({ programme: documentId.default(MAIN_PROGRAMME) })

/** `POST /v1/members/:subscriber/redemptions` */
export const redeemBody = z.strictObject({
  reward: documentId,
  /** For whom it is when it is a gift: a subscriber id, or an identity such as `msisdn:+7…`. */
  recipient: z.string().min(1).max(200).optional(),
  idempotencyKey: key,
})

/** `POST /v1/loyalty/redemptions/:redemptionId/cancel` and `…/refund`: an agent's reason in words. */
export const cancelBody = z.strictObject({ reason: note })
export const refundBody = z.strictObject({
  reason: note,
  /** Whether the piece goes back on the shelf. */
  restock: z.boolean().default(false),
})

/** `POST /v1/loyalty/rewards/:rewardId/codes`: codes for the reward's pool. */
export const codesBody = z.strictObject({
  codes: z.array(z.string().trim().min(1).max(200)).min(1).max(200_000),
  /** From then on they are worth nothing. */
  expiresAt: moment.optional(),
})

/** `POST /v1/loyalty/rewards/:rewardId/stock`: pieces that came, or with a minus went. */
export const stockBody = z.strictObject({
  add: z
    .int()
    .min(-1_000_000)
    .max(1_000_000)
    .refine((pieces) => pieces !== 0),
  idempotencyKey: key,
})

/** `POST /v1/loyalty/discounts/use`: a sister company's till. */
export const useBody = z.strictObject({
  code: z.string().trim().min(1).max(200),
  partner: documentId,
  idempotencyKey: key,
})

export const redemptionsQuery = z.strictObject({
  reward: documentId.optional(),
  state: z.enum(redemptionStates).optional(),
  before: place.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

/** A redemption as the API shows one. The code is there for whoever it is for. */
export const redemptionView = z.object({
  redemptionId: z.string(),
  programme: z.string(),
  reward: z.string(),
  name: words.nullable(),
  subscriberId: z.int(),
  recipientId: z.int(),
  points: minor,
  gives: rewardGives,
  state: z.enum(redemptionStates),
  reason: z.string().nullable(),
  /** The reason in plain words. */
  text: words.nullable(),
  note: z.string().nullable(),
  code: z.string().nullable(),
  codeExpiresAt: z.string().nullable(),
  usedAt: z.string().nullable(),
  attempts: z.int(),
  /** What is not handed out by then is looked at again. */
  deadline: z.string(),
  at: z.string(),
  settledAt: z.string().nullable(),
})
export type RedemptionView = z.infer<typeof redemptionView>

/** A reward as a member sees it. */
export const catalogueView = z.object({
  programme: z.string(),
  available: minor,
  rewards: z.array(
    z.object({
      reward: z.string(),
      name: words,
      description: words.nullable(),
      gives: rewardGives,
      points: minor,
      giftable: z.boolean(),
      validTo: z.string().nullable(),
      /** Null: it can be had now. */
      refusal: z.string().nullable(),
      text: words.nullable(),
    }),
  ),
})
export type CatalogueView = z.infer<typeof catalogueView>

/** `GET /v1/loyalty/rewards`: all rewards with what is left. */
export const rewardsView = z.object({
  rewards: z.array(
    z.object({
      reward: z.string(),
      programme: z.string(),
      name: words,
      version: z.int(),
      points: minor,
      gives: rewardGives,
      lowStock: z.int(),
      /** Pieces or codes that can still be promised; null where nothing is counted. */
      left: z.int().nullable(),
      /** Codes of the pool by state. */
      codes: z.record(z.string(), z.int()).nullable(),
      /** Redemptions that are not at their end. */
      open: z.int(),
      done: z.int(),
    }),
  ),
})
export type RewardsView = z.infer<typeof rewardsView>

export const codesAnswer = z.object({ added: z.int(), known: z.int(), left: z.int() })
export const stockAnswer = z.object({ left: z.int() })
export const useAnswer = z.object({
  code: z.string(),
  reward: z.string(),
  off: z.unknown(),
  usedAt: z.string(),
})

export const redemptionsView = z.object({ redemptions: z.array(redemptionView), next: z.string().nullable() })
/** What each route says of itself in the description of the API. */
export const rewardOperations = {
  catalogue: { summary: 'What a member can spend points on', query: catalogueQuery, answer: catalogueView },
  redeem: { summary: 'Take a reward', body: redeemBody, answer: redemptionView },
  ofMember: {
    summary: 'Redemptions that a member paid for or got',
    query: redemptionsQuery,
    answer: redemptionsView,
  },
  list: { summary: 'Redemptions of all members', query: redemptionsQuery, answer: redemptionsView },
  handOut: { summary: 'Goods were handed out', answer: redemptionView },
  cancel: { summary: 'Give reserved points back', body: cancelBody, answer: redemptionView },
  refund: { summary: 'Give spent points back', body: refundBody, answer: redemptionView },
  use: { summary: 'Use up a discount at a till', body: useBody, answer: useAnswer },
  rewards: { summary: 'Rewards with what is left', answer: rewardsView },
  codes: { summary: 'Add voucher codes', body: codesBody, answer: codesAnswer },
  stock: { summary: 'Add or take pieces', body: stockBody, answer: stockAnswer },
}
