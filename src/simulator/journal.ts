import { closeSync, openSync, writeSync } from 'node:fs'

import { unitHash } from '../platform/index.ts'

/** What a test may count without asking Tenure: what reached phones, what was answered, what was activated. */
export type JournalEntry =
  | { what: 'message'; channel: 'sms' | 'dstk'; reference: string; textHash: string }
  | { what: 'answer'; channel: string; answer: string }
  | {
      what: 'activation'
      productId: string
      priceMinor: number
      creditMinor: number
      order: string
      channel: string
    }

/** Counts what happens and, with a file, writes one NDJSON line for each: subscriber key, moment, what. */
export class Journal {
  readonly counts = { message: 0, answer: 0, activation: 0 }
  readonly #file: number | undefined
  #lines: string[] = []

  constructor(path?: string) {
    this.#file = path === undefined ? undefined : openSync(path, 'w')
  }

  add(key: string, atMs: number, entry: JournalEntry): void {
    this.counts[entry.what]++
    if (this.#file === undefined) return
    this.#lines.push(JSON.stringify({ at: new Date(atMs).toISOString(), subscriber: key, ...entry }))
  }

  /** Writes what waits. Called after each step, so that a killed run leaves whole steps. */
  flush(): void {
    if (this.#file === undefined || this.#lines.length === 0) return
    writeSync(this.#file, `${this.#lines.join('\n')}\n`)
    this.#lines = []
  }

  close(): void {
    this.flush()
    if (this.#file !== undefined) closeSync(this.#file)
  }
}

/** A short stable mark of a message's text; the text itself is not written down. */
export function textHash(text: string): string {
  return Math.floor(unitHash(text) * 2 ** 48).toString(36)
}
