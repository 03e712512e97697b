import { accessRoutes, createAccess, guard } from '../src/access/index.ts'
import { documentRoutes } from '../src/api/index.ts'
import {
  cascadeRoutes,
  type Channel,
  createMessaging,
  createTemplates,
  linkStatisticsRoutes,
  messagingDocuments,
  messagingRoutes,
  overviewRoutes,
  policyRoutes,
  templateRoutes,
} from '../src/messaging/index.ts'
import type { CascadeConversion } from '../src/insights/contract.ts'
import { createHttp, derivedId, Documents, ManualClock, newId } from '../src/platform/index.ts'
import { attributesKind, createProfiles, profilesRoutes } from '../src/profiles/index.ts'
import type { Call, Told } from './console.ts'
import { type Followed, followedLinks, messageStories, type Story } from './messages-fixture.ts'
import { testDatabase } from './stores.ts'
import { messageDocuments } from './messages-documents.ts'

/** The afternoon on which the pages are looked at. */
export const NOW_MS = Date.parse('2026-03-30T15:42:10Z')
export const tenantId = 'alpha'

/** A channel that takes everything it is given, as long as it has room. */
function quietChannel(room: number): Channel {
  return {
    room: () => room,
    submit(messages, done) {
      for (const [i, { messageId }] of messages.entries())
        done(i, { outcome: 'accepted', providerMessageId: messageId })
    },
    start: async () => undefined,
    whenReady: async () => undefined,
    stop: async () => undefined,
  }
}

/** Messaging on real stores, as the composition root puts it together, with a month of messages in its tables. */
export class MessagesServer {
  readonly key: string
  /** A key that may only look. */
  readonly readKey: string
  /** Asked for what is not there. */
  readonly asked: { method: string; path: string; body: unknown }[] = []
  failing = false
  readonly #parts: Awaited<ReturnType<typeof compose>>

  private constructor(parts: Awaited<ReturnType<typeof compose>>, key: string, readKey: string) {
    this.#parts = parts
    this.key = key
    this.readKey = readKey
  }

  static async start(): Promise<MessagesServer> {
    const parts = await compose()
    const { access } = parts
    const settings = { name: 'Alpha', currency: 'RUB', currencyDecimals: 2, timeZone: 'Europe/Moscow' }
    const { apiKey } = await access.createTenant({ tenantId, ...settings, language: 'en', country: 'RU' })
    const { apiKey: readKey } = await access.createKey(tenantId, { name: 'look', role: 'read' })
    const server = new MessagesServer(parts, apiKey, readKey)
    await server.call('PUT', '/v1/documents', messageDocuments)
    await server.call('POST', '/v1/subscribers/import', [
      { identities: { msisdn: '+79000000017' }, timeZone: 'Asia/Yekaterinburg', language: 'ru' },
      { identities: { msisdn: '+79000000018' } },
    ])
    await server.tell(messageStories(NOW_MS))
    await server.follow(followedLinks(NOW_MS))
    return server
  }

  answer = async ({ method, url, headers, body }: Call): Promise<Told> => {
    if (this.failing) return { statusCode: 503, body: '{"title":"away","code":"unavailable"}' }
    if (method !== 'GET')
      this.asked.push({ method, path: url.split('?')[0]!, body: body === '' ? undefined : JSON.parse(body) })
    const { authorization = '' } = headers
    if (url.startsWith('/v1/campaigns'))
      return {
        statusCode: 200,
        body: JSON.stringify([{ campaignId: 'package-exhausted', name, state: 'running' }]),
      }
    // What was bought is asked of analytics, which these pages go without.
    if (url.endsWith('/conversion')) return { statusCode: 200, body: JSON.stringify(conversion) }
    const type = headers['content-type']
    return this.#parts.http.inject({
      method: method as 'GET',
      url,
      headers: { authorization, ...(type === undefined ? {} : { 'content-type': type }) },
      ...(body === '' ? {} : { payload: body }),
    })
  }

  /** Sends so many SMS for real, so that there is a rate to look at. */
  async send(count: number): Promise<void> {
    const { messaging, stores } = this.#parts
    const starts = Array.from({ length: count }, () => ({
      runId: newId(),
      cascadeId: 'ten-percent-left',
      subscriberId: 2,
      campaignId: 'codes',
      arm: 'all',
      reference: 'r',
      variables: { items: [] },
      purpose: 'transactional' as const,
    }))
    await stores.database.tx(tenantId, (tx) => messaging.startCascades(tx, tenantId, starts))
    await messaging.stage.run(tenantId)
  }

  async call(method: 'POST' | 'PUT', url: string, payload: object): Promise<void> {
    const headers = { authorization: `Bearer ${this.key}` }
    const { statusCode, body } = await this.#parts.http.inject({ method, url, headers, payload })
    if (statusCode >= 300 || body.includes('"refused"')) throw new Error(`${url}: ${statusCode} ${body}`)
  }

  /** Writes runs and messages as the sender's projection does. */
  async tell(stories: readonly Story[]): Promise<void> {
    const at = (ms: number | null) => (ms === null ? null : Temporal.Instant.fromEpochMilliseconds(ms))
    await this.#parts.stores.database.tx(tenantId, async (tx) => {
      for (const { run, messages, answeredMs } of stories) {
        tx.execute(
          `with shape as (
             insert into messaging.shape (tenant_id, shape_id, cascade_id, cascade_version, campaign_id, arm)
             values ($1, hashtextextended($3 || $5, 0), $3, 1, $5, 'new') on conflict do nothing)
           insert into messaging.life (tenant_id, run_id, shape_id, subscriber_id, reference, variables, step, state, outcome,
             due_at, all_sms_minor, contacted_at, started_at, finished_at)
           values ($1, $2, hashtextextended($3 || $5, 0), $4, 'r', '{}', $6, $7, $8, $9, 330, $10, $11, $12)`,
          [
            tenantId,
            run.runId,
            run.cascadeId,
            run.subscriberId,
            run.campaignId,
            messages.length - 1,
            run.outcome === null ? 'active' : 'finished',
            run.outcome,
            at(run.dueMs),
            at(messages.find(({ submittedMs }) => submittedMs !== null)?.submittedMs ?? null),
            at(run.startedMs),
            at(run.outcome === null ? null : run.startedMs + 7_200_000),
          ],
        )
        for (const [step, message] of messages.entries())
          tx.execute(
            `insert into messaging.later_message (tenant_id, message_id, run_id, step, channel, template_id, subscriber_id,
               campaign_id, arm, reference, until, wait_s, text, parts, cost_minor, state, reason, postponed_for,
               queued_at, not_before, expires_at, submitted_at, settled_at, saw)
             values ($1, $2, $3, $4, $5, $6, $7, $8, 'new', 1, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $17,
               $19, $20, $21)`,
            [
              tenantId,
              derivedId('message', run.runId, step),
              run.runId,
              step,
              message.channel,
              message.templateId,
              run.subscriberId,
              run.campaignId,
              message.until,
              message.waitS,
              message.text,
              message.parts,
              message.costMinor,
              message.state,
              message.reason,
              message.postponedFor,
              at(message.queuedMs),
              at(message.notBeforeMs),
              at(message.submittedMs),
              at(message.settledMs),
              message.saw,
            ],
          )
        if (answeredMs !== null)
          tx.execute(
            `insert into messaging.answer (tenant_id, answer_id, dedupe_key, subscriber_id, channel, text, run_id, at)
             values ($1, $2::uuid, $2::uuid::text, $3, 'ussd', '*111#', $2::uuid, $4)`,
            [tenantId, run.runId, run.subscriberId, at(answeredMs)],
          )
      }
    })
  }

  /** Writes short links, one a message, and the requests for them. */
  async follow(followed: readonly Followed[]): Promise<void> {
    const targets = [...new Set(followed.map(({ target }) => target))]
    await this.#parts.stores.database.tx(tenantId, async (tx) => {
      tx.execute(
        `insert into messaging.link_block (tenant_id, first_number, size, message_ids, target_of, targets, made_at)
         values ($1, 0, $2, $3, $4::int[], $5::text[], $6)`,
        [
          tenantId,
          followed.length,
          Buffer.from(followed.map(({ messageId }) => messageId.replaceAll('-', '')).join(''), 'hex'),
          followed.map(({ target }) => targets.indexOf(target) + 1),
          targets,
          Temporal.Instant.fromEpochMilliseconds(NOW_MS),
        ],
      )
      for (const [number, { messageId, atMs, bot }] of followed.entries())
        tx.execute(
          `insert into messaging.link_click (tenant_id, number, message_id, at, device, bot)
           values ($1, $2, $3, $4, 'phone', $5)`,
          [tenantId, number, messageId, Temporal.Instant.fromEpochMilliseconds(atMs), bot],
        )
    })
  }

  async stop(): Promise<void> {
    const { http, messaging, stores } = this.#parts
    await http.close()
    await messaging.stop()
    await stores.close()
  }
}

const bought = (channel: string, sent: number, converted: number, revenueMinor: string) => {
  return { channel, sent, converted, purchases: converted, revenueMinor, conversionRate: converted / sent }
}
/** As the server would answer for the cascade that all stories are about. */
const conversion: CascadeConversion = {
  cascadeId: 'package-used-up',
  from: '2026-02-28T15:42:10Z',
  to: '2026-03-30T15:42:10Z',
  windowHours: 72,
  currency: 'RUB',
  currencyDecimals: 2,
  channels: [bought('dstk', 563, 118, '637000'), bought('sms', 440, 61, '324500')],
  steps: [],
}

const name = { en: 'The package is used up', ru: 'Пакет исчерпан', uk: 'Пакет вичерпано' }

async function compose() {
  const stores = await testDatabase()
  const { database } = stores
  const clock = new ManualClock(NOW_MS)
  const documents = new Documents(database, [attributesKind, ...messagingDocuments])
  const base = { database, documents, clock }
  const access = createAccess(base)
  const profiles = createProfiles({ ...base, access })
  const messaging = createMessaging({
    ...base,
    profiles,
    wake: () => undefined,
    makeChannel: ({ id }) => quietChannel(id === 'dstk' ? 0 : 2_000),
  })
  const templates = createTemplates({
    ...base,
    profiles,
    sendTest: async (_tenantId, { address }) => ({
      messageId: derivedId('test', address),
      outcome: { outcome: 'accepted', providerMessageId: 'p' },
    }),
  })
  const http = createHttp((error) => console.error('http', error))
  guard(http, access)
  accessRoutes(http, access, '0.0.0')
  documentRoutes(http, documents, access)
  profilesRoutes(http, profiles, access)
  messagingRoutes(http, messaging, database, clock)
  overviewRoutes(http, messaging, database)
  templateRoutes(http, templates, access)
  cascadeRoutes(http, base)
  policyRoutes(http, { ...base, messaging })
  linkStatisticsRoutes(http, { ...base, access })
  return { stores, documents, access, messaging, http }
}
