/** Every code with which this module refuses. */
export const operatorErrorCodes = [
  /** No `OperatorSystems` document: nobody said where the operator's systems live. */
  'operator_systems_not_found',
  /** A system did not answer, or answered that it cannot now; the same call may succeed later. */
  'operator_unavailable',
  /** A system answered something that its contract does not allow. */
  'operator_answer_invalid',
  /** The operator does not know this account. */
  'operator_account_not_found',
  /** The subscriber has no account identity. */
  'operator_account_missing',
  /** The operator refused to change a balance; its own reason is among the details. */
  'operator_balance_refused',
] as const

/** Why an activation did not come about; the operator's own words are kept beside it. */
export const activationReasons = [
  'account_missing',
  'loan_refused',
  'order_refused',
  /** The order failed, and the loan given for it could not be taken back. */
  'loan_not_cancelled',
] as const

export type ActivationReason = (typeof activationReasons)[number]
