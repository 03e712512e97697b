type Waiting<T, R> = { item: T; resolve: (result: R) => void; reject: (error: unknown) => void }

/**
 * Gathers single requests into batches without a timer: while one batch is being stored the next one fills, so
 * a lone request waits for nobody and a flood shares its transactions (group commit).
 */
export class Batcher<T, R> {
  readonly #flush: (items: T[]) => Promise<R[]>
  readonly #maxSize: number
  #waiting: Waiting<T, R>[] = []
  #flushing = false

  /** `flush` answers for each item in order; when it rejects, every item of that batch is rejected. */
  constructor(flush: (items: T[]) => Promise<R[]>, maxSize = 1_000) {
    this.#flush = flush
    this.#maxSize = maxSize
  }

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (!this.#flushing) {
        this.#flushing = true
        // The present turn may bring more: a socket's read often carries several requests.
        setImmediate(() => void this.#run())
      }
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#maxSize)
      try {
        const results = await this.#flush(batch.map((waiting) => waiting.item))
        batch.forEach((waiting, i) => waiting.resolve(results[i]!))
      } catch (error) {
        for (const waiting of batch) waiting.reject(error)
      }
    }
    this.#flushing = false
  }
}
