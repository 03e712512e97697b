import type { Message } from './message.ts'

/** First come, first served: an array that forgets its head now and then. */
class Line {
  #messages: Message[] = []
  #head = 0

  get length(): number {
    return this.#messages.length - this.#head
  }

  push(message: Message): void {
    this.#messages.push(message)
  }

  shift(): Message | undefined {
    if (this.#head === this.#messages.length) return undefined
    const message = this.#messages[this.#head++]!
    if (this.#head > 1_024 && this.#head * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head)
      this.#head = 0
    }
    return message
  }

  *[Symbol.iterator](): Generator<Message> {
    for (let i = this.#head; i < this.#messages.length; i++) yield this.#messages[i]!
  }
}

/**
 * The messages that wait for one channel: the more important first, else in the order in which they came. Who leaves
 * it before its turn (stale, cancelled) is only told so (`isWaiting`) and passed over.
 */
export class ChannelQueue {
  /** By priority, the highest first. */
  #lines: { priority: number; line: Line }[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add(message: Message): void {
    if (message.isWaiting) return
    message.isWaiting = true
    this.#size++
    let at = this.#lines.findIndex(({ priority }) => priority <= message.priority)
    if (at < 0) at = this.#lines.length
    if (this.#lines[at]?.priority !== message.priority)
      this.#lines.splice(at, 0, { priority: message.priority, line: new Line() })
    this.#lines[at]!.line.push(message)
  }

  /** Takes the next one out. */
  take(): Message | undefined {
    for (const { line } of this.#lines) {
      for (let message = line.shift(); message !== undefined; message = line.shift()) {
        if (!message.isWaiting) continue
        message.isWaiting = false
        this.#size--
        return message
      }
    }
    return undefined
  }

  /** Says that a message waits no longer, before its turn. */
  drop(message: Message): void {
    if (!message.isWaiting) return
    message.isWaiting = false
    this.#size--
  }

  /** Up to `limit` of those whose turn is next. */
  *next(limit: number): Generator<Message> {
    let left = limit
    for (const { line } of this.#lines) {
      for (const message of line) {
        if (!message.isWaiting) continue
        if (left-- <= 0) return
        yield message
      }
    }
  }
}
