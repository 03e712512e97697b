export {
  type BalanceChange,
  type CancelOutcome,
  type LoanOutcome,
  OperatorClient,
  type OrderOutcome,
} from './client.ts'
export type {
  ActivationRequest,
  ActivationState,
  Affordability,
  FinishedActivation,
  OperatorSystems,
} from './contract.ts'
export { type ActivationReason, activationReasons, operatorErrorCodes } from './errors.ts'
export { createOperator, type Operator, type OperatorDependencies } from './service.ts'
export { markActivationsHandled, takeFinishedActivations } from './store.ts'
export { minorDigits } from './amount.ts'
export { operatorSystemsKind } from './systems.ts'
