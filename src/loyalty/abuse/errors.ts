/** Every code with which this part refuses a document or a request. */
export const abuseErrorCodes = [
  'abuse_policy_invalid',
  'abuse_case_not_found',
  /** Somebody has decided it before. */
  'abuse_case_conflict',
  /** The member may not do this while a case about them stands. */
  'abuse_refused',
  /** More than the member may do in a day while a case about them stands. */
  'abuse_limited',
] as const
export type AbuseErrorCode = (typeof abuseErrorCodes)[number]

/** What makes a member suspect: a closed list, each with its plain words in `words.ts`. */
export const abuseReasons = [
  'velocity_earned',
  'velocity_received',
  'velocity_sent',
  'velocity_redeemed',
  'many_to_one',
  'one_to_many',
  'fresh_receiver',
  'shared_device',
  'shared_payment',
] as const
export type AbuseReason = (typeof abuseReasons)[number]

/** What a case does to points, as the member reads it. */
export const abuseNews = ['abuse_held', 'abuse_let_go', 'abuse_forfeited', 'abuse_given_back'] as const
export type AbuseNews = (typeof abuseNews)[number]
