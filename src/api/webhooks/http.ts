import { type Access, principalOf, tenantOf } from '../../access/index.ts'
import { type FastifyInstance, parseInput } from '../../platform/index.ts'
import {
  deadLettersOfWebhook,
  type DeadLettersOfWebhook,
  replayDeadRequest,
  replayedDead,
  webhooksView,
  type WebhooksView,
} from './contract.ts'
import type { Webhooks } from './service.ts'

const MOST_LETTERS = 1_000
type ById = { Params: { id: string } }

/**
 * `GET /v1/webhooks`: how each target does; `GET …/:id/dead`: what it never took; `POST …/:id/dead/replay`: send that
 * again.
 */
export function webhookRoutes(
  http: FastifyInstance,
  { webhooks, access }: { webhooks: Webhooks; access: Access },
): void {
  const replay = {
    summary: 'Send what a receiver never took once more',
    body: replayDeadRequest,
    answer: replayedDead,
  }
  const admin = { config: { roles: ['admin'] as const, operation: replay } }
  const status = { summary: 'Receivers and how each does', answer: webhooksView }
  const dead = { summary: 'What a receiver never took', answer: deadLettersOfWebhook }
  http.get('/v1/webhooks', { config: { operation: status } }, async (request): Promise<WebhooksView> => {
    return { webhooks: await webhooks.status(tenantOf(request)) }
  })
  http.get<ById>(
    '/v1/webhooks/:id/dead',
    { config: { operation: dead } },
    async (request): Promise<DeadLettersOfWebhook> => {
      const letters = await webhooks.dead(tenantOf(request), request.params.id, MOST_LETTERS)
      return {
        letters: letters.map(({ letterId, lane, type, attempts, firstFailedAt, lastError }) => ({
          letterId,
          subscriberId: lane || null,
          type,
          attempts,
          firstFailedAt: firstFailedAt.toString(),
          lastError,
        })),
      }
    },
  )
  http.post<ById>('/v1/webhooks/:id/dead/replay', admin, async (request) => {
    const { tenantId, keyId } = principalOf(request)
    const { letterIds = null } = parseInput(replayDeadRequest, request.body ?? {})
    const { id } = request.params
    const replayed = await webhooks.revive(tenantId, id, letterIds)
    await access.auditAlone(tenantId, {
      keyId,
      action: 'webhook_replayed',
      target: id,
      details: { replayed },
    })
    return { replayed }
  })
}
