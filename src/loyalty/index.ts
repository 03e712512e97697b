export type { EarnRule, Purchase } from './contract.ts'
export { earnRuleKind } from './earn-rule.ts'
export { type AwardReason, awardReasons } from './errors.ts'
export { loyaltyRoutes } from './http.ts'
export {
  createLoyalty,
  liabilityAccount,
  type Loyalty,
  type LoyaltyDependencies,
  memberAccount,
  type PointsPage,
} from './service.ts'
export type { Award } from './store.ts'
