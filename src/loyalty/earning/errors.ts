/** What an earn rule made of an event: a closed list, each with its plain words in `words.ts`. */
export const earnReasons = [
  'credited',
  /** Given in part: a cap or a budget had less room. */
  'credited_in_part',
  /** Reserved until an event comes. */
  'pending',
  'welcome',
  'welcome_given_before',
  'not_a_member',
  'member_left',
  'outside_validity',
  'condition_not_met',
  /** The condition could not be decided from what the event carries. */
  'condition_failed',
  'amount_missing',
  /** Points wait for a moment that the event does not say. */
  'until_missing',
  'amount_not_positive',
  /** The amount is in another currency than the rule's. */
  'currency_differs',
  'below_first_step',
  'rounds_to_zero',
  'too_large',
  'cap_reached',
  'budget_exhausted',
  /** Another rule of the same group gives more. */
  'better_rule',
  /** Points that waited for this event were released. */
  'released',
  /** Points that waited were given up, because the event did not come in time. */
  'given_up',
  /** The event for which points wait came before any purchase that it could be for. */
  'confirmation_waits',
  /** The event for which points wait does not say for which purchase it is. */
  'confirmation_key_missing',
  'returned',
  /** What was still reserved is not going to be credited, because its purchase was returned. */
  'reserve_reduced',
  /** The return came before its purchase, or names none. */
  'return_waits',
  /** Nothing was given for the purchase, or all of it was taken back before. */
  'nothing_to_return',
] as const
export type EarnReason = (typeof earnReasons)[number]
