import assert from 'node:assert/strict'
import { parentPort, workerData } from 'node:worker_threads'
import { eventTypeKind, logName } from '../events/index.ts'
import { Documents, LmdbLogStore, openDatabase, systemClock } from '../platform/index.ts'
import { attributesKind } from '../profiles/index.ts'
import type { Trigger } from './contract.ts'
import { Engine } from './engine.ts'
import type { EngineOptions } from './runner-parts.ts'
import { triggerKind } from './trigger-kind.ts'

/** What a thread is started with. */
export type ThreadSetup = {
  databaseUrl: string
  logFolder: string
  options: Omit<EngineOptions, 'workMs'>
}

/** What the main thread says. */
export type ThreadOrder =
  | { order: 'begin'; tenantId: string; timeZone: string; partitions: number[]; asleep: Int32Array }
  | { order: 'wake' | 'stale'; tenantId: string }
  | { order: 'stats'; tenantId: string; call: number }
  | { order: 'explain'; tenantId: string; call: number; trigger: Trigger; subscriberId: number }
  | { order: 'close'; call: number }

type BeginOrder = Extract<ThreadOrder, { order: 'begin' }>

/** What the thread says. */
export type ThreadNews =
  | { news: 'firings' | 'stopped'; tenantId: string }
  | { news: 'error'; tenantId: string; message: string; stack: string }
  | { news: 'answer'; call: number; value: unknown }
  | { news: 'refusal'; call: number; message: string }

const RETRY_MS = 1_000
/** While events come in the log is looked at so often; nobody has to say that it has grown, and each look finds many. */
const LOOK_MS = 3
/** A thread that found nothing for so long sleeps until it is woken, */
const DROWSY_MS = 500
/** but looks so often all the same: the main thread may be busy. */
const LOOK_ASLEEP_MS = 50

/** Firings are told of at once, and then so often at most: whoever takes them takes many at a time. */
const TELL_MS = 150

/** An engine that runs by itself: woken when there are events, and by its own timer when a wait runs out. */
class Tenant {
  readonly engine: Engine
  readonly #tell: (error: unknown) => void
  /** 1 tells the main thread to say when there are events. */
  readonly #asleep: Int32Array
  #busyAtMs = performance.now()
  #isWoken = false
  #isClosed = false
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(engine: Engine, asleep: Int32Array, tell: (error: unknown) => void) {
    this.engine = engine
    this.#asleep = asleep
    this.#tell = tell
    this.wake()
  }

  wake(): void {
    this.#isWoken = true
    this.#running ??= this.#work().finally(() => (this.#running = undefined))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
    await this.engine.close()
  }

  async #work(): Promise<void> {
    while (this.#isWoken && !this.#isClosed) {
      this.#isWoken = false
      clearTimeout(this.#timer)
      const nowMs = systemClock.nowMs()
      const isDrowsy = performance.now() - this.#busyAtMs > DROWSY_MS
      // Before the look: what comes in after it is told.
      Atomics.store(this.#asleep, 0, isDrowsy ? 1 : 0)
      try {
        const { more, nextDueMs } = await this.engine.run(nowMs)
        if (more) {
          this.#isWoken = true
          this.#busyAtMs = performance.now()
        } else {
          const dueInMs = (nextDueMs ?? Number.POSITIVE_INFINITY) - nowMs
          this.#wakeIn(Math.min(isDrowsy ? LOOK_ASLEEP_MS : LOOK_MS, dueInMs))
        }
      } catch (error) {
        this.#tell(error)
        this.#wakeIn(RETRY_MS)
      }
    }
  }

  #wakeIn(delayMs: number): void {
    this.#timer = setTimeout(() => this.wake(), Math.max(0, delayMs))
  }
}

function main(port: NonNullable<typeof parentPort>): void {
  const { databaseUrl, logFolder, options } = workerData as ThreadSetup
  const database = openDatabase(databaseUrl, 2)
  const store = new LmdbLogStore(logFolder)
  const checkpoints = store.checkpoints()
  const documents = new Documents(database, [eventTypeKind, triggerKind, attributesKind])
  const tenants = new Map<string, Tenant>()
  const tell = (news: ThreadNews): void => port.postMessage(news)

  /** Tenants whose firings were told of a moment ago, and whether there have been more since. */
  const told = new Map<string, boolean>()
  const tellFirings = (tenantId: string): void => {
    if (told.has(tenantId)) {
      told.set(tenantId, true)
      return
    }
    told.set(tenantId, false)
    tell({ news: 'firings', tenantId })
    setTimeout(() => {
      const areMore = told.get(tenantId)
      told.delete(tenantId)
      if (areMore) tellFirings(tenantId)
    }, TELL_MS)
  }

  const begin = ({ tenantId, timeZone, partitions, asleep }: BeginOrder): void => {
    const engine = new Engine(
      {
        tenantId,
        timeZone,
        database,
        documents,
        log: store.log(logName(tenantId)),
        checkpointsOf: () => checkpoints,
        onFirings: () => tellFirings(tenantId),
        onStopped: () => tell({ news: 'stopped', tenantId }),
        nowMs: () => systemClock.nowMs(),
        awaitsStores: false,
        options: { ...options, workMs: () => performance.now() },
      },
      partitions,
    )
    const onError = (error: unknown): void => {
      const { message, stack } = error as Error
      tell({ news: 'error', tenantId, message, stack: stack ?? '' })
    }
    tenants.set(tenantId, new Tenant(engine, asleep, onError))
  }
  const answer = (call: number, work: Promise<unknown>): void => {
    work.then(
      (value) => tell({ news: 'answer', call, value }),
      (error: unknown) => tell({ news: 'refusal', call, message: (error as Error).message }),
    )
  }
  port.on('message', (order: ThreadOrder) => {
    if (order.order === 'begin') return begin(order)
    if (order.order === 'close') return answer(order.call, closeAll())
    const tenant = tenants.get(order.tenantId)
    assert(tenant, `the thread does not work for ${order.tenantId}`)
    if (order.order === 'stats') return answer(order.call, tenant.engine.stats())
    if (order.order === 'explain') {
      return answer(order.call, tenant.engine.explain(order.trigger, order.subscriberId))
    }
    if (order.order === 'stale') tenant.engine.markStale()
    tenant.wake()
  })
  const closeAll = async (): Promise<void> => {
    for (const tenant of tenants.values()) await tenant.close()
    await store.close()
    await database.end()
  }
}

assert(parentPort, 'this file runs in a worker thread')
main(parentPort)
