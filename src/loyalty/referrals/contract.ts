export type { Referral, ReferralGift, ReferralReward } from './documents.ts'
export { type ReferralReason, referralReasons } from './errors.ts'
export { referralWords } from './words.ts'
