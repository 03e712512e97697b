import type { Clock, Documents, Stage, Tx } from '../platform/index.ts'
import { compileExpression } from '../expressions/index.ts'
import { type AffordingDependencies, affordSteps } from './affording.ts'
import { takeActivated, takeAnswered } from './answering.ts'
import type { Campaign } from './contract.ts'
import { type LiveCampaign, takeEntries } from './entry.ts'
import type { Arrival, Instance } from './journey.ts'
import { move } from './moving.ts'
import { nextDue, takeDueInstances } from './store.ts'

/** How many rows one transaction takes. */
const BATCH = 2_000

export type CampaignDependencies = AffordingDependencies & { clock: Clock }

/** The stage that moves journeys: firings in, answers in, activations in, timers, offers. */
export function campaignStage(dependencies: CampaignDependencies): Stage {
  const { database, documents, clock } = dependencies
  return {
    name: 'campaigns',
    async run(tenantId) {
      const now = clock.now()
      const campaigns = await liveCampaigns(documents, tenantId)
      const taken = await database.tx(tenantId, async (tx) => {
        const entries = await takeEntries(tx, campaigns, belongs(dependencies, tenantId), now, BATCH)
        const answers = await takeAnswered(dependencies, tx, tenantId, now, BATCH)
        const activations = await takeActivated(dependencies, tx, tenantId, now, BATCH)
        return entries + answers + activations + (await wakeByTime(dependencies, tx, tenantId, now))
      })
      const afforded = await affordSteps(dependencies, tenantId, now, BATCH)
      const handled = taken + afforded
      return { handled, nextDueMs: handled > 0 ? null : await database.tx(tenantId, nextDue) }
    },
  }
}

/** Journeys whose entry delay, delay step or wait for an answer is over. */
async function wakeByTime(
  dependencies: CampaignDependencies,
  tx: Tx,
  tenantId: string,
  now: Temporal.Instant,
): Promise<number> {
  const due = await takeDueInstances(tx, now, ['entry', 'time', 'answer'], BATCH)
  await move(
    dependencies,
    tx,
    tenantId,
    due.map((instance) => ({ instance, arrival: arrivalByTime(instance) })),
    now,
  )
  return due.length
}

function arrivalByTime(instance: Instance): Arrival {
  if (instance.waitingFor === 'entry') return 'begin'
  return instance.waitingFor === 'answer' ? 'else' : 'next'
}

async function liveCampaigns(documents: Documents, tenantId: string): Promise<LiveCampaign[]> {
  const live: LiveCampaign[] = []
  for (const document of await documents.list<Campaign>(tenantId, 'Campaign')) {
    if (document.state !== 'live') continue
    live.push({ document, version: await documents.versionOf(tenantId, 'Campaign', document.id) })
  }
  return live
}

function belongs(dependencies: CampaignDependencies, tenantId: string) {
  return async (tx: Tx, campaign: Campaign, subscriberIds: number[]): Promise<Set<number>> => {
    const { where } = campaign.population
    if (where === undefined) return new Set(subscriberIds)
    const condition = compileExpression(where, await dependencies.declarations(tenantId), 'bool').toFunction()
    const subscribers = await dependencies.profiles.subscribersByIds(tx, subscriberIds)
    return new Set(
      subscriberIds.filter((id) => condition({ subscriber: subscribers.get(id)?.attributes ?? {} }) === true),
    )
  }
}
