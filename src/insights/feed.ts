import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Analytics, type Database, entriesOf, type EventLog, readFacts } from '../platform/index.ts'
import { eventPositions, type FactPosition, factPosition, insertEvents, insertFacts } from './store.ts'

export type FeedDependencies = {
  database: Database
  analytics: Analytics
  eventLogOf(tenantId: string): EventLog
}

/** ClickHouse likes few large blocks better than many small ones. */
const BATCH = 50_000

/** In the background events go over in smaller blocks, with a pause behind each in which the process is watched. */
const BACKGROUND_EVENTS = 10_000
const PAUSE_MS = 50
/** A process that works more than this share of what its processors can do is left alone until the next turn. */
const BUSY = 0.4

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
  #isStopping = false

  constructor(dependencies: FeedDependencies) {
    this.#dependencies = dependencies
  }

  /** Carries everything that stands in the outbox and the log now. */
  catchUp(tenantId: string): Promise<void> {
    return this.#run(tenantId, false)
  }

  /** Carries what there is, but events only while there is little else to do: taking events in comes first. */
  keepUp(tenantId: string): Promise<void> {
    return this.#run(tenantId, true)
  }

  /** Ends between two blocks; what was not carried waits where it is. */
  stop(): Promise<void> {
    this.#isStopping = true
    return this.#running
  }

  #run(tenantId: string, isBackground: boolean): Promise<void> {
    const run = this.#running.then(() => this.#carry(tenantId, isBackground))
    this.#running = run.catch(() => undefined)
    return run
  }

  async #carry(tenantId: string, isBackground: boolean): Promise<void> {
    const { analytics, database } = this.#dependencies
    try {
      await this.#carryEvents(tenantId, isBackground)
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
  async #carryEvents(tenantId: string, isBackground: boolean): Promise<void> {
    const { analytics, eventLogOf } = this.#dependencies
    const log = eventLogOf(tenantId)
    const positions = this.#events.get(tenantId) ?? (await eventPositions(analytics, tenantId))
    for (let partition = 0; partition < log.partitions; partition++) {
      let offset = positions[partition] ?? 0
      const end = await log.endOffset(partition)
      while (offset < end && !this.#isStopping) {
        if (isBackground && (await isBusy())) break
        const chunks = await log.read(partition, offset, isBackground ? BACKGROUND_EVENTS : BATCH)
        await insertEvents(analytics, tenantId, partition, [...entriesOf(chunks)])
        for (const { count } of chunks) offset += count
      }
      positions[partition] = offset
    }
    this.#events.set(tenantId, positions)
  }
}

/** All threads count, for the rules run beside this one. */
async function isBusy(): Promise<boolean> {
  const fromMs = performance.now()
  const before = process.cpuUsage()
  await sleep(PAUSE_MS)
  const { user, system } = process.cpuUsage(before)
  const couldUs = (performance.now() - fromMs) * 1_000 * availableParallelism()
  return (user + system) / couldUs > BUSY
}
