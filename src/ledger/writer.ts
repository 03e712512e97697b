import type { Clock, Database } from '../platform/index.ts'
import type { TransferRequest, TransferResult } from './contract.ts'
import { TenantWriter } from './tenant-writer.ts'

export type LedgerDependencies = { database: Database; clock: Clock }

/** The ledger for callers without a transaction of their own. */
export type Ledger = {
  /**
   * Books requests that nobody else's transaction depends on. Callers that wait at the same time share a transaction
   * of PostgreSQL (group commit); answers come when it is durable. Requests of one call stand together and in order.
   */
  post(tenantId: string, requests: TransferRequest[]): Promise<TransferResult[]>
}

/** One writer a tenant; several processes may each have one. */
export function createLedger({ database, clock }: LedgerDependencies): Ledger {
  const writers = new Map<string, TenantWriter>()
  return {
    async post(tenantId, requests) {
      if (requests.length === 0) return []
      let writer = writers.get(tenantId)
      if (!writer) writers.set(tenantId, (writer = new TenantWriter(database, clock, tenantId)))
      return writer.post(requests)
    },
  }
}
