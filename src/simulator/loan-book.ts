export type LoanStatus = 'granted' | 'repaid' | 'overdue' | 'cancelled'

/** One trust payment. What is owed is principal + fee − repaid. */
export type Loan = {
  loanId: string
  externalId: string
  subscriber: number
  principalMinor: number
  feeMinor: number
  repaidMinor: number
  dueAtMs: number
  status: LoanStatus
}

/** All loans, found by id, by the id of whoever asked, and by subscriber. */
export class LoanBook {
  readonly #byId = new Map<string, Loan>()
  readonly #byExternal = new Map<string, Loan>()
  readonly #open = new Map<number, Loan[]>()

  add(loan: Loan): void {
    this.#byId.set(loan.loanId, loan)
    this.#byExternal.set(loan.externalId, loan)
    this.#open.set(loan.subscriber, [...this.open(loan.subscriber), loan])
  }

  byId(loanId: string): Loan | undefined {
    return this.#byId.get(loanId)
  }

  byExternalId(externalId: string): Loan | undefined {
    return this.#byExternal.get(externalId)
  }

  /** Loans of a subscriber with something owed, oldest first. */
  open(subscriber: number): Loan[] {
    return this.#open.get(subscriber) ?? []
  }

  /** Takes a loan that is repaid or cancelled out of the open ones. */
  close(loan: Loan, status: 'repaid' | 'cancelled'): void {
    loan.status = status
    const rest = this.open(loan.subscriber).filter((other) => other !== loan)
    if (rest.length > 0) this.#open.set(loan.subscriber, rest)
    else this.#open.delete(loan.subscriber)
  }
}
