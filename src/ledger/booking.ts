import type { Problem } from '../platform/index.ts'
import type { TransferRequest, TransferResult, TransferState } from './contract.ts'
import { Layer } from './layer.ts'
import { bookMove, type RowHead } from './moving.ts'
import { bookExtension, bookReversal, bookSettlement } from './settling.ts'
import type { AccountState, JournalRow, Standing } from './state.ts'
import { inputHash, problemOfRequest, refusal, transferIdOf, uuidText } from './transfer.ts'

/** What a batch needs to know, as it is under the lock of the tenant's head. */
export type Loaded = {
  tenantId: string
  lastSeq: number
  /** The moment of booking, at which takes effect what says nothing else. */
  bookedMs: number
  accounts: AccountState[]
  /** Rows with a key of the batch or one that a request of it names, and the pending rows behind those. */
  known: JournalRow[]
  standings: Standing[]
}

/**
 * The books while a batch goes through them: loaded under a lock, changed here in the order of the batch, stored at
 * once. Pure: no clock, no I/O, no chance.
 */
export class Books {
  readonly layer: Layer
  readonly #tenantId: string
  readonly #bookedMs: number
  readonly #numberOf: Map<string, number>

  constructor({ tenantId, lastSeq, bookedMs, accounts, known, standings }: Loaded) {
    this.#tenantId = tenantId
    this.#bookedMs = bookedMs
    this.#numberOf = new Map(accounts.map((account) => [account.accountId, account.accountNo]))
    this.layer = new Layer(
      lastSeq,
      new Map(accounts.map((account) => [account.accountNo, account])),
      known,
      standings,
    )
  }

  /** Books all requests in their order; each answer stands at its request's place. */
  bookAll(requests: readonly TransferRequest[]): TransferResult[] {
    const results: TransferResult[] = []
    for (let from = 0; from < requests.length;) {
      const { group } = requests[from]!
      let to = from + 1
      if (group === undefined) {
        results.push(this.#book(this.layer, requests[from]!))
      } else {
        while (to < requests.length && requests[to]!.group === group) to++
        results.push(...this.#bookGroup(requests.slice(from, to)))
      }
      from = to
    }
    return results
  }

  /** All or nothing. A refusal for lack of balance is the lasting answer of the whole group. */
  #bookGroup(requests: TransferRequest[]): TransferResult[] {
    const upper = this.layer.above()
    const fresh = requests.filter(({ key }) => !this.layer.byKey(key))
    const results = requests.map((request) => this.#book(upper, request))
    if (fresh.length === 0) return results
    const isMixed = fresh.length < requests.length
    if (!isMixed && results.every(({ outcome }) => outcome !== 'refused')) {
      upper.merge()
      return results
    }
    const lasting = !isMixed && results.some((result) => codeOf(result) === 'ledger_balance_insufficient')
    return requests.map((request, i) => {
      const result = results[i]!
      if (this.layer.byKey(request.key)) return this.#book(this.layer, request)
      const problem =
        result.outcome === 'refused'
          ? result.problem
          : refusal('ledger_group_refused', 'another transfer of the group was refused', {
              field: 'group',
              found: request.group,
            })
      if (lasting && problem.code !== 'ledger_request_invalid') this.#writeRefusal(request, problem)
      return { key: request.key, outcome: 'refused', problem }
    })
  }

  /** Keeps the answer of a refused group, as far as its accounts are known. */
  #writeRefusal(request: TransferRequest, problem: Problem): void {
    const named = 'debitAccount' in request ? [request.debitAccount, request.creditAccount] : []
    const [debit, credit] = named.map((id) => this.#accountOf(this.layer, id))
    const related = this.layer.byKey(
      'pendingKey' in request ? request.pendingKey : 'reversedKey' in request ? request.reversedKey : '',
    )
    this.layer.write({
      ...this.#headOf(request),
      seq: this.layer.nextSeq(),
      debitNo: debit?.accountNo ?? related?.debitNo ?? 0,
      creditNo: credit?.accountNo ?? related?.creditNo ?? 0,
      amountMinor: ('amountMinor' in request && request.amountMinor) || 0n,
      debitAfter: 0n,
      creditAfter: 0n,
      moves: [],
      refusal: problem.code,
    })
  }

  /** Books one request, or says why not; a refusal changes nothing and hinders nobody else. */
  #book(layer: Layer, request: TransferRequest): TransferResult {
    const { key } = request
    const invalid = problemOfRequest(request)
    if (invalid) return { key, outcome: 'refused', problem: invalid }
    const before = layer.byKey(key)
    if (before) return this.#repeated(before, inputHash(request))
    const problem = this.#apply(layer, request, this.#headOf(request))
    if (problem) return { key, outcome: 'refused', problem }
    const row = layer.byKey(key)!
    return row.refusal === undefined ? answerOf(row, 'booked') : this.#refused(row)
  }

  #apply(layer: Layer, request: TransferRequest, head: RowHead): Problem | undefined {
    switch (request.kind) {
      case 'post':
      case 'pending': {
        const debit = this.#accountOf(layer, request.debitAccount)
        const credit = this.#accountOf(layer, request.creditAccount)
        if (!debit) return notFound('debitAccount', request.debitAccount)
        if (!credit) return notFound('creditAccount', request.creditAccount)
        if (debit.currency !== request.currency) return differs('debitAccount', debit, request.currency)
        if (credit.currency !== request.currency) return differs('creditAccount', credit, request.currency)
        return bookMove(layer, request, head, [debit, credit])
      }
      case 'extend': {
        const account = this.#accountOf(layer, request.account)
        return account ? bookExtension(layer, request, head, account) : notFound('account', request.account)
      }
      case 'reverse':
        return bookReversal(layer, request, head)
      default:
        return bookSettlement(layer, request, head)
    }
  }

  #headOf(request: TransferRequest): RowHead {
    const { key, kind, at, memo, group } = request
    return {
      key,
      kind,
      transferId: transferIdOf(this.#tenantId, key),
      inputHash: inputHash(request),
      effectiveMs: at?.epochMilliseconds ?? this.#bookedMs,
      ...(memo === undefined ? {} : { memo }),
      ...(group === undefined ? {} : { group }),
    }
  }

  #accountOf(layer: Layer, accountId: string): AccountState | undefined {
    const accountNo = this.#numberOf.get(accountId)
    return accountNo === undefined ? undefined : layer.account(accountNo)
  }

  /** The first answer again, unless the key now stands before other input. */
  #repeated(row: JournalRow, asked: string): TransferResult {
    if (row.inputHash === asked) {
      return row.refusal === undefined ? answerOf(row, 'repeated') : this.#refused(row)
    }
    const problem = refusal('ledger_key_mismatch', 'the key was used before with other input', {
      field: 'key',
      found: row.key,
    })
    return { key: row.key, outcome: 'refused', problem }
  }

  #refused(row: JournalRow): TransferResult {
    const { key } = row
    const problem =
      row.refusal === 'ledger_balance_insufficient'
        ? refusal('ledger_balance_insufficient', 'the debited account has not enough', {
            field: 'amountMinor',
            found: row.amountMinor,
          })
        : refusal('ledger_group_refused', 'another transfer of the group was refused', {
            field: 'group',
            found: row.group,
          })
    return { key, outcome: 'refused', problem }
  }
}

const codeOf = (result: TransferResult): string | undefined =>
  result.outcome === 'refused' ? result.problem.code : undefined

function answerOf(row: JournalRow, outcome: 'booked' | 'repeated'): TransferResult {
  const { key, transferId, amountMinor, forgivenMinor } = row
  return {
    key,
    outcome,
    transferId: uuidText(transferId),
    state: stateOf(row),
    amountMinor,
    ...(forgivenMinor === undefined ? {} : { forgivenMinor }),
  }
}

function stateOf({ kind }: JournalRow): TransferState {
  if (kind === 'pending') return 'pending'
  return kind === 'void_pending' ? 'voided' : 'posted'
}

const notFound = (field: string, accountId: string): Problem =>
  refusal('ledger_account_not_found', `no account "${accountId}"`, { field, found: accountId })

const differs = (field: string, account: AccountState, currency: string): Problem =>
  refusal('ledger_currency_differs', `account "${account.accountId}" keeps ${account.currency}`, {
    field,
    found: currency,
    expected: account.currency,
  })
