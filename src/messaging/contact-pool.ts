import type { Contact } from './policy.ts'
import type { Purpose } from './contract.ts'
import { hexAt } from './hex.ts'

/** A contact as it is added: who it was, when, and by which run and message (`tailOf` their ids). */
export type NewContact = { channel: string; purpose: Purpose; run: number; message: number; atMs: number }

const NONE = -1
const FIRST = 1_024

/**
 * Contacts of many subscribers, as far back as the policy asks: chains in columns, 34 octets a contact. Each chain is
 * named by its first link; the youngest stands first.
 */
export class ContactPool {
  #next = new Int32Array(FIRST)
  #atMs = new Float64Array(FIRST)
  #runs = new Float64Array(FIRST)
  #messages = new Float64Array(FIRST)
  #kinds = new Uint16Array(FIRST)
  #size = 0
  #free = NONE
  readonly #kindNumbers = new Map<string, number>()
  readonly #kindWords: { channel: string; purpose: Purpose }[] = []

  /** No contact. */
  readonly none = NONE

  /** Puts a contact before a chain, and returns the new first link. */
  add(first: number, { channel, purpose, run, message, atMs }: NewContact): number {
    const at = this.#place()
    this.#next[at] = first
    this.#atMs[at] = atMs
    this.#runs[at] = run
    this.#messages[at] = message
    this.#kinds[at] = this.#kindOf(channel, purpose)
    return at
  }

  has(first: number, message: number): boolean {
    for (let at = first; at !== NONE; at = this.#next[at]!) if (this.#messages[at] === message) return true
    return false
  }

  /** The chain without the contact of a message. */
  remove(first: number, message: number): number {
    return this.#without(first, (at) => this.#messages[at] === message)
  }

  /** The chain without contacts up to a moment. */
  since(first: number, sinceMs: number): number {
    // Mostly all are young, or there is none.
    let isOld = false
    for (let at = first; at !== NONE; at = this.#next[at]!) isOld ||= this.#atMs[at]! <= sinceMs
    return isOld ? this.#without(first, (at) => this.#atMs[at]! <= sinceMs) : first
  }

  /** Gives all links of a chain back. */
  clear(first: number): void {
    this.#without(first, () => true)
  }

  /** A chain as the policy reads it. Contacts of the run `own` bear its id, others none. */
  read(first: number, own: { runId: string; tail: number }): Contact[] {
    const contacts: Contact[] = []
    for (let at = first; at !== NONE; at = this.#next[at]!) {
      const runId = this.#runs[at] === own.tail ? own.runId : ''
      contacts.push({ ...this.#kindWords[this.#kinds[at]!]!, runId, atMs: this.#atMs[at]! })
    }
    return contacts
  }

  #without(first: number, isOut: (at: number) => boolean): number {
    let kept = NONE
    let last = NONE
    for (let at = first; at !== NONE;) {
      const next = this.#next[at]!
      if (isOut(at)) {
        this.#next[at] = this.#free
        this.#free = at
      } else {
        if (last === NONE) kept = at
        else this.#next[last] = at
        last = at
      }
      at = next
    }
    if (last !== NONE) this.#next[last] = NONE
    return kept
  }

  #place(): number {
    if (this.#free !== NONE) {
      const at = this.#free
      this.#free = this.#next[at]!
      return at
    }
    if (this.#size === this.#next.length) this.#grow()
    return this.#size++
  }

  #grow(): void {
    const size = 2 * this.#next.length
    this.#next = grown(this.#next, new Int32Array(size))
    this.#atMs = grown(this.#atMs, new Float64Array(size))
    this.#runs = grown(this.#runs, new Float64Array(size))
    this.#messages = grown(this.#messages, new Float64Array(size))
    this.#kinds = grown(this.#kinds, new Uint16Array(size))
  }

  #kindOf(channel: string, purpose: Purpose): number {
    const key = `${channel}/${purpose}`
    let number = this.#kindNumbers.get(key)
    if (number === undefined) {
      this.#kindNumbers.set(key, (number = this.#kindWords.length))
      this.#kindWords.push({ channel, purpose })
    }
    return number
  }
}

/** A larger column that begins as the smaller one. */
export function grown<Column extends { set(from: ArrayLike<number>): void }>(
  from: ArrayLike<number>,
  to: Column,
): Column {
  to.set(from)
  return to
}

/** An id's last 48 bits, which are random or a hash's: enough to tell one subscriber's contacts apart. */
export function tailOf(id: string): number {
  return hexAt(id, 24, 28) * 2 ** 32 + (hexAt(id, 28, 36) >>> 0)
}
