export type {
  AccountBalance,
  AccountOpening,
  Difference,
  Entry,
  MoveRequest,
  SettleRequest,
  TransferRequest,
  TransferResult,
  TransferState,
  Verification,
} from './contract.ts'
export { type LedgerErrorCode, ledgerErrorCodes } from './errors.ts'
export { ledgerRoutes } from './http.ts'
export { openAccounts, postTransfers, verifyLedger } from './service.ts'
export { accountsOfOwner, balancesOf, entriesOf } from './store.ts'
