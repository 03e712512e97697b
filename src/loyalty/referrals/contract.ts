import { z } from 'zod'
import { place } from '../pages.ts'
import { documentId, MAIN_PROGRAMME, words } from '../programmes.ts'
import { referralGift } from './documents.ts'
import { referralReasons } from './errors.ts'

export { referral, type Referral, type ReferralGift, type ReferralReward } from './documents.ts'
export { type ReferralReason, referralReasons } from './errors.ts'
export { referralWords } from './words.ts'

export const referralsQuery = z.strictObject({ programme: documentId.default(MAIN_PROGRAMME) })

/** `POST /v1/members/:subscriberId/referrals` */
export const codeBody = z.strictObject({
  referral: documentId,
  code: z.string().min(1).max(100),
  idempotencyKey: z.string().min(1).max(200).optional(),
})
const codeAnswer = z.object({ reason: z.enum(referralReasons), words })

export const referralListQuery = z.strictObject({
  referral: documentId.optional(),
  state: z.enum(['paying', 'granted', 'refused']).optional(),
  subscriber: z.coerce.number().int().positive().optional(),
  before: place.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

const reason = z.enum(referralReasons).nullable()
const rewardView = z.object({
  grantId: z.string(),
  programmeId: z.string(),
  referralId: z.string(),
  rewardId: z.string(),
  refereeId: z.int(),
  beneficiaryId: z.int(),
  side: z.enum(['referrer', 'referee', 'chain']),
  /** 0 for referrer and referee; 1 for who brought the referrer, and so on. */
  level: z.int(),
  what: referralGift,
  state: z.enum(['paying', 'granted', 'refused']),
  reason,
  attempts: z.int(),
  nextTryAt: z.string().nullable(),
  at: z.string(),
  settledAt: z.string().nullable(),
})

/** `GET /v1/members/:subscriberId/referrals` */
export const memberReferralsView = z.object({
  code: z.string(),
  links: z.array(z.object({ referral: z.string(), name: words, url: z.string().nullable() })),
  brought: z.array(
    z.object({
      referralId: z.string(),
      refereeId: z.int(),
      linkedAt: z.string(),
      steps: z.array(
        z.object({
          rewardId: z.string(),
          state: z.enum(['due', 'done', 'refused']),
          reason,
          dueAt: z.string(),
        }),
      ),
    }),
  ),
  rewards: z.array(rewardView),
})
export type MemberReferralsView = z.infer<typeof memberReferralsView>

/** `GET /v1/referrals/rewards` */
export const referralRewardsView = z.object({ rewards: z.array(rewardView), next: z.string().nullable() })
export type ReferralRewardsView = z.infer<typeof referralRewardsView>

/** `GET /v1/referrals/refusals` */
export const referralRefusalsView = z.object({
  refusals: z.array(
    z.object({
      refusalId: z.string(),
      programmeId: z.string(),
      referralId: z.string(),
      refereeId: z.int(),
      referrerId: z.int().nullable(),
      reason: z.enum(referralReasons),
      saw: z.record(z.string(), z.unknown()),
      at: z.string(),
      words,
    }),
  ),
  next: z.string().nullable(),
})
export type ReferralRefusalsView = z.infer<typeof referralRefusalsView>

/** What each route says of itself in the description of the API. */
export const referralOperations = {
  ofMember: {
    summary: 'Whom a member has brought, and by what code',
    query: referralsQuery,
    answer: memberReferralsView,
  },
  useCode: { summary: 'Use a code', body: codeBody, answer: codeAnswer },
  qrCode: { summary: 'The link of a referral as a QR code', answer: 'image/svg+xml' },
  rewards: { summary: 'Rewards of referrals', query: referralListQuery, answer: referralRewardsView },
  refusals: {
    summary: 'What was not rewarded, and why',
    query: referralListQuery,
    answer: referralRefusalsView,
  },
} as const
