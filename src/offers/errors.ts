/** Problems that this module finds in documents. */
export const offersProblemCodes = [
  'menu_product_unknown',
  'menu_product_repeated',
  'menu_currencies_differ',
  'menu_answer_ambiguous',
] as const

/** Why a product of the menu is not in a subscriber's offer. */
export const refusalReasons = [
  /** The price is more than balance and approved credit together. */
  'beyond_balance_and_credit',
  /** The balance is kept in another currency than the price. */
  'other_currency',
  /** The product's document is gone. */
  'unknown_product',
  /** The menu shows fewer items than the subscriber could pay for. */
  'menu_full',
] as const

export type RefusalReason = (typeof refusalReasons)[number]
