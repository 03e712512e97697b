import { z } from 'zod'
import { decimalText, DomainError, problemOf } from '../platform/index.ts'
import { minorDigits, minorOf } from './amount.ts'
import { mapBounded } from './bounded.ts'
import type { Affordability, OperatorSystems } from './contract.ts'
import { type Answer, HttpCaller } from './http-caller.ts'
import { defaultConcurrency, defaultTimeoutMs, type SystemUrls, urlsOf } from './systems.ts'

export type LoanOutcome =
  | { outcome: 'granted'; loanId: string; feeMinor: bigint; dueAt: Temporal.Instant }
  | { outcome: 'refused'; operatorReason: string }
export type OrderOutcome =
  | { outcome: 'completed'; orderId: string }
  | { outcome: 'in_progress'; orderId: string }
  | { outcome: 'refused'; orderId?: string; operatorReason: string }
export type CancelOutcome = { outcome: 'cancelled' } | { outcome: 'refused'; operatorReason: string }
export type BalanceChange = { externalId: string; account: string; amountMinor: bigint; currency: string }

const bucketList = z.array(
  z.object({
    status: z.string().optional(),
    remainingValue: z.object({ amount: z.string(), units: z.string() }),
  }),
)
const digits = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt)
const assessment = z.object({ approvedMinor: digits, currency: z.string() })
const loan = z.object({
  loanId: z.string().min(1),
  feeMinor: digits,
  dueAt: z.iso.datetime({ offset: true }),
})
const order = z.object({ id: z.string().min(1), state: z.string(), reason: z.string().optional() })
const balanceAction = z.object({ status: z.string().optional(), reason: z.string().optional() })
const refusal = z.object({ code: z.string().optional(), reason: z.string().optional() })

/** States of a TMF622 product order that will not change any more and are not `completed`. */
const endedWithoutProduct = new Set(['failed', 'cancelled', 'rejected', 'partial'])

/**
 * The operator's systems as this project sees them: TM Forum 654 v4 (prepay balance), TM Forum 622 v4 (product
 * order) and two documented contracts that have no standard, trust payment and credit scoring (README).
 * Calls that cannot be decided throw `operator_unavailable` or `operator_answer_invalid`: try again later.
 */
export class OperatorClient {
  readonly concurrency: number
  readonly #http: HttpCaller
  readonly #urls: SystemUrls

  constructor(systems: OperatorSystems) {
    this.concurrency = systems.concurrency ?? defaultConcurrency
    this.#http = new HttpCaller({
      connections: this.concurrency,
      timeoutMs: systems.timeoutMs ?? defaultTimeoutMs,
    })
    this.#urls = urlsOf(systems)
  }

  /** Balance and approved credit of an account; throws `operator_account_not_found` when it is unknown. */
  async affordability(account: string): Promise<Affordability> {
    const [balance, credit] = await Promise.all([this.#balance(account), this.#approvedCredit(account)])
    if (balance.currency !== credit.currency) {
      throw new DomainError('operator_answer_invalid', 'scoring and billing speak of two currencies', {
        field: 'currency',
        found: credit.currency,
        expected: balance.currency,
      })
    }
    return { balanceMinor: balance.amountMinor, creditMinor: credit.amountMinor, currency: balance.currency }
  }

  /** The same for many accounts at once; one that fails has its error in its place. */
  affordabilities(accounts: readonly string[]): Promise<(Affordability | DomainError)[]> {
    return mapBounded(accounts, this.concurrency, async (account) => {
      try {
        return await this.affordability(account)
      } catch (error) {
        if (error instanceof DomainError) return error
        throw error
      }
    })
  }

  /** Grants a trust payment once per `externalId`. */
  async grantLoan(request: BalanceChange): Promise<LoanOutcome> {
    const answer = await this.#http.call({
      method: 'POST',
      url: `${this.#urls.trustPayment}/loans`,
      body: {
        externalId: request.externalId,
        partyAccount: request.account,
        principalMinor: request.amountMinor,
        currency: request.currency,
      },
    })
    if (answer.status >= 400) return { outcome: 'refused', operatorReason: reasonOf(answer) }
    const { loanId, feeMinor, dueAt } = parseAnswer(loan, answer)
    return { outcome: 'granted', loanId, feeMinor, dueAt: Temporal.Instant.from(dueAt) }
  }

  /** Takes a loan back. A loan that is unknown, cancelled or repaid is gone, which is what was wanted. */
  async cancelLoan(loanId: string): Promise<CancelOutcome> {
    const url = `${this.#urls.trustPayment}/loans/${encodeURIComponent(loanId)}`
    const answer = await this.#http.call({
      method: 'POST',
      url: `${url}/cancel`,
      body: { reason: 'order_failed' },
    })
    if (answer.status < 400 || answer.status === 404) return { outcome: 'cancelled' }
    const now = await this.#http.call({ method: 'GET', url })
    const { status } = z.object({ status: z.string().optional() }).catch({}).parse(now.body)
    if (now.status === 404 || status === 'cancelled' || status === 'repaid') return { outcome: 'cancelled' }
    return { outcome: 'refused', operatorReason: reasonOf(answer) }
  }

  /**
   * Orders a product once per `externalId`. TMF622 does not promise that a repeated external id is one order,
   * so before every repeated try, and first of all when `mayExist`, the order is looked up by it.
   */
  async placeOrder(request: {
    externalId: string
    account: string
    productId: string
    mayExist: boolean
  }): Promise<OrderOutcome> {
    const url = `${this.#urls.productOrder}/productOrder`
    const alreadyDone = async (): Promise<Answer | undefined> => {
      const query = new URLSearchParams({ externalId: request.externalId })
      const found = await this.#http.call({ method: 'GET', url: `${url}?${query}` })
      const first = Array.isArray(found.body) ? (found.body as unknown[])[0] : undefined
      return found.status === 200 && first !== undefined ? { status: 200, body: first } : undefined
    }
    const existing = request.mayExist ? await alreadyDone() : undefined
    const body = {
      externalId: request.externalId,
      billingAccount: { id: request.account },
      productOrderItem: [{ id: '1', action: 'add', quantity: 1, productOffering: { id: request.productId } }],
    }
    const answer = existing ?? (await this.#http.call({ method: 'POST', url, body, alreadyDone }))
    if (answer.status >= 400) return { outcome: 'refused', operatorReason: reasonOf(answer) }
    const { id, state, reason } = parseAnswer(order, answer)
    if (state === 'completed') return { outcome: 'completed', orderId: id }
    if (endedWithoutProduct.has(state)) {
      return { outcome: 'refused', orderId: id, operatorReason: reason ?? state }
    }
    return { outcome: 'in_progress', orderId: id }
  }

  /** Puts money on the balance (TMF654 `topupBalance`). */
  topupBalance(change: BalanceChange): Promise<void> {
    return this.#changeBalance('topupBalance', change)
  }

  /** Corrects the balance; a negative amount takes away (TMF654 `adjustBalance`). */
  adjustBalance(change: BalanceChange): Promise<void> {
    return this.#changeBalance('adjustBalance', change)
  }

  /** Sets money of the balance aside (TMF654 `reserveBalance`). */
  reserveBalance(change: BalanceChange): Promise<void> {
    return this.#changeBalance('reserveBalance', change)
  }

  close(): Promise<void> {
    return this.#http.close()
  }

  async #balance(account: string): Promise<{ amountMinor: bigint; currency: string }> {
    const query = new URLSearchParams({ 'partyAccount.id': account, usageType: 'monetary' })
    const answer = await this.#http.call({ method: 'GET', url: `${this.#urls.balance}/bucket?${query}` })
    if (answer.status >= 400) throw invalid(answer)
    const buckets = parseAnswer(bucketList, answer).filter((b) => (b.status ?? 'active') === 'active')
    const currency = buckets[0]?.remainingValue.units
    if (currency === undefined) {
      throw new DomainError(
        'operator_account_not_found',
        'the operator has no monetary bucket for this account',
      )
    }
    let amountMinor = 0n
    for (const { remainingValue } of buckets) {
      if (remainingValue.units !== currency) continue
      const value = minorOf(remainingValue.amount, currency)
      if (value === undefined) throw invalid(answer)
      amountMinor += value
    }
    return { amountMinor, currency }
  }

  async #approvedCredit(account: string): Promise<{ amountMinor: bigint; currency: string }> {
    const url = `${this.#urls.creditScoring}/assessments`
    const answer = await this.#http.call({ method: 'POST', url, body: { partyAccount: account } })
    if (answer.status === 404) {
      throw new DomainError('operator_account_not_found', 'credit scoring does not know this account')
    }
    const { approvedMinor, currency } = parseAnswer(assessment, answer)
    return { amountMinor: approvedMinor, currency }
  }

  async #changeBalance(resource: string, change: BalanceChange): Promise<void> {
    const amount = decimalText(change.amountMinor, minorDigits(change.currency))
    const answer = await this.#http.call({
      method: 'POST',
      url: `${this.#urls.balance}/${resource}`,
      body: {
        externalId: change.externalId,
        partyAccount: { id: change.account },
        usageType: 'monetary',
        amount: { amount: exactNumber(amount), units: change.currency },
      },
    })
    const { status, reason } = answer.status < 400 ? parseAnswer(balanceAction, answer) : {}
    if (answer.status < 400 && (status === undefined || status === 'completed' || status === 'created'))
      return
    throw new DomainError('operator_balance_refused', `the operator refused ${resource}`, {
      field: resource,
      found: reason ?? reasonOf(answer),
    })
  }
}

/** TM Forum amounts are JSON numbers; the text goes onto the wire as it is, so that no float touches value. */
function exactNumber(decimal: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(decimal)
}

function parseAnswer<T>(schema: z.ZodType<T>, answer: Answer): T {
  const parsed = answer.status < 400 ? schema.safeParse(answer.body) : undefined
  if (!parsed?.success) throw invalid(answer, parsed?.error)
  return parsed.data
}

function invalid(answer: Answer, cause?: unknown): DomainError {
  return new DomainError('operator_answer_invalid', "the operator's system answered against its contract", {
    found: `status ${answer.status}`,
    ...(cause === undefined ? {} : { expected: problemOf(cause).message }),
  })
}

function reasonOf(answer: Answer): string {
  const said = refusal.safeParse(answer.body)
  return (said.success ? (said.data.reason ?? said.data.code) : undefined) ?? `status_${answer.status}`
}
