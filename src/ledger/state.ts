import type { AccountOpening, TransferRequest, TransferState } from './contract.ts'

/** An account to be opened, with its rule as the table keeps it. */
export type Opening = AccountOpening & { floorMinor: bigint | null; keepsLots: boolean }

/** An open lot in memory; times in epoch milliseconds, `Infinity` = never. */
export type OpenLot = {
  lotNo: number
  remainingMinor: bigint
  earnedMs: number
  availableMs: number
  expiresMs: number
  /** Whether the table has a row of it. */
  stored: boolean
}

/** An account in memory, as it is after everything that was booked. */
export type AccountState = {
  accountNo: number
  accountId: string
  currency: string
  /** How far below zero it may go; absent: without end. */
  floorMinor?: bigint
  keepsLots: boolean
  balanceMinor: bigint
  pendingDebitsMinor: bigint
  pendingCreditsMinor: bigint
  /** The latest transfer that moved it, 0 = none. */
  lastSeq: number
  /** Its open lots in the order in which they are spent; absent where nobody needed to know. */
  lots?: OpenLot[]
}

/** What a transfer did to a lot; see the comment on `ledger.transfer.lots`. */
export type LotMove = {
  accountNo: number
  lotNo: number
  deltaMinor: bigint
  spentMinor: bigint
  earnedMs: number
  availableMs: number
  expiresMs: number
}

/** A row of the journal: what was asked and how it was answered. */
export type JournalRow = {
  seq: number
  debitNo: number
  creditNo: number
  amountMinor: bigint
  debitAfter: bigint
  creditAfter: bigint
  debitPrev?: number
  creditPrev?: number
  effectiveMs: number
  transferId: string
  inputHash: string
  kind: TransferRequest['kind']
  key: string
  relatedSeq?: number
  forgivenMinor?: bigint
  refusal?: string
  memo?: string
  group?: string
  moves: LotMove[]
}

/** What became of a transfer after it was booked. */
export type Standing = {
  seq: number
  state: TransferState
  timeoutMs?: number
  reversedMinor: bigint
  restored: bigint[]
  taken: bigint[]
}

/** What can be spent, lots apart: below zero where there is a debt. */
export const unreserved = (account: AccountState): bigint => account.balanceMinor - account.pendingDebitsMinor

/** A copy that can be changed without the original noticing. */
export function copyOf(account: AccountState): AccountState {
  const { lots } = account
  return lots === undefined ? { ...account } : { ...account, lots: lots.map((lot) => ({ ...lot })) }
}
