import { type Documents, DomainError, type StageResult } from '../platform/index.ts'
import type { Explanation, Trigger } from './contract.ts'
import { explain } from './explain.ts'
import { RuleBook } from './rules.ts'
import { Runner } from './runner.ts'
import type { PartitionStats, RunnerParts } from './runner-parts.ts'

export type EngineParts = Omit<RunnerParts, 'partition' | 'zoneOf'> & {
  timeZone: string
  documents: Documents
}

/** One tenant's rules over some partitions of its log. */
export class Engine {
  readonly #parts: EngineParts
  readonly #book: RuleBook
  #partitions: number[]
  #runners = new Map<number, Runner>()
  #isStale = true
  #refreshFailure: { error: unknown } | undefined

  constructor(parts: EngineParts, partitions: number[]) {
    this.#parts = parts
    this.#partitions = partitions
    this.#book = new RuleBook(parts)
  }

  /** Rules changed: the next run takes them up. */
  markStale(): void {
    this.#parts.documents.forget(this.#parts.tenantId)
    this.#isStale = true
  }

  /**
   * Works on these partitions from now on. What is known of others is let go, and also what is known of these but for
   * the `kept` ones, which nobody else has worked on meanwhile.
   */
  own(partitions: number[], kept: number[]): void {
    this.#partitions = partitions
    for (const partition of this.#runners.keys())
      if (!kept.includes(partition)) this.#runners.delete(partition)
    // What is loaded now must be what is saved now: it counts as looked at.
    this.markStale()
  }

  /** Looks whether another process changed the rules. */
  async lookForRules(): Promise<void> {
    if (await this.#book.isOutdated()) this.markStale()
  }

  /** Runs every partition. After an error the memory is given up and made again from the checkpoint in the next run. */
  async run(nowMs: number): Promise<StageResult> {
    try {
      if (this.#isStale) {
        // Cleared first: rules may change again while these are being loaded.
        this.#isStale = false
        const rules = await this.#book.load()
        for (const partition of this.#partitions) await this.#runnerOf(partition).load(rules)
      } else await this.#refresh()
      const results: StageResult[] = []
      for (const partition of this.#partitions) results.push(await this.#runnerOf(partition).run(nowMs))
      const dueMs = results.flatMap(({ nextDueMs }) => nextDueMs ?? [])
      return {
        more: results.some(({ more }) => more),
        nextDueMs: dueMs.length === 0 ? null : Math.min(...dueMs),
      }
    } catch (error) {
      this.#runners.clear()
      this.#isStale = true
      this.#refreshFailure = undefined
      throw error
    }
  }

  /** Brings what is known of subscribers up to date; where runs wait for no store, reading goes on meanwhile. */
  async #refresh(): Promise<void> {
    if (this.#refreshFailure) throw this.#refreshFailure.error
    const refreshed = this.#book.refresh()
    if (this.#parts.awaitsStores) return refreshed
    refreshed.catch((error: unknown) => (this.#refreshFailure = { error }))
  }

  async stats(): Promise<PartitionStats[]> {
    return Promise.all([...this.#runners.values()].map((runner) => runner.stats()))
  }

  /** Where a rule stands with a subscriber of one of the partitions. */
  explain(trigger: Trigger, subscriberId: number): Promise<Explanation> {
    const { log, database, tenantId } = this.#parts
    const partition = subscriberId % log.partitions
    const memory = this.#runners.get(partition)?.memory
    const nowMs = this.#parts.nowMs()
    return explain({ database, tenantId, log, partition, memory, trigger, subscriberId, nowMs })
  }

  /** Writes the memory of all rules. Not while it runs. */
  async close(): Promise<void> {
    for (const runner of this.#runners.values()) {
      try {
        await runner.close()
      } catch (error) {
        // Who took the partition over has read on without this memory, and needs it no more.
        if (!(error instanceof DomainError && error.code === 'partition_lost')) throw error
      }
    }
    this.#runners.clear()
  }

  #runnerOf(partition: number): Runner {
    let runner = this.#runners.get(partition)
    if (!runner) {
      runner = new Runner({ ...this.#parts, partition, zoneOf: this.#book.audience.zoneOf })
      this.#runners.set(partition, runner)
    }
    return runner
  }
}
