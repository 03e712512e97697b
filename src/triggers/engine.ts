import { setImmediate } from 'node:timers/promises'
import type { Clock, Database, EventLog, StageResult } from '../platform/index.ts'
import { withCauses } from './causes.ts'
import type { Checkpoints } from './checkpoints.ts'
import { compileRule, digestOf, type FieldsOf } from './compile.ts'
import type { Trigger } from './contract.ts'
import { Group, joined } from './group.ts'
import { type FoundFiring, RuleState } from './rule-state.ts'
import { insertFirings, selectClockFirings } from './store.ts'

export type EngineOptions = {
  /** How far behind a subscriber's newest event another still counts in its place. */
  latenessMs: number
  /** About so many log records are read between two writes of firings. */
  batchEvents: number
  /** Batches in one run, before other stages have their turn. */
  batchesPerRun: number
  checkpointEvents: number
  checkpointWorkMs: number
  /** The machine's running time in ms. Not the world's clock: a checkpoint is due after so much work. */
  workMs: () => number
}

type Parts = {
  tenantId: string
  database: Database
  clock: Clock
  log: EventLog
  checkpoints: Checkpoints
  onFirings: () => void
  options: EngineOptions
}

/** The rules as documents, and the fields of the event types they read. */
export type Rules = { triggers: Trigger[]; fieldsOf: FieldsOf }

/** How a rule stands in the engine. */
export type RuleStatus = { position: number; tooLate: number } | { problem: string }

/**
 * Runs one tenant's rules over its log. Firings are stored before anything is read on, and checkpoints written only
 * after them, so reading the log again from a checkpoint finds at least every firing that was not stored. After an
 * error the memory may hold half a batch: the engine is then thrown away and begun again from the checkpoint.
 */
export class Engine {
  readonly #parts: Parts
  #groups: Group[] = []
  #found: FoundFiring[] = []
  readonly #problems = new Map<string, string>()
  #eventsSinceCheckpoint = 0
  #checkpointAtWorkMs: number

  constructor(parts: Parts) {
    this.#parts = parts
    this.#checkpointAtWorkMs = parts.options.workMs()
  }

  /**
   * Takes up new and changed rules; the others keep their memory. A new rule begins at the end of the log as it was
   * when the rule was saved, or at its beginning with `backfill`; a known one where its checkpoint says.
   */
  async load({ triggers, fieldsOf }: Rules): Promise<void> {
    const { checkpoints, log, options } = this.#parts
    const start = checkpoints.pendingStart ?? log.endOffset()
    const running = new Map(
      this.#groups.flatMap((group) =>
        group.states.map((state) => [state.rule.id, { state, group }] as const),
      ),
    )
    const groups: Group[] = []
    const fresh: Group[] = []
    const restored: Group[] = []
    this.#problems.clear()
    for (const trigger of triggers) {
      try {
        const known = running.get(trigger.id)
        if (known?.state.rule.digest === digestOf(trigger, options.latenessMs)) {
          known.state.rule = compileRule(trigger, fieldsOf, options.latenessMs, known.state.rule.kind.codes)
          groups.push(new Group(known.group.position, [known.state]))
          continue
        }
        const group = this.#restore(trigger, fieldsOf)
        if (group) restored.push(group)
        else fresh.push(this.#begin(trigger, fieldsOf, start))
      } catch (error) {
        this.#problems.set(trigger.id, (error as Error).message)
      }
    }
    await this.#recallClock(restored)
    this.#groups = joined([...groups, ...restored, ...fresh])
    // A new rule's place must survive a crash from now on.
    await this.#checkpoint(fresh)
    await checkpoints.clearStart()
  }

  /** Reads on, up to the end of the log or of this run's share, then fires what the clock has reached. */
  async run(): Promise<StageResult> {
    const { clock, log, options } = this.#parts
    // What happened before this moment lies in the log before this end.
    const nowMs = clock.nowMs()
    const endOffset = log.endOffset()
    let handled = 0
    for (let batch = 0; batch < options.batchesPerRun; batch++) {
      const read = await this.#readBatch()
      if (read === 0) break
      handled += read
      await this.#checkpointWhenDue()
      await setImmediate()
    }
    if (this.#groups.every((group) => group.position >= endOffset)) {
      handled += await this.#expireUntil(nowMs)
      await this.#checkpointWhenDue()
    }
    return { more: handled > 0, nextDueMs: this.#nextDueMs() }
  }

  /** Writes the memory of all rules, so that the next start has nothing to read again. */
  async close(): Promise<void> {
    await this.#checkpoint(this.#groups)
  }

  status(ruleId: string): RuleStatus | undefined {
    const problem = this.#problems.get(ruleId)
    if (problem !== undefined) return { problem }
    for (const { position, states } of this.#groups) {
      const state = states.find(({ rule }) => rule.id === ruleId)
      if (state) return { position, tooLate: state.tooLate }
    }
    return undefined
  }

  #restore(trigger: Trigger, fieldsOf: FieldsOf): Group | undefined {
    const { checkpoints, options } = this.#parts
    const snapshot = checkpoints.read(trigger.id)
    if (snapshot?.digest !== digestOf(trigger, options.latenessMs)) return undefined
    const rule = compileRule(trigger, fieldsOf, options.latenessMs, snapshot.codes)
    return new Group(snapshot.position, [new RuleState(rule, options.latenessMs, this.#collect, snapshot)])
  }

  #begin(trigger: Trigger, fieldsOf: FieldsOf, start: number): Group {
    const { latenessMs } = this.#parts.options
    const rule = compileRule(trigger, fieldsOf, latenessMs)
    return new Group(rule.backfill ? 0 : start, [new RuleState(rule, latenessMs, this.#collect)])
  }

  /** Gives restored rules what the clock did after their checkpoint; all else follows from the log alone. */
  async #recallClock(restored: Group[]): Promise<void> {
    if (restored.length === 0) return
    const states = new Map(restored.map(({ states }) => [states[0]!.rule.id, states[0]!]))
    const from = Math.min(...restored.map((group) => group.position))
    const { database, tenantId } = this.#parts
    const firings = await database.tx(tenantId, (tx) => selectClockFirings(tx, [...states.keys()], from))
    for (const { ruleId, ...firing } of firings.toReversed()) states.get(ruleId)!.repeats.push(firing)
  }

  readonly #collect = (firing: FoundFiring): void => {
    this.#found.push(firing)
  }

  /** One batch for each group that is behind, the furthest first: a rule that catches up never holds up the others. */
  async #readBatch(): Promise<number> {
    const { log, options } = this.#parts
    let read = 0
    let until = log.endOffset()
    for (const group of this.#groups.toReversed()) {
      const from = group.position
      if (from < until) {
        group.read(log.read(from, Math.min(options.batchEvents, until - from)).slice(0, until - from))
        read += group.position - from
      }
      // The next group may not overtake this one: where they meet they go on as one.
      until = group.position
    }
    this.#groups = joined(this.#groups)
    await this.#flush()
    this.#eventsSinceCheckpoint += read
    return read
  }

  async #expireUntil(nowMs: number): Promise<number> {
    const { options } = this.#parts
    let expired = 0
    for (const { states, position } of this.#groups) {
      for (const state of states) {
        for (let count = options.batchEvents; count === options.batchEvents;) {
          count = state.expireUntil(nowMs, position, options.batchEvents)
          expired += count
          await this.#flush()
        }
      }
    }
    this.#eventsSinceCheckpoint += expired
    return expired
  }

  /** Stores what was found, in one statement. */
  async #flush(): Promise<void> {
    if (this.#found.length === 0) return
    const { database, tenantId, log, onFirings } = this.#parts
    const firings = withCauses(log, this.#found)
    const added = await database.tx(tenantId, (tx) => insertFirings(tx, firings))
    this.#found = []
    if (added > 0) onFirings()
  }

  async #checkpointWhenDue(): Promise<void> {
    const { checkpointEvents, checkpointWorkMs, workMs } = this.#parts.options
    if (this.#eventsSinceCheckpoint === 0) return
    const isDue =
      this.#eventsSinceCheckpoint >= checkpointEvents ||
      workMs() - this.#checkpointAtWorkMs >= checkpointWorkMs
    if (isDue) await this.#checkpoint(this.#groups)
  }

  async #checkpoint(groups: Group[]): Promise<void> {
    const { checkpoints, options } = this.#parts
    await Promise.all(
      groups.flatMap(({ position, states }) =>
        states.map(({ rule, histories, lastFiredMs }) =>
          checkpoints.write(rule.id, {
            digest: rule.digest,
            position,
            codes: rule.kind.codes,
            histories,
            lastFiredMs,
          }),
        ),
      ),
    )
    if (groups !== this.#groups) return
    this.#eventsSinceCheckpoint = 0
    this.#checkpointAtWorkMs = options.workMs()
  }

  #nextDueMs(): number | null {
    let next: number | null = null
    for (const { states } of this.#groups) {
      for (const { deadlines } of states) {
        if (deadlines.nextMs !== null && (next === null || deadlines.nextMs < next)) next = deadlines.nextMs
      }
    }
    return next
  }
}
