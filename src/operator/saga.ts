import type { ActivationReason } from './errors.ts'
import type { ActivationRequest, ActivationState } from './contract.ts'
import type { CancelOutcome, LoanOutcome, OrderOutcome } from './client.ts'

/** An activation that has not ended, as the saga sees it. */
export type OpenActivation = ActivationRequest & {
  state: Exclude<ActivationState, 'completed' | 'failed' | 'compensated'>
  operatorReason?: string
  loanId?: string
  orderId?: string
  /** Tries of the present step, this one included. */
  attempts: number
}

/** What one step changed; absent fields keep what they had. */
export type Advance = {
  state: ActivationState
  reason?: ActivationReason
  operatorReason?: string
  loanId?: string
  feeMinor?: bigint
  loanDueAt?: Temporal.Instant
  orderId?: string
  /** Milliseconds until the next step may be tried; 0 = at once. */
  waitMs: number
}

export type Step = 'grant_loan' | 'place_order' | 'cancel_loan'

const firstWaitMs = 5_000
const longestWaitMs = 600_000

/** The call that an activation needs next: first the money, then the product, and the money back if it failed. */
export function nextStep(activation: OpenActivation): Step {
  if (activation.state === 'compensating') return 'cancel_loan'
  if (activation.state === 'requested' && activation.creditMinor > 0n) return 'grant_loan'
  return 'place_order'
}

/** External ids follow from the activation alone, so a repeat after a kill is the same request. */
export const loanExternalId = (activationId: string): string => `${activationId}:loan`
/** The same for the order. */
export const orderExternalId = (activationId: string): string => `${activationId}:order`

/** No account, no sale: nothing has been asked of the operator yet. */
export function withoutAccount(): Advance {
  return { state: 'failed', reason: 'account_missing', waitMs: 0 }
}

/** A granted loan leads to the order; a refused one ends it with the operator's own reason. */
export function afterLoan(outcome: LoanOutcome): Advance {
  if (outcome.outcome === 'refused') {
    return {
      state: 'failed',
      reason: 'loan_refused',
      operatorReason: outcome.operatorReason,
      waitMs: 0,
    }
  }
  const { loanId, feeMinor, dueAt } = outcome
  return { state: 'loan_granted', loanId, feeMinor, loanDueAt: dueAt, waitMs: 0 }
}

/** An order ends it, is asked for later, or, refused, sends a granted loan back. */
export function afterOrder(activation: OpenActivation, outcome: OrderOutcome): Advance {
  if (outcome.outcome === 'completed') return { state: 'completed', orderId: outcome.orderId, waitMs: 0 }
  if (outcome.outcome === 'in_progress') {
    const tries = activation.state === 'ordered' ? activation.attempts : 0
    return { state: 'ordered', orderId: outcome.orderId, waitMs: waitAfter(tries) }
  }
  return {
    state: activation.loanId === undefined ? 'failed' : 'compensating',
    reason: 'order_refused',
    operatorReason: outcome.operatorReason,
    ...(outcome.orderId === undefined ? {} : { orderId: outcome.orderId }),
    waitMs: 0,
  }
}

/** The reason of the failed order stays; a loan whose money is spent already can only be reported. */
export function afterCancel(activation: OpenActivation, outcome: CancelOutcome): Advance {
  if (outcome.outcome === 'cancelled') {
    return {
      state: 'compensated',
      reason: 'order_refused',
      ...(activation.operatorReason === undefined ? {} : { operatorReason: activation.operatorReason }),
      waitMs: 0,
    }
  }
  return {
    state: 'failed',
    reason: 'loan_not_cancelled',
    operatorReason: outcome.operatorReason,
    waitMs: 0,
  }
}

/** The step could not be decided now: the same step again, each time after twice the wait, up to ten minutes. */
export function postponed(activation: OpenActivation): Advance {
  return { state: activation.state, waitMs: waitAfter(activation.attempts) }
}

const waitAfter = (attempts: number): number =>
  Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts, 10))

/** Whether nothing follows this state. */
export const hasEnded = (state: ActivationState): state is 'completed' | 'failed' | 'compensated' =>
  state === 'completed' || state === 'failed' || state === 'compensated'
