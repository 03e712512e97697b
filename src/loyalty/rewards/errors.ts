/** Every code with which rewards refuse a document or a request. */
export const rewardErrorCodes = [
  'reward_invalid',
  'reward_not_found',
  'redemption_not_found',
  /** The same key was used for another reward or recipient. */
  'redemption_key_mismatch',
  /** It is past the point at which this can be done. */
  'redemption_conflict',
  'recipient_not_found',
  'discount_not_found',
  'discount_expired',
  'discount_used_conflict',
  /** Stock of a reward that has none, or codes where no codes are given. */
  'reward_stock_not_kept',
] as const
export type RewardErrorCode = (typeof rewardErrorCodes)[number]

/** Why a member cannot have a reward; also codes of refusals. */
export const rewardRefusals = [
  'reward_not_open',
  'reward_not_for_member',
  'reward_limit_reached',
  'reward_out_of_stock',
  'reward_not_giftable',
  'reward_points_insufficient',
] as const
export type RewardRefusal = (typeof rewardRefusals)[number]

/** What became of a redemption, for people to read. */
export const rewardReasons = [
  'reward_reserved',
  'reward_redeemed',
  'gift_redeemed',
  'redemption_cancelled',
  'redemption_refunded',
] as const
export type RewardReason = (typeof rewardReasons)[number]

/** Why a redemption came to nothing. */
export const cancelReasons = [
  'operator_refused',
  'operator_account_unknown',
  'timed_out',
  'agent_cancelled',
  'agent_refunded',
] as const
export type CancelReason = (typeof cancelReasons)[number]
