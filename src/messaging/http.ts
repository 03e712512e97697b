import { tenantOf } from '../access/index.ts'
import { type Clock, type Database, DomainError, type FastifyInstance, json } from '../platform/index.ts'
import type { DstkChannel } from './channels/dstk.ts'
import { formatUssdReply, parseUssdForm } from './channels/ussd.ts'
import type { Messaging } from './service.ts'
import { messageById } from './store.ts'

/** Gateways' callbacks, and the explanation of one message. */
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
    scope.post('/v1/channels/ussd', async (request, reply) => {
      const answer = parseUssdForm(request.body, clock.nowMs())
      const text = await messaging.inbound(tenantOf(request), 'ussd').onAnswer(answer)
      return reply.type('text/plain; charset=utf-8').send(formatUssdReply(text ?? 'OK'))
    })
  })

  http.post('/v1/channels/dstk/callbacks', async (request, reply) => {
    const channel = await messaging.gateways.channelOf(tenantOf(request), 'dstk')
    if (!channel) throw new DomainError('channel_not_found', 'this tenant has no DSTK channel')
    await (channel as DstkChannel).handleDstkCallback(request.body)
    return reply.code(204).send()
  })

  http.get<{ Params: { messageId: string } }>('/v1/messages/:messageId', async (request, reply) => {
    const view = await database.tx(tenantOf(request), (tx) => messageById(tx, request.params.messageId))
    if (!view) throw new DomainError('message_not_found', `no message ${request.params.messageId}`)
    return reply.type('application/json').send(json(view))
  })
}
