import { mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { runCli } from '../cli/program.ts'
import { accessRoutes, createAccess, guard } from '../src/access/index.ts'
import { documentRoutes } from '../src/api/index.ts'
import { createEvents, eventsRoutes, eventTypeKind } from '../src/events/index.ts'
import { createLoyalty, loyaltyDocuments, loyaltyRoutes } from '../src/loyalty/index.ts'
import { createHttp, Documents, LmdbLogStore, systemClock } from '../src/platform/index.ts'
import { attributesKind, createProfiles, profilesRoutes } from '../src/profiles/index.ts'
import { createTriggers, triggerKind, triggersRoutes } from '../src/triggers/index.ts'
import { loggedEvents } from './log-events.ts'
import { testDatabase, testFolder } from './stores.ts'

export type CliWorld = Awaited<ReturnType<typeof startCliWorld>>

/** A server on real stores, and command lines that speak to it. */
export async function startCliWorld() {
  const stores = await testDatabase()
  const { database } = stores
  const clock = systemClock
  const logs = new LmdbLogStore(testFolder())
  const access = createAccess({ database, clock })
  const documents = new Documents(database, [attributesKind, eventTypeKind, triggerKind, ...loyaltyDocuments])
  const profiles = createProfiles({ database, access, documents, clock })
  const log = (name: string) => logs.log(name)
  const events = createEvents({ database, documents, profiles, clock, log, wake: () => undefined })
  const triggers = createTriggers({
    database,
    clock,
    documents,
    logOf: events.log,
    checkpointsOf: () => () => logs.checkpoints(),
    timeZoneOf: async (tenantId) => (await access.tenant(tenantId)).timeZone,
    onFirings: () => undefined,
    onWork: () => undefined,
    onError: (error) => console.error(error),
  })
  const loyalty = createLoyalty({
    database,
    clock,
    documents,
    profiles,
    logOf: events.log,
    timeZoneOf: async (tenantId) => (await access.tenant(tenantId)).timeZone,
    currencyOf: async (tenantId) => (await access.tenant(tenantId)).currency,
    wakeStages: () => undefined,
    wakeReaders: () => undefined,
  })
  const http = createHttp((error) => console.error(error))
  guard(http, access)
  accessRoutes(http, access, '0.1.0')
  documentRoutes(http, documents, access)
  profilesRoutes(http, profiles, access)
  eventsRoutes(http, events, access)
  triggersRoutes(http, triggers, profiles, access)
  loyaltyRoutes(http, { database, loyalty, profiles, access })
  await http.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`
  const folder = testFolder()

  return {
    folder,
    profiles,
    /** A tenant of a test's own and its command line. */
    async newTenant(tenantId: string, timeZone = 'UTC') {
      const tenant = { name: 'T', currency: 'RUB', currencyDecimals: 2, timeZone, language: 'en' as const }
      const { apiKey } = await access.createTenant({ tenantId, ...tenant, country: 'RU' })
      const env = { TENURE_URL: url, TENURE_API_KEY: apiKey }
      return {
        tenantId,
        env,
        tenure: (...args: string[]) => runTenure(args, env),
        countSubscribers: () => database.tx(tenantId, profiles.countSubscribers),
        logged: () => loggedEvents(events.log(tenantId)),
        /** Lets the rules read everything that came in. */
        async runTriggers() {
          while ((await triggers.stage.run(tenantId)).more);
        },
        /** Lets loyalty take everything that came in. */
        async runLoyalty() {
          for (const stage of loyalty.stages) while ((await stage.run(tenantId)).more);
        },
      }
    },
    /** Writes a file of the test's; returns its path. */
    file(name: string, content: string): string {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
      return path
    },
    async close() {
      await http.close()
      await triggers.close()
      await logs.close()
      await stores.close()
    },
  }
}

async function runTenure(args: string[], env: Record<string, string>) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    isWatched: false,
    env,
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}
