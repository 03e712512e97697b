/** Every code with which tiers refuse a document or a request. */
export const tierErrorCodes = [
  'tier_ladder_invalid',
  'tier_ladder_not_found',
  'tier_not_found',
  /** The end of an override lies in the past. */
  'tier_override_ended',
] as const
export type TierErrorCode = (typeof tierErrorCodes)[number]

/** Why a member came to another tier: a closed list, each with its plain words in `words.ts`. */
export const tierReasons = [
  'tier_enrolled',
  /** Enough has come together, or enough time has passed. */
  'tier_reached',
  /** The period and its grace are over, and too little came together. */
  'tier_lapsed',
  /** What had been counted was returned. */
  'tier_taken_back',
  'tier_overridden',
  'tier_override_over',
  'tier_merged',
  'tier_ladder_changed',
  'tier_left',
] as const
export type TierReason = (typeof tierReasons)[number]
