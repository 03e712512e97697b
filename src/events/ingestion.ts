import type { Clock, Documents, EventLog, Problem, RecordBatch } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { Appender } from './appender.ts'
import { type CompiledType, compileType } from './compiled-type.ts'
import { Counters } from './counters.ts'
import type { EventType } from './event-type.ts'
import { isRefused, isUnknownSubject, type Judged, judge } from './judge.ts'
import { partitionOf } from './record.ts'
import type { ScanRules } from './scan.ts'

/** What became of one event. */
export type Verdict = 'accepted' | 'duplicate' | Problem

/** When an event may say that it happened. */
export type TimeBounds = {
  /** How far ahead of the clock. */
  aheadMs: number
  /** Not before this moment, epoch milliseconds. */
  earliestMs: number
}

const usualBounds: TimeBounds = { aheadMs: 3_600_000, earliestMs: Date.UTC(2000, 0, 1) }

type Dependencies = {
  documents: Documents
  profiles: Profiles
  clock: Clock
  logOf: (tenantId: string) => EventLog
  /** Called when events became durable. */
  wake: (tenantId: string) => void
  timeBounds?: Partial<TimeBounds> | undefined
}

/** Judges events and appends the good ones to the tenant's log. */
export class Ingestion {
  readonly #dependencies: Dependencies
  readonly #timeBounds: TimeBounds
  readonly #types = new Map<string, Promise<Map<string, CompiledType>>>()
  readonly #appenders = new Map<string, Appender>()
  readonly #counters = new Map<string, Counters>()

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies
    this.#timeBounds = { ...usualBounds, ...dependencies.timeBounds }
    dependencies.documents.onChange((tenantId, kinds) => {
      if (kinds.has('EventType')) this.#types.delete(tenantId)
    })
  }

  /** By what a tenant's events are judged now. */
  async rules(tenantId: string): Promise<ScanRules> {
    const { profiles, clock } = this.#dependencies
    const types = await this.typesOf(tenantId)
    const lookup = await profiles.lookup(tenantId)
    const nowMs = clock.nowMs()
    const latestMs = nowMs + this.#timeBounds.aheadMs
    const { earliestMs } = this.#timeBounds
    return {
      types,
      lookup,
      resolve: lookup.resolve,
      nowMs,
      earliestMs,
      latestMs,
      counters: this.counters(tenantId),
    }
  }

  appender(tenantId: string): Appender {
    let appender = this.#appenders.get(tenantId)
    if (!appender) {
      appender = new Appender(this.#dependencies.logOf(tenantId))
      this.#appenders.set(tenantId, appender)
    }
    return appender
  }

  counters(tenantId: string): Counters {
    let counters = this.#counters.get(tenantId)
    if (!counters) {
      counters = new Counters()
      this.#counters.set(tenantId, counters)
    }
    return counters
  }

  /** Notes that so many records are durable and so many of them new. */
  noteAppended(tenantId: string, count: number, newCount: number): void {
    this.counters(tenantId).duplicates += count - newCount
    if (newCount > 0) this.#dependencies.wake(tenantId)
  }

  /**
   * A verdict for each event, in order; it resolves when the accepted ones are durable. `judgeOne` decides on an event
   * by itself, where it is not an ordinary one.
   */
  async take(tenantId: string, events: unknown[], judgeOne: typeof judge = judge): Promise<Verdict[]> {
    const rules = await this.rules(tenantId)
    const judged = events.map((event) => judgeOne(event, rules))
    await this.#retryUnknownSubjects(tenantId, events, judged, judgeOne)
    return this.append(tenantId, judged)
  }

  /** Appends what was judged good, and tells what became of each. */
  async append(tenantId: string, judged: (Judged | Problem)[]): Promise<Verdict[]> {
    const fresh = judged.filter((one): one is Judged => !isRefused(one))
    this.counters(tenantId).refused += judged.length - fresh.length
    if (fresh.length === 0) return judged as Problem[]
    const appender = this.appender(tenantId)
    const { batches, appended } = appender.group()
    const places = fresh.map((one) => this.write(tenantId, one, batches))
    appender.submit()
    const isNew = await appended
    let next = 0
    let newCount = 0
    const verdicts = judged.map((one): Verdict => {
      if (isRefused(one)) return one
      const { partition, place } = places[next++]!
      if (isNew[partition]![place] === 0) return 'duplicate'
      newCount++
      return 'accepted'
    })
    this.noteAppended(tenantId, fresh.length, newCount)
    return verdicts
  }

  /** Puts a record into the batch of its partition, and tells where it stands. */
  write(
    tenantId: string,
    { subscriberId, atMs, record, counter }: Judged,
    batches: RecordBatch[],
  ): { partition: number; place: number } {
    const partition = partitionOf(subscriberId, batches.length)
    batches[partition]!.add(record)
    counter.events++
    const counters = this.counters(tenantId)
    if (atMs > counters.newestMs) counters.newestMs = atMs
    return { partition, place: batches[partition]!.count - 1 }
  }

  /** The tenant's event types, made ready. */
  typesOf(tenantId: string): Promise<Map<string, CompiledType>> {
    let types = this.#types.get(tenantId)
    if (!types) {
      types = this.#compileTypes(tenantId)
      this.#types.set(tenantId, types)
      types.catch(() => this.#types.delete(tenantId))
    }
    return types
  }

  /** Another process may have imported the subscriber a moment ago; or the type wants an unknown one to be made. */
  async #retryUnknownSubjects(
    tenantId: string,
    events: unknown[],
    judged: (Judged | Problem)[],
    judgeOne: typeof judge,
  ): Promise<void> {
    const unknown = (): number[] => [...judged.keys()].filter((i) => isUnknownSubject(judged[i]!))
    const judgeAgain = async (): Promise<void> => {
      const rules = await this.rules(tenantId)
      for (const i of unknown()) judged[i] = judgeOne(events[i], rules)
    }
    if (unknown().length === 0) return
    const { profiles } = this.#dependencies
    if (await profiles.refreshIdentities(tenantId)) await judgeAgain()
    const types = await this.typesOf(tenantId)
    const subjects = new Set<string>()
    for (const i of unknown()) {
      const { type, subject } = events[i] as { type: string; subject: unknown }
      if (types.get(type)?.unknownSubscriber === 'create' && typeof subject === 'string')
        subjects.add(subject)
    }
    if (subjects.size === 0) return
    await profiles.ensureSubscribers(tenantId, [...subjects])
    await judgeAgain()
  }

  async #compileTypes(tenantId: string): Promise<Map<string, CompiledType>> {
    const documents = await this.#dependencies.documents.list<EventType>(tenantId, 'EventType')
    const counters = this.counters(tenantId)
    return new Map(
      documents.map((document) => [document.id, compileType(document, counters.ofType(document.id))]),
    )
  }
}
