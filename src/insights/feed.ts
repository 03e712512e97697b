import { type Analytics, type Database, entriesOf, type EventLog, readFacts } from '../platform/index.ts'
import { eventPositions, type FactPosition, factPosition, insertEvents, insertFacts } from './store.ts'

export type FeedDependencies = {
  database: Database
  analytics: Analytics
  eventLogOf(tenantId: string): EventLog
}

/** ClickHouse likes few large blocks better than many small ones. */
const BATCH = 50_000

/**
 * Carries facts and events into analytics, each once. It runs beside the loop and holds nothing back there: what
 * it has not carried yet waits in the outbox and the log.
 */
export class Feed {
  readonly #dependencies: FeedDependencies
  readonly #facts = new Map<string, FactPosition>()
  /** How far each partition of a tenant's log was carried. */
  readonly #events = new Map<string, number[]>()
  #running: Promise<void> = Promise.resolve()

  constructor(dependencies: FeedDependencies) {
    this.#dependencies = dependencies
  }

  /** Carries everything that stands in the outbox and the log now. */
  catchUp(tenantId: string): Promise<void> {
    const run = this.#running.then(() => this.#carry(tenantId))
    this.#running = run.catch(() => undefined)
    return run
  }

  async #carry(tenantId: string): Promise<void> {
    const { analytics, database } = this.#dependencies
    try {
      await this.#carryEvents(tenantId)
      let position = this.#facts.get(tenantId) ?? (await factPosition(analytics, tenantId))
      for (;;) {
        const after = position
        const facts = await database.tx(tenantId, (tx) => readFacts(tx, after, BATCH))
        if (facts.length === 0) break
        await insertFacts(analytics, tenantId, facts)
        position = { txid: facts.at(-1)!.txid, seq: facts.at(-1)!.seq }
      }
      this.#facts.set(tenantId, position)
    } catch (error) {
      // After a failure only the table knows how far it came.
      this.#events.delete(tenantId)
      this.#facts.delete(tenantId)
      throw error
    }
  }
  async #carryEvents(tenantId: string): Promise<void> {
    const { analytics, eventLogOf } = this.#dependencies
    const log = eventLogOf(tenantId)
    const positions = this.#events.get(tenantId) ?? (await eventPositions(analytics, tenantId))
    for (let partition = 0; partition < log.partitions; partition++) {
      let offset = positions[partition] ?? 0
      const end = await log.endOffset(partition)
      while (offset < end) {
        const chunks = await log.read(partition, offset, BATCH)
        await insertEvents(analytics, tenantId, partition, [...entriesOf(chunks)])
        for (const { count } of chunks) offset += count
      }
      positions[partition] = offset
    }
    this.#events.set(tenantId, positions)
  }
}
