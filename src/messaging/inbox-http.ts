import { z } from 'zod'
import { sourceRoles, tenantOf } from '../access/index.ts'
import {
  type Clock,
  type Database,
  DomainError,
  type FastifyInstance,
  json,
  parseInput,
} from '../platform/index.ts'
import type { ChannelEvents } from './channel.ts'
import { type InboxEvent, isFirst, markEntries, selectEntries } from './inbox-store.ts'

const subscriberId = z.coerce.number().int().positive()
const reportBody = z.discriminatedUnion('event', [
  z.strictObject({ event: z.enum(['seen', 'clicked']), messageId: z.uuid() }),
  z.strictObject({
    event: z.literal('answered'),
    messageId: z.uuid(),
    choice: z.string().max(100),
    text: z.string().max(1_000).optional(),
  }),
])

type Dependencies = {
  database: Database
  clock: Clock
  /** Where receipts and answers of the tenant's inbox go. */
  inbound(tenantId: string): ChannelEvents
}

/** A page of the inbox is never longer than somebody would scroll. */
const PAGE = 100

/**
 * The far end of the inbox channel: `GET /v1/subscribers/:id/inbox` for the site and the app, and
 * `POST /v1/subscribers/:id/inbox/reports` for what the subscriber did with it. Asked for means delivered.
 */
export function inboxRoutes(http: FastifyInstance, { database, clock, inbound }: Dependencies): void {
  /** Told before it is noted: what a crash leaves in between is told again, which changes nothing. */
  const report = async (
    tenantId: string,
    subscriber: number,
    messageIds: string[],
    status: InboxEvent,
  ): Promise<void> => {
    if (messageIds.length === 0) return
    const now = clock.now()
    await inbound(tenantId).onReceipts(
      messageIds.map((messageId) => ({ messageId, status, atMs: now.epochMilliseconds })),
    )
    await database.tx(tenantId, (tx) => markEntries(tx, subscriber, messageIds, status, now))
  }

  type Params = { Params: { id: string } }
  http.get<Params>('/v1/subscribers/:id/inbox', async (request, reply) => {
    const [tenantId, id] = [tenantOf(request), parseInput(subscriberId, request.params.id)]
    const now = clock.now()
    const found = await database.read(tenantId, (tx) => selectEntries(tx, id, now, PAGE))
    const fresh = found.filter(({ deliveredAt }) => deliveredAt === null).map(({ messageId }) => messageId)
    await report(tenantId, id, fresh, 'delivered')
    const entries = found.map(({ deliveredAt: _deliveredAt, ...entry }) => entry)
    return reply.type('application/json').send(json({ entries }))
  })

  const sources = { config: { roles: sourceRoles } }
  http.post<Params>('/v1/subscribers/:id/inbox/reports', sources, async (request, reply) => {
    const [tenantId, id] = [tenantOf(request), parseInput(subscriberId, request.params.id)]
    const told = parseInput(reportBody, request.body)
    const first = await database.tx(tenantId, (tx) => isFirst(tx, id, told.messageId, told.event))
    if (first === undefined)
      throw new DomainError('message_not_found', 'no such message in this inbox', {
        field: 'messageId',
        found: told.messageId,
      })
    if (told.event === 'answered') {
      const { messageId, choice, text = choice } = told
      const dedupeKey = `inbox:${messageId}:${choice}`
      await inbound(tenantId).onAnswer({
        address: '',
        channel: 'inbox',
        text,
        choice,
        messageId,
        dedupeKey,
        atMs: clock.nowMs(),
      })
    } else if (first) await report(tenantId, id, [told.messageId], told.event)
    return reply.code(204).send()
  })
}
