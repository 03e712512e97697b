import { z } from 'zod'
import type { Callback, CallbackReply, OutboundMessage, SubmitOutcome } from '../../channel.ts'
import {
  bearer,
  below,
  callJson,
  type HttpAnswer,
  jsonOrUndefined,
  outcomeOfStatus,
} from '../http-request.ts'
import { RequestChannel, type RequestSettings } from '../request-channel.ts'

/** Where the gateway is. */
export type GatewaySettings = RequestSettings & { url: string; token?: string | undefined }

const pushAnswer = z.object({ token: z.string().min(1) })

const report = z
  .object({
    token: z.string().min(1),
    messageId: z.string().min(1),
    event: z.enum(['shown', 'accepted', 'refused', 'no_answer', 'unreachable']),
    /** Id of the chosen item, with `accepted`; absent where there was nothing but "OK". */
    choice: z.string().optional(),
    at: z.iso.datetime({ offset: true }).optional(),
  })
  .strict()

type Report = z.infer<typeof report>

/**
 * Pop-ups on the SIM's own menu (dynamic SIM toolkit) through a gateway; the contract is in README.md here. The
 * gateway knows a push by its message id, so an unknown outcome may be submitted again.
 */
export class DstkGatewayChannel extends RequestChannel<GatewaySettings> {
  /** Takes what the gateway reports; it repeats what was not answered with 204. */
  async callback(call: Callback): Promise<CallbackReply> {
    const { token, messageId, event, choice, at } = callJson(report, call)
    const atMs = this.atMsOf(at)
    if (event === 'accepted') {
      const chosen = choice === undefined ? {} : { choice }
      const dedupeKey = `dstk:${token}:${event}`
      // The gateway names the push, not the phone.
      await this.answered('dstk', { text: choice ?? '', ...chosen, messageId, dedupeKey, atMs })
    } else {
      const reason = event === 'shown' ? {} : { reason: event }
      const receipt = { providerMessageId: token, messageId, status: receiptStatus[event], ...reason, atMs }
      await this.events.onReceipts([receipt])
    }
    return { status: 204 }
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const { url, token } = this.settings
    const headers = { 'idempotency-key': message.messageId, ...bearer(token) }
    const answer = await this.askJson(below(url, 'v1/pushes'), pushBody(message), headers)
    return 'failure' in answer ? answer.failure : outcomeOf(answer)
  }
}

/** What the events other than an answer say of the message. A pop-up that nobody pressed was shown all the same. */
const receiptStatus = {
  shown: 'delivered',
  refused: 'seen',
  no_answer: 'delivered',
  unreachable: 'failed',
} as const satisfies Partial<Record<Report['event'], string>>

function pushBody({ messageId, address, text, choices = [], expiresAtMs }: OutboundMessage): object {
  const validUntil = Temporal.Instant.fromEpochMilliseconds(expiresAtMs).toString()
  return { messageId, address, text, choices, validUntil }
}

function outcomeOf(answer: HttpAnswer): SubmitOutcome {
  if (answer.status !== 200 && answer.status !== 202) return outcomeOfStatus(answer)
  const taken = pushAnswer.safeParse(jsonOrUndefined(answer.text))
  return taken.success
    ? { outcome: 'accepted', providerMessageId: taken.data.token }
    : { outcome: 'unknown', reason: 'answer without a token' }
}
