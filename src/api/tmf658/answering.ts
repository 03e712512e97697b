import { type ZodType, z } from 'zod'
import {
  DomainError,
  type FastifyReply,
  type FastifyRequest,
  parseInput,
  statusOf,
} from '../../platform/index.ts'
import type { TmfErrorCode } from './errors.ts'

export const BASE = '/tmf-api/loyalty/v4'

/** A resource as it goes out: `id`, `href`, `@type` and whatever else its kind has. */
export type Resource = { id: string; href: string; '@type': string } & Record<string, unknown>

/** `offset` and `limit` of a list (TMF630 §4.4), `fields`, and equality filters by attribute. */
const listQuery = z.object({
  offset: z.coerce.number().int().min(0).max(100_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(20),
  fields: z.string().optional(),
})
const oneQuery = z.object({ fields: z.string().optional() })

export type Asked = { offset: number; limit: number; filters: Record<string, string> }

/** What a list's query asks for; all that is no paging is a filter. */
export function askedOf(request: FastifyRequest): Asked & { fields: string | undefined } {
  const { offset, limit, fields } = parseInput(listQuery, request.query)
  const filters = Object.entries(request.query as Record<string, unknown>).filter(
    ([name, value]) => !['offset', 'limit', 'fields', 'key'].includes(name) && typeof value === 'string',
  )
  return { offset, limit, fields, filters: Object.fromEntries(filters) as Record<string, string> }
}

/** A page as a list with its counts in the head. */
export function answerPage(
  reply: FastifyReply,
  { items, total }: { items: Resource[]; total: number },
  fields: string | undefined,
): Partial<Resource>[] {
  reply.header('x-total-count', total).header('x-result-count', items.length)
  return items.map((item) => selected(item, fields))
}

/** The page of a list that is in memory, after its filters. */
export function pageOf(
  all: Resource[],
  { offset, limit, filters }: Asked,
): { items: Resource[]; total: number } {
  const found = all.filter((item) =>
    Object.entries(filters).every(([path, value]) => valuesAt(item, path.split('.')).includes(value)),
  )
  return { items: found.slice(offset, offset + limit), total: found.length }
}

/** What stands at a path, as text; of a list it is one of its items that a filter asks for. */
function valuesAt(item: unknown, [name, ...rest]: string[]): string[] {
  if (Array.isArray(item))
    return item.flatMap((one) => valuesAt(one, name === undefined ? [] : [name, ...rest]))
  if (name === undefined) return [String(item)]
  return valuesAt((item as Record<string, unknown> | undefined)?.[name], rest)
}

/** First-level attributes that were asked for; `id` and `href` always are among them. */
export function selected(item: Resource, fields: string | undefined): Partial<Resource> {
  if (fields === undefined || fields === '') return item
  const wanted = new Set(['id', 'href', ...fields.split(',').map((name) => name.trim())])
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name)))
}

/** The attributes that are asked of one resource, as the query names them. */
export const fieldsOf = (request: FastifyRequest): string | undefined =>
  parseInput(oneQuery, request.query).fields

/** A body of the shape that a resource's creation has; more attributes than these may stand in it. */
export const bodyOf = <T>(schema: ZodType<T>, request: FastifyRequest): T =>
  parseInput(schema, request.body ?? {})

/** Refuses with one of the façade's own codes. */
export function fail(code: TmfErrorCode, message: string, found?: unknown): never {
  throw new DomainError(code, message, found === undefined ? {} : { found })
}

/** Refuses what names a resource that is not there. */
export const notFound = (kind: string, id: string): never =>
  fail('tmf_resource_not_found', `no ${kind} "${id}"`, id)

/** An error as the Open APIs have it (TMF630 §3.4): our code, why, and the HTTP status as text. */
export function sendError(
  error: unknown,
  reply: FastifyReply,
  onBug: (error: unknown) => void,
): FastifyReply {
  if (error instanceof DomainError) {
    const { field, expected } = error.details
    const details = [
      field === undefined ? '' : `field ${field}`,
      expected === undefined ? '' : `expected ${expected}`,
    ]
    const message = details.filter((text) => text !== '').join(', ')
    return answer(reply, httpStatusOf(error.code), error.code, error.message, message)
  }
  const {
    statusCode: status = 500,
    message,
    code = 'internal',
  } = error as {
    statusCode?: number
    message: string
    code?: string
  }
  if (status >= 500) onBug(error)
  return answer(reply, status, code, status >= 500 ? 'Internal error' : message, '')
}

/** The API has no 422: what cannot be done with a request is a bad request, or a conflict where it is the account's. */
function httpStatusOf(code: string): number {
  if (code === 'tmf_method_not_allowed') return 405
  if (code.startsWith('ledger_') || code.startsWith('abuse_') || code === 'member_not_active') return 409
  const status = statusOf(code)
  return status === 422 ? 400 : status
}

const answer = (
  reply: FastifyReply,
  status: number,
  code: string,
  reason: string,
  message: string,
): FastifyReply =>
  reply.code(status).send({
    '@type': 'Error',
    code,
    reason,
    ...(message === '' ? {} : { message }),
    status: String(status),
  })
