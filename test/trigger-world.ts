import { encodeRecord, eventTypeKind, type LoggedEvent, logName, partitionOf } from '../src/events/index.ts'
import {
  type Database,
  derivedId,
  Documents,
  LmdbLogStore,
  ManualClock,
  RecordBatch,
  type StageResult,
} from '../src/platform/index.ts'
import { attributesKind } from '../src/profiles/index.ts'
import {
  type CheckpointSpace,
  createTriggers,
  type Trigger,
  triggerKind,
  type Triggers,
} from '../src/triggers/index.ts'
import { type TestDatabase, testFolder } from './stores.ts'
import { attributes, attributesOf, eventTypes, TENANT_ONLY } from './trigger-arbitraries.ts'
import { firingsOf, type OracleFiring, type OracleRule } from './trigger-oracle.ts'

/**
 * What befalls a write: nothing, a failure before anything was done, one after it was durable, or the death of the
 * process right after that.
 */
export type Fault = 'none' | 'before' | 'after' | 'death'

type Options = NonNullable<Parameters<typeof createTriggers>[0]['options']>

export type WorldOptions = Options & {
  latenessMs: number
  startMs: number
  partitions?: number
  /** The time zones of subscribers 1, 2, … */
  zones?: string[]
}

const besideMemory = new Set(['description', 'subscriber', 'validFrom', 'validTo', 'emit', 'ceilingPerHour'])

/** What a rule's memory depends on: where it stays the same, the memory does. */
function shapeOf(trigger: Trigger): string {
  return JSON.stringify(
    Object.entries(trigger)
      .filter(([name]) => !besideMemory.has(name))
      .sort(),
  )
}

let worlds = 0

/** A tenant of its own on real stores, with an engine that can be killed and whose database can fail. */
export class World {
  readonly tenantId = `t${worlds++}`
  readonly clock: ManualClock
  readonly log
  /** What was appended, in order. */
  readonly arrivals: LoggedEvent[] = []
  /** Rules as the oracle knows them, those included that were changed. */
  rules: OracleRule[] = []
  /** What befalls the next writes of the engine, the last one first. */
  faults: Fault[] = []
  woken = 0
  documents!: Documents
  triggers!: Triggers
  #isDead = false
  #people: Promise<void> | undefined
  readonly #stores: TestDatabase
  readonly #logs: LmdbLogStore
  readonly #options: WorldOptions

  constructor(stores: TestDatabase, options: WorldOptions) {
    this.#stores = stores
    this.#options = options
    this.clock = new ManualClock(options.startMs)
    this.#logs = new LmdbLogStore(testFolder(), { mapBytes: 2 ** 32, partitions: options.partitions ?? 1 })
    this.log = this.#logs.log(logName(this.tenantId))
    this.kill()
  }

  zoneOf = (subscriberId: number): string => this.#options.zones?.[subscriberId - 1] ?? 'UTC'

  /** The process dies: what was in memory is gone. */
  kill(): void {
    this.#isDead = false
    const { startMs: _, partitions: __, zones: ___, ...options } = this.#options
    this.documents = new Documents(this.#stores.database, [eventTypeKind, attributesKind, triggerKind])
    this.triggers = createTriggers({
      database: this.#faultyDatabase(),
      clock: this.clock,
      documents: this.documents,
      logOf: () => this.log,
      checkpointsOf: () => () => this.#faultyCheckpoints(),
      timeZoneOf: async () => this.zoneOf(TENANT_ONLY),
      onFirings: () => this.woken++,
      onWork: () => undefined,
      onError: (error) => {
        if ((error as Error).message !== 'fault') throw error
      },
      options,
    })
  }

  /** The process dies, and one of another version, which cannot read what this one remembers, goes on. */
  async killForAnotherVersion(): Promise<void> {
    const space = this.#logs.checkpoints()
    for (const key of space.getKeys()) {
      if (!key.includes('/slice/')) continue
      const bytes = Buffer.from(space.get(key)!)
      bytes.writeDoubleLE(-1, 0)
      await space.put(key, bytes)
    }
    this.kill()
  }

  /** Saves documents beside the event types. */
  async save(...triggers: Trigger[]): Promise<void> {
    await (this.#people ??= this.#addPeople())
    const documents = [...eventTypes, attributes, ...triggers]
    const results = await this.documents.apply(this.tenantId, documents)
    const refused = results.filter((result) => result.outcome === 'refused')
    if (refused.length > 0) throw new Error(JSON.stringify(refused))
  }

  /** Saves rules, which see what is appended from now on, or everything with `backfill`. */
  async add(...rules: OracleRule[]): Promise<void> {
    await this.save(...rules.map(({ trigger }) => trigger))
    const start = (rule: OracleRule): number => (rule.trigger.backfill ? 0 : this.arrivals.length)
    this.rules.push(...rules.map((rule) => ({ ...rule, start: start(rule) })))
  }

  /** Saves another rule under the id of one: what that one found stays, and what it waited for is forgotten. */
  async change(rule: OracleRule): Promise<void> {
    const isSame = (old: OracleRule): boolean =>
      old.end === undefined && shapeOf(old.trigger) === shapeOf(rule.trigger)
    if (this.rules.some(isSame)) return
    await this.run()
    const end = { place: this.arrivals.length, nowMs: this.clock.nowMs() }
    this.rules = this.rules.map((old) =>
      old.trigger.id === rule.trigger.id && old.end === undefined ? { ...old, end } : old,
    )
    await this.add(rule)
  }

  /** Stops a rule a moment after everything that has happened. */
  async pause(ruleId: string): Promise<void> {
    this.clock.setMs(this.clock.nowMs() + 1)
    if (await this.triggers.pause(this.tenantId, ruleId)) {
      this.#pausesOf(ruleId).push({ fromMs: this.clock.nowMs(), toMs: Infinity })
    }
  }

  async resume(ruleId: string): Promise<void> {
    this.clock.setMs(this.clock.nowMs() + 1)
    if (await this.triggers.resume(this.tenantId, ruleId)) {
      this.#pausesOf(ruleId).at(-1)!.toMs = this.clock.nowMs()
    }
  }

  #pausesOf(ruleId: string): NonNullable<OracleRule['pauses']> {
    return (this.rules.find(({ trigger }) => trigger.id === ruleId)!.pauses ??= [])
  }

  /** Appends events; answers for each whether it was new. */
  async append(...events: LoggedEvent[]): Promise<boolean[]> {
    const batches = Array.from({ length: this.log.partitions }, () => new RecordBatch(1024))
    const places = events.map((event) => {
      const partition = partitionOf(event.subscriberId, this.log.partitions)
      const batch = batches[partition]!
      batch.add(encodeRecord(event))
      return { partition, index: batch.count - 1 }
    })
    const isNew = await this.log.append(batches)
    this.arrivals.push(...events)
    return places.map(({ partition, index }) => isNew[partition]![index] === 1)
  }

  /** Lets the stage work until it has nothing to do, as the loop does; an error is followed by another try. */
  async run(): Promise<number | null> {
    for (let turns = 0; turns < 10_000; turns++) {
      const result = await this.runOnce()
      if (result === 'failed' || result.more) continue
      if (result.nextDueMs !== null && result.nextDueMs <= this.clock.nowMs()) {
        throw new Error('due, yet nothing was done')
      }
      return result.nextDueMs
    }
    throw new Error('there is always more to do')
  }

  /** One turn of the stage. */
  async runOnce(): Promise<StageResult | 'failed'> {
    try {
      return await this.triggers.stage.run(this.tenantId)
    } catch (error) {
      if ((error as Error).message !== 'fault') throw error
      if (this.#isDead) this.kill()
      return 'failed'
    }
  }

  /** The standing firings, and what the oracle says they should be: a line each, to be compared. */
  async compared(): Promise<{ found: string[]; expected: string[] }> {
    const expected = firingsOf(this.rules, this.arrivals, this.#options.latenessMs, {
      nowMs: this.clock.nowMs(),
      zoneOf: this.zoneOf,
    })
    return { found: this.#linesOf(await this.firings()), expected: this.#linesOf(expected) }
  }

  /** Standing firings as they are stored. */
  async firings(): Promise<OracleFiring[]> {
    const rows = await this.#stores.database.tx(this.tenantId, (tx) =>
      tx.query<Omit<OracleFiring, 'atMs'> & { at: Temporal.Instant }>(
        `select rule_id as "ruleId", subscriber_id as "subscriberId", key, cause, fired_at as at
         from triggers.firing where retracted_at is null`,
      ),
    )
    return rows.map(({ at, ...row }) => ({ ...row, atMs: at.epochMilliseconds }))
  }

  /** The ids of the events that made a rule fire, in order of firing. */
  async causes(ruleId: string): Promise<string[]> {
    const own = (await this.firings()).filter((firing) => firing.ruleId === ruleId)
    return own
      .sort((a, b) => a.atMs - b.atMs || (a.cause < b.cause ? -1 : 1))
      .map(({ cause }) => this.#idOf(cause))
  }

  /** Events that came too late, as ids, one for each letter. */
  async deadLetters(): Promise<string[]> {
    const rows = await this.#stores.database.tx(this.tenantId, (tx) =>
      tx.query<{ event: { id: string } }>(
        `select event from events.dead_letter where problem->>'code' = 'event_too_late'`,
      ),
    )
    return rows.map(({ event }) => event.id).sort()
  }

  async close(): Promise<void> {
    this.faults = []
    await this.triggers.close()
    await this.#logs.close()
  }

  /** Subscribers with zones and attributes of their own; one is nobody that the profiles know. */
  async #addPeople(): Promise<void> {
    const ids = [1, 2, 3].filter((subscriberId) => subscriberId !== TENANT_ONLY)
    await this.#stores.database.tx(this.tenantId, (tx) =>
      tx.query(
        `insert into profiles.subscriber (tenant_id, subscriber_id, attributes, time_zone, created_at)
         select current_setting('tenure.tenant_id'), id, attributes, zone, $4
         from unnest($1::int[], $2::jsonb[], $3::text[]) as given (id, attributes, zone)`,
        [
          ids,
          ids.map((subscriberId) => JSON.stringify(attributesOf(subscriberId))),
          ids.map(this.zoneOf),
          this.clock.now(),
        ],
      ),
    )
  }

  #idOf(cause: string): string {
    const found = this.arrivals.find((event) => derivedId(event.source, event.id) === cause)
    return found?.id ?? `no event: ${cause}`
  }

  #linesOf(firings: OracleFiring[]): string[] {
    const ids = new Map(this.arrivals.map((event) => [derivedId(event.source, event.id), event.id]))
    return firings
      .map(
        ({ ruleId, subscriberId, key, cause, atMs }) =>
          `${ruleId} ${subscriberId} ${JSON.stringify(key)} ${ids.get(cause)} ${new Date(atMs).toISOString()}`,
      )
      .sort()
  }

  #faultyDatabase(): Database {
    return {
      ...this.#stores.database,
      tx: (tenantId, work) => this.#withFault(() => this.#stores.database.tx(tenantId, work)),
    }
  }

  #faultyCheckpoints(): CheckpointSpace {
    const space = this.#logs.checkpoints()
    return {
      get: (key) => space.get(key),
      put: (key, value) => this.#withFault(() => space.put(key, value)),
      remove: (key) => this.#withFault(() => space.remove(key)),
    }
  }

  async #withFault<T>(write: () => Promise<T>): Promise<T> {
    const fault = this.faults.pop() ?? 'none'
    if (fault === 'before') throw new Error('fault')
    const result = await write()
    if (fault === 'none') return result
    this.#isDead = fault === 'death'
    throw new Error('fault')
  }
}
