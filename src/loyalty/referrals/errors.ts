/** Every code with which referrals refuse a document or a request. */
export const referralErrorCodes = [
  'referral_invalid',
  'referral_not_found',
  /** The referral programme has no link that a picture could lead to. */
  'referral_link_not_found',
  /** Another code was given under the same key. */
  'referral_key_mismatch',
] as const
export type ReferralErrorCode = (typeof referralErrorCodes)[number]

/** What became of a code or of a reward, for people to read: a closed list, with plain words in `words.ts`. */
export const referralReasons = [
  'referral_linked',
  'outside_validity',
  'code_unknown',
  'referee_not_a_member',
  'referee_not_new',
  'referrer_not_active',
  'already_referred',
  'self_referral',
  'same_household',
  /** Referrer and referee share a device or payment instrument. */
  'same_attribute',
  /** Somebody else in the referral programme has the same device or payment instrument. */
  'attribute_used_before',
  /** The referee has brought the referrer, directly or through others. */
  'referral_ring',
  'condition_reached',
  /** What the reward was for was returned before the reward was due. */
  'condition_undone',
  'referral_rewarded',
  'cap_reached',
  /** The referee has left before the reward was due. */
  'referee_left',
  'condition_not_met',
  'beneficiary_not_active',
  /** A share of the chain rounds to nothing. */
  'rounds_to_zero',
  /** The operator knows no account of the beneficiary. */
  'account_missing',
  'operator_refused',
] as const
export type ReferralReason = (typeof referralReasons)[number]
