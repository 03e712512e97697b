import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { ZodType } from 'zod'
import { DomainError } from './errors.ts'
import { json } from './json.ts'

export type { FastifyInstance, FastifyReply, FastifyRequest }

/**
 * What a route says of itself in the description of the API, beside its method and path. An answer that is no JSON is
 * said by its media type, and one without any content by null.
 */
export type Operation = { summary: string; query?: ZodType; body?: ZodType; answer: ZodType | string | null }

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: Operation
  }
}

/** Endings of error codes and their HTTP status: the one table that speaks both languages. */
const statusByEnding: [ending: string, status: number][] = [
  ['unauthenticated', 401],
  ['forbidden', 403],
  ['not_found', 404],
  ['conflict', 409],
  ['_mismatch', 409],
  ['too_large', 413],
  ['unavailable', 503],
]

/** What PostgreSQL answers to U+0000 in a text and in JSON ("PostgreSQL Error Codes", class 22). */
const unstorable = new Set(['22021', '22P05'])

/** HTTP status of a domain error code; a code without a special ending is a refusal of the input. */
export function statusOf(code: string): number {
  return statusByEnding.find(([ending]) => code.endsWith(ending))?.[1] ?? 422
}

/**
 * The HTTP server of the process. Errors answer as RFC 9457 problem details (`application/problem+json`) with
 * the field, what was found and what was expected; bugs answer 500 without their insides.
 */
export function createHttp(onBug: (error: unknown) => void): FastifyInstance {
  const http = Fastify({
    bodyLimit: 64 * 2 ** 20,
    logger: false,
    forceCloseConnections: true,
    // Signed tokens and secrets stand in the path, and 100 characters are too few for them.
    routerOptions: { maxParamLength: 500 },
  })
  http.setErrorHandler((error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof DomainError) {
      const status = statusOf(error.code)
      return problem(reply, status, { title: error.message, status, code: error.code, ...error.details })
    }
    if (unstorable.has(error.code)) {
      const status = 422
      return problem(reply, status, {
        title: 'a text holds U+0000, which cannot be stored',
        status,
        code: 'text_unstorable',
      })
    }
    const status = error.statusCode ?? 500
    if (status >= 500) onBug(error)
    return problem(reply, status, {
      title: status >= 500 ? 'Internal error' : error.message,
      status,
      code: error.code ?? 'internal',
    })
  })
  http.setNotFoundHandler((request, reply) =>
    problem(reply, 404, {
      title: `no resource at ${request.method} ${request.url}`,
      status: 404,
      code: 'route_not_found',
    }),
  )
  http.setReplySerializer((payload) => json(payload))
  return http
}

function problem(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).type('application/problem+json').send(body)
}
