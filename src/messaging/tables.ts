import { Worker } from 'node:worker_threads'
import type { TablesNews, TablesOrder, TablesSetup } from './tables-thread.ts'

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window: it takes no origin
const post = (worker: Worker, order: TablesOrder): void => worker.postMessage(order)

type Call = { worker: Worker; resolve(tick: number | undefined): void; reject(error: Error): void }

/**
 * Brings the tables up to the journal in a thread of its own, so that whoever sends, and everybody else in this process,
 * has the first one to itself. It begins with the first row of journal; one that dies is begun again by the next call.
 */
export class Tables {
  readonly #setup: TablesSetup
  #worker: Worker | undefined
  readonly #calls = new Map<number, Call>()
  #lastCall = 0

  constructor(databaseUrl: string) {
    this.#setup = { databaseUrl }
  }

  /**
   * Brings a tenant's tables up to a later row of the journal, at most that of the tick `upTo`, about `limitOctets`
   * further. Returns the last tick that they know, undefined when no such row is left. Rejects with what the stores say.
   */
  advance(tenantId: string, upTo: number, limitOctets: number): Promise<number | undefined> {
    const worker = (this.#worker ??= this.#start())
    const call = ++this.#lastCall
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { worker, resolve, reject })
      post(worker, { call, tenantId, upTo, limitOctets })
    })
  }

  /** Ends the thread when it has answered. */
  async stop(): Promise<void> {
    const worker = this.#worker
    if (!worker) return
    const ended = new Promise((resolve) => {
      worker.once('exit', resolve)
    })
    post(worker, 'close')
    await ended
  }

  #start(): Worker {
    const worker = new Worker(new URL('tables-thread.ts', import.meta.url), { workerData: this.#setup })
    let cause: unknown
    worker.on('error', (error) => {
      cause = error
    })
    worker.on('message', (news: TablesNews) => {
      const call = this.#calls.get(news.call)!
      this.#calls.delete(news.call)
      if ('failure' in news) call.reject(new Error(news.failure))
      else call.resolve(news.tick)
    })
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined
      for (const [number, call] of this.#calls) {
        if (call.worker !== worker) continue
        this.#calls.delete(number)
        call.reject(new Error('the thread of the tables ended before it answered', { cause }))
      }
    })
    return worker
  }
}
