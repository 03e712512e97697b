import type { DocumentKind } from '../platform/index.ts'
import { abusePolicyKind } from './abuse/abuse-policy-kind.ts'
import { earnRuleKind } from './earning/earn-rule-kind.ts'
import { playKinds } from './play/document-kinds.ts'
import { programmeMigrationKind } from './migration/programme-migration-kind.ts'
import { referralKind } from './referrals/document-kind.ts'
import { clubKind } from './clubs/document-kind.ts'
import { exchangeKinds } from './exchange/document-kinds.ts'
import { rewardKind } from './rewards/reward-kind.ts'
import { tierLadderKind } from './tiers/tier-ladder-kind.ts'
import { pointCostKind } from './liability/point-cost.ts'
import { programmeKind } from './programme-kind.ts'

/** All kinds of documents of loyalty. */
export const loyaltyDocuments: DocumentKind[] = [
  programmeKind,
  earnRuleKind,
  programmeMigrationKind,
  ...playKinds,
  referralKind,
  rewardKind,
  ...exchangeKinds,
  clubKind,
  tierLadderKind,
  pointCostKind,
  abusePolicyKind,
]
