export {
  accountOf,
  householdOwner,
  memberAccount,
  memberOwner,
  programmeAccount,
  type ProgrammePurpose,
} from './accounts.ts'
export { announcedFields } from './announcements.ts'
export type { EarnRule, Purchase } from './earning/earn-rule.ts'
export { type LoyaltyErrorCode, loyaltyErrorCodes } from './errors.ts'
export { loyaltyRoutes } from './http.ts'
export type { LoyaltyDependencies } from './dependencies.ts'
export type { Membership } from './members-service.ts'
export { createLoyalty, type Loyalty } from './service.ts'
export { earnRuleKind } from './earning/earn-rule-kind.ts'
export { programmeKind } from './programme-kind.ts'
export { loyaltyDocuments } from './documents.ts'
export { impliedProgramme, type Programme } from './programmes.ts'
export { subscriberOf } from './subscriber-parameter.ts'
