import { z } from 'zod'
import { newId } from '../../../platform/index.ts'
import type { Callback, CallbackReply, OutboundMessage, SubmitOutcome } from '../../channel.ts'
import { handUpAnswer } from '../hand-up.ts'
import { bearer, below, callJson } from '../http-request.ts'
import { RequestChannel } from '../request-channel.ts'
import { channelKind, settingsOf } from '../settings.ts'
import { isSecret, isSignature } from '../signature.ts'
import { isGone, outcomeOfAnswer, reasonOf } from './errors.ts'
import { answersOf, type Change, receiptsOf, webhook } from './webhook.ts'
import { sessionBody, templateBody } from './body.ts'

const settings = settingsOf('whatsapp', {
  url: z.url().default('https://graph.facebook.com'),
  version: z
    .string()
    .regex(/^v\d+\.\d+$/)
    .default('v23.0'),
  phoneNumberId: z.string().min(1),
  accessToken: z.string().min(1),
  /** Signs the calls (`X-Hub-Signature-256`). */
  appSecret: z.string().min(1),
  /** Meta shows it once, when the webhook's address is entered there. */
  verifyToken: z.string().min(1).optional(),
  /**
   * The approved template that carries a message outside of a conversation when the message names none: its one body
   * parameter is the text, its header the picture, its buttons quick replies in the order of the choices and, behind
   * them, a link with one parameter. Without it such a message reaches only subscribers who wrote within a day.
   */
  template: z
    .strictObject({ name: z.string().regex(/^[a-z0-9_]{1,512}$/), language: z.string().min(2).max(10) })
    .optional(),
  /** Address to which the links of templates add their parameter; a message's link has to begin with it. */
  linkBase: z.url().optional(),
  timeoutMs: z.int().positive().default(10_000),
  concurrency: z.int().positive().default(32),
})

type WhatsappSettings = z.infer<typeof settings>

/** So long after a subscriber's last message a free text may be sent, ms. */
const SESSION_MS = 24 * 3_600_000
/** Subscribers whose last message is remembered; of the others a template is sent, which is always right. */
const MAX_SESSIONS = 100_000

/**
 * WhatsApp through Meta's Cloud API. A subscriber who wrote within the last 24 hours gets a free text with buttons or
 * a list; anybody else gets the approved template, and so does a subscriber whose window turns out to be closed.
 * Who wrote last is remembered here and forgotten with the process. Our message id travels as
 * `biz_opaque_callback_data`. Statuses come in any order, `read` at times without `delivered`. That Meta took a message
 * does not mean that it sends it: most refusals (no such user, its cap on marketing) come as the status `failed`.
 */
class WhatsappChannel extends RequestChannel<WhatsappSettings> {
  /** When each subscriber last wrote, by address, the least recent first; epoch ms. */
  readonly #wroteAtMs = new Map<string, number>()

  async callback(call: Callback): Promise<CallbackReply> {
    const { appSecret: secret } = this.settings
    if (call.method === 'GET') return this.#verify(call.query)
    const signature = call.headers['x-hub-signature-256']
    const given = typeof signature === 'string' ? signature.replace(/^sha256=/, '') : undefined
    const signed = { algorithm: 'sha256', secret, body: call.body, encoding: 'hex' } as const
    if (!isSignature(given, signed)) return { status: 401 }
    const { entry } = callJson(webhook, call)
    await this.#take(entry.flatMap(({ changes }) => changes.map(({ value }) => value)))
    return { status: 200 }
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const free = this.#isOpen(message.address) ? sessionBody(message) : undefined
    if (free !== undefined && typeof free !== 'string') {
      const outcome = await this.#post(message, free)
      if (outcome.outcome !== 'refused' || outcome.reason !== 'window_closed') return outcome
      this.#wroteAtMs.delete(message.address)
    }
    const template = message.approved ?? this.settings.template
    if (template === undefined) {
      return { outcome: 'refused', reason: typeof free === 'string' ? free : 'window_closed' }
    }
    const body = templateBody(message, template, this.settings.linkBase)
    return typeof body === 'string' ? { outcome: 'refused', reason: body } : this.#post(message, body)
  }

  async #post(
    { address, messageId }: Pick<OutboundMessage, 'address' | 'messageId'>,
    content: object,
  ): Promise<SubmitOutcome> {
    const { url, version, phoneNumberId, accessToken } = this.settings
    const body = {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: address.replace(/^\+/, ''),
      biz_opaque_callback_data: messageId,
      ...content,
    }
    const target = below(url, `${version}/${phoneNumberId}/messages`)
    const answer = await this.askJson(target, body, bearer(accessToken))
    if ('failure' in answer) return answer.failure
    const outcome = outcomeOfAnswer(answer)
    if (outcome.outcome === 'refused' && isGone(outcome.reason))
      await this.dropAddress(address, outcome.reason)
    return outcome
  }

  #isOpen(address: string): boolean {
    const wroteAtMs = this.#wroteAtMs.get(address)
    return wroteAtMs !== undefined && this.clock.nowMs() < wroteAtMs + SESSION_MS
  }

  #verify(query: Record<string, string>): CallbackReply {
    const { verifyToken } = this.settings
    if (verifyToken === undefined || !isSecret(query['hub.verify_token'], verifyToken)) return { status: 403 }
    return { status: 200, contentType: 'text/plain', body: query['hub.challenge'] ?? '' }
  }

  async #take(changes: Change[]): Promise<void> {
    const atMs = this.clock.nowMs()
    const { events } = this
    const receipts = changes.flatMap((change) => receiptsOf(change, atMs))
    if (receipts.length > 0) await events.onReceipts(receipts)
    for (const { recipient_id: id, errors = [] } of changes.flatMap(({ statuses = [] }) => statuses)) {
      const reason = errors[0] && reasonOf(errors[0].code)
      if (reason === undefined || id === undefined) continue
      const address = `+${id}`
      if (reason === 'window_closed') this.#wroteAtMs.delete(address)
      if (isGone(reason)) await events.onAddressGone({ address, reason, atMs })
    }
    for (const answer of changes.flatMap((change) => answersOf(change, atMs))) {
      const reply = await handUpAnswer(events, answer)
      this.#remember(answer.address, atMs)
      if (reply === undefined) continue
      const to = { address: answer.address, messageId: newId() }
      this.reply(this.#post(to, { type: 'text', text: { body: reply.slice(0, 4_096) } }))
    }
  }

  #remember(address: string, atMs: number): void {
    this.#wroteAtMs.delete(address)
    this.#wroteAtMs.set(address, atMs)
    for (const [oldest, wroteAtMs] of this.#wroteAtMs) {
      if (this.#wroteAtMs.size <= MAX_SESSIONS && atMs < wroteAtMs + SESSION_MS) break
      this.#wroteAtMs.delete(oldest)
    }
  }
}

/** WhatsApp Cloud API. */
export const whatsapp = channelKind({
  id: 'whatsapp',
  settings,
  traits: {
    replies: true,
    addressKind: 'msisdn',
    reports: ['delivered', 'seen', 'answered'],
    maxTextLength: 1_024,
    shows: ['text', 'choices', 'media', 'link', 'approved'],
    resubmitSafe: false,
  },
  create: (options, context) => new WhatsappChannel(options, context),
})
