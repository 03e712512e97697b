import { Agent, request } from 'undici'
import { z } from 'zod'
import { type Clock, parseInput } from '../../platform/index.ts'
import type { Channel, ChannelEvents, OutboundMessage, SubmitOutcome } from '../channel.ts'

/** Where the DSTK gateway is. Times are real milliseconds. */
export type DstkOptions = {
  /** Base address; `/v1/pushes` is added. */
  gatewayUrl: string
  /** Sent as a bearer token where the gateway wants one. */
  token?: string
  timeoutMs?: number
  /** Pushes under way at a time. */
  concurrency?: number
}

const pushAnswer = z.object({ token: z.string().min(1) })

const callback = z
  .object({
    token: z.string().min(1),
    messageId: z.string().min(1),
    event: z.enum(['shown', 'accepted', 'refused', 'no_answer', 'unreachable']),
    /** Id of the chosen item, with `accepted`; absent where there was nothing but "OK". */
    choice: z.string().optional(),
    at: z.iso.datetime({ offset: true }).optional(),
  })
  .strict()

type Callback = z.infer<typeof callback>

/** Faults of a network that show that nothing reached the gateway. */
const notConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])

/**
 * Pop-ups on the SIM's own menu (dynamic SIM toolkit) through a gateway; the contract is in README.md here. The
 * gateway knows a push by its message id, so an unknown outcome may be submitted again.
 */
export class DstkChannel implements Channel {
  readonly name = 'dstk'
  readonly resubmitSafe = true
  private readonly options: Required<Omit<DstkOptions, 'token'>> & { token?: string }
  private readonly clock: Clock
  private readonly agent: Agent
  private events: ChannelEvents | undefined

  constructor(options: DstkOptions, clock: Clock) {
    this.options = { timeoutMs: 10_000, concurrency: 32, ...options }
    this.clock = clock
    this.agent = new Agent({ connections: this.options.concurrency })
  }

  async start(events: ChannelEvents): Promise<void> {
    this.events = events
  }

  whenReady(): Promise<void> {
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.events = undefined
    await this.agent.close()
  }

  /** Pushes every message; the answers stand in the order of the messages. */
  async submit(messages: OutboundMessage[]): Promise<SubmitOutcome[]> {
    const outcomes: SubmitOutcome[] = []
    let next = 0
    const worker = async () => {
      while (next < messages.length) {
        const index = next++
        outcomes[index] = await this.push(messages[index]!)
      }
    }
    await Promise.all(Array.from({ length: this.options.concurrency }, worker))
    return outcomes
  }

  /**
   * Takes what the gateway reports and resolves when it is durable; the HTTP route answers 204 then, and the
   * gateway repeats what was not answered. Throws DomainError('request_invalid') for a body that is not one.
   */
  async handleDstkCallback(body: unknown): Promise<void> {
    const report = parseInput(callback, body)
    if (this.events === undefined) throw new Error('the dstk channel is not started')
    const atMs =
      report.at === undefined ? this.clock.nowMs() : Temporal.Instant.from(report.at).epochMilliseconds
    if (report.event === 'accepted') {
      await this.events.onAnswer({
        // The gateway names the push, not the phone.
        address: '',
        channel: 'dstk',
        text: report.choice ?? '',
        ...(report.choice === undefined ? {} : { choice: report.choice }),
        messageId: report.messageId,
        dedupeKey: `dstk:${report.token}:${report.event}`,
        atMs,
      })
      return
    }
    const status = receiptStatus[report.event]
    const reason = report.event === 'shown' ? {} : { reason: report.event }
    const { token: providerMessageId, messageId } = report
    await this.events.onReceipt({ providerMessageId, messageId, status, ...reason, atMs })
  }

  private async push(message: OutboundMessage): Promise<SubmitOutcome> {
    const { gatewayUrl, token, timeoutMs } = this.options
    try {
      const response = await request(`${gatewayUrl.replace(/\/$/, '')}/v1/pushes`, {
        method: 'POST',
        dispatcher: this.agent,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        headers: {
          'content-type': 'application/json',
          'idempotency-key': message.messageId,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(pushBody(message)),
      })
      const retryAfter = Number(response.headers['retry-after'])
      return outcomeOf(response.statusCode, await response.body.text(), retryAfter)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
      return notConnected.has(code)
        ? { outcome: 'retry', afterMs: 1_000, reason: code }
        : { outcome: 'unknown', reason: code }
    }
  }
}

/** What the events other than an answer say of the message. A pop-up that nobody pressed was shown all the same. */
const receiptStatus = {
  shown: 'delivered',
  refused: 'seen',
  no_answer: 'delivered',
  unreachable: 'failed',
} as const satisfies Partial<Record<Callback['event'], string>>

function pushBody(message: OutboundMessage): object {
  return {
    messageId: message.messageId,
    address: message.address,
    text: message.text,
    choices: message.choices ?? [],
    validUntil: Temporal.Instant.fromEpochMilliseconds(message.expiresAtMs).toString(),
  }
}

function outcomeOf(statusCode: number, body: string, retryAfterSeconds: number): SubmitOutcome {
  const reason = `http ${statusCode}`
  if (statusCode === 200 || statusCode === 202) {
    const answer = pushAnswer.safeParse(jsonOrUndefined(body))
    if (answer.success) return { outcome: 'accepted', providerMessageId: answer.data.token }
    return { outcome: 'unknown', reason: 'answer without a token' }
  }
  if (statusCode === 429 || statusCode === 503) {
    const seconds = Number.isFinite(retryAfterSeconds) ? retryAfterSeconds : 1
    return { outcome: 'retry', afterMs: Math.max(0, seconds * 1000), reason }
  }
  // 408 and other faults of the server leave open whether the push was taken.
  return statusCode >= 500 || statusCode === 408
    ? { outcome: 'unknown', reason }
    : { outcome: 'refused', reason }
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Makes the DSTK channel for one gateway. `clock` gives the time of a report that bears none. */
export function createDstkChannel(options: DstkOptions, clock: Clock): DstkChannel {
  return new DstkChannel(options, clock)
}
