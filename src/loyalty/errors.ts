/** Every code with which this module refuses a document or a request; parts have lists of their own beside this. */
export const loyaltyErrorCodes = [
  'programme_not_found',
  /** Another programme keeps the same currency. */
  'programme_currency_taken',
  /** Members hold points of it, which the change would strand. */
  'programme_currency_in_use',
  'programme_time_zone_unknown',
  /** An earn rule draws from a budget that would be gone. */
  'programme_budget_in_use',
  'programme_budget_twice',
  'programme_missing',
  'event_type_missing',
  'earn_rule_not_found',
  'earn_rule_invalid',
  'member_not_found',
  /** The member has left or was merged. */
  'member_not_active',
  /** One of the two cannot be merged into the other. */
  'member_merge_conflict',
  'household_not_found',
  'household_full',
  'household_conflict',
  'households_not_kept',
  'loyalty_event_not_found',
  'migration_not_found',
  'migration_closed',
  /** An idempotency key was used with other input before. */
  'loyalty_key_mismatch',
] as const
export type LoyaltyErrorCode = (typeof loyaltyErrorCodes)[number]
