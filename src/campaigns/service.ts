import type { Loyalty } from '../loyalty/index.ts'
import type { Messaging } from '../messaging/index.ts'
import type { Operator } from '../operator/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { type Clock, type Database, type Documents, DomainError, type Stage } from '../platform/index.ts'
import type { Campaign } from './contract.ts'
import { campaignDeclarations } from './documents.ts'
import { campaignStages } from './worker.ts'

export type Campaigns = {
  /** The stages of the loop, in its order. */
  stages: Stage[]
  list(
    tenantId: string,
  ): Promise<{ campaignId: string; version: number; state: string; name: Campaign['name'] }[]>
}

/** Puts the module together. */
export function createCampaigns(dependencies: {
  database: Database
  clock: Clock
  documents: Documents
  operator: Operator
  messaging: Messaging
  loyalty: Loyalty
  profiles: Profiles
  wakeOperator(tenantId: string): void
  wakeJourneys(tenantId: string): void
}): Campaigns {
  const { documents } = dependencies
  const stages = campaignStages({
    ...dependencies,
    async campaignOf(tenantId, campaignId, version) {
      const found = await documents.get<Campaign>(tenantId, 'Campaign', campaignId, version)
      if (!found) throw new DomainError('campaign_not_found', `no campaign ${campaignId} version ${version}`)
      return found
    },
    async declarations(tenantId) {
      return campaignDeclarations(await documents.reader(tenantId))
    },
  })
  return {
    stages,
    async list(tenantId) {
      const campaigns = await documents.list<Campaign>(tenantId, 'Campaign')
      return Promise.all(
        campaigns.map(async ({ id, state, name }) => ({
          campaignId: id,
          version: await documents.versionOf(tenantId, 'Campaign', id),
          state,
          name,
        })),
      )
    },
  }
}
