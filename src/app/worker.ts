import './collector.ts'
import { createAccess } from '../access/index.ts'
import { createEvents, eventTypeKind } from '../events/index.ts'
import { Documents, DomainError, Loop, problemOf, readConfig } from '../platform/index.ts'
import { attributesKind, createProfiles } from '../profiles/index.ts'
import { createTriggers, triggerKind } from '../triggers/index.ts'
import { enginePlaces } from './engine-places.ts'
import { openEngineStores } from './stores.ts'

/** How often a worker looks for tenants that were made since. */
const LOOK_FOR_TENANTS_MS = 5_000

/**
 * A process that runs trigger rules and nothing else, for a log on Kafka: it shares the partitions with the server and
 * with every other worker, and takes over those of one that dies. Prints one JSON line when it works.
 */
async function main(): Promise<void> {
  const config = readConfig()
  if (!config.kafkaLog) refuse('TENURE_LOG_URL', 'the kafka: URL of a log that processes share')
  if (config.databaseUrl === undefined) refuse('TENURE_DATABASE_URL', 'the URL of a database that they share')
  const tell = (where: string, error: unknown): void => {
    const { code, message } = problemOf(error)
    process.stderr.write(
      `${JSON.stringify({ level: 'error', where, code, message, stack: (error as Error).stack })}\n`,
    )
  }
  const stores = await openEngineStores({ ...config, triggerThreads: 0 })
  const { database, clock, log } = stores
  const documents = new Documents(database, [attributesKind, eventTypeKind, triggerKind])
  const loop = new Loop(clock, tell)
  const access = createAccess({ database, clock })
  const profiles = createProfiles({ database, clock, documents, access })
  const base = { database, clock, documents }
  const events = createEvents({ ...base, profiles, log: (name) => log.log(name), wake: () => undefined })
  const triggers = createTriggers({
    ...base,
    logOf: events.log,
    timeZoneOf: async (tenantId) => (await access.tenant(tenantId)).timeZone,
    // Whoever handles firings looks for them by itself: it is another process.
    onFirings: () => undefined,
    onWork: (tenantId) => loop.wake(tenantId, 'triggers'),
    onError: (error) => tell('triggers', error),
    ...enginePlaces(stores, config),
  })
  const addTenants = async (): Promise<void> => {
    for (const tenantId of await access.tenantIds()) loop.addTenant(tenantId, [triggers.stage])
  }
  await addTenants()
  loop.start()
  const looking = setInterval(
    () => void addTenants().catch((error: unknown) => tell('tenants', error)),
    LOOK_FOR_TENANTS_MS,
  )

  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    clearInterval(looking)
    await loop.stop()
    await triggers.close()
    await stores.close()
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
  process.stdout.write(`${JSON.stringify({ working: process.pid })}\n`)
}

/** Before any store is opened: without its URL a store would be made here, for this process alone. */
function refuse(field: string, expected: string): never {
  throw new DomainError('config_invalid', `a worker needs ${field}: ${expected}`, { field, expected })
}

await main()
