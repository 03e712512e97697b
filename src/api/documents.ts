import { type Access, principalOf, tenantOf } from '../access/index.ts'
import { type Documents, DomainError, type FastifyInstance } from '../platform/index.ts'

type ApplyRequest = { Querystring: { dryRun?: string }; Body: unknown }

/**
 * `PUT /v1/documents` saves configuration documents (all or none), `?dryRun=true` only tells what would happen;
 * `GET /v1/documents` exports the current ones.
 */
export function documentRoutes(http: FastifyInstance, documents: Documents, access: Access): void {
  http.put<ApplyRequest>('/v1/documents', async (request) => {
    const { body } = request
    if (!Array.isArray(body)) {
      throw new DomainError('request_invalid', 'the body must be a list of documents', {
        field: 'body',
        found: typeof body,
        expected: 'array',
      })
    }
    const tenantId = tenantOf(request)
    const dryRun = request.query.dryRun === 'true'
    const results = await documents.apply(tenantId, body, { dryRun })
    const changed = results.filter((result) => result.outcome === 'created' || result.outcome === 'updated')
    const refused = results.some((result) => result.outcome === 'refused')
    if (!dryRun && !refused && changed.length > 0) {
      await access.auditAlone(tenantId, {
        keyId: principalOf(request).keyId,
        action: 'documents_applied',
        target: changed.map(({ kind, id, version }) => `${kind}/${id}@${version}`).join(' '),
      })
    }
    return results
  })
  http.get('/v1/documents', (request) => documents.export(tenantOf(request)))
}
