import assert from 'node:assert/strict'
import { DomainError, type FastifyInstance, type FastifyRequest } from '../platform/index.ts'
import { type Role, role } from './contract.ts'
import { type Principal, rolesFor } from './key.ts'
import type { Access } from './service.ts'

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null
  }
  interface FastifyContextConfig {
    /** Roles that may call the route, where its method alone does not tell. */
    roles?: readonly Role[]
    /** Finds the key in the body of a request whose head names none: a browser's, that may set no header. */
    keyOfBody?: (body: unknown) => string | undefined
    /** Answers anybody, because it tells and changes nothing of any tenant. */
    open?: true
  }
}

/**
 * Guards every route below `/v1/` and `/tmf-api/` that is added after this call: the key comes as `Authorization: Bearer KEY`, as the
 * user name of `Authorization: Basic`, as `?key=` from gateways that cannot send headers, or in the body where the
 * route says so. Without a valid key 401, with too small a role 403.
 */
export function guard(http: FastifyInstance, access: Access): void {
  http.decorateRequest('principal', null)
  http.addHook('onRequest', async (request) => {
    if (!isGuarded(request)) return
    const key = keyOf(request)
    if (key === undefined && request.routeOptions.config.keyOfBody) return
    request.principal = await admit(request, key, access)
  })
  http.addHook('preHandler', async (request) => {
    if (!isGuarded(request) || request.principal) return
    request.principal = await admit(request, request.routeOptions.config.keyOfBody?.(request.body), access)
  })
}

/** The matched route decides and not the text of the URL, which an encoded letter could disguise. */
function isGuarded({ routeOptions }: FastifyRequest): boolean {
  const { url = '', config } = routeOptions
  return (url.startsWith('/v1/') || url.startsWith('/tmf-api/')) && !config.open
}

async function admit(request: FastifyRequest, key: string | undefined, access: Access): Promise<Principal> {
  if (key === undefined) {
    throw new DomainError('key_unauthenticated', 'an API key is needed', {
      field: 'Authorization',
      expected: 'Bearer KEY',
    })
  }
  const principal = await access.authenticate(key)
  const roles = request.routeOptions.config.roles ?? rolesFor(request.method)
  if (!roles.includes(principal.role)) {
    throw new DomainError('role_forbidden', `a key of role "${principal.role}" may not do this`, {
      field: 'role',
      found: principal.role,
      expected: roles.join(' | '),
    })
  }
  return principal
}

function keyOf(request: FastifyRequest): string | undefined {
  const [scheme, key] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() === 'bearer' && key) return key
  if (scheme?.toLowerCase() === 'basic' && key) return Buffer.from(key, 'base64').toString().split(':')[0]
  const { key: inQuery } = request.query as { key?: unknown }
  return typeof inQuery === 'string' ? inQuery : undefined
}

/** The tenant that a guarded request speaks for. */
export function tenantOf(request: FastifyRequest): string {
  return principalOf(request).tenantId
}

/** Tenant, key and role of a guarded request. */
export function principalOf(request: FastifyRequest): Principal {
  assert(request.principal, 'the route is not guarded')
  return request.principal
}

/** Adds `/v1/tenant`, `/v1/keys` and `/v1/audit`; `version` is the server's, for `tenure doctor`. */
export function accessRoutes(http: FastifyInstance, access: Access, version: string): void {
  const admin = { config: { roles: ['admin'] as const } }
  const anyRole = { config: { roles: role.options } }

  http.get('/v1/tenant', anyRole, async (request) => {
    const { tenantId, role, keyId } = principalOf(request)
    return { tenant: await access.tenant(tenantId), role, keyId, version }
  })
  http.get('/v1/keys', admin, async (request) => ({ keys: await access.listKeys(tenantOf(request)) }))
  http.post('/v1/keys', admin, async (request, reply) => {
    const made = await access.createKey(tenantOf(request), request.body as { name: string; role: Role })
    await access.auditAlone(tenantOf(request), {
      keyId: principalOf(request).keyId,
      action: 'key_created',
      target: made.keyId,
    })
    return reply.code(201).send(made)
  })
  http.delete<{ Params: { keyId: string } }>('/v1/keys/:keyId', admin, async (request, reply) => {
    await access.revokeKey(tenantOf(request), request.params.keyId)
    await access.auditAlone(tenantOf(request), {
      keyId: principalOf(request).keyId,
      action: 'key_revoked',
      target: request.params.keyId,
    })
    return reply.code(204).send()
  })
  http.get('/v1/audit', admin, async (request) => ({
    entries: await access.listAudit(tenantOf(request), 1_000),
  }))
}
