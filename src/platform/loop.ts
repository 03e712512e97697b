import assert from 'node:assert/strict'
import type { Clock } from './clock.ts'

/** Whether the stage may have left work behind and wants to run again now, and when work falls due by itself. */
export type StageResult = { more: boolean; nextDueMs: number | null }

/**
 * A worker that takes everything that is due for one tenant, does it in batches, and says when the next work
 * falls due. A stage is woken by whoever makes work for it; it never polls a store to learn that there is none.
 */
export type Stage = { name: string; run(tenantId: string): Promise<StageResult> }

const LOOK_MS = 1_000

type Slot = { stage: Stage; tenantId: string; woken: boolean; nextDueMs: number | null }

/**
 * Runs the stages. With the machine's clock it runs whatever is woken or due as it comes; with a simulated
 * clock `drain` works until nothing is left, which is the moment when time may move on.
 */
export class Loop {
  readonly #clock: Clock
  readonly #onError: (stage: string, error: unknown) => void
  #slots: Slot[] = []
  #running: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #live = false
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, onError: (stage: string, error: unknown) => void) {
    this.#clock = clock
    this.#onError = onError
  }

  /** Adds a tenant's stages in the order of the loop; each is run once at first, to find its work after a restart. */
  addTenant(tenantId: string, stages: Stage[]): void {
    if (this.#slots.some((slot) => slot.tenantId === tenantId)) return
    for (const stage of stages) this.#slots.push({ stage, tenantId, woken: true, nextDueMs: null })
    this.#schedule(0)
  }

  /** Marks a stage as having work. */
  wake(tenantId: string, stageName: string): void {
    for (const slot of this.#slots) {
      if (slot.tenantId === tenantId && slot.stage.name === stageName) slot.woken = true
    }
    this.#schedule(0)
  }

  /** Runs until no stage is woken or due at the clock's present moment; returns the next due moment, if any. */
  async drain(): Promise<number | null> {
    const run = this.#running.then(() => this.#runAllDue(true))
    this.#running = run.catch(() => undefined)
    await run
    return this.#nextDueMs()
  }

  /** Begins to run by itself on the machine's clock. */
  start(): void {
    this.#live = true
    this.#schedule(0)
  }

  async stop(): Promise<void> {
    this.#live = false
    clearTimeout(this.#timer)
    await this.#running
  }

  #schedule(delayMs: number): void {
    if (!this.#live) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#running = this.#running.then(() => this.#runAndReschedule())
    }, delayMs)
  }

  async #runAndReschedule(): Promise<void> {
    await this.#runAllDue(false)
    const nextDueMs = this.#nextDueMs()
    const nextLookMs = this.#lookedMs + LOOK_MS
    const waitMs = Math.min(nextLookMs, nextDueMs ?? nextLookMs) - this.#clock.nowMs()
    this.#schedule(Math.min(LOOK_MS, Math.max(0, waitMs)))
  }

  /** Work can also be made by another process, so every stage looks once a second, however busy the others are. */
  #look(): void {
    const nowMs = this.#clock.nowMs()
    // A clock that was put back must not make it wait for the moment at which it looked.
    if (Math.abs(nowMs - this.#lookedMs) < LOOK_MS) return
    this.#lookedMs = nowMs
    for (const slot of this.#slots) slot.woken = true
  }

  async #runAllDue(rethrow: boolean): Promise<void> {
    for (let again = true; again;) {
      again = false
      if (this.#live) this.#look()
      for (const slot of this.#slots) {
        if (!slot.woken && !isDue(slot.nextDueMs, this.#clock)) continue
        slot.woken = false
        const startedMs = this.#clock.nowMs()
        try {
          const result = await slot.stage.run(slot.tenantId)
          slot.nextDueMs = result.nextDueMs
          if (result.more) slot.woken = true
          else
            assert(
              slot.nextDueMs === null || slot.nextDueMs > startedMs,
              `stage ${slot.stage.name} says that it is due and that there is no more`,
            )
          again = true
        } catch (error) {
          // The work is still in its store; it is tried again, a second later, and the others go on meanwhile.
          slot.nextDueMs = this.#clock.nowMs() + 1_000
          this.#onError(slot.stage.name, error)
          if (rethrow) {
            slot.woken = true
            throw error
          }
        }
      }
    }
  }

  #nextDueMs(): number | null {
    let next: number | null = null
    for (const slot of this.#slots) {
      if (slot.woken) return this.#clock.nowMs()
      if (slot.nextDueMs !== null && (next === null || slot.nextDueMs < next)) next = slot.nextDueMs
    }
    return next
  }
}

const isDue = (dueMs: number | null, clock: Clock): boolean => dueMs !== null && dueMs <= clock.nowMs()
