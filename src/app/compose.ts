import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { accessRoutes, createAccess, guard, type Access } from '../access/index.ts'
import {
  clockRoutes,
  consoleRoutes,
  createHubs,
  createWebhooks,
  documentRoutes,
  liveRoutes,
  metricsRoutes,
  openApiRoute,
  platformSamples,
  tmf658Routes,
  webhookKind,
  webhookRoutes,
} from '../api/index.ts'
import { campaignDocuments, campaignRoutes, createCampaigns } from '../campaigns/index.ts'
import {
  createEvents,
  createSources,
  type Events,
  eventsRoutes,
  eventTypeKind,
  segmentRoutes,
  sourceKind,
  sourcesRoutes,
} from '../events/index.ts'
import { createInsights, insightsRoutes, type Insights } from '../insights/index.ts'
import { ledgerRoutes, timeoutStage } from '../ledger/index.ts'
import { createLoyalty, loyaltyDocuments, loyaltyRoutes } from '../loyalty/index.ts'
import {
  cascadeRoutes,
  createLinks,
  createMessaging,
  createTemplates,
  inboxRoutes,
  linkRoutes,
  linkStatisticsRoutes,
  type Messaging,
  messagingDocuments,
  messagingRoutes,
  overviewRoutes,
  policyRoutes,
  templateRoutes,
  unsubscribeRoutes,
} from '../messaging/index.ts'
import { menuKind, offersRoutes, productKind } from '../offers/index.ts'
import { createOperator, operatorSystemsKind } from '../operator/index.ts'
import {
  attributesKind,
  contactRoutes,
  createProfiles,
  type Profiles,
  profilesRoutes,
} from '../profiles/index.ts'
import { createTriggers, triggerKind, type Triggers, triggersRoutes } from '../triggers/index.ts'
import {
  type Config,
  createHttp,
  type DocumentKind,
  Documents,
  type FastifyInstance,
  Loop,
  ManualClock,
  Telemetry,
} from '../platform/index.ts'
import { enginePlaces } from './engine-places.ts'
import type { Stores } from './stores.ts'

export type App = {
  http: FastifyInstance
  access: Access
  loop: Loop
  insights: Insights
  /** Begins to work for a tenant: its stages and its way into analytics. */
  addTenant(tenantId: string): void
  stop(): Promise<void>
}

export const version = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }
).version

type OnError = (where: string, error: unknown) => void

/** The composition root: the one place that knows every module and says who wakes whom. */
export async function composeApp(stores: Stores, config: Config, onError: OnError): Promise<App> {
  const services = await composeServices(stores, config, onError)
  const { access, loop, insights, events, sources, triggers, loyalty, campaigns, operator, messaging } =
    services
  const http = mountRoutes(stores, services, onError)
  return {
    http,
    access,
    loop,
    insights,
    addTenant(tenantId) {
      loop.addTenant(tenantId, [
        triggers.stage,
        triggers.dates,
        timeoutStage(stores),
        ...loyalty.stages,
        ...campaigns.stages,
        operator.stage,
        messaging.stage,
        services.webhooks.stage,
      ])
      insights.follow(tenantId)
      sources.start(tenantId).catch((error: unknown) => onError('sources', error))
      // A subscriber may have become known while nobody was here to let in what waited for that.
      events.recheckHeld(tenantId).catch((error: unknown) => onError('events', error))
      // Receipts and answers wait at the gateways for a connection, also while this side has nothing to send.
      messaging.gateways.channelsOf(tenantId).catch((error: unknown) => onError('messaging', error))
    },
    async stop() {
      await http.close()
      await sources.stop()
      await loop.stop()
      await services.webhooks.stop()
      await messaging.stop()
      await triggers.close()
      await operator.close()
      await insights.stop()
    },
  }
}

type Heard = {
  database: Stores['database']
  clock: Stores['clock']
  documents: Documents
  access: Access
  profiles: Profiles
  loop: Loop
  wakeLoyalty: (tenantId: string) => void
}

/** Everything that listens to what happens: the ways in, the log, the rules. */
function composeListening(heard: Heard, stores: Stores, config: Config, onError: OnError) {
  const { access, profiles, loop, wakeLoyalty, ...base } = heard
  const events = createEvents({
    ...base,
    profiles,
    log: (name) => stores.log.log(name),
    wake: (tenantId) => {
      triggers.wake(tenantId)
      wakeLoyalty(tenantId)
      loop.wake(tenantId, 'webhooks')
    },
  })
  const sources = createSources({
    ...base,
    access,
    events,
    onError: (error) => onError('sources', error),
    ...(config.dropFolder === undefined ? {} : { folderRoot: config.dropFolder }),
  })
  const triggers: Triggers = createTriggers({
    ...base,
    logOf: events.log,
    ...enginePlaces(stores, config),
    timeZoneOf: async (tenantId) => (await access.tenant(tenantId)).timeZone,
    onFirings: (tenantId) => loop.wake(tenantId, 'entries'),
    onWork: (tenantId) => loop.wake(tenantId, 'triggers'),
    onRules: (tenantId) => loop.wake(tenantId, 'dates'),
    onError: (error) => onError('triggers', error),
  })
  return { events, sources, triggers, ...composeTelling(base, events.log, config, onError) }
}

/** What a tenant may write down as a document. */
const documentKinds: DocumentKind[] = [
  attributesKind,
  eventTypeKind,
  sourceKind,
  triggerKind,
  operatorSystemsKind,
  productKind,
  menuKind,
  ...messagingDocuments,
  ...loyaltyDocuments,
  ...campaignDocuments,
  webhookKind,
]

type Services = Awaited<ReturnType<typeof composeServices>>

async function composeServices(stores: Stores, config: Config, onError: OnError) {
  const { database, analytics, clock } = stores
  const documents = new Documents(database, documentKinds)
  const loop = new Loop(clock, onError)
  const waker = (stage: string) => (tenantId: string) => loop.wake(tenantId, stage)
  const base = { database, clock, documents }
  const access = createAccess(base)
  const profiles = createProfiles({ ...base, access })
  // The reader stands first among them: what follows from an event waits until it was read.
  const wakeLoyalty = (tenantId: string): void => {
    for (const { name } of loyalty.stages) loop.wake(tenantId, name)
  }
  const listening = composeListening(
    { ...base, access, profiles, loop, wakeLoyalty },
    stores,
    config,
    onError,
  )
  const operator = createOperator({
    ...base,
    accountsOf: (tx, ids) => profiles.identitiesOf(tx, ids, 'account'),
    onFinished: waker('activations'),
  })
  const { messaging, links, templates } = composeMessaging({ ...base, profiles, loop }, config, onError)
  const loyalty = createLoyalty({
    ...base,
    profiles,
    operator,
    logOf: listening.events.log,
    timeZoneOf: async (tenantId, tx) => (await access.tenant(tenantId, tx)).timeZone,
    currencyOf: async (tenantId, tx) => (await access.tenant(tenantId, tx)).currency,
    wakeStages: wakeLoyalty,
    wakeReaders: (tenantId) => {
      listening.triggers.wake(tenantId)
      wakeLoyalty(tenantId)
      loop.wake(tenantId, 'webhooks')
    },
  })
  const campaigns = createCampaigns({
    ...base,
    operator,
    messaging,
    loyalty,
    profiles,
    wakeOperator: waker('operator'),
    wakeJourneys: waker('journeys'),
  })
  const insights = await createInsights({
    ...base,
    analytics,
    access,
    profiles,
    triggers: listening.triggers,
    eventLogOf: listening.events.log,
    onError: (error) => onError('insights', error),
  })
  return {
    documents,
    loop,
    access,
    profiles,
    ...listening,
    operator,
    messaging,
    links,
    templates,
    loyalty,
    campaigns,
    insights,
  }
}

/** Everybody outside who is told what happens. */
function composeTelling(
  base: Pick<Heard, 'database' | 'clock' | 'documents'>,
  logOf: Events['log'],
  { webhookNetworks }: Config,
  onError: OnError,
) {
  const hubs = createHubs(base)
  const webhooks = createWebhooks({
    ...base,
    logOf,
    targetsOf: hubs.targetsOf,
    allowedNetworks: webhookNetworks,
    onError: (error) => onError('webhooks', error),
  })
  return { hubs, webhooks }
}

/** Messages, the short links in them, which turn into their receipts, and templates before anybody sees them. */
function composeMessaging(
  heard: Omit<Heard, 'access' | 'wakeLoyalty'>,
  { publicUrl }: Config,
  onError: OnError,
) {
  const { loop, ...base } = heard
  const links = createLinks({
    ...base,
    onClick: (tenantId, clicks) => messaging.clicks.onClick(tenantId, clicks),
    deliveredAt: (tenantId, ids) => messaging.clicks.deliveredAt(tenantId, ids),
    onError: (error) => onError('links', error),
  })
  const messaging: Messaging = createMessaging({
    ...base,
    links,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    wake: (tenantId, stage) => loop.wake(tenantId, stage),
    onError: (error) => onError('channels', error),
  })
  const templates = createTemplates({ ...base, sendTest: messaging.sendTest })
  return { messaging, links, templates }
}

function mountRoutes({ database, clock }: Stores, services: Services, onError: OnError): FastifyInstance {
  const {
    documents,
    loop,
    access,
    profiles,
    events,
    sources,
    triggers,
    messaging,
    links,
    templates,
    loyalty,
    campaigns,
    insights,
    hubs,
    webhooks,
  } = services
  const http = createHttp((error) => onError('http', error))
  openApiRoute(http, version)
  guard(http, access)
  accessRoutes(http, access, version)
  documentRoutes(http, documents, access)
  profilesRoutes(http, profiles, access)
  contactRoutes(http, profiles, access)
  eventsRoutes(http, events, access)
  sourcesRoutes(http, sources)
  segmentRoutes(http, { access, database, documents, profiles, events, clock })
  triggersRoutes(http, triggers, profiles, access)
  offersRoutes(http, { database })
  messagingRoutes(http, messaging, database, clock)
  overviewRoutes(http, messaging, database)
  cascadeRoutes(http, { database, documents, clock })
  policyRoutes(http, { messaging, database, clock })
  templateRoutes(http, templates, access)
  inboxRoutes(http, { database, clock, inbound: (tenantId) => messaging.inbound(tenantId, 'inbox') })
  linkRoutes(http, links, (error) => onError('links', error))
  linkStatisticsRoutes(http, { database, documents, access, clock })
  unsubscribeRoutes(http, { database, profiles, clock })
  ledgerRoutes(http, { database, clock })
  loyaltyRoutes(http, { database, loyalty, profiles, access })
  webhookRoutes(http, { webhooks, access })
  const facade = { database, clock, loyalty, profiles, access, events, hubs, onHubs: webhooks.refresh }
  tmf658Routes(http, facade, (error) => onError('http', error))
  campaignRoutes(http, campaigns)
  insightsRoutes(http, insights)
  const live = { clock, events, triggers, openDeadLetters: events.openDeadLetters }
  liveRoutes(http, live)
  const telemetry = new Telemetry()
  telemetry.add(async () => platformSamples(live, await access.tenantIds()))
  metricsRoutes(http, telemetry, access)
  if (clock instanceof ManualClock) clockRoutes(http, clock, loop, messaging)
  consoleRoutes(http)
  return http
}
