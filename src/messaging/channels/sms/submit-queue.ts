import { noAnswer, type Connection } from './connection.ts'
import { reasonOfStatus, status } from './pdu-layout.ts'
import type { Rate } from './rate.ts'
import type { Submission } from './submission.ts'
import type { SubmitWriter } from './submit-writer.ts'

/** `window`: parts without an answer at a time. The others are real time in milliseconds and a count. */
export type QueueOptions = {
  window: number
  throttleMinMs: number
  throttleMaxMs: number
  throttleAttempts: number
}

/** A part that the peer was not ready for. */
type Again = { submission: Submission; part: number }

/** Not taken, for the moment: these may be asked again (§5.1.3; generic application error 0x64 is "temporary"). */
const temporary = new Set<number>([status.systemError, status.temporaryError])

const inOrder = (a: Again, b: Again): number => a.submission.order - b.submission.order || a.part - b.part

/**
 * Sends messages in order over one bind, a window of parts at a time. "Throttled" and "queue full" are the same wish:
 * everything pauses until the answers to what is out have come, then the refused parts go again before any newer ones,
 * first one at a time and faster with each success. The limit is on parts, as the peer's is.
 */
export class SubmitQueue {
  readonly #writer: SubmitWriter
  readonly #rate: Rate
  readonly #options: QueueOptions
  readonly #onTime: () => void
  #queue: Submission[] = []
  #head = 0
  #again: Again[] = []
  #window: number
  #isPausing = false
  #isTimeUp = true
  #delayMs: number
  #timer: NodeJS.Timeout | undefined

  /** `onTime` is called when the time of a pause is over: `rest` and `pump` then. */
  constructor(writer: SubmitWriter, rate: Rate, options: QueueOptions, onTime: () => void) {
    this.#writer = writer
    this.#rate = rate
    this.#options = options
    this.#onTime = onTime
    this.#window = options.window
    this.#delayMs = options.throttleMinMs
  }

  /** Messages that wait to be sent. */
  get waiting(): number {
    return this.#queue.length - this.#head + this.#again.length
  }

  get isPausing(): boolean {
    return this.#isPausing
  }

  push(submission: Submission): void {
    this.#queue.push(submission)
  }

  /** Sends what window and rate allow. `nowMs`: the domain's clock. */
  pump(connection: Connection, nowMs: number): void {
    if (this.#isPausing || this.waiting === 0) return
    let room = this.#window - connection.waiting
    if (room <= 0) return
    if (this.#rate.isLimited) room = Math.min(room, this.#rate.allowance(performance.now()))
    const allowed = room
    while (room > 0 && this.#again.length > 0) {
      const { submission, part } = this.#again.shift()!
      if (submission.isHopeless) {
        submission.fail('unsent', 'earlier_part_not_taken', this.#options.throttleMaxMs)
      } else if (submission.expiresAtMs <= nowMs) {
        submission.fail('refused', 'expired', 0)
      } else {
        connection.submit(submission, part, this.#writer, nowMs)
        room -= 1
      }
    }
    while (room > 0 && this.#head < this.#queue.length) {
      const submission = this.#queue[this.#head]!
      if (submission.isHopeless) {
        submission.giveUp('earlier_part_not_taken', this.#options.throttleMaxMs)
      } else if (submission.nextPart === 0 && submission.expiresAtMs <= nowMs) {
        submission.nextPart = submission.parts
        for (let i = 0; i < submission.parts; i += 1) submission.fail('refused', 'expired', 0)
      } else {
        connection.submit(submission, submission.nextPart++, this.#writer, nowMs)
        room -= 1
      }
      if (submission.nextPart >= submission.parts) this.#head += 1
    }
    this.#rate.spend(allowed - room)
    this.#cutOff()
  }

  /** Takes an answer to a part that is not "taken". */
  refuse(submission: Submission, part: number, commandStatus: number): void {
    const afterMs = this.#options.throttleMaxMs
    if (commandStatus === noAnswer.timeout) submission.fail('unknown', 'no_response', afterMs)
    else if (commandStatus === noAnswer.closed) submission.fail('unknown', 'connection_lost', afterMs)
    else if (commandStatus === status.throttled || commandStatus === status.queueFull)
      this.#slowDown(submission, part)
    else
      submission.fail(
        temporary.has(commandStatus) ? 'retry' : 'refused',
        reasonOfStatus(commandStatus),
        afterMs,
      )
  }

  /** A part was taken: the peer is ready for more. */
  speedUp(): void {
    if (this.#isPausing) return
    if (this.#window < this.#options.window) this.#window += 1
    this.#delayMs = this.#options.throttleMinMs
  }

  /** Nothing is out any more: a pause whose time is over ends. */
  rest(): void {
    if (this.#isTimeUp) this.#isPausing = false
  }

  /** Gives back all that was not sent, in order, and forgets the slowness of the peer. */
  takeAll(): Submission[] {
    const waiting = this.#queue.slice(this.#head)
    const again = this.#again
    this.#queue = []
    this.#head = 0
    this.#again = []
    clearTimeout(this.#timer)
    this.#isPausing = false
    this.#isTimeUp = true
    this.#window = this.#options.window
    this.#delayMs = this.#options.throttleMinMs
    // Parts of a long message that were refused for now are lost with their place in the line.
    for (const { submission, part } of again.toReversed()) {
      if (submission.parts === 1) {
        submission.nextPart = 0
        waiting.push(submission)
      } else if (submission.nextPart === part + 1) {
        submission.nextPart = part
        if (!waiting.includes(submission)) waiting.push(submission)
      } else submission.fail('unsent', 'throttled', this.#options.throttleMaxMs)
    }
    return waiting.sort((a, b) => a.order - b.order)
  }

  /** Takes out what was not begun, so that it can go over another bind. */
  takeUnbegun(): Submission[] {
    const waiting = this.#queue.slice(this.#head)
    this.#queue = waiting.filter((submission) => submission.nextPart > 0)
    this.#head = 0
    return waiting.filter((submission) => submission.nextPart === 0)
  }

  #slowDown(submission: Submission, part: number): void {
    submission.throttled += 1
    this.#again.push({ submission, part })
    this.#again.sort(inOrder)
    this.#window = 1
    if (submission.throttled >= this.#options.throttleAttempts) {
      for (const each of this.takeAll()) each.giveUp('throttled', this.#options.throttleMaxMs)
      return
    }
    if (this.#isPausing) return
    this.#isPausing = true
    this.#isTimeUp = false
    this.#timer = setTimeout(() => {
      this.#isTimeUp = true
      this.#onTime()
    }, this.#delayMs)
    this.#delayMs = Math.min(this.#delayMs * 2, this.#options.throttleMaxMs)
  }

  /** The part of the array that was sent is cut off now and then, not at each step. */
  #cutOff(): void {
    if (this.#head < this.#queue.length && this.#head < 10_000) return
    this.#queue = this.#queue.slice(this.#head)
    this.#head = 0
  }
}
