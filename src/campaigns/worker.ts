import type { Clock, Documents, Stage, Tx } from '../platform/index.ts'
import { type AffordingDependencies, affordSteps } from './affording.ts'
import { takeActivated, takeAnswered } from './answering.ts'
import { conditionsOf } from './conditions.ts'
import type { Campaign } from './contract.ts'
import { type LiveCampaign, takeEntries } from './entry.ts'
import type { Arrival, Instance } from './journey.ts'
import { move } from './moving.ts'
import { nextDue, takeDueInstances } from './store.ts'

/** How many rows one transaction takes. */
const BATCH = 2_000

export type CampaignDependencies = AffordingDependencies & {
  clock: Clock
  /** Makes the stage `journeys` look at its rows. */
  wakeJourneys(tenantId: string): void
}

/**
 * Four stages, each woken by its own source, so that nobody asks the database about work that nobody made:
 * `entries` by firings, `answers` by answers, `activations` by finished activations, `journeys` by time.
 */
export function campaignStages(dependencies: CampaignDependencies): Stage[] {
  const { database, documents, clock } = dependencies
  const taking = (
    name: string,
    take: (tx: Tx, tenantId: string, now: Temporal.Instant) => Promise<number>,
  ): Stage => ({
    name,
    async run(tenantId) {
      const taken = await database.tx(tenantId, (tx) => take(tx, tenantId, clock.now()))
      if (taken > 0) dependencies.wakeJourneys(tenantId)
      return { more: taken === BATCH, nextDueMs: null }
    },
  })
  return [
    taking('entries', async (tx, tenantId, now) =>
      takeEntries(tx, await liveCampaigns(documents, tenantId), belongs(dependencies, tenantId), now, BATCH),
    ),
    taking('answers', (tx, tenantId, now) => takeAnswered(dependencies, tx, tenantId, now, BATCH)),
    taking('activations', (tx, tenantId, now) => takeActivated(dependencies, tx, tenantId, now, BATCH)),
    journeyStage(dependencies),
  ]
}

/**
 * Moves journeys whose moment has come. Those that arrive at a step which needs the operator's systems are served
 * right after, outside of the transaction that moved them.
 */
function journeyStage(dependencies: CampaignDependencies): Stage {
  const { database, clock } = dependencies
  return {
    name: 'journeys',
    async run(tenantId) {
      const now = clock.now()
      const { taken, asking, dueMs } = await database.tx(tenantId, async (tx) => {
        const due = await takeDueInstances(tx, now, BATCH)
        const [waiting, timed] = partition(due, (instance) => instance.waitingFor === 'affordability')
        const arriving = timed.map((instance) => ({ instance, arrival: arrivalByTime(instance) }))
        const moved = await move(dependencies, tx, tenantId, arriving, now)
        const [arrived] = partition(moved, (instance) => instance.waitingFor === 'affordability')
        const all = [...waiting, ...arrived]
        return { taken: due.length, asking: all, dueMs: all.length > 0 ? null : await nextDue(tx) }
      })
      if (asking.length === 0) return { more: taken === BATCH, nextDueMs: taken === BATCH ? null : dueMs }
      const nextDueMs = await affordSteps(dependencies, tenantId, asking, now)
      const isDue = nextDueMs !== null && nextDueMs <= now.epochMilliseconds
      return { more: taken === BATCH || isDue, nextDueMs: isDue ? null : nextDueMs }
    },
  }
}

function partition<T>(items: T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
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
    const condition = conditionsOf(await dependencies.declarations(tenantId))(where)
    const subscribers = await dependencies.profiles.subscribersByIds(tx, subscriberIds)
    return new Set(
      subscriberIds.filter((id) => condition({ subscriber: subscribers.get(id)?.attributes ?? {} })),
    )
  }
}
