import type { Clock } from '../../platform/index.ts'
import type { Done, OutboundMessage, SubmitOutcome } from '../channel.ts'

export type CarrierOptions = {
  /** Tells when a message has expired; a message that nobody wants any more is not sent. */
  clock: Clock
  /** Messages under way at a time. */
  concurrency: number
  /** Messages a second; undefined for as many as go. */
  ratePerS?: number | undefined
  /** So many failures of the provider in a row open the breaker. */
  breakerFailures?: number
  /** How long an open breaker gives everything back before it lets one message try, real ms. */
  breakerMs?: number | undefined
}

type Job = { message: OutboundMessage; index: number; done: Done }

/**
 * Carries messages one request each for channels whose protocol is a request: so many at a time, not faster than the
 * provider allows, and not at all for a while when the provider fails again and again (a circuit breaker), so that
 * cascades go on by other channels. Time here is the network's, but a message expires by the clock.
 */
export class Carrier {
  readonly #send: (message: OutboundMessage) => Promise<SubmitOutcome>
  readonly #options: Record<'concurrency' | 'ratePerS' | 'breakerFailures' | 'breakerMs', number> & {
    clock: Clock
  }
  #waiting: Job[] = []
  #head = 0
  #underWay = 0
  #failures = 0
  #openUntilMs = 0
  #allowance: number
  #filledMs = performance.now()
  #timer: NodeJS.Timeout | undefined
  #idle: (() => void)[] = []
  #isStopping = false

  /** `send` answers for one message and never rejects for reasons of the message or the network. */
  constructor(send: (message: OutboundMessage) => Promise<SubmitOutcome>, options: CarrierOptions) {
    this.#send = send
    const { clock, concurrency, ratePerS = Number.POSITIVE_INFINITY } = options
    const { breakerFailures = 20, breakerMs = 5_000 } = options
    this.#options = { clock, concurrency, ratePerS, breakerFailures, breakerMs }
    this.#allowance = this.#burst
  }

  room(): number {
    if (this.#isStopping || performance.now() < this.#openUntilMs) return 0
    return Math.max(0, 2 * this.#options.concurrency - this.#underWay - (this.#waiting.length - this.#head))
  }

  submit(messages: OutboundMessage[], done: Done): void {
    messages.forEach((message, index) => this.#waiting.push({ message, index, done }))
    this.#pump()
  }

  /** Gives back what was not sent and resolves when nothing is under way. */
  stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    this.#giveBack('stopping')
    if (this.#underWay === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle.push(resolve)
    })
  }

  /** As many as may go at once after a pause: a tenth of a second's. */
  get #burst(): number {
    if (!Number.isFinite(this.#options.ratePerS)) return Number.POSITIVE_INFINITY
    return Math.max(1, Math.min(this.#options.ratePerS / 10, this.#options.concurrency))
  }

  #pump(): void {
    const nowMs = performance.now()
    if (this.#isStopping || nowMs < this.#openUntilMs) return this.#giveBack('channel_down')
    if (Number.isFinite(this.#options.ratePerS)) {
      const earned = ((nowMs - this.#filledMs) / 1_000) * this.#options.ratePerS
      this.#allowance = Math.min(this.#burst, this.#allowance + earned)
      this.#filledMs = nowMs
    }
    while (this.#head < this.#waiting.length && this.#underWay < this.#options.concurrency) {
      if (this.#allowance < 1) return this.#pumpLater()
      this.#allowance--
      const job = this.#waiting[this.#head++]!
      if (job.message.expiresAtMs <= this.#options.clock.nowMs()) {
        this.#allowance++
        job.done(job.index, { outcome: 'refused', reason: 'expired' })
        continue
      }
      this.#underWay++
      void this.#carry(job)
    }
    if (this.#head === this.#waiting.length || this.#head > 10_000) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
  }

  #pumpLater(): void {
    clearTimeout(this.#timer)
    const waitMs = ((1 - this.#allowance) / this.#options.ratePerS) * 1_000
    this.#timer = setTimeout(() => this.#pump(), Math.max(1, waitMs))
  }

  async #carry({ message, index, done }: Job): Promise<void> {
    const outcome = await this.#send(message)
    this.#underWay--
    this.#judge(outcome)
    done(index, outcome)
    if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve()
    this.#pump()
  }

  /** A refusal is the provider's word about the message, and shows that the provider works. */
  #judge(outcome: SubmitOutcome): void {
    if (outcome.outcome === 'accepted' || outcome.outcome === 'refused') {
      this.#failures = 0
    } else if (++this.#failures >= this.#options.breakerFailures) {
      // The next failure opens it again at once: one message tries for all.
      this.#failures = this.#options.breakerFailures - 1
      this.#openUntilMs = performance.now() + this.#options.breakerMs
    }
    // The provider said when to come back; until then nothing else goes either.
    if (outcome.outcome === 'retry' && outcome.reason === 'rate_limited') {
      this.#openUntilMs = Math.max(this.#openUntilMs, performance.now() + outcome.afterMs)
    }
  }

  #giveBack(reason: string): void {
    const jobs = this.#waiting.slice(this.#head)
    this.#waiting = []
    this.#head = 0
    const afterMs = Math.max(1_000, this.#openUntilMs - performance.now())
    for (const { index, done } of jobs) done(index, { outcome: 'retry', afterMs, reason })
  }
}
