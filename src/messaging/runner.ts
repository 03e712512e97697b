import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, DomainError } from '../platform/index.ts'
import type { Sender } from './sender.ts'

/** After a failure of the stores, and while a channel without room is waited for; real ms. */
const RETRY_MS = 500
const ROOM_MS = 50
const LONGEST_SLEEP_MS = 60_000

type RunnerDependencies = {
  clock: Clock
  /** Time stands still until somebody moves it: nothing is sent between two calls of `settle`. */
  isDriven: boolean
  wake(): void
  /** Another process sends for the tenant from now on. */
  onSuperseded(): void
}

/** Makes a sender tick: by itself as work comes, or where time is simulated when its driver says so. */
export class Runner {
  readonly #sender: Sender
  readonly #dependencies: RunnerDependencies
  #running: Promise<void> | undefined
  #arrived = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | undefined
  #failure: unknown
  #isSettling = false
  #isStopped = false

  constructor(sender: Sender, dependencies: RunnerDependencies) {
    this.#sender = sender
    this.#dependencies = dependencies
    sender.onArrival = () => this.#onArrival()
  }

  /** Begins to tick if there is anything to do. The error of an earlier tick is thrown once, so that it is told. */
  kick(): void {
    this.#run()
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  /** Ticks until nothing is left to do at this moment, submissions under way included, and the tables are true. */
  async settle(): Promise<number | null> {
    await this.#running
    this.#isSettling = true
    const sender = this.#sender
    try {
      for (;;) {
        this.#arrived = Promise.withResolvers()
        if (sender.hasWork(true)) await sender.tick(true)
        else if (sender.desk.anyInFlight) await this.#arrived.promise
        else if (sender.hasLater) await sleep(ROOM_MS)
        else {
          await sender.flush()
          // What the tables know may leave memory, and then there is room for starts.
          if (!sender.hasWork(true)) break
        }
      }
      return sender.nextDueMs()
    } finally {
      this.#isSettling = false
    }
  }

  /** Stores what has come in and ends; what the stores do not take now will be looked at after the next start. */
  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#running
    const sender = this.#sender
    try {
      while (sender.isStarted && sender.hasWork(false)) await sender.tick(false)
      if (sender.isStarted) await sender.flush()
    } catch (error) {
      sender.refuse(notKept(error))
    }
  }

  #onArrival(): void {
    this.#arrived.resolve()
    if (!this.#isSettling) this.#run()
  }

  #run(): void {
    if (this.#running || this.#isStopped || this.#isSettling) return
    clearTimeout(this.#timer)
    // The present turn may bring more: a socket's read often carries several receipts.
    const work = new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
    this.#running = work
      .then(() => this.#tickWhileBusy())
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#running = undefined
        this.#rest()
      })
  }

  async #tickWhileBusy(): Promise<void> {
    const { isDriven } = this.#dependencies
    const sender = this.#sender
    while (!this.#isStopped && sender.hasWork(!isDriven)) await sender.tick(!isDriven)
    if (isDriven && sender.hasWork(true)) this.#dependencies.wake()
    else if (!isDriven && !this.#isStopped && sender.isFlushDue) sender.beginFlush()
  }

  #fail(error: unknown): void {
    if (error instanceof DomainError && error.code === 'sender_superseded') {
      this.#isStopped = true
      this.#sender.refuse(notKept(error))
      this.#dependencies.onSuperseded()
    }
    this.#failure = error
    clearTimeout(this.#timer)
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#run(), RETRY_MS)
    this.#dependencies.wake()
  }

  /** Sets the alarm for what is due next. */
  #rest(): void {
    if (this.#isStopped || this.#isSettling || this.#failure !== undefined) return
    const sender = this.#sender
    if (sender.hasWork(!this.#dependencies.isDriven)) return this.#run()
    if (this.#dependencies.isDriven) return
    clearTimeout(this.#timer)
    if (sender.isFlushDue) return this.#run()
    if (sender.isBehind || sender.desk.hasWaiting() || sender.hasLater) {
      this.#timer = setTimeout(() => this.#run(), ROOM_MS)
      return
    }
    const dueMs = sender.nextDueMs()
    if (dueMs === null) return
    const waitMs = Math.min(LONGEST_SLEEP_MS, dueMs - this.#dependencies.clock.nowMs())
    this.#timer = setTimeout(() => this.#run(), Math.max(0, waitMs)).unref()
  }
}

/** A `DomainError` would tell a provider never to come back, and whoever sends now wants what it brings. */
function notKept(cause: unknown): Error {
  return new Error('this process could not store it', { cause })
}
