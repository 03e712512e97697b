type Waiting<Q, A> = { question: Q; resolve(answer: A): void; reject(error: unknown): void }

/** Most of what is done in one piece of work. */
const MOST = 64

/**
 * Calls of a tenant that wait at the same time share one piece of work, such as a transaction: they would wait for each
 * other's locks anyway. `work` answers in the order of the questions; an answer that is an error is thrown to whoever
 * asked. Where the work itself fails, each question is worked at alone, so that only those fail who make it fail.
 */
export class Together<Q, A> {
  readonly #work: (tenantId: string, questions: Q[]) => Promise<(A | Error)[]>
  readonly #waiting = new Map<string, Waiting<Q, A>[]>()

  constructor(work: (tenantId: string, questions: Q[]) => Promise<(A | Error)[]>) {
    this.#work = work
  }

  ask(tenantId: string, question: Q): Promise<A> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(tenantId)
      const call = { question, resolve, reject }
      if (waiting) return void waiting.push(call)
      this.#waiting.set(tenantId, [call])
      void this.#run(tenantId)
    })
  }

  /** Works until nobody of the tenant waits. */
  async #run(tenantId: string): Promise<void> {
    const waiting = this.#waiting.get(tenantId)!
    while (waiting.length > 0) await this.#answer(tenantId, waiting.splice(0, MOST))
    this.#waiting.delete(tenantId)
  }

  async #answer(tenantId: string, calls: Waiting<Q, A>[]): Promise<void> {
    try {
      const answers = await this.#work(
        tenantId,
        calls.map(({ question }) => question),
      )
      for (const [i, { resolve, reject }] of calls.entries()) {
        const answer = answers[i]!
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
    } catch (error) {
      if (calls.length === 1) calls[0]!.reject(error)
      else for (const call of calls) await this.#answer(tenantId, [call])
    }
  }
}
