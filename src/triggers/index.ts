export { type FiringView, type Trigger, type TriggerView, triggerSchema } from './contract.ts'
export type { CheckpointSpace } from './checkpoints.ts'
export { type TriggerErrorCode, triggerErrorCodes } from './errors.ts'
export { triggersRoutes } from './http.ts'
export type { EngineOptions, PartitionStats } from './runner-parts.ts'
export { createTriggers, type Triggers } from './service.ts'
export {
  databaseCheckpoints,
  type Firing,
  markFiringsHandled,
  markOthersHandled,
  takeFirings,
} from './store.ts'
export type { EnginesParts } from './engines.ts'
export { triggerKind } from './trigger-kind.ts'
export { compileRule } from './compile.ts'
export { Partition } from './partition.ts'
export { Texts } from './texts.ts'
