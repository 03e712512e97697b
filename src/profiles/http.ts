import { principalOf, tenantOf, type Access } from '../access/index.ts'
import { DomainError, type FastifyInstance, type FastifyRequest } from '../platform/index.ts'
import { readNdjson } from './ndjson.ts'
import type { Profiles } from './service.ts'

/** Adds `/v1/subscribers…`: import, one by id, one by identity. */
export function profilesRoutes(http: FastifyInstance, profiles: Profiles, access: Access): void {
  // A scope of its own, because the stream parser must not change how other routes read the same content type.
  http.register(async (scope) => {
    scope.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload))

    scope.post<{ Querystring: { dryRun?: string } }>('/v1/subscribers/import', async (request) => {
      const tenantId = tenantOf(request)
      const dryRun = request.query.dryRun === 'true'
      const answer = await profiles.importSubscribers(tenantId, batchesOf(request), dryRun)
      if (!dryRun) {
        const { inserted, updated, rejectedCount } = answer
        await access.auditAlone(tenantId, {
          keyId: principalOf(request).keyId,
          action: 'subscribers_imported',
          target: 'subscribers',
          details: { inserted, updated, rejectedCount },
        })
      }
      return answer
    })

    scope.get<{ Params: { subscriberId: string } }>('/v1/subscribers/:subscriberId', async (request) => {
      return profiles.view(tenantOf(request), numberOf(request.params.subscriberId))
    })

    scope.get<{ Querystring: { identity?: string } }>('/v1/subscribers', async (request) => {
      // In a query string a plus sign is a blank; whoever forgot to encode it meant a phone number.
      const identity = (request.query.identity ?? '').replace(/^(msisdn:)? (?=\d)/, '$1+')
      const [id] = await profiles.resolveIdentities(tenantOf(request), [identity])
      if (id === undefined) {
        throw notFound(
          'identity',
          request.query.identity,
          'msisdn:+7…, account:… or external:… of a subscriber',
        )
      }
      return profiles.view(tenantOf(request), id)
    })
  })
}

function batchesOf(request: FastifyRequest): AsyncIterable<unknown[]> | Iterable<unknown[]> {
  if (request.headers['content-type']?.startsWith('application/x-ndjson')) {
    return readNdjson(request.body as AsyncIterable<Uint8Array>, 5_000)
  }
  if (Array.isArray(request.body)) return [request.body as unknown[]]
  throw new DomainError('row_invalid', 'the body must be a list of subscribers', {
    field: 'body',
    found: typeof request.body,
    expected: 'JSON array, or application/x-ndjson',
  })
}

/** A subscriber's number as it stands in a path. Throws `subscriber_not_found`. */
export function numberOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw notFound('subscriberId', text, 'a subscriber number')
}

function notFound(field: string, found: unknown, expected: string): DomainError {
  return new DomainError('subscriber_not_found', 'no such subscriber', { field, found, expected })
}
