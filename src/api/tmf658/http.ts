import { z } from 'zod'
import { principalOf, tenantOf } from '../../access/index.ts'
import type { FastifyInstance } from '../../platform/index.ts'
import {
  answerPage,
  askedOf,
  BASE,
  bodyOf,
  fail,
  fieldsOf,
  notFound,
  selected,
  sendError,
} from './answering.ts'
import { type FacadeParts, readers } from './facade.ts'
import { wantedBy } from './hub.ts'
import { writingRoutes } from './writing.ts'

type ById = { Params: { id: string } }
const newHub = z.looseObject({
  callback: z.url({ protocol: /^https?$/ }),
  query: z.string().max(1_000).default(''),
})
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The TM Forum Open API 658 v4 (Loyalty Management): programmes, members, memberships (products), accounts, balances,
 * rules with their event types, conditions and actions, events, and listeners (`hub`). Programmes and rules are
 * documents and are changed there, so those are read-only here.
 */
export function tmf658Routes(
  http: FastifyInstance,
  parts: FacadeParts,
  onBug: (error: unknown) => void,
): void {
  void http.register(
    async (scope) => {
      scope.setErrorHandler((error, _request, reply) => sendError(error, reply, onBug))
      scope.setNotFoundHandler((request, reply) =>
        sendError(
          failure(() => notFound('resource', request.url)),
          reply,
          onBug,
        ),
      )
      for (const [kind, { list, find }] of Object.entries(readers)) {
        scope.get(`/${kind}`, async (request, reply) => {
          const { fields, ...asked } = askedOf(request)
          return answerPage(reply, await list(parts, tenantOf(request), asked), fields)
        })
        scope.get<ById>(`/${kind}/:id`, async (request) =>
          selected(await find(parts, tenantOf(request), request.params.id), fieldsOf(request)),
        )
      }
      writingRoutes(scope, parts)
      hubRoutes(scope, parts)
      refuseOthers(scope)
    },
    { prefix: BASE },
  )
}

function failure(throwing: () => never): unknown {
  try {
    return throwing()
  } catch (error) {
    return error
  }
}

function hubRoutes(scope: FastifyInstance, { hubs, access, onHubs }: FacadeParts): void {
  const admin = { config: { roles: ['admin'] as const } }
  scope.post('/hub', admin, async (request, reply) => {
    const { callback, query } = bodyOf(newHub, request)
    const { tenantId, keyId } = principalOf(request)
    const hub = await hubs.register(tenantId, { callback, query })
    onHubs(tenantId)
    await access.auditAlone(tenantId, {
      keyId,
      action: 'hub_registered',
      target: hub.hubId,
      details: { callback, eventTypes: [...wantedBy(query)] },
    })
    // The secret signs what is told; it is said this once.
    return reply.code(201).header('location', `${BASE}/hub/${hub.hubId}`).send({
      id: hub.hubId,
      callback,
      query,
      secret: hub.secret,
    })
  })
  scope.delete<ById>('/hub/:id', admin, async (request, reply) => {
    const { tenantId, keyId } = principalOf(request)
    const { id } = request.params
    if (!uuid.test(id) || !(await hubs.unregister(tenantId, id))) return notFound('hub', id)
    onHubs(tenantId)
    await access.auditAlone(tenantId, { keyId, action: 'hub_unregistered', target: id })
    return reply.code(204).send()
  })
}

/** Methods that the API has and this façade has not are refused as such, not as an unknown path. */
function refuseOthers(scope: FastifyInstance): void {
  const handler = (): never => fail('tmf_method_not_allowed', 'this resource is read-only here')
  for (const kind of Object.keys(readers)) {
    for (const [method, url] of [
      ['POST', `/${kind}`],
      ['PATCH', `/${kind}/:id`],
      ['DELETE', `/${kind}/:id`],
    ] as const) {
      if (!scope.hasRoute({ method, url: `${BASE}${url}` })) scope.route({ method, url, handler })
    }
  }
}
