import { accessRoutes, createAccess, guard } from '../src/access/index.ts'
import { liveRoutes } from '../src/api/index.ts'
import { createEvents, eventsRoutes, eventTypeKind } from '../src/events/index.ts'
import { createHttp, Documents, LmdbLogStore, Loop, systemClock } from '../src/platform/index.ts'
import { attributesKind, createProfiles, profilesRoutes } from '../src/profiles/index.ts'
import { createTriggers, triggerKind, type Triggers, triggersRoutes } from '../src/triggers/index.ts'
import type { Call, Told } from './console.ts'
import { testDatabase, testFolder } from './stores.ts'

const tenantId = 'alpha'

/** A usage event of one of the two subscribers, `ageMs` before now. */
export const usage = (
  id: string,
  ageMs: number,
  volumeMb: number | string,
  subject = 'msisdn:+380671234567',
) => ({
  specversion: '1.0',
  id,
  source: '/network/pcrf-2',
  type: 'usage.recorded',
  time: new Date(Date.now() - ageMs).toISOString(),
  subject,
  data: { volumeMb },
})

/** Events and triggers on real stores, as the composition root puts them together, for the triggers' pages. */
export class TriggersServer {
  readonly key: string
  readonly #parts: Awaited<ReturnType<typeof compose>>

  private constructor(parts: Awaited<ReturnType<typeof compose>>, key: string) {
    this.#parts = parts
    this.key = key
  }

  /** Two subscribers, an event type, and a rule that fires from 100 MB within a day on. */
  static async start(): Promise<TriggersServer> {
    const parts = await compose()
    const { access, documents, loop, triggers } = parts
    const settings = { name: 'Alpha', currency: 'EUR', currencyDecimals: 2, timeZone: 'Europe/Kyiv' }
    const { apiKey } = await access.createTenant({ tenantId, ...settings, language: 'en' })
    const properties = { volumeMb: { type: 'number', minimum: 0 } }
    await documents.apply(tenantId, [
      {
        kind: 'EventType',
        id: 'usage.recorded',
        subject: 'subscriber',
        schema: { type: 'object', required: ['volumeMb'], properties },
      },
    ])
    await documents.apply(tenantId, [
      {
        kind: 'Trigger',
        id: 'heavy-day',
        description: 'A hundred megabytes within a day',
        on: 'usage.recorded',
        threshold: { aggregate: 'sum', of: 'event.volumeMb', window: 'PT24H', reaches: 100 },
      },
    ])
    loop.addTenant(tenantId, [triggers.stage])
    loop.start()
    const server = new TriggersServer(parts, apiKey)
    await server.post('/v1/subscribers/import', [
      { identities: { msisdn: '+380671234567' } },
      { identities: { msisdn: '+380671234568' } },
    ])
    return server
  }

  answer = async ({ method, url, headers, body }: Call): Promise<Told> => {
    const { authorization = '' } = headers
    const type = headers['content-type']
    return this.#parts.http.inject({
      method: method as 'GET',
      url,
      headers: { authorization, ...(type === undefined ? {} : { 'content-type': type }) },
      ...(body === '' ? {} : { payload: body }),
    })
  }

  async post(url: string, payload: object): Promise<void> {
    const headers = { authorization: `Bearer ${this.key}` }
    const { statusCode, body } = await this.#parts.http.inject({ method: 'POST', url, headers, payload })
    if (statusCode >= 300) throw new Error(`${url}: ${statusCode} ${body}`)
  }

  async stop(): Promise<void> {
    const { http, loop, triggers, logs, stores } = this.#parts
    await http.close()
    await loop.stop()
    await triggers.close()
    await logs.close()
    await stores.close()
  }
}

async function compose() {
  const stores = await testDatabase()
  const { database } = stores
  const logs = new LmdbLogStore(testFolder(), { partitions: 2, mapBytes: 2 ** 32 })
  const documents = new Documents(database, [attributesKind, eventTypeKind, triggerKind])
  const report = (where: string, error: unknown): void => console.error(where, error)
  const loop = new Loop(systemClock, report)
  const base = { database, documents, clock: systemClock }
  const access = createAccess(base)
  const profiles = createProfiles({ ...base, access })
  const events = createEvents({
    ...base,
    profiles,
    log: (name) => logs.log(name),
    wake: (tenant) => triggers.wake(tenant),
  })
  const triggers: Triggers = createTriggers({
    ...base,
    logOf: events.log,
    checkpointsOf: () => () => logs.checkpoints(),
    timeZoneOf: async (tenant) => (await access.tenant(tenant)).timeZone,
    onFirings: () => undefined,
    onWork: (tenant) => loop.wake(tenant, 'triggers'),
    onError: (error) => report('triggers', error),
  })
  const http = createHttp((error) => report('http', error))
  guard(http, access)
  accessRoutes(http, access, '0.0.0')
  profilesRoutes(http, profiles, access)
  eventsRoutes(http, events, access)
  triggersRoutes(http, triggers, profiles, access)
  const openDeadLetters = (tenant: string) =>
    database.tx(tenant, (tx) =>
      tx.query<{ code: string; open: number }>(
        `select problem->>'code' as code, count(*)::int as open from events.dead_letter
         where state = 'open' group by 1 order by 2 desc`,
      ),
    )
  liveRoutes(http, { clock: systemClock, events, triggers, openDeadLetters })
  return { stores, logs, documents, loop, access, triggers, http }
}
