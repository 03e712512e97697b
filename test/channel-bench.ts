import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type {
  AddressGone,
  Callback,
  CallbackReply,
  Channel,
  ChannelKind,
  Content,
  DeliveryReceipt,
  InboundAnswer,
  OutboundMessage,
  SubmitOutcome,
} from '../src/messaging/index.ts'
import { DomainError, ManualClock, newId } from '../src/platform/index.ts'
import type { Misbehaviour } from '../src/simulator/providers/index.ts'

/** A simulated provider that is running. */
export type ChannelPeer = {
  /** The kind's own settings that lead to it, with short time-outs. `kind`, `id` and `priceMinor` are added. */
  settings: Record<string, unknown>
  /** Where it listens; it is started again at this port. */
  port: number
  /** Our message ids in the order in which it took them for good: what it would bring twice stands twice. */
  taken(): string[]
  close(): Promise<void>
}

/** A channel and its provider, as the contract suite needs to know them. */
export type ChannelSubject = {
  kind: ChannelKind
  /**
   * Starts the provider. It calls `callbackUrl` with its reports and listens at `port` where one is given. Answer
   * "slow down" with a pause of 0 where the protocol has one in seconds, or the suite waits as long as it says.
   */
  start(misbehaviour: Misbehaviour, at: { callbackUrl: string; port?: number }): Promise<ChannelPeer>
  /** The address of the subscriber with this number, 0 to 49. */
  address(index: number): string
  /** What is sent beside `text`. */
  content?: Partial<Content>
  /** The receipts that each message gets from a provider that behaves, each once; none for a provider that reports nothing. */
  receipts: DeliveryReceipt['status'][]
  /** True where the provider also hands in one answer a message. */
  answers?: boolean
  /** True where a doubled receipt is dropped by the channel itself. */
  receiptsOnce?: boolean
  /** In how many calls the provider says all of that; one for each receipt and answer where absent. */
  callsAMessage?: number
  /** Makes a call that the provider made into one that it did not make (another signature or token); left out where the secret in the address is all there is. */
  forge?(call: Callback): Callback
  /** What `failing` and `silent` lead to where the protocol knows better than `unknown`. */
  failing?: 'unknown' | 'retry'
  silent?: 'unknown' | 'retry'
}

const startMs = Date.UTC(2026, 0, 5, 12)

/** A call of the provider and how it was answered. */
export type Called = { call: Callback; reply?: CallbackReply }

/** A channel between its simulated provider and a test that sees everything that it hands up. */
export class ChannelBench {
  readonly clock = new ManualClock(startMs)
  readonly receipts: DeliveryReceipt[] = []
  readonly answers: InboundAnswer[] = []
  readonly gone: AddressGone[] = []
  readonly calls: Called[] = []
  readonly channel: Channel
  readonly peer: ChannelPeer
  readonly callbackUrl: string
  readonly #subject: ChannelSubject
  readonly #server: Server
  #failure: Error | undefined
  #reference = 0
  #stopped: Promise<void> | undefined
  #closed: Promise<void> | undefined

  constructor(subject: ChannelSubject, peer: ChannelPeer, server: Server, callbackUrl: string) {
    this.#subject = subject
    this.#server = server
    this.peer = peer
    this.callbackUrl = callbackUrl
    const { kind } = subject
    const document = { kind: 'Channel', id: kind.id, priceMinor: '1', ...peer.settings }
    this.channel = kind.create(kind.settings.parse(document), {
      clock: this.clock,
      callbackUrl,
      // A provider that is down is left alone long enough to be seen, and no longer.
      breakerMs: 300,
    })
  }

  /** Starts the provider and the channel; both are closed when the test is over. */
  static async start(subject: ChannelSubject, misbehaviour: Misbehaviour = {}): Promise<ChannelBench> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks/t/c/secret`
    const peer = await subject.start(misbehaviour, { callbackUrl })
    const bench = new ChannelBench(subject, peer, server, callbackUrl)
    onTestFinished(() => bench.close())
    server.on('request', (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', async () => {
        const query = Object.fromEntries(new URL(request.url!, callbackUrl).searchParams)
        const { method = 'GET', headers } = request
        const called: Called = { call: { method, headers, query, body: Buffer.concat(chunks) } }
        bench.calls.push(called)
        called.reply = await bench.take(called.call)
        const { status, contentType, body } = called.reply
        response.writeHead(status, contentType === undefined ? {} : { 'content-type': contentType }).end(body)
      })
    })
    await bench.channel.start({
      onReceipts: (batch) => bench.#keep(bench.receipts, batch, false),
      onAnswer: (answer) => bench.#keep(bench.answers, [answer], true),
      onAddressGone: (gone) => bench.#keep(bench.gone, [gone], false),
    })
    await bench.channel.whenReady()
    return bench
  }

  /** What is handed up from now on is not kept, with this error; `undefined` mends it. A `DomainError` concerns answers alone. */
  readonly fail = (error: Error | undefined): void => {
    this.#failure = error
  }

  /** Hands a call to the channel as the HTTP layer does: an error of the caller is 400, any other 500. */
  readonly take = async (call: Callback): Promise<CallbackReply> => {
    try {
      return await this.channel.callback!(call)
    } catch (error) {
      return { status: error instanceof DomainError ? 400 : 500, body: String(error) }
    }
  }

  /** So many new messages, each to a subscriber of its own. */
  readonly messages = (count: number): OutboundMessage[] =>
    Array.from({ length: count }, (_, index) => ({
      text: 'Ещё 500 МБ за 150 ₽?',
      ...this.#subject.content,
      messageId: newId(),
      address: this.#subject.address(index),
      reference: ++this.#reference,
      expiresAtMs: this.clock.nowMs() + 3_600_000,
    }))

  /** Submits and says at once what is known; `all` resolves when every message has its outcome. */
  readonly start = (
    messages: OutboundMessage[],
  ): { outcomes: Map<number, SubmitOutcome>; all: Promise<void> } => {
    const outcomes = new Map<number, SubmitOutcome>()
    const { promise: all, resolve, reject } = Promise.withResolvers<void>()
    this.channel.submit(messages, (index, outcome) => {
      if (outcomes.has(index)) reject(new Error(`message ${index} has two outcomes`))
      outcomes.set(index, outcome)
      if (outcomes.size === messages.length) resolve()
    })
    return { outcomes, all }
  }

  /** Submits and waits: the outcomes in the order of the messages. */
  readonly submit = async (messages: OutboundMessage[]): Promise<SubmitOutcome[]> => {
    const { outcomes, all } = this.start(messages)
    await all
    return messages.map((_, index) => outcomes.get(index)!)
  }

  /** Submits one new message with this content or these fields. */
  readonly submitOne = async (given: Partial<OutboundMessage>): Promise<SubmitOutcome> => {
    const [outcome] = await this.submit(this.messages(1).map((message) => ({ ...message, ...given })))
    return outcome!
  }

  /** Submits again what has to be tried again, and what is in doubt where that is safe. */
  readonly submitUntilAccepted = async (messages: OutboundMessage[]): Promise<void> => {
    let waiting = messages
    const { resubmitSafe } = this.#subject.kind.traits
    for (let attempt = 0; waiting.length > 0 && attempt < 200; attempt++) {
      const outcomes = await this.submit(waiting)
      waiting = waiting.filter((_, i) => {
        const { outcome } = outcomes[i]!
        return outcome === 'retry' || (outcome === 'unknown' && resubmitSafe)
      })
      if (waiting.length > 0) await sleep(100)
    }
    assert.equal(waiting.length, 0, 'messages that were not accepted in 200 attempts')
  }

  /** The statuses of the receipts that bear this message's id, ours or the provider's; sorted. */
  readonly statusesOf = (message: OutboundMessage, outcome: SubmitOutcome): DeliveryReceipt['status'][] =>
    this.receipts
      .filter(
        ({ messageId, providerMessageId }) =>
          messageId === message.messageId ||
          (outcome.outcome === 'accepted' && providerMessageId === outcome.providerMessageId),
      )
      .map((receipt) => receipt.status)
      .toSorted()

  /** Stops the channel; once is enough. */
  readonly stop = (): Promise<void> => (this.#stopped ??= this.channel.stop())

  /** Closes everything; once is enough, and a test that does not gets it done at its end. */
  readonly close = (): Promise<void> => (this.#closed ??= this.#close())

  async #close(): Promise<void> {
    await this.stop()
    await this.peer.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #keep<T>(kept: T[], given: T[], isAnswer: boolean): Promise<void> {
    if (this.#failure && (isAnswer || !(this.#failure instanceof DomainError))) throw this.#failure
    kept.push(...given)
  }
}
