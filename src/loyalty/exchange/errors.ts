/** Every code with which transfers and exchange refuse a document or a request. */
export const exchangeErrorCodes = [
  'exchange_invalid',
  'exchange_not_found',
  'quote_not_found',
  'transfer_key_mismatch',
] as const
export type ExchangeErrorCode = (typeof exchangeErrorCodes)[number]

/** Why points cannot go over; also codes of refusals. */
export const exchangeRefusals = [
  /** The programme has no terms for it, or its validity is over. */
  'exchange_not_open',
  'exchange_not_for_member',
  'transfer_to_self',
  'transfer_recipient_not_member',
  'exchange_below_least',
  'exchange_above_most',
  'exchange_limit_reached',
  /** Nothing of the other currency would come of it. */
  'exchange_too_small',
  'exchange_points_insufficient',
  'quote_expired',
] as const
export type ExchangeRefusal = (typeof exchangeRefusals)[number]

/** What happened, for the member's history. */
export const exchangeReasons = [
  'points_sent',
  'transfer_fee',
  'points_received',
  /** The same, and some of them expire. */
  'points_received_expiring',
  'points_converted',
] as const
export type ExchangeReason = (typeof exchangeReasons)[number]
