import type { BlockList } from 'node:net'
import type { Clock, Database, EventLog, Tx } from '../../platform/index.ts'
import { gapAfter, pauseAfter } from './backoff.ts'
import { Delivery } from './delivery.ts'
import { type Posted, postAll, type Streak } from './posting.ts'
import { type Dispatch, nextPage } from './reading.ts'
import * as store from './store.ts'
import type { Target } from './target.ts'

export type FollowerParts = {
  database: Database
  clock: Clock
  tenantId: string
  log: EventLog
  /** Event types that the tenant's log may hold. */
  types(): Promise<string[]>
  allowed: BlockList
  /** This process. */
  owner: string
  leaseMs: number
  onError(error: unknown): void
}

/** Letters of one page; those of a page can be posted twice after a kill, and the receiver knows them by their ids. */
const PAGE = 100
/** With so many waiting letters nothing more is read: the log keeps the rest. */
const MOST_WAITING = 200
const LOOK_MS = 1_000

class LeaseLost extends Error {}

/**
 * Delivers the log to one target, alone and in a time of its own, so that a slow or broken receiver holds back nobody
 * else. Events about one subscriber go in order. What was not taken becomes a letter that is tried again with growing
 * gaps, and what follows about the same subscriber waits behind it; what is read of the log is stored as delivered or as
 * a letter in one transaction, so that a kill loses nothing.
 */
export class Follower {
  readonly target: Target
  readonly #parts: FollowerParts
  readonly #delivery: Delivery
  readonly #running: Promise<void>
  #positions: Map<number, number> | undefined
  /** As the table has it: who is down is asked with one letter at a time. */
  #health: store.Health = { failures: 0, lastError: null }
  readonly #streak: Streak = { failures: 0 }
  #pausedUntilMs = 0
  #isStopped = false
  #isWoken = false
  #endSleep: () => void = () => undefined

  constructor(target: Target, parts: FollowerParts) {
    this.target = target
    this.#parts = parts
    this.#delivery = new Delivery(target, parts.allowed)
    this.#running = this.#run()
  }

  /** There may be something to do; said while it works, it is not forgotten. */
  wake(): void {
    this.#isWoken = true
    this.#endSleep()
  }

  /** Somebody wants to see now whether the receiver is back. */
  hurry(): void {
    this.#pausedUntilMs = 0
    this.wake()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#endSleep()
    await this.#delivery.close()
    await this.#running
  }

  async #run(): Promise<void> {
    const { database, tenantId, clock, owner, leaseMs, onError } = this.#parts
    const keepLease = (): Promise<store.Health | undefined> => {
      const now = clock.now()
      return database.tx(tenantId, (tx) =>
        store.lease(tx, this.target.id, owner, now, now.add({ milliseconds: leaseMs })),
      )
    }
    const renewal = setInterval(() => void keepLease().catch(() => undefined), leaseMs / 3)
    while (!this.#isStopped) {
      let waitMs = LOOK_MS
      this.#isWoken = false
      try {
        const health = await keepLease()
        if (health) {
          this.#health = health
          waitMs = await this.#turn()
        } else this.#positions = undefined
      } catch (error) {
        this.#positions = undefined
        if (!this.#isStopped && !(error instanceof LeaseLost)) onError(error)
      }
      if (waitMs > 0 && !this.#isStopped && !this.#isWoken) await this.#sleep(waitMs)
    }
    clearInterval(renewal)
    await database.tx(tenantId, (tx) => store.release(tx, this.target.id, owner)).catch(() => undefined)
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, LOOK_MS))
      this.#endSleep = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Does what there is to do; returns how long to wait before the next turn, 0 when there may be more. */
  async #turn(): Promise<number> {
    const { clock, database, tenantId } = this.#parts
    const pauseMs = this.#pausedUntilMs - clock.nowMs()
    if (pauseMs > 0) return pauseMs
    const isProbe = this.#health.failures > 0
    const { due, waiting } = await database.tx(tenantId, async (tx) => ({
      due: isProbe
        ? await store.selectProbe(tx, this.target.id)
        : await store.selectDue(tx, this.target.id, clock.now(), PAGE),
      waiting: await store.selectWaiting(tx, this.target.id),
    }))
    const mayRead = waiting.count < MOST_WAITING
    // One letter that is never taken must not be all that a receiver is asked with: perhaps it takes the next event.
    if (
      isProbe &&
      mayRead &&
      due.every(({ attempts }) => attempts > 0) &&
      (await this.#readOn(waiting.lanes))
    )
      return 0
    if (due.length > 0) {
      await this.#again(due)
      return 0
    }
    if (!isProbe && mayRead && (await this.#readOn(waiting.lanes))) return 0
    return waiting.nextDue ? Math.max(1, waiting.nextDue.epochMilliseconds - clock.nowMs()) : LOOK_MS
  }

  /** Tries letters that wait. */
  async #again(due: store.StoredLetter[]): Promise<void> {
    const { clock } = this.#parts
    const posted = await this.#post(due)
    const now = clock.now()
    // Calls that were ended here are no fault of the receiver.
    const failed = this.#isStopped ? [] : posted.failed
    const failures = failed.map(({ letter, error, retryAfterMs = 0 }) => {
      const attempts = letter.attempts + 1
      const waitedMs = now.epochMilliseconds - letter.firstFailedAt.epochMilliseconds
      const dueAt = now.add({ milliseconds: Math.max(gapAfter(attempts), retryAfterMs) })
      const isDead = waitedMs >= this.target.giveUpMs
      return { letterId: letter.letterId, attempts, dueAt, lastError: error, isDead }
    })
    await this.#storeIfMine(async (tx) => {
      const ids = posted.taken.map(({ letterId }) => letterId)
      if (ids.length > 0) await store.deleteLetters(tx, this.target.id, ids)
      await store.saveFailures(tx, this.target.id, failures)
    })
  }

  /** Delivers the next page of each partition; false when there is none. */
  async #readOn(lanes: Set<number>): Promise<boolean> {
    const positions = (this.#positions ??= await this.#begin())
    const types = await this.#parts.types()
    let hasRead = false
    const limit = this.#health.failures > 0 ? 1 : PAGE
    for (const [partition, from] of positions) {
      if (this.#isStopped || (hasRead && this.#health.failures > 0)) break
      const place = { partition, from, limit }
      const { page, next } = await nextPage(this.#parts.log, this.target, types, place)
      if (next === from) continue
      hasRead = true
      await this.#deliver(page, lanes, partition, next)
      positions.set(partition, next)
    }
    return hasRead
  }

  async #deliver(page: Dispatch[], lanes: Set<number>, partition: number, next: number): Promise<void> {
    const { clock } = this.#parts
    const held = page.filter(({ lane }) => lanes.has(lane))
    const posted = await this.#post(page.filter(({ lane }) => !lanes.has(lane)))
    // Calls that were ended here are no fault of the receiver. What it took to the last is stored, for nobody to send again.
    if (this.#isStopped && posted.failed.length + posted.left.length > 0) return
    const now = clock.now()
    const waits = new Map(posted.failed.map((one) => [one.letter, one]))
    const left = new Set<Dispatch>([...waits.keys(), ...posted.left, ...held])
    // In the order of the log, since what waits about one subscriber is sent in the order in which it was put there.
    const letters = page
      .filter((one) => left.has(one))
      .map((letter): store.StoredLetter => {
        const failure = waits.get(letter)
        const waitMs = failure ? Math.max(gapAfter(1), failure.retryAfterMs ?? 0) : 0
        return {
          ...letter,
          attempts: failure ? 1 : 0,
          firstFailedAt: now,
          dueAt: now.add({ milliseconds: waitMs }),
          lastError: failure?.error ?? null,
        }
      })
    for (const { lane } of letters) lanes.add(lane)
    await this.#storeIfMine(async (tx) => {
      await store.insertLetters(tx, this.target.id, letters)
      await store.savePosition(tx, this.target.id, partition, next)
    })
  }

  /** Stores what became of calls, unless another process has taken over while they were under way. */
  async #storeIfMine(work: (tx: Tx) => Promise<void>): Promise<void> {
    const { database, tenantId, owner } = this.#parts
    await database.tx(tenantId, async (tx) => {
      if (!(await store.holdsLease(tx, this.target.id, owner))) throw new LeaseLost()
      await work(tx)
    })
  }

  async #post<T extends Dispatch>(letters: T[]): Promise<Posted<T>> {
    const { concurrency } = this.target
    const post = ({ letterId, body, contentType }: T) =>
      this.#delivery.post({ id: letterId, body, contentType })
    const posted = await postAll(letters, concurrency, post, this.#streak)
    // Calls that were ended here say nothing of the receiver.
    if (!this.#isStopped) await this.#learn(posted)
    return posted
  }

  /** Notes how the receiver does by what became of calls. */
  async #learn<T>({ taken, failed, isDown }: Posted<T>): Promise<void> {
    const { database, tenantId, clock, owner } = this.#parts
    const { failures, lastError } = this.#health
    const isBack = taken.length > 0 && !isDown
    const isWorse = isDown || (failures > 0 && failed.length > 0)
    const next: store.Health = {
      failures: isBack ? 0 : failures + Number(isWorse),
      lastError: failed.at(-1)?.error ?? (taken.length > 0 ? null : lastError),
    }
    if (!isBack && isWorse) {
      const askedMs = Math.max(0, ...failed.map(({ retryAfterMs = 0 }) => retryAfterMs))
      this.#pausedUntilMs = clock.nowMs() + Math.max(pauseAfter(next.failures), askedMs)
    }
    this.#health = next
    if (next.failures === failures && next.lastError === lastError) return
    await database.tx(tenantId, async (tx) => {
      if (isBack && failures > 0) await store.hurryLetters(tx, this.target.id, clock.now())
      await store.saveHealth(tx, this.target.id, owner, next)
    })
  }

  /** A target is told what comes after it was first seen. */
  async #begin(): Promise<Map<number, number>> {
    const { database, tenantId, log } = this.#parts
    return database.tx(tenantId, async (tx) => {
      const known = await store.selectPositions(tx, this.target.id)
      for (let partition = 0; partition < log.partitions; partition++) {
        if (known.has(partition)) continue
        const end = await log.endOffset(partition)
        await store.savePosition(tx, this.target.id, partition, end)
        known.set(partition, end)
      }
      return known
    })
  }
}
