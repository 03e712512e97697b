import { json, type Tx } from '../platform/index.ts'
import type { Role, Tenant } from './contract.ts'
import type { Principal } from './key.ts'

export type StoredKey = {
  keyId: string
  name: string
  role: Role
  createdAt: Temporal.Instant
  revokedAt: Temporal.Instant | null
}

/** Something that a key, or the system itself (`keyId` null), changed. */
export type AuditEntry = { keyId: string | null; action: string; target: string; details?: object }

export type StoredAudit = Required<AuditEntry> & { auditId: bigint; at: Temporal.Instant }

/** Adds a tenant; false when the id is taken. */
export async function insertTenant(tx: Tx, tenant: Tenant, at: Temporal.Instant): Promise<boolean> {
  const rows = await tx.query(
    `insert into access.tenant
       (tenant_id, name, currency, currency_decimals, time_zone, language, country, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning tenant_id`,
    [
      tenant.tenantId,
      tenant.name,
      tenant.currency,
      tenant.currencyDecimals,
      tenant.timeZone,
      tenant.language,
      tenant.country ?? null,
      at,
    ],
  )
  return rows.length === 1
}

/** The transaction's own tenant. */
export async function selectTenant(tx: Tx): Promise<Tenant | undefined> {
  const [row] = await tx.query<Omit<Tenant, 'country'> & { country: string | null }>(
    `select tenant_id as "tenantId", name, currency, currency_decimals as "currencyDecimals",
            time_zone as "timeZone", language, country
     from access.tenant`,
  )
  if (!row) return undefined
  const { country, ...tenant } = row
  return country === null ? tenant : { ...tenant, country }
}

/** Ids of all tenants, through the function that opens nothing else of them. */
export async function selectTenantIds(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ id: string }>('select id from access.tenant_ids() as id')
  return rows.map((row) => row.id)
}

/** Tenant, key id and role of a key's hash; undefined for an unknown or revoked key. */
export async function selectPrincipal(tx: Tx, hash: Buffer): Promise<Principal | undefined> {
  const [row] = await tx.query<Principal>(
    'select tenant_id as "tenantId", key_id as "keyId", role from access.tenant_of_key($1)',
    [hash],
  )
  return row
}

/** Adds a key to the transaction's tenant. */
export async function insertKey(
  tx: Tx,
  key: { keyId: string; hash: Buffer; name: string; role: Role },
  at: Temporal.Instant,
): Promise<void> {
  await tx.query(
    `insert into access.api_key (tenant_id, key_id, key_hash, name, role, created_at)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, $5)`,
    [key.keyId, key.hash, key.name, key.role, at],
  )
}

/** The tenant's keys, revoked ones too, oldest first. */
export function selectKeys(tx: Tx): Promise<StoredKey[]> {
  return tx.query<StoredKey>(
    `select key_id as "keyId", name, role, created_at as "createdAt", revoked_at as "revokedAt"
     from access.api_key order by created_at, key_id`,
  )
}

/** Revokes a key; false when there is no such key that is still valid. */
export async function updateKeyRevoked(tx: Tx, keyId: string, at: Temporal.Instant): Promise<boolean> {
  const rows = await tx.query(
    'update access.api_key set revoked_at = $2 where key_id = $1 and revoked_at is null returning key_id',
    [keyId, at],
  )
  return rows.length === 1
}

/** Adds one entry to the tenant's trail. */
export async function insertAudit(tx: Tx, entry: AuditEntry, at: Temporal.Instant): Promise<void> {
  await tx.query(
    `insert into access.audit (tenant_id, at, key_id, action, target, details)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, $5)`,
    [at, entry.keyId, entry.action, entry.target, json(entry.details ?? {})],
  )
}

/** The latest entries first. */
export function selectAudit(tx: Tx, limit: number): Promise<StoredAudit[]> {
  return tx.query<StoredAudit>(
    `select audit_id as "auditId", at, key_id as "keyId", action, target, details
     from access.audit order by audit_id desc limit $1`,
    [limit],
  )
}
