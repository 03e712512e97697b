import type { Clock, Database, DocumentReader, Documents, EventLog, Stage } from '../platform/index.ts'
import { eventDeclarations } from '../events/index.ts'
import { type CheckpointSpace, Checkpoints } from './checkpoints.ts'
import type { Trigger } from './contract.ts'
import { Engine, type EngineOptions, type Rules, type RuleStatus } from './engine.ts'

export type EnginesParts = {
  database: Database
  clock: Clock
  documents: Documents
  /** The log of a tenant's events. */
  logOf: (tenantId: string) => EventLog
  checkpoints: CheckpointSpace
  /** Called when firings were stored that nobody has handled yet. */
  onFirings: (tenantId: string) => void
  /** Called when rules changed, so that the stage runs and takes them up. */
  onRules: (tenantId: string) => void
  options: EngineOptions
}

type Slot = { engine: Engine; isStale: boolean }

/** One engine for each tenant, begun on first use, with its rules kept up to date. */
export class Engines {
  readonly #parts: EnginesParts
  readonly #slots = new Map<string, Slot>()

  constructor(parts: EnginesParts) {
    this.#parts = parts
    parts.documents.onChange((tenantId, kinds) => {
      if (!kinds.has('Trigger') && !kinds.has('EventType')) return
      if (kinds.has('Trigger')) this.#checkpointsOf(tenantId).markStart(parts.logOf(tenantId).endOffset())
      const slot = this.#slots.get(tenantId)
      if (slot) slot.isStale = true
      parts.onRules(tenantId)
    })
  }

  /** Runs a tenant's engine; one that fails is begun again from its checkpoint in the next run. */
  readonly run: Stage['run'] = async (tenantId) => {
    const slot = this.#slotOf(tenantId)
    try {
      if (slot.isStale) {
        // Cleared first: rules may change again while these are being loaded.
        slot.isStale = false
        await slot.engine.load(await rulesOf(this.#parts.documents, tenantId))
      }
      return await slot.engine.run()
    } catch (error) {
      this.#slots.delete(tenantId)
      throw error
    }
  }

  status(tenantId: string, ruleId: string): RuleStatus | undefined {
    return this.#slots.get(tenantId)?.engine.status(ruleId)
  }

  /** Writes the memory of all rules and lets the engines go. Not while one runs. */
  async close(): Promise<void> {
    for (const { engine } of this.#slots.values()) await engine.close()
    this.#slots.clear()
  }

  #slotOf(tenantId: string): Slot {
    const known = this.#slots.get(tenantId)
    if (known) return known
    const { database, clock, logOf, onFirings, options } = this.#parts
    const engine = new Engine({
      tenantId,
      database,
      clock,
      log: logOf(tenantId),
      checkpoints: this.#checkpointsOf(tenantId),
      onFirings: () => onFirings(tenantId),
      options,
    })
    const slot = { engine, isStale: true }
    this.#slots.set(tenantId, slot)
    return slot
  }

  #checkpointsOf(tenantId: string): Checkpoints {
    return new Checkpoints(this.#parts.checkpoints, tenantId)
  }
}

async function rulesOf(documents: Documents, tenantId: string): Promise<Rules> {
  const triggers = await documents.list<Trigger>(tenantId, 'Trigger')
  const eventTypes = await documents.list<{ id: string }>(tenantId, 'EventType')
  const byKind = new Map<string, { id: string }[]>([
    ['Trigger', triggers],
    ['EventType', eventTypes],
  ])
  const reader: DocumentReader = {
    tenantId,
    get: (kind, id) => byKind.get(kind)?.find((document) => document.id === id),
    list: (kind) => byKind.get(kind) ?? [],
  }
  return { triggers, fieldsOf: (type) => eventDeclarations(reader, type) }
}
