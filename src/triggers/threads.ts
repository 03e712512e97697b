import { Worker } from 'node:worker_threads'
import type { Explanation, Trigger } from './contract.ts'
import type { PartitionStats } from './runner-parts.ts'
import type { ThreadNews, ThreadOrder, ThreadSetup } from './thread.ts'

type Listeners = {
  onFirings: (tenantId: string) => void
  onStopped: (tenantId: string) => void
  onError: (error: unknown) => void
}

/** `asleep` of each thread: 1 while it wants to be woken for this tenant, 0 while it looks for itself. */
type Tenant = { timeZone: string; partitions: number; asleep: Int32Array[] }

type Call = { worker: Worker; resolve: (value: never) => void; reject: (error: Error) => void }

/** An order that is answered, without the number of the call. */
type Question = ThreadOrder extends infer Order
  ? Order extends { call: number }
    ? Omit<Order, 'call'>
    : never
  : never

/** After this time a thread that died is begun again. */
const RESTART_MS = 1_000

/**
 * Worker threads that own the partitions: partition p belongs to thread p modulo their number. One that dies is begun
 * again; it goes on from its checkpoints as after a crash of the process.
 */
export class Threads {
  readonly #workers: Worker[]
  readonly #setup: ThreadSetup
  readonly #listeners: Listeners
  readonly #calls = new Map<number, Call>()
  readonly #tenants = new Map<string, Tenant>()
  #lastCall = 0
  #isClosing = false

  constructor(count: number, setup: ThreadSetup, listeners: Listeners) {
    this.#setup = setup
    this.#listeners = listeners
    this.#workers = Array.from({ length: count }, (_, thread) => this.#start(thread))
  }

  #start(thread: number): Worker {
    const worker = new Worker(new URL('thread.ts', import.meta.url), { workerData: this.#setup })
    worker.on('message', (news: ThreadNews) => this.#hear(news))
    worker.on('error', (error) => this.#listeners.onError(error))
    worker.on('exit', () => {
      for (const [number, call] of this.#calls) {
        if (call.worker !== worker) continue
        this.#calls.delete(number)
        call.reject(new Error('the thread of this partition ended before it answered'))
      }
      if (!this.#isClosing) setTimeout(() => this.#restart(thread), RESTART_MS).unref()
    })
    return worker
  }

  #restart(thread: number): void {
    if (this.#isClosing) return
    this.#workers[thread] = this.#start(thread)
    for (const tenantId of this.#tenants.keys()) this.#beginIn(thread, tenantId)
  }

  /** Begins to work for a tenant. */
  begin(tenantId: string, timeZone: string, partitions: number): void {
    if (this.#tenants.has(tenantId)) return
    const asleep = this.#workers.map(() => new Int32Array(new SharedArrayBuffer(4)))
    this.#tenants.set(tenantId, { timeZone, partitions, asleep })
    for (const thread of this.#workers.keys()) this.#beginIn(thread, tenantId)
  }

  #beginIn(thread: number, tenantId: string): void {
    const { timeZone, partitions, asleep } = this.#tenants.get(tenantId)!
    const own = [...Array(partitions).keys()].filter(
      (partition) => partition % this.#workers.length === thread,
    )
    const order = { order: 'begin', tenantId, timeZone, partitions: own, asleep: asleep[thread]! } as const
    post(this.#workers[thread]!, order)
  }

  /** Says that a tenant's log has grown, to threads that do not find it out by themselves: a message is dear. */
  wake(tenantId: string): void {
    this.#tenants.get(tenantId)?.asleep.forEach((asleep, thread) => {
      if (Atomics.exchange(asleep, 0, 0) === 1) post(this.#workers[thread]!, { order: 'wake', tenantId })
    })
  }

  /** Says that a tenant's rules changed. */
  rulesChanged(tenantId: string): void {
    if (!this.#tenants.has(tenantId)) return
    for (const worker of this.#workers) post(worker, { order: 'stale', tenantId })
  }

  async stats(tenantId: string): Promise<PartitionStats[]> {
    // A thread that has not heard of the tenant yet could not answer.
    if (!this.#tenants.has(tenantId)) return []
    const asked = this.#workers.map((worker) =>
      this.#ask<PartitionStats[]>(worker, { order: 'stats', tenantId }),
    )
    return (await Promise.all(asked)).flat().sort((a, b) => a.partition - b.partition)
  }

  explain(tenantId: string, partition: number, trigger: Trigger, subscriberId: number): Promise<Explanation> {
    const worker = this.#workers[partition % this.#workers.length]!
    return this.#ask(worker, { order: 'explain', tenantId, trigger, subscriberId })
  }

  /** Lets every thread write its memory and end. */
  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.all(this.#workers.map((worker) => this.#ask(worker, { order: 'close' })))
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #ask<T>(worker: Worker, question: Question): Promise<T> {
    const call = ++this.#lastCall
    return new Promise<T>((resolve, reject) => {
      this.#calls.set(call, { worker, resolve: resolve as Call['resolve'], reject })
      post(worker, { ...question, call } as ThreadOrder)
    })
  }

  #hear(news: ThreadNews): void {
    const { onFirings, onStopped, onError } = this.#listeners
    switch (news.news) {
      case 'firings':
        return onFirings(news.tenantId)
      case 'stopped':
        return onStopped(news.tenantId)
      case 'error':
        return onError(Object.assign(new Error(news.message), { stack: news.stack }))
      case 'answer':
        this.#calls.get(news.call)?.resolve(news.value as never)
        break
      case 'refusal':
        this.#calls.get(news.call)?.reject(new Error(news.message))
    }
    this.#calls.delete(news.call)
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window: it takes no origin
const post = (worker: Worker, order: ThreadOrder): void => worker.postMessage(order)
