import { createAccess } from '../src/access/index.ts'
import {
  createEvents,
  decodeRecord,
  type Events,
  type EventType,
  eventTypeKind,
  type LoggedEvent,
} from '../src/events/index.ts'
import { Documents, entriesOf, LmdbLogStore, ManualClock, newId } from '../src/platform/index.ts'
import { attributesKind, createProfiles, type Profiles } from '../src/profiles/index.ts'
import { type TestDatabase, testDatabase, testFolder } from './stores.ts'

/** Ingestion on real stores. */
export type IngestionFixture = {
  stores: TestDatabase
  clock: ManualClock
  profiles: Profiles
  events: Events
  woken: string[]
  /** A tenant of its own with these event types; subscribers +79990000001 … as many as `subscribers` says. */
  tenant(types: Omit<EventType, 'kind'>[], subscribers?: number): Promise<string>
  /** Everything in the tenant's log. */
  logged(tenantId: string): Promise<LoggedEvent[]>
  close(): Promise<void>
}

/** A fixture whose clock stands at 2026-03-01T12:00Z and whose logs have `partitions` partitions. */
export async function ingestionFixture(partitions = 2): Promise<IngestionFixture> {
  const stores = await testDatabase()
  const { database } = stores
  const clock = new ManualClock(Date.UTC(2026, 2, 1, 12))
  const logs = new LmdbLogStore(testFolder(), { partitions })
  const access = createAccess({ database, clock })
  const documents = new Documents(database, [attributesKind, eventTypeKind])
  const profiles = createProfiles({ database, access, documents, clock, refreshEveryMs: 0 })
  const woken: string[] = []
  const log = (name: string) => logs.log(name)
  const events = createEvents({ database, documents, profiles, clock, log, wake: (id) => woken.push(id) })
  return {
    stores,
    clock,
    profiles,
    events,
    woken,
    async tenant(types, subscribers = 0) {
      const tenantId = `t-${newId()}`
      const tenant = {
        name: 'T',
        currency: 'RUB',
        currencyDecimals: 2,
        timeZone: 'UTC',
        language: 'en' as const,
      }
      await access.createTenant({ tenantId, ...tenant, country: 'RU' })
      await documents.apply(
        tenantId,
        types.map((type) => ({ kind: 'EventType', ...type })),
      )
      const rows = Array.from({ length: subscribers }, (_, i) => ({
        identities: { msisdn: `+${79990000001 + i}` },
      }))
      if (subscribers > 0) await profiles.upsertSubscribers(tenantId, rows)
      return tenantId
    },
    async logged(tenantId) {
      const all = await Promise.all(
        Array.from({ length: partitions }, (_, p) =>
          events.log(tenantId).read(p, 0, Number.MAX_SAFE_INTEGER),
        ),
      )
      return all.flatMap((chunks) => [...entriesOf(chunks)].map(({ record }) => decodeRecord(record)))
    },
    async close() {
      await logs.close()
      await stores.close()
    },
  }
}
