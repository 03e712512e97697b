import { z } from 'zod'
import { sourceRoles, tenantOf } from '../access/index.ts'
import {
  type Clock,
  type Database,
  DomainError,
  type FastifyInstance,
  json,
  parseInput,
  type Tx,
} from '../platform/index.ts'
import { formatUssdReply, parseUssdForm } from './channels/ussd/index.ts'
import { messageStates } from './message.ts'
import type { Messaging } from './service.ts'
import { sendRequest } from './requests.ts'
import {
  explanation,
  messageById,
  messagesInState,
  messagesOfSubscriber,
  sendingCounts,
  viewOf,
} from './view-store.ts'

const callbackPlace = z.object({ tenantId: z.string(), channelId: z.string(), secret: z.string() })
const subscriberPlace = z.object({ subscriberId: z.coerce.number().int().min(0).max(2_147_483_647) })
/** `after` is the `next` of the page before. */
const historyQuery = z.object({
  after: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
})
const messagesQuery = z.object({
  state: z.enum(messageStates),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

/** Gateways' callbacks; messages asked for, looked up and explained; the sending of campaigns. */
export function messagingRoutes(
  http: FastifyInstance,
  messaging: Messaging,
  database: Database,
  clock: Clock,
): void {
  // A scope of its own: only the USSD gateway speaks in forms.
  http.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body as string))),
    )
    scope.post('/v1/channels/ussd', { config: { roles: sourceRoles } }, async (request, reply) => {
      const answer = parseUssdForm(request.body, clock.nowMs())
      const text = await messaging.inbound(tenantOf(request), 'ussd').onAnswer(answer)
      return reply.type('text/plain; charset=utf-8').send(formatUssdReply(text ?? 'OK'))
    })
  })

  callbackRoute(http, messaging)
  messageRoutes(http, messaging, database)
  sendingRoutes(http, messaging, database)
}

/** `ANY /callbacks/:tenantId/:channelId/:secret`: providers call it, and sign what they sent byte for byte. */
function callbackRoute(http: FastifyInstance, messaging: Messaging): void {
  http.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.route({
      method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: '/callbacks/:tenantId/:channelId/:secret',
      async handler(request, reply) {
        const { tenantId, channelId, secret } = parseInput(callbackPlace, request.params)
        const answer = await messaging.callback(tenantId, channelId, secret, {
          method: request.method,
          headers: request.headers,
          query: request.query as Record<string, string>,
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        })
        if (answer.contentType !== undefined) reply.type(answer.contentType)
        return reply
          .code(answer.status)
          .serializer(String)
          .send(answer.body ?? '')
      },
    })
  })
}

function messageRoutes(http: FastifyInstance, messaging: Messaging, database: Database): void {
  /** The tables as of now; under full load they are some seconds behind. */
  const read = async <T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> => {
    await messaging.senderOf(tenantId).tablesTrue()
    return database.tx(tenantId, work)
  }

  http.post('/v1/messages', async (request, reply) => {
    const answer = await messaging.send(tenantOf(request), parseInput(sendRequest, request.body))
    return reply.code(202).send(answer)
  })

  http.get('/v1/messages', (request) => {
    const { state, limit } = parseInput(messagesQuery, request.query)
    return read(tenantOf(request), async (tx) => ({ messages: await messagesInState(tx, state, limit) }))
  })

  http.get<{ Params: { messageId: string } }>('/v1/messages/:messageId', async (request, reply) => {
    const { messageId } = request.params
    const tenantId = tenantOf(request)
    const inMemory = messaging.senderOf(tenantId).desk.set.message(messageId)
    const view = inMemory
      ? viewOf(inMemory)
      : await database.read(tenantId, (tx) => messageById(tx, messageId))
    if (!view) throw new DomainError('message_not_found', `no message ${messageId}`)
    return reply.type('application/json').send(json(view))
  })

  http.get<{ Params: { messageId: string } }>('/v1/messages/:messageId/explain', async (request) => {
    const { messageId } = request.params
    const told = await read(tenantOf(request), (tx) => explanation(tx, messageId))
    if (!told) throw new DomainError('message_not_found', `no message ${messageId}`)
    return told
  })

  http.get('/v1/subscribers/:subscriberId/messages', (request) => {
    const { subscriberId } = parseInput(subscriberPlace, request.params)
    const { after, limit } = parseInput(historyQuery, request.query)
    return read(tenantOf(request), async (tx) => {
      const found = await messagesOfSubscriber(tx, subscriberId, limit + 1, after)
      const messages = found.slice(0, limit)
      return { subscriberId, messages, next: found.length > limit ? messages.at(-1)!.messageId : null }
    })
  })
}

function sendingRoutes(http: FastifyInstance, messaging: Messaging, database: Database): void {
  const controls = { pause: 'paused', resume: 'running', cancel: 'cancelled' } as const
  for (const [word, state] of Object.entries(controls)) {
    http.post<{ Params: { campaignId: string } }>(`/v1/sendings/:campaignId/${word}`, async (request) => {
      const { campaignId } = request.params
      await messaging.control(tenantOf(request), campaignId, state)
      return { campaignId, state }
    })
  }

  http.get<{ Params: { campaignId: string } }>('/v1/sendings/:campaignId', async (request) => {
    const { campaignId } = request.params
    const tenantId = tenantOf(request)
    const sender = messaging.senderOf(tenantId)
    await sender.tablesTrue()
    const counts = await database.tx(tenantId, (tx) => sendingCounts(tx, campaignId))
    const isFinished = counts.waiting + counts.active === 0
    const state = sender.desk.stopped.get(campaignId) ?? (isFinished ? 'finished' : 'running')
    return { campaignId, state, isFinished, ...counts, ratesPerS: sender.rates.perS() }
  })

  http.get('/v1/delivery', async (request) => {
    const tenantId = tenantOf(request)
    const sender = messaging.senderOf(tenantId)
    await sender.tablesTrue()
    const counts = await database.tx(tenantId, (tx) => sendingCounts(tx))
    return { ...counts, ratesPerS: sender.rates.perS() }
  })
}
