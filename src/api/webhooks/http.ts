import { type Access, principalOf, tenantOf } from '../../access/index.ts'
import { type FastifyInstance, type Operation, parseInput } from '../../platform/index.ts'
import {
  lettersOfWebhook,
  type LettersOfWebhook,
  lettersQuery,
  newSecret,
  retriedLetters,
  retryLettersBody,
  webhooksView,
  type WebhooksView,
} from './contract.ts'
import type { Webhooks } from './service.ts'

const MOST_LETTERS = 1_000
type ById = { Params: { id: string } }

const open = (operation: Operation) => ({ config: { operation } })
const admin = (operation: Operation) => ({ config: { roles: ['admin'] as const, operation } })
const operations = {
  status: { summary: 'Receivers and how each does', answer: webhooksView },
  letters: { summary: 'What a receiver did not take', query: lettersQuery, answer: lettersOfWebhook },
  retry: {
    summary: 'Send what a receiver did not take once more',
    body: retryLettersBody,
    answer: retriedLetters,
  },
  secret: { summary: 'Change the secret', answer: newSecret },
}

/**
 * `GET /v1/webhooks`: how each target does; `GET …/:id/letters`: what it did not take; `POST …/:id/letters/retry`: send
 * that again; `POST …/:id/secret`: change the secret.
 */
export function webhookRoutes(
  http: FastifyInstance,
  { webhooks, access }: { webhooks: Webhooks; access: Access },
): void {
  http.get('/v1/webhooks', open(operations.status), async (request): Promise<WebhooksView> => {
    return { webhooks: await webhooks.status(tenantOf(request)) }
  })
  http.get<ById>(
    '/v1/webhooks/:id/letters',
    open(operations.letters),
    async (request): Promise<LettersOfWebhook> => {
      const { state } = parseInput(lettersQuery, request.query)
      const letters = await webhooks.letters(tenantOf(request), request.params.id, state, MOST_LETTERS)
      return {
        letters: letters.map(({ letterId, lane, type, attempts, firstFailedAt, dueAt, lastError }) => ({
          letterId,
          subscriberId: lane || null,
          type,
          attempts,
          firstFailedAt: firstFailedAt.toString(),
          dueAt: state === 'dead' ? null : dueAt.toString(),
          lastError,
        })),
      }
    },
  )
  http.post<ById>('/v1/webhooks/:id/letters/retry', admin(operations.retry), async (request) => {
    const { tenantId, keyId } = principalOf(request)
    const { state, letterIds = null } = parseInput(retryLettersBody, request.body)
    const { id } = request.params
    const retried = await webhooks.retry(tenantId, id, state, letterIds)
    const details = { state, retried }
    await access.auditAlone(tenantId, { keyId, action: 'webhook_retried', target: id, details })
    return { retried }
  })
  http.post<ById>('/v1/webhooks/:id/secret', admin(operations.secret), async (request) => {
    const { tenantId, keyId } = principalOf(request)
    const { id } = request.params
    const secret = await webhooks.changeSecret(tenantId, id)
    await access.auditAlone(tenantId, { keyId, action: 'webhook_secret_changed', target: id })
    return { secret }
  })
}
