import { DomainError, type Problem, type Stage, type StageResult, type Tx } from '../platform/index.ts'
import { defaultCeilingPerHour } from './compile.ts'
import type { Explanation, FiringsOverTime, FiringView, Trigger, TriggerView, TryAnswer } from './contract.ts'
import { triggerSchema } from './contract.ts'
import { runDates } from './dates.ts'
import { Engines, type EnginesParts } from './engines.ts'
import { rehearse } from './rehearsal.ts'
import { RuleBook } from './rules.ts'
import type { EngineOptions, PartitionStats } from './runner-parts.ts'
import * as store from './store.ts'
import { checkTrigger } from './trigger-kind.ts'
import { viewOf } from './view.ts'

/** The trigger rules of all tenants and the engines that run them. */
export type Triggers = {
  /** Reads what is new in a tenant's log and fires, or sees that the threads do; stage `triggers`. */
  stage: Stage
  /** Fires the rules on dates; stage `dates`. */
  dates: Stage
  /** The log of a tenant has grown. */
  wake(tenantId: string): void
  /** A tenant's rules, how often each fired and how far it has read. */
  list(tenantId: string): Promise<TriggerView[]>
  /** A rule's latest firings, newest first. Throws `trigger_not_found`. */
  firings(tenantId: string, ruleId: string, limit: number): Promise<FiringView[]>
  firingsOverTime(
    tenantId: string,
    query: { from: Temporal.Instant; to: Temporal.Instant; unit: 'hour' | 'day'; ruleId: string | null },
  ): Promise<FiringsOverTime>
  /** Where a rule stands with a subscriber. Throws `trigger_not_found`. */
  explain(tenantId: string, ruleId: string, subscriberId: number): Promise<Explanation>
  /** What a rule would have fired in the log between two moments; `progress` is told the share read. */
  try(
    tenantId: string,
    given: unknown,
    from: Temporal.Instant | undefined,
    to: Temporal.Instant | undefined,
  ): Promise<TryAnswer>
  /** Stops a rule from now on; what happens meanwhile never fires. False when it stands still already. */
  pause(tenantId: string, ruleId: string): Promise<boolean>
  resume(tenantId: string, ruleId: string): Promise<boolean>
  /** How each partition stands. */
  stats(tenantId: string): Promise<PartitionStats[]>
  /** Writes the memory of all rules, for a quick next start. Not while the stage runs. */
  close(): Promise<void>
}

const defaults: EngineOptions = {
  latenessMs: 3_600_000,
  batchEvents: 5_000,
  batchesPerRun: 20,
  checkpointEvents: 4_000_000,
  checkpointWorkMs: 30_000,
  sliceBits: 10,
  workMs: () => performance.now(),
}

/** Builds the service; `options` are for tests and benchmarks. */
export function createTriggers(
  dependencies: Omit<EnginesParts, 'options'> & { options?: Partial<EngineOptions> },
): Triggers {
  return new TriggerService({ ...dependencies, options: { ...defaults, ...dependencies.options } })
}

class TriggerService implements Triggers {
  readonly #parts: EnginesParts
  readonly #engines: Engines
  readonly #books = new Map<string, RuleBook>()
  /** Tenants with rules on dates. */
  readonly #dated = new Set<string>()
  readonly stage: Stage
  readonly dates: Stage

  constructor(parts: EnginesParts) {
    this.#parts = parts
    this.#engines = new Engines(parts)
    this.stage = { name: 'triggers', run: this.#engines.run }
    this.dates = { name: 'dates', run: (tenantId) => this.#runDates(tenantId) }
  }

  wake(tenantId: string): void {
    this.#engines.wake(tenantId)
  }

  async list(tenantId: string): Promise<TriggerView[]> {
    const { database, documents } = this.#parts
    const [counts, pauses] = await database.tx(
      tenantId,
      async (tx) => [await store.countFirings(tx), await store.selectPauses(tx)] as const,
    )
    const byRule = new Map(counts.map((row) => [row.ruleId, row]))
    const stats = await this.#engines.stats(tenantId)
    return (await documents.list<Trigger>(tenantId, 'Trigger')).map((trigger) => {
      const pause = pauses.find(({ ruleId, resumedAt }) => ruleId === trigger.id && resumedAt === null)
      return {
        trigger,
        firings: byRule.get(trigger.id)?.count ?? 0,
        retracted: byRule.get(trigger.id)?.retracted ?? 0,
        lastFiredAt: byRule.get(trigger.id)?.lastFiredAt?.toString() ?? null,
        behind: stats.length === 0 ? null : behindOf(stats, trigger.id),
        problem: problemOf(stats, trigger, pause),
        pause: pause ? { since: pause.pausedAt.toString(), reason: pause.reason } : null,
      }
    })
  }

  async firings(tenantId: string, ruleId: string, limit: number): Promise<FiringView[]> {
    await this.#triggerOf(tenantId, ruleId)
    const rows = await this.#parts.database.tx(tenantId, (tx) => store.selectFirings(tx, ruleId, limit))
    return rows.map(viewOf)
  }

  async firingsOverTime(
    tenantId: string,
    query: Parameters<Triggers['firingsOverTime']>[1],
  ): Promise<FiringsOverTime> {
    const { database, timeZoneOf } = this.#parts
    const timeZone = await timeZoneOf(tenantId)
    const rows = await database.tx(tenantId, (tx) => store.selectFiringsOverTime(tx, { ...query, timeZone }))
    return rows.map((row) => ({ ...row, at: row.at.toString() }))
  }

  async explain(tenantId: string, ruleId: string, subscriberId: number): Promise<Explanation> {
    return this.#engines.explain(tenantId, await this.#triggerOf(tenantId, ruleId), subscriberId)
  }

  async try(
    tenantId: string,
    given: unknown,
    from: Temporal.Instant | undefined,
    to: Temporal.Instant | undefined,
  ): Promise<TryAnswer> {
    const { logOf, clock, options } = this.#parts
    const book = await this.#bookOf(tenantId)
    const rules = await book.load()
    const trigger = checked(given, (document) => checkTrigger(document, book.reader))
    if (trigger.date) {
      const message = 'a rule on dates reads no events: there is no history to try it on'
      const expected = 'a rule that reads events'
      throw new DomainError('trigger_kind', message, { field: 'trigger.date', expected })
    }
    await book.prepare(trigger)
    return rehearse({
      log: logOf(tenantId),
      trigger,
      fromMs: from?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
      toMs: Math.min(to?.epochMilliseconds ?? Number.POSITIVE_INFINITY, clock.nowMs()),
      rules,
      zoneOf: book.audience.zoneOf,
      options,
    })
  }

  pause(tenantId: string, ruleId: string): Promise<boolean> {
    const at = this.#parts.clock.now()
    return this.#changePause(tenantId, ruleId, (tx) => store.insertPause(tx, ruleId, at, 'person'))
  }

  resume(tenantId: string, ruleId: string): Promise<boolean> {
    const at = this.#parts.clock.now()
    return this.#changePause(tenantId, ruleId, (tx) => store.updateResumed(tx, ruleId, at))
  }

  stats(tenantId: string): Promise<PartitionStats[]> {
    return this.#engines.stats(tenantId)
  }

  close(): Promise<void> {
    return this.#engines.close()
  }

  async #changePause(
    tenantId: string,
    ruleId: string,
    change: (tx: Tx) => Promise<boolean>,
  ): Promise<boolean> {
    await this.#triggerOf(tenantId, ruleId)
    const done = await this.#parts.database.tx(tenantId, change)
    await this.#engines.rulesChanged(tenantId)
    return done
  }

  async #runDates(tenantId: string): Promise<StageResult> {
    const { database, documents, clock, onFirings } = this.#parts
    const triggers = (await documents.list<Trigger>(tenantId, 'Trigger')).filter(({ date }) => date)
    // Once more when the last one is gone, so that a rule that comes back under its name begins anew.
    if (triggers.length === 0 && !this.#dated.delete(tenantId)) return { more: false, nextDueMs: null }
    if (triggers.length > 0) this.#dated.add(tenantId)
    const book = await this.#bookOf(tenantId)
    const { pausesOf } = await book.load()
    const { audience } = book
    const nowMs = clock.nowMs()
    const { fired, stopped, nextDueMs } = await runDates({
      database,
      tenantId,
      audience,
      triggers,
      pausesOf,
      nowMs,
    })
    if (fired > 0) onFirings(tenantId)
    if (stopped.length > 0) await this.#engines.rulesChanged(tenantId)
    return { more: false, nextDueMs }
  }

  async #bookOf(tenantId: string): Promise<RuleBook> {
    const { database, documents, timeZoneOf } = this.#parts
    const timeZone = await timeZoneOf(tenantId)
    const book = this.#books.get(tenantId) ?? new RuleBook({ database, documents, tenantId, timeZone })
    this.#books.set(tenantId, book)
    return book
  }

  async #triggerOf(tenantId: string, ruleId: string): Promise<Trigger> {
    const trigger = await this.#parts.documents.get<Trigger>(tenantId, 'Trigger', ruleId)
    if (trigger) return trigger
    throw new DomainError('trigger_not_found', `no trigger "${ruleId}"`, { field: 'id', found: ruleId })
  }
}

/** Why a rule does not run, for a person to act on. */
function problemOf(stats: PartitionStats[], trigger: Trigger, pause: store.Pause | undefined): string | null {
  if (pause?.reason === 'ceiling') {
    const most = trigger.ceilingPerHour ?? defaultCeilingPerHour
    return `fired more than ${most} times within an hour and was stopped; narrow its condition or raise ceilingPerHour, then resume it`
  }
  return stats.map(({ problems }) => problems[trigger.id]).find((problem) => problem !== undefined) ?? null
}

/** Events that a rule has not read yet; one that reads from the beginning has its own place. */
function behindOf(stats: PartitionStats[], ruleId: string): number {
  return stats.reduce((sum, { end, position, catchingUp }) => sum + end - (catchingUp[ruleId] ?? position), 0)
}

function checked(given: unknown, check: (trigger: Trigger) => Problem[]): Trigger {
  const parsed = triggerSchema.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new DomainError('trigger_invalid', issue!.message, { field: `trigger.${issue!.path.join('.')}` })
  }
  const [problem] = check(parsed.data)
  if (problem) {
    const { code, message, field, found, expected } = problem
    throw new DomainError(code, message, {
      field: `trigger.${field ?? ''}`,
      found,
      ...(expected === undefined ? {} : { expected }),
    })
  }
  return parsed.data
}
