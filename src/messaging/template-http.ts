import { type Access, principalOf, tenantOf } from '../access/index.ts'
import type { FastifyInstance } from '../platform/index.ts'
import { channelKinds } from './channels/kinds.ts'
import type { ChannelCapabilities } from './template-contract.ts'
import type { Templates } from './template-preview.ts'

/**
 * Adds `GET /v1/channels/capabilities`, `POST /v1/templates/preview` and `POST /v1/templates/:templateId/test-send`.
 */
export function templateRoutes(http: FastifyInstance, templates: Templates, access: Access): void {
  const capabilities = [...channelKinds.values()].map(
    ({ id, traits: { shows, maxTextLength } }): ChannelCapabilities => ({
      channel: id,
      shows,
      ...(maxTextLength === undefined ? {} : { maxTextLength }),
    }),
  )
  http.get('/v1/channels/capabilities', () => capabilities)

  // It changes nothing, so whoever may read may look.
  const readers = { config: { roles: ['admin', 'read'] as const } }
  http.post('/v1/templates/preview', readers, (request) => templates.preview(tenantOf(request), request.body))

  http.post<{ Params: { templateId: string } }>('/v1/templates/:templateId/test-send', async (request) => {
    const { tenantId, keyId } = principalOf(request)
    const { templateId } = request.params
    const answer = await templates.testSend(tenantId, templateId, request.body)
    const details = { addresses: answer.sent.length }
    await access.auditAlone(tenantId, { keyId, action: 'template_tested', target: templateId, details })
    return answer
  })
}
