import { z } from 'zod'
import { newId, parseInput } from '../../platform/index.ts'
import type { Callback, CallbackReply, DeliveryReceipt, OutboundMessage, SubmitOutcome } from '../channel.ts'
import { isMessageId } from './choice-data.ts'
import { below, type HttpAnswer, outcomeOfStatus } from './http-request.ts'
import { RequestChannel } from './request-channel.ts'
import { channelKind, settingsOf } from './settings.ts'
import { isSignature } from './signature.ts'

const settings = settingsOf('viber', {
  /** Base address of the service; `/send_message` is added. */
  url: z.url().default('https://services.viber.com/vibersrvc/1'),
  serviceId: z.int().positive(),
  /** Sent as `X-Viber-Auth-Token`; signs the calls (`X-Viber-Content-Signature`). */
  authToken: z.string().min(1),
  /** What Viber charges for: advertisements, messages about a deal under way, a conversation. */
  label: z.enum(['promotion', 'transaction', 'session']).default('promotion'),
  /** Viber's numbers of the kinds of message; 106 and 108 where subscribers cannot answer. */
  types: z.strictObject({ text: z.int(), rich: z.int() }).default({ text: 206, rich: 208 }),
  /** The status of "too many requests", which is a matter of the contract. */
  rateLimitStatus: z.int().default(16),
  /** What the button says that leads to the message's link. */
  buttonLabel: z.string().min(1).max(30).default('Open'),
  timeoutMs: z.int().positive().default(10_000),
  concurrency: z.int().positive().default(32),
})

type ViberSettings = z.infer<typeof settings>

const MAX_TEXT = 1_000
const MIN_TTL_S = 30
const MAX_TTL_S = 1_209_600

const answer = z.object({ status: z.int(), message_token: z.string().optional() })

const report = z.object({
  message_token: z.string(),
  phone_number: z.string().optional(),
  message_status: z.union([z.number(), z.string()]).optional(),
  /** What a subscriber wrote; `tracking_data` is that of the last message to the subscriber. */
  message: z.object({ text: z.string().optional(), tracking_data: z.string().optional() }).optional(),
  tracking_data: z.string().optional(),
})

type Report = z.infer<typeof report>

/**
 * Viber Business Messages by phone number. Viber answers 200 to everything; `status` says what became of a message.
 * Its message tokens are numbers of 19 digits, which are read as text because no double holds them. Our message id
 * travels as `tracking_data`. A message lives from 30 seconds to 14 days; one that would die sooner is not sent. A
 * transaction is text alone, its link below it; promotions and sessions show a picture and a button.
 */
class ViberChannel extends RequestChannel<ViberSettings> {
  async callback(call: Callback): Promise<CallbackReply> {
    const given = call.headers['x-viber-content-signature']
    const { authToken: secret } = this.settings
    if (!isSignature(given, { algorithm: 'sha256', secret, body: call.body, encoding: 'hex' }))
      return { status: 401 }
    await this.#take(parseInput(report, parseWithTokens(call.body.toString())))
    return { status: 200 }
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const ttlS = Math.floor((message.expiresAtMs - this.clock.nowMs()) / 1_000)
    if (ttlS < MIN_TTL_S) return { outcome: 'refused', reason: 'expires_too_soon' }
    const content = contentOf(message, this.settings)
    if (content['#txt'].length > MAX_TEXT) return { outcome: 'refused', reason: 'text_too_long' }
    const { address, messageId } = message
    const { label } = this.settings
    const outcome = await this.#post({ address, messageId, label, content, ttlS: Math.min(ttlS, MAX_TTL_S) })
    if (outcome.outcome === 'refused' && isGone.has(outcome.reason))
      await this.dropAddress(address, outcome.reason)
    return outcome
  }

  async #post(given: {
    address: string
    messageId: string
    label: ViberSettings['label']
    content: ViberContent
    ttlS: number
  }): Promise<SubmitOutcome> {
    const { url, serviceId, authToken, types, rateLimitStatus } = this.settings
    const { content, address, messageId, label, ttlS } = given
    const isRich = '#img' in content || '#action' in content
    const body = {
      service_id: serviceId,
      dest: address.replace(/^\+/, ''),
      type: isRich ? types.rich : types.text,
      label,
      ttl: ttlS,
      tracking_data: messageId,
      message: content,
    }
    const headers = { 'x-viber-auth-token': authToken }
    const response = await this.askJson(below(url, 'send_message'), body, headers)
    return 'failure' in response ? response.failure : outcomeOf(response, rateLimitStatus)
  }

  async #take({ message_token: token, message, ...rest }: Report): Promise<void> {
    const atMs = this.clock.nowMs()
    const status = rest.message_status === undefined ? undefined : receiptStatus[String(rest.message_status)]
    if (status !== undefined) {
      const ours = isMessageId(rest.tracking_data) ? { messageId: rest.tracking_data } : {}
      await this.events.onReceipts([{ providerMessageId: token, ...ours, status, atMs }])
    }
    if (message?.text === undefined || rest.phone_number === undefined) return
    const address = `+${rest.phone_number.replace(/^\+/, '')}`
    const ours = isMessageId(message.tracking_data) ? { messageId: message.tracking_data } : {}
    const dedupeKey = `viber:${token}`
    const reply = await this.answered('viber', { address, text: message.text, ...ours, dedupeKey })
    if (reply === undefined) return
    const content = { '#txt': reply.slice(0, MAX_TEXT) }
    this.reply(this.#post({ address, messageId: newId(), label: 'session', content, ttlS: 86_400 }))
  }
}

type ViberContent = { '#txt': string; '#img'?: string; '#caption'?: string; '#action'?: string }

function contentOf(
  { text, media, link }: OutboundMessage,
  { label, buttonLabel }: ViberSettings,
): ViberContent {
  if (label === 'transaction') return { '#txt': link === undefined ? text : `${text}\n${link}` }
  const picture = media?.contentType.startsWith('image/') ? { '#img': media.url } : {}
  return {
    '#txt': text,
    ...picture,
    ...(link === undefined ? {} : { '#caption': buttonLabel, '#action': link }),
  }
}

const receiptStatus: Record<string, DeliveryReceipt['status']> = {
  0: 'delivered',
  1: 'seen',
  2: 'expired',
  delivered: 'delivered',
  seen: 'seen',
  expired: 'expired',
}

/** Statuses that refuse a message for good (Viber's reference, "Error codes"). */
const refusals = new Map([
  [3, 'bad_data'],
  [4, 'type_blocked'],
  [5, 'bad_type'],
  [6, 'bad_parameters'],
  [8, 'blocked'],
  [9, 'not_on_viber'],
  [10, 'no_device'],
  [12, 'already_sent'],
  [13, 'not_permitted'],
  [18, 'bad_label'],
  [20, 'bad_ttl'],
])

/** Statuses of the account, which an operator has to mend; nothing was sent. */
const accountFaults = new Map([
  [2, 'bad_service'],
  [11, 'address_refused'],
  [14, 'account_unpaid'],
])

const isGone = new Set(['blocked', 'not_on_viber'])

function outcomeOf(given: HttpAnswer, rateLimitStatus: number): SubmitOutcome {
  if (given.status !== 200) return outcomeOfStatus(given)
  const read = answer.safeParse(parseWithTokens(given.text))
  if (!read.success) return { outcome: 'unknown', reason: 'answer_unreadable' }
  const { status, message_token: token } = read.data
  if (status === 0) {
    return token === undefined
      ? { outcome: 'unknown', reason: 'answer_without_id' }
      : { outcome: 'accepted', providerMessageId: token }
  }
  if (status === rateLimitStatus) return { outcome: 'retry', afterMs: 1_000, reason: 'rate_limited' }
  const fault = accountFaults.get(status)
  if (fault !== undefined) return { outcome: 'retry', afterMs: 60_000, reason: fault }
  // Its own faults and time-outs leave open what became of the message.
  if (status === 1 || status === 7) return { outcome: 'unknown', reason: `viber_${status}` }
  return { outcome: 'refused', reason: refusals.get(status) ?? `viber_${status}` }
}

/** `JSON.parse` with the text of each value beside it (ECMAScript, "JSON.parse source text access"). */
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { source: string }) => unknown,
) => unknown

/** The JSON of a text with its message tokens as text, digit by digit; undefined when it is none. */
function parseWithTokens(text: string): unknown {
  try {
    return parseWithSource(text, (key, value, { source }) =>
      key === 'message_token' && typeof value === 'number' ? source : value,
    )
  } catch {
    return undefined
  }
}

/** Viber Business Messages. */
export const viber = channelKind({
  id: 'viber',
  settings,
  traits: {
    replies: true,
    addressKind: 'msisdn',
    reports: ['delivered', 'seen', 'answered'],
    maxTextLength: MAX_TEXT,
    shows: ['text', 'media', 'link'],
    resubmitSafe: false,
  },
  create: (options, context) => new ViberChannel(options, context),
})
