import { z } from 'zod'
import {
  DomainError,
  systemClock,
  webhookHeaders,
  webhookSecret,
  webhookSignature,
} from '../../platform/index.ts'
import type { Callback, CallbackReply, OutboundMessage, SubmitOutcome } from '../channel.ts'
import { callJson, outcomeOfStatus } from './http-request.ts'
import { RequestChannel } from './request-channel.ts'
import { channelKind, settingsOf } from './settings.ts'
import { isSecret } from './signature.ts'

const settings = settingsOf('webhook', {
  url: z.url(),
  /** The shared secret of both directions: `whsec_` and at least 24 bytes in Base64. */
  secret: z.string().regex(webhookSecret, 'whsec_ and at least 24 bytes in Base64'),
  timeoutMs: z.int().positive().default(10_000),
  concurrency: z.int().positive().default(32),
})

type WebhookSettings = z.infer<typeof settings>

/** A call is taken for a repeat by somebody else when its time is so far off, seconds. */
const TOLERANCE_S = 300

const report = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('receipt'),
    messageId: z.uuid(),
    status: z.enum(['accepted', 'delivered', 'seen', 'clicked', 'failed', 'expired']),
    reason: z.string().max(100).optional(),
    at: z.iso.datetime({ offset: true }),
  }),
  z.strictObject({
    type: z.literal('answer'),
    messageId: z.uuid(),
    text: z.string(),
    choice: z.string().optional(),
    at: z.iso.datetime({ offset: true }),
  }),
])

/**
 * Any other system as a channel: a signed POST for each message, signed calls back for what became of it. The signature
 * is that of the Standard Webhooks specification 1.0 (symmetric, `v1`): HMAC-SHA256 over `id.timestamp.body`. The
 * receiver knows a message by its `webhook-id`, so an unknown outcome may be submitted again.
 */
class WebhookChannel extends RequestChannel<WebhookSettings> {
  async callback({ headers, body }: Callback): Promise<CallbackReply> {
    const given = (name: string): string => String(headers[name] ?? '')
    const [id, timestamp] = [given('webhook-id'), given('webhook-timestamp')]
    // The sender's clock and ours are both the world's, whatever time the simulation has.
    const ageS = Math.abs(systemClock.nowMs() / 1_000 - Number(timestamp))
    const isGenuine = isSignedWith(this.settings.secret, { id, timestamp, body }, given('webhook-signature'))
    if (!isGenuine || !(ageS <= TOLERANCE_S))
      throw new DomainError('signature_wrong', 'the call does not bear a fresh signature of this secret')
    const told = callJson(report, { body })
    const { messageId } = told
    const atMs = this.atMsOf(told.at)
    if (told.type === 'receipt') {
      const { status, reason } = told
      await this.events.onReceipts([{ messageId, status, ...(reason === undefined ? {} : { reason }), atMs }])
    } else {
      const { text, choice } = told
      const chosen = choice === undefined ? {} : { choice }
      await this.answered('webhook', { text, ...chosen, messageId, dedupeKey: `webhook:${id}`, atMs })
    }
    return { status: 204 }
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const { url, secret } = this.settings
    const { messageId, address, expiresAtMs, reference: _reference, ...content } = message
    const validUntil = Temporal.Instant.fromEpochMilliseconds(expiresAtMs).toString()
    const body = JSON.stringify({ messageId, address, ...content, validUntil })
    const timestamp = String(Math.floor(systemClock.nowMs() / 1_000))
    const answer = await this.ask({
      url,
      headers: {
        'content-type': 'application/json',
        ...webhookHeaders([secret], { id: messageId, timestamp, body }),
      },
      body,
    })
    if ('failure' in answer) return answer.failure
    return answer.status >= 200 && answer.status < 300
      ? { outcome: 'accepted', providerMessageId: messageId }
      : outcomeOfStatus(answer)
  }
}

type Signed = { id: string; timestamp: string; body: string | Buffer }

/** A header may bear several signatures while a secret is being changed; one that is right is enough. */
function isSignedWith(secret: string, signed: Signed, header: string): boolean {
  const expected = webhookSignature(secret, signed)
  return header.split(' ').some((given) => isSecret(given, expected))
}

/** A signed webhook to any other system. */
export const webhook = channelKind({
  id: 'webhook',
  settings,
  traits: {
    addressKind: 'msisdn',
    reports: ['delivered', 'seen', 'clicked', 'answered'],
    shows: ['text', 'choices', 'subject', 'html', 'media', 'link', 'unsubscribeUrl', 'appointment'],
    resubmitSafe: true,
  },
  create: (options, context) => new WebhookChannel(options, context),
})
