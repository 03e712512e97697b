import { createHash, randomBytes } from 'node:crypto'
import type { Role } from './contract.ts'

/** Who a request speaks for. */
export type Principal = { tenantId: string; keyId: string; role: Role }

/** A new API key: 256 random bits as text. It is shown once; only its hash is kept. */
export function newKeyText(): string {
  return `tk_${randomBytes(32).toString('base64url')}`
}

/** SHA-256 of a key. The key itself is random, so no salt or slow hash is needed against guessing. */
export function keyHash(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** Roles that may call a route by which sources and gateways report what happened. */
export const sourceRoles: readonly Role[] = ['admin', 'ingest']

/** Roles that may call a route of this HTTP method, where the route does not name its own. */
export const rolesFor = (method: string): readonly Role[] =>
  method === 'GET' || method === 'HEAD' ? ['admin', 'read'] : ['admin']
