import { type Access, principalOf, tenantOf } from '../access/index.ts'
import { DomainError, type FastifyInstance, parseInput } from '../platform/index.ts'
import { consentWord } from './contract.ts'
import { numberOf } from './http.ts'
import type { Profiles } from './service.ts'

/** How many entries one request puts on the stop list, and one page shows, at most. */
const PAGE = 10_000

/** Adds `/v1/subscribers/:subscriberId/consents` (what was agreed to, with its proof) and `/v1/stop-list`. */
export function contactRoutes(http: FastifyInstance, profiles: Profiles, access: Access): void {
  type BySubscriber = { Params: { subscriberId: string } }
  const path = '/v1/subscribers/:subscriberId/consents'

  http.get<BySubscriber>(path, async (request) => {
    const { subscriberId } = await profiles.view(tenantOf(request), numberOf(request.params.subscriberId))
    return profiles.consentsView(tenantOf(request), subscriberId)
  })

  http.post<BySubscriber>(path, async (request, reply) => {
    const tenantId = tenantOf(request)
    const { subscriberId } = await profiles.view(tenantId, numberOf(request.params.subscriberId))
    const { at, shownText, ...word } = parseInput(consentWord, request.body)
    await profiles.sayConsent(tenantId, {
      ...word,
      subscriberId,
      shownText: shownText ?? null,
      ...(at === undefined ? {} : { at: Temporal.Instant.from(at) }),
    })
    return reply.code(201).send(await profiles.consentsView(tenantId, subscriberId))
  })

  http.post('/v1/stop-list', async (request, reply) => {
    const { tenantId, keyId } = principalOf(request)
    if (!Array.isArray(request.body) || request.body.length > PAGE) {
      const expected = `JSON array of at most ${PAGE} entries`
      throw new DomainError('request_invalid', 'the body must be a list of entries', {
        field: 'body',
        expected,
      })
    }
    const answer = await profiles.addStops(tenantId, request.body as unknown[], keyId)
    const stopped = answer.added.filter((stopId) => stopId !== null).length
    await access.auditAlone(tenantId, {
      keyId,
      action: 'stops_added',
      target: 'stop-list',
      details: { stopped },
    })
    return reply.code(201).send(answer)
  })

  http.get<{ Querystring: { after?: string } }>('/v1/stop-list', async (request) => {
    const stops = await profiles.listStops(tenantOf(request), request.query.after ?? null, PAGE)
    return { stops, next: stops.length === PAGE ? stops.at(-1)!.stopId : null }
  })

  http.delete<{ Params: { stopId: string } }>('/v1/stop-list/:stopId', async (request, reply) => {
    const { tenantId, keyId } = principalOf(request)
    await profiles.removeStop(tenantId, request.params.stopId)
    await access.auditAlone(tenantId, { keyId, action: 'stop_removed', target: request.params.stopId })
    return reply.code(204).send()
  })
}
