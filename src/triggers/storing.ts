import { setTimeout } from 'node:timers/promises'
import { insertLateLetters } from '../events/index.ts'
import { instantOf, ReadRoom } from '../platform/index.ts'
import { Ceilings } from './ceilings.ts'
import type { Decision, LateRecord } from './decision.ts'
import { withCauses } from './decisions.ts'
import { LatencyHistogram } from './latency.ts'
import type { RunnerParts } from './runner-parts.ts'
import { insertPause, storeDecided } from './store.ts'

/** Decisions that wait while others are being stored; with more of them reading waits too. */
const MAX_WAITING = 20_000

/**
 * From the beginning of one transaction to the next at least so long, unless a run waits for it: each costs the same
 * however many decisions are in it. One after a quiet moment waits for nothing.
 */
const PACE_MS = 4

type Batch = { decisions: Decision[]; late: LateRecord[]; stored: PromiseWithResolvers<void> }

/**
 * Stores what a partition decided, in order. While one transaction is under way the next gathers, so a lone firing
 * waits for nobody and many share a commit. Each goes over in one piece: nothing waits for an answer before the commit.
 */
export class Storing {
  readonly #parts: RunnerParts
  /** By which claim on the partition this is written. */
  epoch = 0n
  readonly #ceilings = new Ceilings()
  readonly #latency = new LatencyHistogram()
  readonly #room = new ReadRoom()
  #waiting: Batch | undefined
  #present: Batch | undefined
  #isStoring = false
  #beganAtMs = Number.NEGATIVE_INFINITY
  #failure: { error: unknown } | undefined
  #tooLate = 0
  #retracted = 0
  readonly #firings: Record<string, number> = {}

  constructor(parts: RunnerParts) {
    this.#parts = parts
  }

  /** Takes what was decided; it is on its way at once when nothing else is. Records must stay as they are. */
  add(decisions: Decision[], late: LateRecord[]): void {
    if (decisions.length === 0 && late.length === 0) return
    const batch = (this.#waiting ??= newBatch())
    for (const decision of decisions) batch.decisions.push(decision)
    for (const letter of late) batch.late.push(letter)
    this.#tooLate += late.length
    if (!this.#isStoring) void this.#storeAll()
  }

  /** Resolves when there is room for more. Rejects when something could not be stored: nothing is any more then. */
  async room(): Promise<void> {
    if (this.#failure) throw this.#failure.error
    if ((this.#waiting?.decisions.length ?? 0) > MAX_WAITING)
      await (this.#present ?? this.#waiting)?.stored.promise
  }

  /** Resolves when all that was added so far is stored. */
  async stored(): Promise<void> {
    if (this.#failure) throw this.#failure.error
    await (this.#waiting ?? this.#present)?.stored.promise
  }

  stats(): {
    tooLate: number
    retracted: number
    firings: Record<string, number>
    latency: LatencyHistogram
  } {
    const firings = { ...this.#firings }
    return { tooLate: this.#tooLate, retracted: this.#retracted, firings, latency: this.#latency }
  }

  async #storeAll(): Promise<void> {
    this.#isStoring = true
    while (this.#waiting && !this.#failure) {
      await this.#pace()
      const batch = this.#waiting
      this.#present = batch
      this.#waiting = undefined
      try {
        await this.#save(batch)
        batch.stored.resolve()
      } catch (error) {
        this.#failure = { error }
        batch.stored.reject(error)
      }
    }
    this.#present = undefined
    this.#isStoring = false
    if (this.#failure) this.#waiting?.stored.reject(this.#failure.error)
  }

  /** Lets the next batch gather. */
  async #pace(): Promise<void> {
    const { awaitsStores, options } = this.#parts
    const waitMs = this.#beganAtMs + PACE_MS - options.workMs()
    if (!awaitsStores && waitMs >= 1) await setTimeout(waitMs)
    this.#beganAtMs = options.workMs()
  }

  async #save({ decisions, late }: Batch): Promise<void> {
    const { database, tenantId, log, partition, onFirings, onStopped, nowMs, options } = this.#parts
    const { passed, stopped } = this.#ceilings.check(decisions)
    const stored = await withCauses(log, partition, passed, this.#room)
    const at = instantOf(nowMs())
    const batch = { partition, epoch: this.epoch, decisions: stored, at }
    const added = await storeDecided(database, tenantId, batch, async (tx) => {
      for (const { ruleId, fromMs } of stopped) await insertPause(tx, ruleId, instantOf(fromMs), 'ceiling')
      if (late.length === 0) return
      const letters = late.map((letter) => ({ ...letter, boundMs: options.latenessMs }))
      await insertLateLetters(tx, letters, at)
    })
    const storedMs = nowMs()
    for (const { ruleId, stands, receivedMs } of stored) {
      if (stands) this.#firings[ruleId] = (this.#firings[ruleId] ?? 0) + 1
      else this.#retracted++
      if (stands && receivedMs !== null) this.#latency.add(storedMs - receivedMs)
    }
    if (added > 0) onFirings()
    if (stopped.length > 0) onStopped()
  }
}

function newBatch(): Batch {
  const stored = Promise.withResolvers<void>()
  // Whoever waits for it hears of the failure; so does the next who adds.
  stored.promise.catch(() => undefined)
  return { decisions: [], late: [], stored }
}
