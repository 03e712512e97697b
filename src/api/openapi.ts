import { type ZodType, z } from 'zod'
import { rolesFor } from '../access/index.ts'
import type { FastifyInstance, Operation } from '../platform/index.ts'

type Route = {
  method: string
  url: string
  roles: readonly string[] | undefined
  isOpen: boolean
  operation?: Operation
}

const described = /^\/(v1|tmf-api)\//

/**
 * `GET /v1/openapi.json`: the whole API in OpenAPI 3.1, made from the routes themselves, so that none is left out. Call
 * it before any route is added.
 */
export function openApiRoute(http: FastifyInstance, version: string): void {
  const routes: Route[] = []
  http.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat()) {
      if (one === 'HEAD' || one === 'OPTIONS' || !described.test(url)) continue
      const { roles, open, operation } = config ?? {}
      routes.push({ method: one, url, roles, isOpen: open === true, ...(operation ? { operation } : {}) })
    }
  })
  const operation = { summary: 'The API itself', answer: z.looseObject({ openapi: z.literal('3.1.0') }) }
  // No route is added once requests are answered.
  let document: object | undefined
  http.get(
    '/v1/openapi.json',
    { config: { open: true, operation } },
    () => (document ??= documentOf(routes, version)),
  )
}

/** The document for routes. */
export function documentOf(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes.toSorted((a, b) => (a.url < b.url ? -1 : a.url > b.url ? 1 : 0))) {
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Tenure', version },
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: problem, TmfError: tmfError },
    },
  }
}

function operationOf({ method, url, roles, isOpen, operation }: Route): object {
  const parameters = [...url.matchAll(/:(\w+)/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } }
  })
  return {
    operationId: operationIdOf(method, url),
    tags: [tagOf(url)],
    ...(operation ? { summary: operation.summary } : {}),
    parameters: [...parameters, ...(operation?.query ? queryOf(operation.query) : [])],
    ...(operation?.body ? { requestBody: { required: true, content: jsonOf(operation.body, 'input') } } : {}),
    security: isOpen ? [] : [{ key: [] }],
    ...(isOpen ? {} : { 'x-roles': roles ?? rolesFor(method) }),
    responses: {
      ...(operation ? answerOf(operation.answer) : { '2XX': { description: 'Done' } }),
      default: { description: 'Refused', content: refusalOf(url) },
    },
  }
}

function answerOf(answer: Operation['answer']): object {
  if (answer === null) return { '204': { description: 'Done' } }
  const content = typeof answer === 'string' ? { [answer]: {} } : jsonOf(answer, 'output')
  return { '2XX': { description: 'Done', content } }
}

/** Unique, since method and path are. */
const operationIdOf = (method: string, url: string): string =>
  [method.toLowerCase(), ...url.split('/').slice(1)].join('_').replace(/[^\w]/g, '_')

/** The part of the API: what stands behind the version. */
function tagOf(url: string): string {
  const [, base, name = '', version = ''] = url.split('/')
  return base === 'tmf-api' ? `tmf ${name} ${version}` : name
}

/** A schema as it is for whoever sends (`input`: what has a default may be left out) or receives. */
export const schemaOf = (schema: ZodType, io: 'input' | 'output'): Record<string, unknown> =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' })

const jsonOf = (schema: ZodType, io: 'input' | 'output'): object => ({
  'application/json': { schema: schemaOf(schema, io) },
})

function queryOf(schema: ZodType): object[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, object>
    required?: string[]
  }
  return Object.entries(properties).map(([name, one]) => {
    return { name, in: 'query', required: required.includes(name), schema: one }
  })
}

/** RFC 9457 with what this API adds. */
const problem = {
  type: 'object',
  required: ['title', 'status', 'code'],
  properties: {
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    field: { type: 'string' },
    found: {},
    expected: { type: 'string' },
  },
}

/** The façade answers as the Open APIs do. */
const tmfError = {
  type: 'object',
  required: ['code', 'reason', 'status'],
  properties: Object.fromEntries(
    ['@type', 'code', 'reason', 'message', 'status'].map((name) => [name, { type: 'string' }]),
  ),
}

const refusalOf = (url: string): object =>
  url.startsWith('/tmf-api/')
    ? { 'application/json': { schema: { $ref: '#/components/schemas/TmfError' } } }
    : { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
