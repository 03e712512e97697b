import { z } from 'zod'

const systemUrl = z.url({ protocol: /^https?$/ })

/**
 * Where the operator's systems live. A URL that is an origin alone stands for the standard base path on it
 * (`/tmf-api/prepayBalanceManagement/v4` and so on).
 */
export const operatorSystems = z.strictObject({
  kind: z.literal('OperatorSystems'),
  id: z.literal('default'),
  /** TM Forum 654 v4. */
  balanceUrl: systemUrl,
  /** TM Forum 622 v4. */
  productOrderUrl: systemUrl,
  trustPaymentUrl: systemUrl,
  creditScoringUrl: systemUrl,
  /** Calls at once. */
  concurrency: z.int().min(1).max(1024).optional(),
  /** How long one try of one call may take. */
  timeoutMs: z.int().min(1).max(120_000).optional(),
})

export type OperatorSystems = z.infer<typeof operatorSystems>

/** What a subscriber can pay with now: own money and what scoring would lend, both in minor units. */
export type Affordability = { balanceMinor: bigint; creditMinor: bigint; currency: string }

/** A sale to be carried out. `activationId` is the caller's, so that asking twice is asking once. */
export type ActivationRequest = {
  activationId: string
  subscriberId: number
  campaignId?: string
  arm?: string
  productId: string
  priceMinor: bigint
  /** Part of the price to be lent by trust payment; 0 when the balance pays. */
  creditMinor: bigint
  currency: string
  /** Whatever the caller wants back with the result. */
  reference: string
}

export type ActivationState =
  | 'requested'
  | 'loan_granted'
  | 'ordered'
  | 'compensating'
  | 'completed'
  | 'failed'
  | 'compensated'

/** How an activation ended; on `compensated` the order failed and its loan was taken back. */
export type FinishedActivation = ActivationRequest & {
  state: 'completed' | 'failed' | 'compensated'
  /** One of `activationReasons` when it did not come about. */
  reason?: string
  /** The operator's own word for it. */
  operatorReason?: string
  /** Fee of the trust payment, minor units. */
  feeMinor: bigint
  loanId?: string
  loanDueAt?: Temporal.Instant
  orderId?: string
  finishedAt: Temporal.Instant
}
