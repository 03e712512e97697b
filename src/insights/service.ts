import type { Access } from '../access/index.ts'
import type { Campaign } from '../campaigns/index.ts'
import type { Product } from '../offers/index.ts'
import type { Clock, Documents, EventLog } from '../platform/index.ts'
import { DomainError } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import type { Triggers } from '../triggers/index.ts'
import { conversionOfCascade, type ConversionQuery } from './cascade-conversion.ts'
import type { CampaignReport, CascadeConversion } from './contract.ts'
import { Feed, type FeedDependencies } from './feed.ts'
import { totals } from './metrics/totals.ts'
import { reportArms } from './report.ts'
import { createTables } from './store.ts'

export type InsightsDependencies = FeedDependencies & {
  clock: Clock
  documents: Documents
  access: Access
  profiles: Profiles
  triggers: Triggers
  onError(error: unknown): void
}

export type Insights = {
  /** Begins to carry facts and events for a tenant, about every five seconds of real time; a report asked for is always complete. */
  follow(tenantId: string): void
  /** The report over everything that had happened when it was asked for. */
  report(tenantId: string, campaignId: string): Promise<CampaignReport>
  /** What was bought after a cascade's messages, up to the moment at which it was asked for. */
  conversion(tenantId: string, cascadeId: string, query: ConversionQuery): Promise<CascadeConversion>
  stop(): Promise<void>
}

const FEED_EVERY_MS = 5_000
const LAST_CARRY_MS = 10_000

/** Puts the module together and makes its tables where they are missing. */
export async function createInsights(dependencies: InsightsDependencies): Promise<Insights> {
  await createTables(dependencies.analytics)
  const feed = new Feed(dependencies)
  const timers = new Map<string, NodeJS.Timeout>()
  const running = new Map<string, Promise<unknown>>()
  const waiting = new Map<string, Promise<CampaignReport>>()
  const tick = (tenantId: string): void => {
    const again = (): void =>
      void timers.set(
        tenantId,
        setTimeout(() => tick(tenantId), FEED_EVERY_MS),
      )
    feed
      .keepUp(tenantId)
      .catch(dependencies.onError)
      .finally(() => timers.has(tenantId) && again())
  }
  return {
    follow(tenantId) {
      if (timers.has(tenantId)) return
      timers.set(
        tenantId,
        setTimeout(() => tick(tenantId), 0),
      )
    },
    async report(tenantId, campaignId) {
      // Many pages may watch one campaign: those that ask while a report is made share the next one. The one that
      // is being made may lack what happened before they asked.
      const key = `${tenantId}/${campaignId}`
      const next = waiting.get(key)
      if (next) return next
      const made = (running.get(key) ?? Promise.resolve()).then(async () => {
        waiting.delete(key)
        running.set(key, settled)
        await feed.catchUp(tenantId)
        return makeReport(dependencies, tenantId, campaignId)
      })
      const settled: Promise<unknown> = made
        .catch(() => undefined)
        .finally(() => running.get(key) === settled && running.delete(key))
      waiting.set(key, made)
      return made
    },
    async conversion(tenantId, cascadeId, query) {
      await feed.catchUp(tenantId)
      return conversionOfCascade(dependencies, tenantId, cascadeId, query)
    },
    async stop() {
      for (const timer of timers.values()) clearTimeout(timer)
      const tenants = [...timers.keys()]
      timers.clear()
      // What is carried now need not be at the next start, but nobody waits long for that.
      const limit = setTimeout(() => void feed.stop(), LAST_CARRY_MS)
      for (const tenantId of tenants) await feed.catchUp(tenantId).catch(dependencies.onError)
      clearTimeout(limit)
      await feed.stop()
    },
  }
}

async function makeReport(
  dependencies: InsightsDependencies,
  tenantId: string,
  campaignId: string,
): Promise<CampaignReport> {
  const { documents, analytics, access, clock, database, profiles, triggers, eventLogOf } = dependencies
  const campaign = await documents.get<Campaign>(tenantId, 'Campaign', campaignId)
  if (!campaign)
    throw new DomainError('campaign_not_found', `no campaign ${campaignId}`, {
      field: 'campaignId',
      found: campaignId,
    })
  const tenant = await access.tenant(tenantId)
  const products = await documents.list<Product>(tenantId, 'Product')
  const { from, ...counted } = await totals(analytics, tenantId)
  const subscribers = await database.tx(tenantId, (tx) => profiles.countSubscribers(tx))
  return {
    campaignId,
    version: await documents.versionOf(tenantId, 'Campaign', campaignId),
    name: campaign.name,
    currency: tenant.currency,
    currencyDecimals: tenant.currencyDecimals,
    from,
    asOf: clock.now().toString(),
    timeZone: tenant.timeZone,
    totals: {
      subscribers,
      events: await countEvents(eventLogOf(tenantId)),
      firings: (await triggers.list(tenantId)).reduce((sum, rule) => sum + rule.firings, 0),
      ...counted,
    },
    ...(await reportArms(analytics, { tenantId, campaignId }, campaign, products, tenant.timeZone)),
  }
}

async function countEvents(log: EventLog): Promise<number> {
  const ends = await Promise.all(
    Array.from({ length: log.partitions }, (_, partition) => log.endOffset(partition)),
  )
  return ends.reduce((sum, end) => sum + end, 0)
}
