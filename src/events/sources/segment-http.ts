import { createGunzip } from 'node:zlib'
import { type Access, principalOf, sourceRoles } from '../../access/index.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from '../../platform/index.ts'
import { isRecord, segmentCalls } from './segment.ts'
import { callsOf, type SegmentDependencies, takeCalls } from './segment-service.ts'

/** Segment's own limit is 500 KB a batch; a little more costs nothing. */
const MAX_BODY_BYTES = 2 ** 20

/** Paths of batches: the servers' libraries, the browser's, and the one of older mobile libraries. */
const batchPaths = ['/v1/batch', '/v1/b', '/v1/import']

/**
 * Adds the Segment HTTP API: `/v1/identify`, `/v1/track`, … with the browser's one-letter paths, `/v1/batch`,
 * `/v1/m` (the libraries' own measurements, not kept), and the settings that the browser library asks for first. An API
 * key is the write key: as the user name of Basic auth, or as `writeKey` in the body, where browsers send it.
 */
export function segmentRoutes(
  http: FastifyInstance,
  dependencies: SegmentDependencies & { access: Access },
): void {
  http.register(async (scope) => {
    const asJson = scope.getDefaultJsonParser('ignore', 'ignore')
    // Browsers send JSON as plain text, which needs no permission of the server first.
    scope.addContentTypeParser('text/plain', { parseAs: 'string' }, asJson)
    scope.addHook('onRequest', allowAnyOrigin)
    scope.addHook('preParsing', unzip)

    const config = { keyOfBody: writeKeyOf, roles: sourceRoles }
    const add = (path: string, type: string | undefined): void => {
      scope.post(path, { config, bodyLimit: MAX_BODY_BYTES }, async (request) => {
        const { tenantId, keyId } = principalOf(request)
        const counts = await takeCalls(dependencies, tenantId, { ...callsOf(request.body, type), keyId })
        return { success: true, ...counts }
      })
      scope.options(path, { config: { open: true } }, (_request, reply) => reply.code(204).send())
    }
    for (const type of segmentCalls) {
      add(`/v1/${type}`, type)
      add(`/v1/${type[0]}`, type)
    }
    for (const path of batchPaths) add(path, undefined)

    scope.post('/v1/m', { config: { open: true }, bodyLimit: MAX_BODY_BYTES }, async () => ({
      success: true,
    }))
    scope.options('/v1/m', { config: { open: true } }, (_request, reply) => reply.code(204).send())
    settingsRoute(scope, dependencies.access)
  })
}

/** What the browser library reads before its first call, in place of Segment's CDN. */
function settingsRoute(scope: FastifyInstance, access: Access): void {
  scope.get<{ Params: { key: string } }>(
    '/v1/projects/:key/settings',
    { config: { open: true } },
    async (request) => {
      await access.authenticate(request.params.key)
      const forwarded = request.headers['x-forwarded-proto']
      return {
        integrations: {
          'Segment.io': {
            apiKey: request.params.key,
            apiHost: `${request.headers.host ?? 'localhost'}/v1`,
            protocol: typeof forwarded === 'string' ? forwarded : request.protocol,
          },
        },
        plan: { track: { __default: { enabled: true } } },
      }
    },
  )
}

function writeKeyOf(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined
  const [first] = Array.isArray(body['batch']) ? (body['batch'] as unknown[]) : []
  const key = body['writeKey'] ?? (isRecord(first) ? first['writeKey'] : undefined)
  return typeof key === 'string' ? key : undefined
}

/** Pages of any site may send: the key says for whom, and no cookie is involved. */
async function allowAnyOrigin(_request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.headers({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-allow-headers': 'authorization, content-type, content-encoding, x-retry-count',
    'access-control-max-age': '86400',
  })
}

/** The mobile libraries send gzip. The limit on a body holds for what comes out. */
async function unzip(
  request: FastifyRequest,
  _reply: FastifyReply,
  payload: NodeJS.ReadableStream,
): Promise<NodeJS.ReadableStream> {
  if (request.headers['content-encoding'] !== 'gzip') return payload
  const plain = Object.assign(createGunzip(), { receivedEncodedLength: 0 })
  payload.on('data', (chunk: Buffer) => (plain.receivedEncodedLength += chunk.length))
  payload.on('error', (error) => plain.destroy(error))
  return payload.pipe(plain)
}
