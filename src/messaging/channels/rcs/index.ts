import { z } from 'zod'
import { newId } from '../../../platform/index.ts'
import type {
  Callback,
  CallbackReply,
  ChannelContext,
  OutboundMessage,
  SubmitOutcome,
} from '../../channel.ts'
import { GoogleToken, serviceAccount } from '../google-token.ts'
import { handUpAnswer } from '../hand-up.ts'
import {
  bearer,
  below,
  callJson,
  type HttpAnswer,
  jsonOrUndefined,
  type NoAnswer,
  outcomeOfStatus,
} from '../http-request.ts'
import { contentOf, MAX_TEXT } from './content.ts'
import { answerOf, envelope, event, type RbmEvent, receiptOf } from './events.ts'
import { RequestChannel } from '../request-channel.ts'
import { channelKind, settingsOf } from '../settings.ts'
import { isSecret, isSignature } from '../signature.ts'

const settings = settingsOf('rcs', {
  /** A region's address, such as `https://europe-rcsbusinessmessaging.googleapis.com`. */
  url: z.url().default('https://rcsbusinessmessaging.googleapis.com'),
  agentId: z.string().min(1),
  serviceAccount,
  /** Signs the calls; Google shows it where the webhook's address is entered. */
  clientToken: z.string().min(1),
  trafficType: z
    .enum(['PROMOTION', 'TRANSACTION', 'ACKNOWLEDGEMENT', 'SERVICEREQUEST', 'AUTHENTICATION'])
    .default('PROMOTION'),
  /** How long it is believed that a phone has RCS or has none, seconds of the clock. */
  capabilityAgeS: z.int().nonnegative().default(86_400),
  buttonLabel: z.string().min(1).max(25).default('Open'),
  timeoutMs: z.int().positive().default(10_000),
  concurrency: z.int().positive().default(32),
})

type RcsSettings = z.infer<typeof settings>

const SCOPE = 'https://www.googleapis.com/auth/rcsbusinessmessaging'
const MIN_TTL_S = 10
/** Google keeps a message for a phone that is off for 30 days. */
const MAX_TTL_S = 30 * 86_400
/** Phones whose capabilities are remembered. */
const MAX_PHONES = 200_000

type Capability = { features: ReadonlySet<string> | undefined; untilMs: number }

const capabilities = z.object({ features: z.array(z.string()).default([]) })

/**
 * RCS Business Messaging through Google (RBM). A phone is asked what it can show, and the answer is believed for a
 * while; one that has no RCS refuses the message at once (`not_rcs`), so that the cascade goes on. Our message id is
 * Google's: the same id again is the same message. A message has a time to live and is taken back at its end; where
 * Google could not do that by itself, it is asked to once more. Calls come in a Pub/Sub envelope, signed over what is
 * inside.
 */
class RcsChannel extends RequestChannel<RcsSettings> {
  readonly #token: GoogleToken
  /** The oldest answer first. */
  readonly #capabilities = new Map<string, Capability>()

  constructor(options: RcsSettings, context: ChannelContext) {
    super(options, context)
    const { serviceAccount: account, timeoutMs } = options
    this.#token = new GoogleToken({ account, scope: SCOPE, agent: this.agent, timeoutMs })
  }

  async callback(call: Callback): Promise<CallbackReply> {
    const { clientToken: secret } = this.settings
    const { message, clientToken, secret: proof = '' } = callJson(envelope, call)
    if (message === undefined) {
      // Asked once, when the webhook's address is entered: who knows the token may have the secret back.
      if (!isSecret(clientToken, secret)) return { status: 401 }
      return { status: 200, contentType: 'text/plain', body: proof }
    }
    const body = Buffer.from(message.data, 'base64')
    const given = call.headers['x-goog-signature']
    if (!isSignature(given, { algorithm: 'sha512', secret, body, encoding: 'base64' })) return { status: 401 }
    await this.#take(callJson(event, { body }))
    return { status: 200 }
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const features = await this.#featuresOf(message.address)
    if (features === undefined) return { outcome: 'refused', reason: 'not_rcs' }
    if ('outcome' in features) return features
    const content = contentOf(message, { features, buttonLabel: this.settings.buttonLabel })
    if (typeof content === 'string') return { outcome: 'refused', reason: content }
    const leftS = Math.ceil((message.expiresAtMs - this.clock.nowMs()) / 1_000)
    const ttlS = Math.min(MAX_TTL_S, Math.max(MIN_TTL_S, leftS))
    return this.#post(message, { contentMessage: content, ttl: `${ttlS}s` })
  }

  async #post({ address, messageId }: Pick<OutboundMessage, 'address' | 'messageId'>, body: object) {
    const messageTrafficType = this.settings.trafficType
    const path = `phones/${address}/agentMessages`
    const answer = await this.#ask('POST', path, { messageId }, { ...body, messageTrafficType })
    if ('failure' in answer) return answer.failure
    const outcome = outcomeOf(answer, messageId)
    if (outcome.outcome === 'refused' && outcome.reason === 'not_rcs') this.#remember(address, undefined)
    return outcome
  }

  /** What a phone can show: nothing for one without RCS, an outcome where nobody knows (and nothing was sent). */
  async #featuresOf(address: string): Promise<Capability['features'] | SubmitOutcome> {
    const known = this.#capabilities.get(address)
    if (known && this.clock.nowMs() < known.untilMs) return known.features
    const answer = await this.#ask('GET', `phones/${address}/capabilities`, { requestId: newId() })
    if ('failure' in answer) return { ...answer.failure, outcome: 'retry', afterMs: 1_000 }
    const outcome = outcomeOf(answer, '')
    if (outcome.outcome === 'accepted') {
      const { features } = capabilities.catch({ features: [] }).parse(jsonOrUndefined(answer.text))
      return this.#remember(address, new Set(features))
    }
    if (outcome.outcome === 'unknown') return { outcome: 'retry', afterMs: 1_000, reason: outcome.reason }
    if (outcome.outcome === 'retry' || outcome.reason !== 'not_rcs') return outcome
    return this.#remember(address, undefined)
  }

  #remember(address: string, features: Capability['features']): Capability['features'] {
    this.#capabilities.delete(address)
    const untilMs = this.clock.nowMs() + this.settings.capabilityAgeS * 1_000
    this.#capabilities.set(address, { features, untilMs })
    if (this.#capabilities.size > MAX_PHONES)
      this.#capabilities.delete(this.#capabilities.keys().next().value!)
    return features
  }

  async #take(given: RbmEvent): Promise<void> {
    const atMs = this.clock.nowMs()
    const { eventType, messageId, phoneNumber, agentId } = given
    // A partner's webhook hears of all the partner's agents.
    if (agentId !== undefined && agentId !== this.settings.agentId) return
    if (
      eventType === 'TTL_EXPIRATION_REVOKE_FAILED' &&
      messageId !== undefined &&
      phoneNumber !== undefined
    ) {
      await this.#revoke(phoneNumber, messageId)
    }
    const receipt = receiptOf(given, atMs)
    if (receipt !== undefined) await this.events.onReceipts([receipt])
    const answer = answerOf(given, atMs)
    if (answer === undefined) return
    const reply = await handUpAnswer(this.events, answer)
    if (reply === undefined) return
    const to = { address: answer.address, messageId: newId() }
    this.reply(this.#post(to, { contentMessage: { text: reply.slice(0, MAX_TEXT) } }))
  }

  /** Takes a message back that has expired; one that has arrived or is gone already stays as it is. */
  async #revoke(address: string, messageId: string): Promise<void> {
    const answer = await this.#ask('DELETE', `phones/${address}/agentMessages/${messageId}`, {})
    const isDone = 'status' in answer && (answer.status < 300 || answer.status === 404)
    // Google calls again, and by then it may work.
    if (!isDone) throw new Error('an expired message could not be taken back')
    if (answer.status === 404) return
    const atMs = this.clock.nowMs()
    await this.events.onReceipts([{ providerMessageId: messageId, messageId, status: 'expired', atMs }])
  }

  async #ask(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    query: Record<string, string>,
    body?: object,
  ): Promise<HttpAnswer | NoAnswer> {
    const token = await this.#token.bearer()
    if (typeof token !== 'string') return token
    const { url, agentId } = this.settings
    const asked = new URLSearchParams({ ...query, agentId })
    const answer = await this.ask({
      url: below(url, `v1/${path}?${asked}`),
      method,
      headers: {
        ...bearer(token),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if ('status' in answer && answer.status === 401) this.#token.forget(token)
    return answer
  }
}

/** What an answer of Google's says by its status; 409: this id was taken before. */
function outcomeOf(answer: HttpAnswer, messageId: string): SubmitOutcome {
  if (answer.status === 200 || answer.status === 409) {
    return { outcome: 'accepted', providerMessageId: messageId }
  }
  if (answer.status === 404) return { outcome: 'refused', reason: 'not_rcs' }
  if (answer.status === 401) return { outcome: 'retry', afterMs: 1_000, reason: 'token_refused' }
  if (answer.status === 403) return { outcome: 'retry', afterMs: 60_000, reason: 'agent_not_permitted' }
  return outcomeOfStatus(answer)
}

/** RCS Business Messaging. */
export const rcs = channelKind({
  id: 'rcs',
  settings,
  traits: {
    addressKind: 'msisdn',
    reports: ['delivered', 'seen', 'clicked', 'answered'],
    maxTextLength: MAX_TEXT,
    shows: ['text', 'choices', 'subject', 'media', 'link'],
    resubmitSafe: true,
  },
  create: (options, context) => new RcsChannel(options, context),
})
