import type { Reply } from './connection.ts'
import type { Fields } from './pdu-layout.ts'
import { status } from './pdu-layout.ts'

/** One submit_sm to be sent. */
export type PartSubmission = { fields: Partial<Fields<'submit_sm'>>; tlvs: Map<number, Buffer> }

/** What became of one part. `unsent` and `retry` were certainly not taken; `unknown` may have been. */
export type PartResult =
  | { kind: 'accepted'; messageId: string }
  | { kind: 'refused' | 'retry' | 'unsent' | 'unknown'; reason: string }

/** `window`: parts without an answer at a time. The others are real time in milliseconds and a count. */
export type QueueOptions = {
  window: number
  throttleMinMs: number
  throttleMaxMs: number
  throttleAttempts: number
}

type Job = { order: number; part: PartSubmission; index: number; batch: Batch; throttled: number }
type Batch = {
  results: PartResult[]
  open: number
  hopeless: boolean
  resolve: (results: PartResult[]) => void
}

/** Not taken, for the moment: these may be asked again (§5.1.3; generic application error 0x64 is "temporary"). */
const temporary = new Set<number>([status.systemError, status.temporaryError])

/**
 * Sends parts in order, a window at a time. "Throttled" and "queue full" are the same wish: everything pauses
 * until the answers to what is out have come, then the refused parts go again before any newer ones, first one
 * at a time and faster with each success. The limit is on parts, as the peer's is.
 */
export class SubmitQueue {
  private readonly send: (part: PartSubmission) => Promise<Reply>
  private readonly options: QueueOptions
  private queue: Job[] = []
  private head = 0
  private again: Job[] = []
  private inFlight = 0
  private window: number
  private order = 0
  private pausing = false
  private delayMs: number
  private timer: NodeJS.Timeout | undefined
  private idle: (() => void)[] = []

  constructor(send: (part: PartSubmission) => Promise<Reply>, options: QueueOptions) {
    this.send = send
    this.options = options
    this.window = options.window
    this.delayMs = options.throttleMinMs
  }

  /** Sends the parts of one message; resolves with a result for each. After a lost part the rest stay unsent. */
  submit(parts: PartSubmission[]): Promise<PartResult[]> {
    return new Promise((resolve) => {
      const batch: Batch = { results: [], open: parts.length, hopeless: false, resolve }
      for (const [index, part] of parts.entries())
        this.queue.push({ order: this.order++, part, index, batch, throttled: 0 })
      this.pump()
    })
  }

  /** Gives back all that was not sent, and forgets the slowness of the peer that is gone. */
  drop(reason: string): void {
    const jobs = [...this.again, ...this.queue.slice(this.head)]
    this.again = []
    this.queue = []
    this.head = 0
    for (const job of jobs) this.finish(job, { kind: 'unsent', reason })
    clearTimeout(this.timer)
    this.timer = undefined
    this.pausing = false
    this.window = this.options.window
    this.delayMs = this.options.throttleMinMs
  }

  /** Resolves when no part waits for its answer. */
  settled(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.idle.push(resolve)
    })
  }

  private pump(): void {
    while (!this.pausing && this.inFlight < this.window) {
      const job = this.next()
      if (job === undefined) return
      if (job.batch.hopeless) {
        this.finish(job, { kind: 'unsent', reason: 'an earlier part was not taken' })
        continue
      }
      this.inFlight += 1
      void this.carry(job)
    }
  }

  private async carry(job: Job): Promise<void> {
    const reply = await this.send(job.part)
    this.inFlight -= 1
    this.take(job, reply)
    if (this.inFlight === 0) this.rest()
    this.pump()
  }

  private next(): Job | undefined {
    const again = this.again.shift()
    if (again !== undefined) return again
    const job = this.queue[this.head]
    this.head += 1
    if (job === undefined || this.head > 10_000) {
      // The part of the array that was sent is cut off now and then, not at each step.
      this.queue = this.queue.slice(this.head)
      this.head = 0
    }
    return job
  }

  private take(job: Job, reply: Reply): void {
    if (reply.kind !== 'response') {
      const reason = reply.kind === 'timeout' ? 'no response in time' : 'connection lost before the response'
      this.finish(job, { kind: 'unknown', reason })
    } else if (reply.status === status.ok) {
      this.window = Math.min(this.window + 1, this.options.window)
      if (!this.pausing) this.delayMs = this.options.throttleMinMs
      this.finish(job, { kind: 'accepted', messageId: reply.messageId })
    } else if (reply.status === status.throttled || reply.status === status.queueFull) {
      this.slowDown(job)
    } else {
      const reason = `smpp status 0x${reply.status.toString(16).padStart(2, '0')}`
      this.finish(job, { kind: temporary.has(reply.status) ? 'retry' : 'refused', reason })
    }
  }

  private slowDown(job: Job): void {
    job.throttled += 1
    this.again.push(job)
    this.again.sort((a, b) => a.order - b.order)
    if (job.throttled >= this.options.throttleAttempts) {
      this.drop('the peer is throttling')
      return
    }
    this.window = 1
    if (this.pausing) return
    this.pausing = true
    this.timer = setTimeout(() => {
      this.timer = undefined
      if (this.inFlight === 0) this.rest()
    }, this.delayMs)
    this.delayMs = Math.min(this.delayMs * 2, this.options.throttleMaxMs)
  }

  /** Nothing is out: those who wait for that go on, and a pause whose time is over ends. */
  private rest(): void {
    for (const resolve of this.idle.splice(0)) resolve()
    if (!this.pausing || this.timer !== undefined) return
    this.pausing = false
    // Successes of the old window, answered during the pause, are no sign that the peer is ready for many.
    this.window = 1
    this.pump()
  }

  private finish(job: Job, result: PartResult): void {
    const { batch } = job
    batch.results[job.index] = result
    batch.open -= 1
    if (result.kind !== 'accepted') batch.hopeless = true
    if (batch.open === 0) batch.resolve(batch.results)
  }
}
