import { type Access, principalOf, sourceRoles, tenantOf } from '../access/index.ts'
import { DomainError, type FastifyInstance, type FastifyRequest, parseInput } from '../platform/index.ts'
import {
  deadLetterQuery,
  discardRequest,
  type IngestAnswer,
  listedItems,
  type ReplayRequest,
} from './contract.ts'
import type { Events } from './service.ts'
import type { IngestResult } from './verdict.ts'

/**
 * Adds `POST /v1/events` (CloudEvents 1.0 HTTP binding: structured, batched and binary mode, and NDJSON for long
 * streams) and `/v1/dead-letters…`.
 */
export function eventsRoutes(http: FastifyInstance, events: Events, access: Access): void {
  // A scope of its own, because these content types mean something else, or nothing, to other routes.
  http.register(async (scope) => {
    const asJson = scope.getDefaultJsonParser('ignore', 'ignore')
    scope.addContentTypeParser(
      ['application/cloudevents+json', 'application/cloudevents-batch+json'],
      { parseAs: 'string' },
      asJson,
    )
    scope.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload))

    scope.post('/v1/events', { config: { roles: sourceRoles } }, async (request, reply) => {
      const tenantId = tenantOf(request)
      if (request.headers['content-type']?.startsWith('application/x-ndjson')) {
        return ingestStream(events, tenantId, request.body as AsyncIterable<Uint8Array>)
      }
      const body = isBinaryMode(request) ? eventOfHeaders(request) : request.body
      if (Array.isArray(body)) return answerOf(await events.ingest(tenantId, body))
      const result = await events.ingestOne(tenantId, body)
      // A batch is answered item by item; a lone event that was refused is a refused request.
      return reply.code(result.rejected.length > 0 ? 422 : 200).send(answerOf(result))
    })
    deadLetterRoutes(scope, events, access)
  })
}

function deadLetterRoutes(http: FastifyInstance, events: Events, access: Access): void {
  // Letters hold what the source sent, phone numbers included: not for every reader.
  const admin = { config: { roles: ['admin'] as const } }

  http.get('/v1/dead-letters', admin, (request) =>
    events.listDeadLetters(tenantOf(request), parseInput(deadLetterQuery, request.query)),
  )
  http.post('/v1/dead-letters/replay', admin, async (request) => {
    const { tenantId, keyId } = principalOf(request)
    const answer = await events.replay(tenantId, request.body as ReplayRequest)
    const { letters: _letters, ...details } = answer
    await access.auditAlone(tenantId, {
      keyId,
      action: 'dead_letters_replayed',
      target: 'dead letters',
      details,
    })
    return answer
  })
  http.post('/v1/dead-letters/discard', admin, async (request) => {
    const { tenantId, keyId } = principalOf(request)
    const discarded = await events.discard(tenantId, parseInput(discardRequest, request.body).ids)
    const details = { ids: discarded }
    await access.auditAlone(tenantId, {
      keyId,
      action: 'dead_letters_discarded',
      target: 'dead letters',
      details,
    })
    return { discarded }
  })
}

async function ingestStream(
  events: Events,
  tenantId: string,
  stream: AsyncIterable<Uint8Array>,
): Promise<IngestAnswer> {
  const lines = events.openLines(tenantId)
  for await (const chunk of stream) {
    await lines.write(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk))
  }
  return lines.end()
}

function answerOf({ accepted, duplicates, rejected }: IngestResult): IngestAnswer {
  return { accepted, duplicates, rejectedCount: rejected.length, rejected: rejected.slice(0, listedItems) }
}

/** Binary mode: attributes in `ce-` headers, the body is data (CloudEvents HTTP binding 1.0 §3.1). */
function isBinaryMode({ headers }: FastifyRequest): boolean {
  return (
    headers['ce-specversion'] !== undefined && !headers['content-type']?.startsWith('application/cloudevents')
  )
}

function eventOfHeaders(request: FastifyRequest): Record<string, unknown> {
  const event: Record<string, unknown> = {}
  for (const name of ['specversion', 'id', 'source', 'type', 'time', 'subject']) {
    const value = request.headers[`ce-${name}`]
    if (typeof value === 'string') event[name] = percentDecoded(value, `ce-${name}`)
  }
  if (request.body !== undefined && request.body !== null) event['data'] = request.body
  return event
}

/** Header values carry characters outside printable ASCII percent-encoded (HTTP binding §3.1.3.2). */
function percentDecoded(value: string, field: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw new DomainError('event_malformed', 'a header is not percent-encoded UTF-8', { field, found: value })
  }
}
