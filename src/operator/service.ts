import {
  type Clock,
  type Database,
  type Documents,
  DomainError,
  type Stage,
  type Tx,
} from '../platform/index.ts'
import { OperatorClient } from './client.ts'
import type { ActivationRequest, Affordability, OperatorSystems } from './contract.ts'
import { insertActivations } from './store.ts'
import { createActivationStage } from './worker.ts'

export type OperatorDependencies = {
  database: Database
  clock: Clock
  documents: Documents
  /** Accounts of subscribers, by the identity kind `account`. */
  accountsOf(tx: Tx, subscriberIds: number[]): Promise<Map<number, string>>
  /** Called after activations of a tenant have ended: the campaigns have work. */
  onFinished(tenantId: string): void
}

export type Operator = {
  /** Stage `operator`: carries out what was requested. The caller of `requestActivations` wakes it. */
  stage: Stage
  client(tenantId: string): Promise<OperatorClient>
  affordability(tenantId: string, account: string): Promise<Affordability>
  affordabilities(tenantId: string, accounts: readonly string[]): Promise<(Affordability | DomainError)[]>
  /** The same by subscriber; must not be called inside a transaction, because it waits for other systems. */
  affordabilitiesOf(
    tenantId: string,
    subscriberIds: number[],
  ): Promise<Map<number, Affordability | DomainError>>
  /** Writes requests within the caller's transaction; ids known already are left alone. Returns the new ids. */
  requestActivations(tx: Tx, requests: ActivationRequest[]): Promise<string[]>
  close(): Promise<void>
}

/** The ports to the operator's own systems, one set of connections a tenant. */
export function createOperator(deps: OperatorDependencies): Operator {
  const clients = new Map<string, OperatorClient>()
  deps.documents.onChange((tenantId, kinds) => {
    if (!kinds.has('OperatorSystems')) return
    void clients.get(tenantId)?.close()
    clients.delete(tenantId)
  })
  const client = async (tenantId: string): Promise<OperatorClient> => {
    const systems = await deps.documents.get<OperatorSystems>(tenantId, 'OperatorSystems', 'default')
    if (!systems) {
      throw new DomainError('operator_systems_not_found', "nobody said where the operator's systems live", {
        field: 'OperatorSystems/default',
        expected: 'a document of kind OperatorSystems',
      })
    }
    const known = clients.get(tenantId) ?? new OperatorClient(systems)
    clients.set(tenantId, known)
    return known
  }
  return {
    stage: createActivationStage({ ...deps, client }),
    client,
    affordability: async (tenantId, account) => (await client(tenantId)).affordability(account),
    affordabilities: async (tenantId, accounts) => (await client(tenantId)).affordabilities(accounts),
    async affordabilitiesOf(tenantId, subscriberIds) {
      if (subscriberIds.length === 0) return new Map()
      const accounts = await deps.database.tx(tenantId, (tx) => deps.accountsOf(tx, subscriberIds))
      const known = [...accounts]
      const answers = await (await client(tenantId)).affordabilities(known.map(([, account]) => account))
      const missing = new DomainError('operator_account_missing', 'the subscriber has no account identity')
      const byId = new Map<number, Affordability | DomainError>(subscriberIds.map((id) => [id, missing]))
      for (const [at, [id]] of known.entries()) byId.set(id, answers[at]!)
      return byId
    },
    requestActivations: async (tx, requests) =>
      requests.length === 0 ? [] : insertActivations(tx, requests, deps.clock.now()),
    close: async () => {
      await Promise.all([...clients.values()].map((each) => each.close()))
      clients.clear()
    },
  }
}
