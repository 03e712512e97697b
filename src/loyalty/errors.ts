/** What an earn rule made of a purchase. */
export const awardReasons = [
  'credited',
  /** The rule's condition did not hold. */
  'condition_not_met',
  /** The rule's condition could not be decided from what the purchase carries. */
  'condition_failed',
  /** The price is too small for a whole point. */
  'rounds_to_zero',
  /** The ledger did not take the transfer; its code is among the values. */
  'refused_by_ledger',
] as const

export type AwardReason = (typeof awardReasons)[number]
