export { expiryAfter, type Lifetime } from './calendar.ts'
export type {
  AccountBalance,
  AccountOpening,
  AccountPurpose,
  BalanceInDetail,
  Deficit,
  Difference,
  Entry,
  ExtendRequest,
  Lot,
  LotTerms,
  MoveRequest,
  Outstanding,
  ReverseRequest,
  SettleRequest,
  TransferRequest,
  TransferResult,
  TransferState,
  Verification,
} from './contract.ts'
export { type LedgerErrorCode, ledgerErrorCodes } from './errors.ts'
export { ledgerRoutes } from './http.ts'
export { balancesInDetail } from './reading.ts'
export { accountsOfOwner, balancesOf, hasAccounts, lotsOf, outstanding } from './reading-store.ts'
export { expireLots, type ExpiryResult, type ExpiryRun, timeoutStage } from './runs.ts'
export { openAccounts, postTransfers } from './service.ts'
export { type Statement, statementOf, type StatementQuery } from './statement.ts'
export { transferIdOf } from './transfer.ts'
export { verifyLedger } from './verification.ts'
export { createLedger, type Ledger, type LedgerDependencies } from './writer.ts'
