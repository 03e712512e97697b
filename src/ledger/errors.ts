/** Every code with which this module refuses a transfer or a call. */
export const ledgerErrorCodes = [
  /** The request itself cannot be meant: an amount that is not positive, an account paying itself. */
  'ledger_request_invalid',
  'ledger_account_not_found',
  /** The account keeps another currency than the transfer moves. */
  'ledger_currency_differs',
  /** Not enough is there: reserved, upcoming and expired parts do not count, nor does debt beyond the limit. */
  'ledger_balance_insufficient',
  /** The sum would not fit any more. */
  'ledger_balance_out_of_range',
  'ledger_pending_not_found',
  /** The pending transfer was posted or voided before. */
  'ledger_pending_settled',
  /** More is to be posted than was reserved. */
  'ledger_pending_exceeded',
  /** No posted transfer has the key that is to be reversed. */
  'ledger_reversed_not_found',
  /** More would be taken back than the transfer moved, or all of it was taken back before. */
  'ledger_reversal_exceeded',
  /** The account has no lots that could be extended. */
  'ledger_lots_not_found',
  /** Another transfer of the group was refused. */
  'ledger_group_refused',
  /** The key was used before, with other input. */
  'ledger_key_mismatch',
  /** An account was to be opened that exists with another currency, purpose or rule. */
  'ledger_account_conflict',
] as const

export type LedgerErrorCode = (typeof ledgerErrorCodes)[number]
