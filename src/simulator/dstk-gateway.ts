import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { derivedId } from '../platform/index.ts'
import { takePush } from './phone-dstk.ts'
import type { World } from './world.ts'

const push = z
  .object({
    messageId: z.string().min(1),
    address: z.string(),
    text: z.string().min(1),
    choices: z.array(z.object({ id: z.string(), label: z.string() })).default([]),
    validUntil: z.iso.datetime({ offset: true }).optional(),
  })
  .loose()

/** Serves the DSTK gateway of README.md here: one pop-up for each idempotency key. */
export function serveDstk(app: FastifyInstance, world: World): void {
  const taken = new Map<string, { token: string; content: string }>()
  app.post('/v1/pushes', async (request, reply) => {
    const body = push.parse(request.body)
    const header = request.headers['idempotency-key']
    const key = typeof header === 'string' ? header : body.messageId
    const content = JSON.stringify([body.messageId, body.address, body.text, body.choices])
    const known = taken.get(key)
    if (known && known.content !== content) {
      return reply.code(409).send({ code: 'key_used', reason: 'other content under this key' })
    }
    if (known) return reply.code(202).send({ token: known.token })
    const subscriber = world.people.byMsisdn(body.address)
    if (subscriber === undefined)
      return reply.code(404).send({ code: 'unknown_number', reason: 'no such SIM' })
    const token = derivedId('push', key)
    taken.set(key, { token, content })
    const { messageId, text, choices } = body
    const validUntilMs = body.validUntil === undefined ? Infinity : Date.parse(body.validUntil)
    takePush(world, { token, messageId, subscriber, text, choices, validUntilMs })
    return reply.code(202).send({ token })
  })
}
