import type { Access } from '../access/index.ts'
import type { Database, FastifyInstance } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { abuseRoutes } from './abuse/http.ts'
import { correctionRoutes } from './corrections/http.ts'
import { earningRoutes } from './earning/http.ts'
import { membersRoutes } from './members-http.ts'
import { migrationRoutes } from './migration/http.ts'
import { gameRoutes, playRoutes, playTryRoute } from './play/http.ts'
import { referralRoutes } from './referrals/http.ts'
import { clubRoutes } from './clubs/http.ts'
import { exchangeRoutes } from './exchange/http.ts'
import { rewardRoutes } from './rewards/http.ts'
import { liabilityRoutes } from './liability/http.ts'
import { tierRoutes } from './tiers/http.ts'
import type { Loyalty } from './service.ts'

export type LoyaltyHttpParts = { database: Database; loyalty: Loyalty; profiles: Profiles; access: Access }

/** Adds the routes of all parts of loyalty. */
export function loyaltyRoutes(http: FastifyInstance, parts: LoyaltyHttpParts): void {
  const { loyalty } = parts
  tierRoutes(http, { ...parts, tiers: loyalty.tiers })
  liabilityRoutes(http, { ...parts, liability: loyalty.liability })
  membersRoutes(http, { ...parts, members: loyalty.members })
  earningRoutes(http, { ...parts, earning: loyalty })
  migrationRoutes(http, { ...parts, migrations: loyalty.migrations })
  playRoutes(http, loyalty.play)
  playTryRoute(http, loyalty.play)
  gameRoutes(http, loyalty.play, parts.access)
  referralRoutes(http, loyalty.referrals)
  correctionRoutes(http, { ...parts, corrections: loyalty.corrections })
  clubRoutes(http, { ...parts, clubs: loyalty.clubs })
  exchangeRoutes(http, { ...parts, exchanges: loyalty.exchanges })
  rewardRoutes(http, { ...parts, rewards: loyalty.rewards })
  abuseRoutes(http, { ...parts, abuse: loyalty.abuse })
}
