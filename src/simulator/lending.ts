import { derivedId } from '../platform/index.ts'
import { eventType } from './event-writer.ts'
import type { Loan } from './loan-book.ts'
import type { World } from './world.ts'

export type Assessment = { approvedMinor: number; reasons: string[] }

/**
 * How much this subscriber may borrow, kopecks, and why: months on the network, whether an advance is open, whether
 * the previous one was repaid, the average top-up. The published rules of operators name the same four.
 */
export function assess(world: World, subscriber: number): Assessment {
  const { scoring } = world.b
  const months = world.people.tenureMonths[subscriber]!
  if (months < scoring.minTenureMonths) return { approvedMinor: 0, reasons: ['too_new_on_the_network'] }
  const open = world.loans.open(subscriber)
  if (open.some((loan) => loan.status === 'overdue'))
    return { approvedMinor: 0, reasons: ['advance_overdue'] }
  if (open.length > 0) return { approvedMinor: 0, reasons: ['advance_open'] }
  const repaid = world.state.advancesRepaid[subscriber]! > 0
  const share =
    scoring.baseFactor +
    scoring.tenureFactor * Math.min(1, months / scoring.fullTenureMonths) +
    (repaid ? scoring.repaidFactor : 0)
  const wanted = Math.min(scoring.capMinor, world.people.topUpMinor[subscriber]! * share)
  return {
    approvedMinor: Math.floor(wanted / scoring.stepMinor) * scoring.stepMinor,
    reasons: [`tenure_${months}_months`, repaid ? 'advance_repaid' : 'no_advance_before', 'average_top_up'],
  }
}

/**
 * Grants a trust payment: the principal goes on the balance, fee and due moment are fixed, the record leaves a
 * little later, and at the due moment it is overdue if something is still owed.
 */
export function grant(
  world: World,
  subscriber: number,
  principalMinor: number,
  externalId: string,
  atMs: number,
): Loan {
  const { b, state, schedule } = world
  const loan: Loan = {
    loanId: derivedId('loan', world.people.keys[subscriber]!, world.startMs, state.loans[subscriber]!++),
    externalId,
    subscriber,
    principalMinor,
    feeMinor: Math.ceil(principalMinor * b.trustPayment.feeShare),
    repaidMinor: 0,
    dueAtMs: atMs + b.trustPayment.dueHours * 3_600_000,
    status: 'granted',
  }
  world.loans.add(loan)
  state.balanceMinor[subscriber]! += principalMinor
  state.unspentLoanMinor[subscriber]! += principalMinor
  const recordAtMs = atMs + b.billing.recordDelayS * 1000
  schedule.act(recordAtMs, subscriber, () => {
    if (loan.status !== 'cancelled') record(world, loan, eventType.granted, recordAtMs)
  })
  schedule.act(loan.dueAtMs, subscriber, () => {
    if (loan.status !== 'granted') return
    loan.status = 'overdue'
    record(world, loan, eventType.overdue, loan.dueAtMs)
  })
  return loan
}

/**
 * Takes a grant back, as compensation for an activation that failed. False when its money is spent or partly
 * repaid; true, also a second time, when it is cancelled.
 */
export function cancel(world: World, loan: Loan): boolean {
  const { state } = world
  if (loan.status === 'cancelled') return true
  const whole = state.unspentLoanMinor[loan.subscriber]! >= loan.principalMinor && loan.repaidMinor === 0
  if (loan.status !== 'granted' || !whole) return false
  state.balanceMinor[loan.subscriber]! -= loan.principalMinor
  state.unspentLoanMinor[loan.subscriber]! -= loan.principalMinor
  world.loans.close(loan, 'cancelled')
  return true
}

/** Takes what is owed out of a top-up, oldest loan first; whatever remains stays on the balance. */
export function repayLoans(world: World, subscriber: number, topUpMinor: number, atMs: number): void {
  const { state } = world
  let leftMinor = topUpMinor
  for (const loan of world.loans.open(subscriber)) {
    const paidMinor = Math.min(leftMinor, loan.principalMinor + loan.feeMinor - loan.repaidMinor)
    if (paidMinor <= 0) return
    leftMinor -= paidMinor
    loan.repaidMinor += paidMinor
    state.balanceMinor[subscriber]! -= paidMinor
    if (loan.repaidMinor < loan.principalMinor + loan.feeMinor) continue
    world.loans.close(loan, 'repaid')
    state.unspentLoanMinor[subscriber] = Math.max(
      0,
      state.unspentLoanMinor[subscriber]! - loan.principalMinor,
    )
    state.advancesRepaid[subscriber]!++
    record(world, loan, eventType.repaid, atMs)
  }
}

function record(world: World, loan: Loan, type: string, atMs: number): void {
  world.events.add(
    loan.subscriber,
    'trust-payment',
    type,
    atMs,
    `{"loanId":"${loan.loanId}","principalMinor":${loan.principalMinor},"feeMinor":${loan.feeMinor}}`,
  )
}
