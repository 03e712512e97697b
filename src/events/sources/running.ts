import { type Clock, problemOf } from '../../platform/index.ts'
import type { IngestCounts, SourceStatus } from './contract.ts'

/** A source at work. */
export type Running = { progress: Progress; stop(): Promise<void> }

/** What a source did since it was started, for metrics and the console. */
export class Progress {
  readonly #clock: Clock
  readonly #counts: IngestCounts = { accepted: 0, duplicates: 0, rejected: 0 }
  #state: SourceStatus['state'] = 'starting'
  #lastEventAt: string | null = null
  #lastError: SourceStatus['lastError'] = null
  /** Connections of a listener, partitions of a topic, files at work. */
  readonly details: Record<string, number> = {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Adds what became of some events. */
  add({ accepted, duplicates, rejected }: IngestCounts): void {
    if (accepted + duplicates + rejected === 0) return
    this.#counts.accepted += accepted
    this.#counts.duplicates += duplicates
    this.#counts.rejected += rejected
    this.#lastEventAt = this.#clock.now().toString()
  }

  become(state: SourceStatus['state']): void {
    this.#state = state
  }

  /** Remembers an error; the source goes on or tries again. */
  fail(error: unknown): void {
    const { code, message } = problemOf(error)
    this.#lastError = { at: this.#clock.now().toString(), code, message }
  }

  view(): Pick<SourceStatus, 'state' | 'lastEventAt' | 'lastError' | 'details'> & IngestCounts {
    return {
      state: this.#state,
      ...this.#counts,
      lastEventAt: this.#lastEventAt,
      lastError: this.#lastError,
      details: { ...this.details },
    }
  }
}
