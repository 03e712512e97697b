import type { Clock, Database, Documents, EventLog, Stage, StageResult } from '../platform/index.ts'
import { type CheckpointsOf, Checkpoints } from './checkpoints.ts'
import type { Explanation, Trigger } from './contract.ts'
import { Engine } from './engine.ts'
import type { EngineOptions, PartitionStats } from './runner-parts.ts'
import { Threads } from './threads.ts'

export type EnginesParts = {
  database: Database
  clock: Clock
  documents: Documents
  /** The log of a tenant's events. */
  logOf: (tenantId: string) => EventLog
  /** Where a tenant's engine keeps what it remembers. */
  checkpointsOf: (tenantId: string) => CheckpointsOf
  timeZoneOf: (tenantId: string) => Promise<string>
  /** Called when firings were stored that nobody has handled yet. */
  onFirings: (tenantId: string) => void
  /** Called when the stage has work: events, or changed rules. */
  onWork: (tenantId: string) => void
  /** Called when rules changed, for whoever else goes by them. */
  onRules?: (tenantId: string) => void
  onError: (error: unknown) => void
  /** Worker threads to run the rules in, and what they need to open the stores; none runs them in the stage. */
  threads?: { count: number; databaseUrl: string; logFolder: string } | undefined
  /**
   * Where several processes share the partitions: begins to make this one a member of those that work for a tenant.
   * Without it every partition is this process's.
   */
  joinGroup?: ((tenantId: string, member: GroupMember) => Promise<{ leave(): Promise<void> }>) | undefined
  options: EngineOptions
}

/** What a member of a group is told; both resolve when it has done so. */
export type GroupMember = {
  onAssigned(partitions: number[], kept: number[]): Promise<void>
  onRevoked(): Promise<void>
  onError(error: unknown): void
}

/** How often a member of a group looks for events and rules that came in through another process. */
const LOOK_MS = 50
const LOOK_FOR_RULES_MS = 1_000

/**
 * The engines of all tenants. With threads they run by themselves beside everything else; without, as a stage of the
 * loop, which is what a simulated clock needs: time moves on only when all work is done.
 */
export class Engines {
  readonly #parts: EnginesParts
  readonly #threads: Threads | undefined
  readonly #engines = new Map<string, Promise<Engine>>()
  readonly #memberships: { leave(): Promise<void> }[] = []
  /** The turn of each tenant's engine that runs or ran last. */
  readonly #turns = new Map<string, Promise<void>>()
  readonly #lookedAtMs = new Map<string, number>()

  constructor(parts: EnginesParts) {
    this.#parts = parts
    const { threads, options, onFirings, onError } = parts
    if (threads) {
      const { workMs: _, ...plain } = options
      this.#threads = new Threads(
        threads.count,
        { ...threads, options: plain },
        {
          onFirings,
          onStopped: (tenantId) => void this.rulesChanged(tenantId),
          onError,
        },
      )
    }
    parts.documents.beforeChange(async (tenantId, kinds) => {
      if (kinds.has('Trigger')) await this.#markStart(tenantId)
    })
    parts.documents.onChange((tenantId, kinds) => {
      if (kinds.has('Trigger') || kinds.has('EventType') || kinds.has('Attributes'))
        void this.rulesChanged(tenantId)
    })
  }

  /** Runs a tenant's engine in this thread, or makes sure that the threads work for the tenant. */
  readonly run: Stage['run'] = async (tenantId) => {
    if (this.#threads) {
      this.#threads.begin(
        tenantId,
        await this.#parts.timeZoneOf(tenantId),
        this.#parts.logOf(tenantId).partitions,
      )
      return { more: false, nextDueMs: null }
    }
    const engine = await this.#engineOf(tenantId)
    if (this.#parts.joinGroup) return this.#runInGroup(tenantId, engine)
    return engine.run(this.#parts.clock.nowMs())
  }

  /** A turn of a member: not while partitions come and go, and soon again, for others append to the log too. */
  async #runInGroup(tenantId: string, engine: Engine): Promise<StageResult> {
    const turn = this.#turns.get(tenantId) ?? Promise.resolve()
    const run = turn.then(async () => {
      const nowMs = this.#parts.clock.nowMs()
      const workMs = this.#parts.options.workMs()
      if (workMs - (this.#lookedAtMs.get(tenantId) ?? 0) >= LOOK_FOR_RULES_MS) {
        this.#lookedAtMs.set(tenantId, workMs)
        await engine.lookForRules()
      }
      const { more, nextDueMs } = await engine.run(nowMs)
      return { more, nextDueMs: Math.min(nextDueMs ?? Number.POSITIVE_INFINITY, nowMs + LOOK_MS) }
    })
    this.#turns.set(
      tenantId,
      run.then(
        () => undefined,
        () => undefined,
      ),
    )
    return run
  }

  /** Does something between two turns of a tenant's engine. */
  #between(tenantId: string, work: () => void): Promise<void> {
    const done = (this.#turns.get(tenantId) ?? Promise.resolve()).then(work)
    this.#turns.set(tenantId, done)
    return done
  }

  /** There are new events. */
  wake(tenantId: string): void {
    if (this.#threads) this.#threads.wake(tenantId)
    else this.#parts.onWork(tenantId)
  }

  /** Rules or pauses changed: they are taken up at once, and other rules keep their memory. */
  async rulesChanged(tenantId: string): Promise<void> {
    this.#parts.onRules?.(tenantId)
    if (this.#threads) return this.#threads.rulesChanged(tenantId)
    ;(await this.#engines.get(tenantId))?.markStale()
    this.#parts.onWork(tenantId)
  }

  async stats(tenantId: string): Promise<PartitionStats[]> {
    if (this.#threads) return this.#threads.stats(tenantId)
    return (await this.#engines.get(tenantId))?.stats() ?? []
  }

  async explain(tenantId: string, trigger: Trigger, subscriberId: number): Promise<Explanation> {
    const partition = subscriberId % this.#parts.logOf(tenantId).partitions
    if (this.#threads) {
      await this.run(tenantId)
      return this.#threads.explain(tenantId, partition, trigger, subscriberId)
    }
    return (await this.#engineOf(tenantId)).explain(trigger, subscriberId)
  }

  /** Writes the memory of all rules and lets the engines go. Not while one runs. */
  async close(): Promise<void> {
    await this.#threads?.close()
    // Before the group is left: whoever takes a partition over then begins where this process ended.
    for (const engine of this.#engines.values()) await (await engine).close()
    for (const membership of this.#memberships) await membership.leave()
    this.#engines.clear()
  }

  #engineOf(tenantId: string): Promise<Engine> {
    let engine = this.#engines.get(tenantId)
    if (!engine) {
      engine = this.#begin(tenantId)
      this.#engines.set(tenantId, engine)
      // A database that was out of reach once must not stand in the way for good.
      engine.catch(() => this.#engines.delete(tenantId))
    }
    return engine
  }

  async #begin(tenantId: string): Promise<Engine> {
    const { database, documents, clock, logOf, checkpointsOf, timeZoneOf, onFirings, options } = this.#parts
    const { joinGroup } = this.#parts
    const log = logOf(tenantId)
    const engine = new Engine(
      {
        tenantId,
        timeZone: await timeZoneOf(tenantId),
        database,
        documents,
        log,
        checkpointsOf: checkpointsOf(tenantId),
        onFirings: () => onFirings(tenantId),
        onStopped: () => void this.rulesChanged(tenantId),
        nowMs: () => clock.nowMs(),
        awaitsStores: true,
        options,
      },
      joinGroup ? [] : [...Array(log.partitions).keys()],
    )
    if (!joinGroup) return engine
    const own = (partitions: number[], kept: number[]): Promise<void> =>
      this.#between(tenantId, () => {
        engine.own(partitions, kept)
        this.#parts.onWork(tenantId)
      })
    let held: number[] = []
    const membership = await joinGroup(tenantId, {
      onAssigned: (partitions, kept) => {
        held = partitions
        return own(partitions, kept)
      },
      // What is known of them stays for now: they may be assigned again at once.
      onRevoked: () => own([], held),
      onError: (error) => this.#parts.onError(error),
    })
    this.#memberships.push(membership)
    return engine
  }

  /** Remembers where the log ends before rules are saved: what was taken in before is not for them. */
  async #markStart(tenantId: string): Promise<void> {
    const { logOf, checkpointsOf, documents, onError } = this.#parts
    const log = logOf(tenantId)
    const space = checkpointsOf(tenantId)()
    const mark = async (partition: number, versions: number): Promise<void> =>
      new Checkpoints(space, tenantId, partition).markStart({
        offset: await log.endOffset(partition),
        versions,
      })
    try {
      const versions = await documents.countVersions(tenantId, 'Trigger')
      await Promise.all(Array.from({ length: log.partitions }, (_, partition) => mark(partition, versions)))
    } catch (error) {
      // Without it they begin where the log ends when they are taken up.
      onError(error)
    }
  }
}
