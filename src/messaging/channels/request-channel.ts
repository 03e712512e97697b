import { Agent } from 'undici'
import type { Clock } from '../../platform/index.ts'
import type {
  Channel,
  ChannelContext,
  ChannelEvents,
  Done,
  InboundAnswer,
  OutboundMessage,
  SubmitOutcome,
} from '../channel.ts'
import { Carrier } from './carrier.ts'
import { handUpAnswer } from './hand-up.ts'
import { ask, type HttpAnswer, type HttpRequest, type NoAnswer } from './http-request.ts'

/** What such channels have in their documents, whatever else. */
export type RequestSettings = {
  /** Requests under way at a time. */
  concurrency: number
  ratePerS?: number | undefined
  /** How long the provider may take to answer, real ms. */
  timeoutMs: number
}

/** What a subscriber said, with what is the same for all of a channel's answers left out. */
export type Answered = Partial<InboundAnswer> & Pick<InboundAnswer, 'text' | 'dedupeKey'>

/**
 * A channel whose protocol is one HTTP request a message: it says how one is sent and what a provider's call means,
 * the rest (rate, breaker, stopping) is the carrier's.
 */
export abstract class RequestChannel<Settings extends RequestSettings> implements Channel {
  protected readonly settings: Settings
  protected readonly clock: Clock
  protected readonly agent: Agent
  readonly #carrier: Carrier
  readonly #replies = new Set<Promise<unknown>>()
  #events: ChannelEvents | undefined

  constructor(settings: Settings, { clock, breakerMs }: ChannelContext) {
    const { concurrency, ratePerS } = settings
    this.settings = settings
    this.clock = clock
    // One connection more than messages under way: a token or a revocation must not wait behind them.
    this.agent = new Agent({ connections: concurrency + 1 })
    // What fails here is a bug, and where it failed nobody knows.
    const send = (message: OutboundMessage): Promise<SubmitOutcome> =>
      this.send(message).catch(() => ({ outcome: 'unknown', reason: 'internal' }))
    this.#carrier = new Carrier(send, { clock, concurrency, ratePerS, breakerMs })
  }

  /** Sends one message that has not expired. */
  protected abstract send(message: OutboundMessage): Promise<SubmitOutcome>

  /** Where to hand up what comes back; a call before `start` or after `stop` is an error, so that it comes again. */
  protected get events(): ChannelEvents {
    if (this.#events === undefined) throw new Error('the channel is not started')
    return this.#events
  }

  /** Asks the provider over this channel's own connections. */
  protected ask(request: Omit<HttpRequest, 'timeoutMs'>): Promise<HttpAnswer | NoAnswer> {
    return ask(this.agent, { timeoutMs: this.settings.timeoutMs, ...request })
  }

  /** The same with a body as JSON. */
  protected askJson(
    url: string,
    body: object,
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer | NoAnswer> {
    const given = { 'content-type': 'application/json', ...headers }
    return this.ask({ url, headers: given, body: JSON.stringify(body) })
  }

  /** When a call says that something happened, epoch ms; now where it says nothing. */
  protected atMsOf(at: string | undefined): number {
    return at === undefined ? this.clock.nowMs() : Temporal.Instant.from(at).epochMilliseconds
  }

  /** Hands an answer up; the address may stay out where the provider names the message. Resolves with the reply, if any. */
  protected answered(channel: string, answer: Answered): Promise<string | undefined> {
    return handUpAnswer(this.events, { address: '', channel, atMs: this.clock.nowMs(), ...answer })
  }

  /** Says that nobody is behind an address any more. Where that cannot be kept, the next message will tell it again. */
  protected async dropAddress(address: string, reason: string): Promise<void> {
    await this.#events?.onAddressGone({ address, reason, atMs: this.clock.nowMs() }).catch(() => undefined)
  }

  /** A courtesy to a subscriber whose answer is kept already: it may fail, and only stopping waits for it. */
  protected reply(sending: Promise<unknown>): void {
    const settled = sending.catch(() => undefined)
    this.#replies.add(settled)
    void settled.then(() => this.#replies.delete(settled))
  }

  async start(events: ChannelEvents): Promise<void> {
    this.#events = events
  }

  whenReady(): Promise<void> {
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    await this.#carrier.stop()
    this.#events = undefined
    await Promise.all(this.#replies)
    if (!this.agent.closed) await this.agent.close()
  }

  room(): number {
    return this.#carrier.room()
  }

  submit(messages: OutboundMessage[], done: Done): void {
    this.#carrier.submit(messages, done)
  }
}
