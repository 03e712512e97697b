import { type Clock, type Database, DomainError, newId, parseInput, type Tx } from '../platform/index.ts'
import { newKey, type Role, type Tenant, tenant as tenantSchema } from './contract.ts'
import { keyHash, newKeyText, type Principal } from './key.ts'
import * as store from './store.ts'

/** Tenants, their keys and the audit trail. */
export type Access = {
  /**
   * Makes a tenant and its first key (role admin). `apiKey` is in the answer only: it is not stored.
   * Throws `tenant_conflict` when the id is taken, `request_invalid` for a bad field.
   */
  createTenant(input: Tenant): Promise<{ tenantId: string; apiKey: string }>
  /** Ids of all tenants. */
  tenantIds(): Promise<string[]>
  /** A tenant's settings; throws `tenant_not_found`. */
  tenant(tenantId: string, tx?: Tx): Promise<Tenant>
  createKey(tenantId: string, input: { name: string; role: Role }): Promise<{ keyId: string; apiKey: string }>
  listKeys(tenantId: string): Promise<store.StoredKey[]>
  /** Throws `key_not_found`. Other processes may accept the key for up to half a minute more. */
  revokeKey(tenantId: string, keyId: string): Promise<void>
  /** Whom a key speaks for; throws `key_unauthenticated`. */
  authenticate(apiKey: string): Promise<Principal>
  /** Records a change within the caller's transaction. */
  audit(tx: Tx, entry: store.AuditEntry): Promise<void>
  /** Records a change that had no transaction of its own. */
  auditAlone(tenantId: string, entry: store.AuditEntry): Promise<void>
  listAudit(tenantId: string, limit: number): Promise<store.StoredAudit[]>
}

/** How long a key is believed without a look at the database. */
const KEY_CACHE_MS = 30_000

/** Builds the service. */
export function createAccess({ database, clock }: { database: Database; clock: Clock }): Access {
  const tenants = new Map<string, Tenant>()
  const keys = new Map<string, { principal: Principal; untilMs: number }>()

  const addKey = async (tx: Tx, name: string, role: Role): Promise<{ keyId: string; apiKey: string }> => {
    const apiKey = newKeyText()
    const keyId = newId()
    await store.insertKey(tx, { keyId, hash: keyHash(apiKey), name, role }, clock.now())
    return { keyId, apiKey }
  }

  return {
    async createTenant(input) {
      const tenant = parseInput(tenantSchema, input)
      return database.tx(tenant.tenantId, async (tx) => {
        if (!(await store.insertTenant(tx, tenant, clock.now()))) {
          throw new DomainError('tenant_conflict', `tenant "${tenant.tenantId}" exists already`, {
            field: 'tenantId',
            found: tenant.tenantId,
            expected: 'an id that is not taken',
          })
        }
        const { apiKey } = await addKey(tx, 'first key', 'admin')
        return { tenantId: tenant.tenantId, apiKey }
      })
    },
    tenantIds: () => database.system(store.selectTenantIds),
    async tenant(tenantId, tx) {
      const cached = tenants.get(tenantId)
      if (cached) return cached
      const found = await (tx ? store.selectTenant(tx) : database.tx(tenantId, store.selectTenant))
      if (!found) throw new DomainError('tenant_not_found', `no tenant "${tenantId}"`, { found: tenantId })
      tenants.set(tenantId, found)
      return found
    },
    createKey: (tenantId, input) => {
      const { name, role } = parseInput(newKey, input)
      return database.tx(tenantId, (tx) => addKey(tx, name, role))
    },
    listKeys: (tenantId) => database.tx(tenantId, store.selectKeys),
    async revokeKey(tenantId, keyId) {
      const revoked = await database.tx(tenantId, (tx) => store.updateKeyRevoked(tx, keyId, clock.now()))
      if (!revoked) throw new DomainError('key_not_found', 'no valid key of that id', { found: keyId })
      for (const [hash, { principal }] of keys) if (principal.keyId === keyId) keys.delete(hash)
    },
    async authenticate(apiKey) {
      const hash = keyHash(apiKey)
      const name = hash.toString('base64')
      const cached = keys.get(name)
      // The machine's monotonic time: the age of a cache is no business of the simulated clock.
      if (cached && cached.untilMs > performance.now()) return cached.principal
      const principal = await database.system((tx) => store.selectPrincipal(tx, hash))
      if (!principal) {
        keys.delete(name)
        throw new DomainError('key_unauthenticated', 'the API key is not known or was revoked')
      }
      keys.set(name, { principal, untilMs: performance.now() + KEY_CACHE_MS })
      return principal
    },
    audit: (tx, entry) => store.insertAudit(tx, entry, clock.now()),
    auditAlone: (tenantId, entry) => database.tx(tenantId, (tx) => store.insertAudit(tx, entry, clock.now())),
    listAudit: (tenantId, limit) => database.tx(tenantId, (tx) => store.selectAudit(tx, limit)),
  }
}
