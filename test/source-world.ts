import { type Access, createAccess } from '../src/access/index.ts'
import {
  createEvents,
  decodeRecord,
  type Events,
  eventTypeKind,
  type LoggedEvent,
} from '../src/events/index.ts'
import {
  type Clock,
  type Database,
  type DocumentKind,
  Documents,
  entriesOf,
  LmdbLogStore,
  newId,
  systemClock,
} from '../src/platform/index.ts'
import { attributesKind, createProfiles, type Profiles } from '../src/profiles/index.ts'
import { testDatabase, testFolder } from './stores.ts'

/** What the ways in stand on, over real stores, with one tenant. */
export type SourceWorld = {
  database: Database
  access: Access
  documents: Documents
  profiles: Profiles
  events: Events
  clock: Clock
  tenantId: string
  /** An admin key of the tenant. */
  apiKey: string
  /** Everything in the tenant's log. */
  logged(): Promise<LoggedEvent[]>
  /** The open dead letters. */
  letters(): Promise<{ event: unknown; problem: { code: string } }[]>
  close(): Promise<void>
}

/** Opens the stores and makes the tenant; `kinds` are document kinds besides event types and attributes. */
export async function sourceWorld(kinds: DocumentKind[], clock: Clock = systemClock): Promise<SourceWorld> {
  const stores = await testDatabase()
  const { database } = stores
  const logs = new LmdbLogStore(testFolder())
  const access = createAccess({ database, clock })
  const documents = new Documents(database, [attributesKind, eventTypeKind, ...kinds])
  const profiles = createProfiles({ database, access, documents, clock, refreshEveryMs: 0 })
  const log = (name: string) => logs.log(name)
  const events = createEvents({ database, documents, profiles, clock, log, wake: () => undefined })
  const tenantId = `t-${newId()}`
  const tenant = { name: 'T', currency: 'RUB', currencyDecimals: 2, timeZone: 'UTC', language: 'en' as const }
  const { apiKey } = await access.createTenant({ tenantId, ...tenant, country: 'RU' })
  return {
    database,
    access,
    documents,
    profiles,
    events,
    clock,
    tenantId,
    apiKey,
    async logged() {
      const kept = events.log(tenantId)
      const found: LoggedEvent[] = []
      for (let partition = 0; partition < kept.partitions; partition++) {
        for (let at = 0; ;) {
          const chunks = await kept.read(partition, at, 10_000)
          if (chunks.length === 0) break
          for (const { record } of entriesOf(chunks)) found.push(decodeRecord(record))
          const last = chunks.at(-1)!
          at = last.firstOffset + last.count
        }
      }
      return found
    },
    letters: async () =>
      (await events.listDeadLetters(tenantId, { state: 'open', limit: 1_000 })).deadLetters,
    async close() {
      await logs.close()
      await stores.close()
    },
  }
}
