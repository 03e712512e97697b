import type { Inbox, ReceivedAnswer, ReceivedReceipt } from './inbox.ts'

/** How long what cannot be understood yet waits before it is looked at again, real ms. */
const LATER_MS = 50

/** What the tables know, and who waits for them to know more. */
type Tables = { knows(tick: number): boolean; want(tick: number): void }

/**
 * What came in and cannot be understood before the tables or a channel know more: a receipt of a message that left
 * memory before the tables knew it, or whose channel still owes its word; an answer, because which cascade it belongs
 * to is asked of the tables.
 */
export class Later {
  readonly #tables: Tables
  #receipts: ReceivedReceipt[] = []
  #answers: ReceivedAnswer[] = []
  #untilMs = 0

  constructor(tables: Tables) {
    this.#tables = tables
  }

  get isEmpty(): boolean {
    return this.#receipts.length + this.#answers.length === 0
  }

  /** Whether some of it may be understood now. */
  get isTime(): boolean {
    if (this.#answers.some(({ tick }) => this.#tables.knows(tick))) return true
    return this.#receipts.length > 0 && performance.now() >= this.#untilMs
  }

  /** Puts everything back to where it came from. */
  giveTo(inbox: Inbox): void {
    inbox.receipts.push(...this.#receipts)
    inbox.answers.push(...this.#answers)
    this.#receipts = []
    this.#answers = []
  }

  addReceipts(receipts: ReceivedReceipt[]): void {
    if (receipts.length === 0) return
    this.#receipts.push(...receipts)
    this.#untilMs = performance.now() + LATER_MS
    for (const { tick } of receipts) if (!this.#tables.knows(tick)) this.#tables.want(tick)
  }

  /** Takes the answers out for which the tables must know more. */
  takeEarly(inbox: Inbox): void {
    const early = inbox.answers.filter(({ tick }) => !this.#tables.knows(tick))
    if (early.length === 0) return
    inbox.answers = inbox.answers.filter((item) => !early.includes(item))
    this.#answers.push(...early)
    for (const { tick } of early) this.#tables.want(tick)
  }

  refuse(error: unknown): void {
    for (const { reject } of [...this.#receipts, ...this.#answers]) reject(error)
    this.#receipts = []
    this.#answers = []
  }
}
