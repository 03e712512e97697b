import type { TransferRequest } from '../ledger/index.ts'

/**
 * What the transfers of a batch add to accounts before the ledger has any of them, whoever asked for them. Those that
 * settle or reverse others name no accounts and are left out: who asks for one knows what it moves.
 */
export class Moves {
  readonly #sums = new Map<string, bigint>()

  add(transfer: TransferRequest): void {
    if (transfer.kind !== 'post') return
    const { debitAccount, creditAccount, amountMinor } = transfer
    this.#sums.set(debitAccount, this.on(debitAccount) - amountMinor)
    this.#sums.set(creditAccount, this.on(creditAccount) + amountMinor)
  }

  readonly on = (accountId: string): bigint => this.#sums.get(accountId) ?? 0n
}
