import { DomainError, type Stage } from '../platform/index.ts'
import { defaultLatenessMs } from './compile.ts'
import type { FiringView, Trigger, TriggerView } from './contract.ts'
import type { EngineOptions } from './engine.ts'
import { Engines, type EnginesParts } from './engines.ts'
import { countFirings, selectFirings } from './store.ts'

/** The trigger rules of all tenants and the engines that run them. */
export type Triggers = {
  /** Reads what is new in a tenant's log and fires; stage `triggers`. */
  stage: Stage
  /** A tenant's rules, how often each fired and how far it has read. */
  list(tenantId: string): Promise<TriggerView[]>
  /** A rule's latest firings, newest first. Throws `trigger_not_found`. */
  firings(tenantId: string, ruleId: string, limit: number): Promise<FiringView[]>
  /** Writes the memory of all rules, for a quick next start. Not while the stage runs. */
  close(): Promise<void>
}

const defaults: EngineOptions = {
  latenessMs: defaultLatenessMs,
  batchEvents: 5_000,
  batchesPerRun: 20,
  checkpointEvents: 100_000,
  checkpointWorkMs: 10_000,
  workMs: () => performance.now(),
}

/** Builds the service; `options` are for tests and benchmarks. */
export function createTriggers(
  dependencies: Omit<EnginesParts, 'options'> & { options?: Partial<EngineOptions> },
): Triggers {
  const { database, documents, logOf } = dependencies
  const engines = new Engines({ ...dependencies, options: { ...defaults, ...dependencies.options } })
  return {
    stage: { name: 'triggers', run: engines.run },
    async list(tenantId) {
      const counts = await database.tx(tenantId, countFirings)
      const byRule = new Map(counts.map((row) => [row.ruleId, row]))
      const endOffset = logOf(tenantId).endOffset()
      return (await documents.list<Trigger>(tenantId, 'Trigger')).map((trigger) => {
        const status = engines.status(tenantId, trigger.id)
        const isRunning = status !== undefined && 'position' in status
        return {
          trigger,
          firings: byRule.get(trigger.id)?.count ?? 0,
          lastFiredAt: byRule.get(trigger.id)?.lastFiredAt.toString() ?? null,
          behind: isRunning ? endOffset - status.position : null,
          problem: status !== undefined && !isRunning ? status.problem : null,
        }
      })
    },
    async firings(tenantId, ruleId, limit) {
      if (!(await documents.get(tenantId, 'Trigger', ruleId))) {
        throw new DomainError('trigger_not_found', `no trigger "${ruleId}"`, { field: 'id', found: ruleId })
      }
      const rows = await database.tx(tenantId, (tx) => selectFirings(tx, ruleId, limit))
      return rows.map((row) => ({
        ...row,
        firingId: row.firingId.toString(),
        firedAt: row.firedAt.toString(),
        handledAt: row.handledAt?.toString() ?? null,
      }))
    },
    close: () => engines.close(),
  }
}
