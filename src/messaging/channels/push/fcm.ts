import { z } from 'zod'
import { systemClock } from '../../../platform/index.ts'
import type {
  Callback,
  CallbackReply,
  ChannelContext,
  OutboundMessage,
  SubmitOutcome,
} from '../../channel.ts'
import { GoogleToken, serviceAccount } from '../google-token.ts'
import { bearer, below, type HttpAnswer, jsonOrUndefined, outcomeOfStatus } from '../http-request.ts'
import { proofOf, takeReports } from './report.ts'
import { RequestChannel } from '../request-channel.ts'
import { channelKind, settingsOf } from '../settings.ts'

const settings = settingsOf('push', {
  projectId: z.string().regex(/^[a-z0-9-]{1,100}$/),
  account: serviceAccount,
  url: z.url().default('https://fcm.googleapis.com'),
  /** Signs what apps report; see `proof` in README.md here. */
  reportSecret: z.string().min(16),
  timeoutMs: z.int().positive().default(10_000),
  concurrency: z.int().positive().default(64),
})

type PushSettings = z.infer<typeof settings>

/** Firebase's limit of a message's own parts. */
const MAX_BYTES = 4_096
const MAX_TTL_S = 2_419_200

const taken = z.object({ name: z.string().min(1) })

/** An error of Google's APIs; `errorCode` is Firebase's own word, `fieldViolations` names a wrong part. */
const failure = z.object({
  error: z.object({
    status: z.string().optional(),
    details: z
      .array(
        z.object({
          errorCode: z.string().optional(),
          fieldViolations: z.array(z.object({ field: z.string().optional() })).optional(),
        }),
      )
      .optional(),
  }),
})

/**
 * Pushes to apps by Firebase Cloud Messaging, HTTP v1, to a registration token. A repeated push replaces the first on
 * the screen (tag and collapse key are the message's id), but a phone may sound twice, so doubts are not sent again.
 * Firebase tells nothing afterwards: the app reports what became of a push (README.md here).
 */
class PushChannel extends RequestChannel<PushSettings> {
  readonly #callbackUrl: string | undefined
  readonly #token: GoogleToken

  constructor(options: PushSettings, context: ChannelContext) {
    super(options, context)
    const { account, timeoutMs } = options
    this.#callbackUrl = context.callbackUrl
    const scope = 'https://www.googleapis.com/auth/firebase.messaging'
    this.#token = new GoogleToken({ account, scope, agent: this.agent, timeoutMs })
  }

  async callback(call: Callback): Promise<CallbackReply> {
    const { reportSecret: secret } = this.settings
    return takeReports(call, { channel: 'push', secret, clock: this.clock, events: this.events })
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const { url, projectId } = this.settings
    const shown = this.#shown(message)
    if (Buffer.byteLength(JSON.stringify(shown)) > MAX_BYTES)
      return { outcome: 'refused', reason: 'too_long' }
    const token = await this.#token.bearer()
    if (typeof token !== 'string') return token.failure
    const body = { message: { token: message.address, ...shown, ...this.#delivery(message) } }
    const target = below(url, `v1/projects/${projectId}/messages:send`)
    const answer = await this.askJson(target, body, bearer(token))
    if ('failure' in answer) return answer.failure
    if (answer.status === 401) this.#token.forget(token)
    const { outcome, isGone } = outcomeOf(answer)
    if (isGone) await this.dropAddress(message.address, 'token_unregistered')
    return outcome
  }

  /** What the phone shows and what the app gets. */
  #shown({ messageId, text, subject, media, link, choices = [] }: OutboundMessage): object {
    const image = media?.contentType.startsWith('image/') ? { image: media.url } : {}
    return {
      notification: { ...(subject === undefined ? {} : { title: subject }), body: text, ...image },
      data: {
        messageId,
        proof: proofOf(messageId, this.settings.reportSecret),
        ...(this.#callbackUrl === undefined ? {} : { reportUrl: this.#callbackUrl }),
        ...(link === undefined ? {} : { link }),
        ...(choices.length === 0 ? {} : { choices: JSON.stringify(choices) }),
      },
    }
  }

  /** How long it waits for a phone that is off, and what it replaces. */
  #delivery({ messageId, expiresAtMs }: OutboundMessage): object {
    const ttlS = Math.min(MAX_TTL_S, Math.max(0, Math.floor((expiresAtMs - this.clock.nowMs()) / 1_000)))
    // Apple wants the moment, by its own clock.
    const untilS = Math.floor(systemClock.nowMs() / 1_000) + ttlS
    return {
      android: {
        collapse_key: messageId,
        ttl: `${ttlS}s`,
        priority: 'high',
        notification: { tag: messageId },
      },
      apns: {
        headers: { 'apns-collapse-id': messageId, 'apns-expiration': String(untilS), 'apns-priority': '10' },
      },
    }
  }
}

/**
 * What Firebase's answer says (FCM v1, `ErrorCode`). UNREGISTERED and a token that is none give the address up; quota and
 * UNAVAILABLE ask to come again, by Firebase's own word at the earliest after a minute where no other time is given;
 * INTERNAL leaves open whether the push was taken.
 */
function outcomeOf(answer: HttpAnswer): { outcome: SubmitOutcome; isGone: boolean } {
  const { status, headers, text } = answer
  const is = (outcome: SubmitOutcome, isGone = false): { outcome: SubmitOutcome; isGone: boolean } => ({
    outcome,
    isGone,
  })
  if (status === 200) {
    const { success, data } = taken.safeParse(jsonOrUndefined(text))
    return is(
      success
        ? { outcome: 'accepted', providerMessageId: data.name }
        : { outcome: 'unknown', reason: 'answer_without_name' },
    )
  }
  const { data: said } = failure.safeParse(jsonOrUndefined(text))
  const details = said?.error.details ?? []
  const code = details.find((each) => each.errorCode)?.errorCode
  if (code === 'UNREGISTERED') return is({ outcome: 'refused', reason: 'token_unregistered' }, true)
  const fields = details.flatMap((each) => each.fieldViolations ?? []).map(({ field }) => field)
  if (fields.includes('message.token')) return is({ outcome: 'refused', reason: 'token_invalid' }, true)
  if (status === 401 || code === 'THIRD_PARTY_AUTH_ERROR') {
    return is({ outcome: 'retry', afterMs: 5_000, reason: 'login_refused' })
  }
  if ((status === 429 || status === 503) && headers['retry-after'] === undefined) {
    return is({ outcome: 'retry', afterMs: 60_000, reason: 'rate_limited' })
  }
  if (code !== undefined && status < 429) return is({ outcome: 'refused', reason: code.toLowerCase() })
  return is(outcomeOfStatus(answer))
}

/** Pushes to apps through Firebase. */
export const push = channelKind({
  id: 'push',
  settings,
  traits: {
    addressKind: 'push',
    reports: ['delivered', 'seen', 'clicked', 'answered'],
    maxTextLength: 1_000,
    shows: ['text', 'subject', 'media', 'link', 'choices'],
    resubmitSafe: false,
  },
  create: (options, context) => new PushChannel(options, context),
})
