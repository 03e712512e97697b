import webPush from 'web-push'
import { z } from 'zod'
import type {
  Callback,
  CallbackReply,
  ChannelContext,
  OutboundMessage,
  SubmitOutcome,
} from '../../channel.ts'
import { type HttpAnswer, jsonOrUndefined, outcomeOfStatus } from '../http-request.ts'
import { proofOf, takeReports } from './report.ts'
import { RequestChannel } from '../request-channel.ts'
import { channelKind, settingsOf } from '../settings.ts'

/** Where the browsers' push services are: an origin, or the end of a host name that is reached by HTTPS. */
const browserServices = [
  'fcm.googleapis.com',
  '.push.services.mozilla.com',
  '.push.apple.com',
  '.notify.windows.com',
]

const settings = settingsOf('webpush', {
  /** The application server's key pair (RFC 8292), base64url; the page subscribes with the public one. */
  publicKey: z.string().min(80),
  privateKey: z.string().min(40),
  /** Whom a push service may write to: `mailto:` or `https:`. */
  contact: z.string().regex(/^(mailto:|https:\/\/)/),
  /** A subscription comes from a visitor; nothing is sent to any other host than these. */
  services: z.array(z.string().min(1)).min(1).default(browserServices),
  /** Signs what service workers report; see `proof` in README.md here. */
  reportSecret: z.string().min(16),
  urgency: z.enum(['very-low', 'low', 'normal', 'high']).default('normal'),
  timeoutMs: z.int().positive().default(10_000),
  concurrency: z.int().positive().default(64),
})

type WebPushSettings = z.infer<typeof settings>

/** The address: a browser's subscription as `PushSubscription.toJSON()` gives it. */
const subscription = z.object({
  endpoint: z.url(),
  keys: z.object({ p256dh: z.string().min(80), auth: z.string().min(16) }),
})

/** What every push service takes (RFC 8030 §7.2), encrypted. */
const MAX_BYTES = 4_096
const MAX_TTL_S = 2_419_200

/**
 * Pushes to browsers (RFC 8030, encrypted by RFC 8291, signed by RFC 8292). Push services tell nothing that servers
 * may rely on afterwards: the service worker reports what became of a push (README.md here). A push that still waits
 * for the browser is replaced by a repeated one (`Topic`), one that has arrived is not, so doubts are not sent again.
 */
class WebPushChannel extends RequestChannel<WebPushSettings> {
  readonly #callbackUrl: string | undefined

  constructor(options: WebPushSettings, context: ChannelContext) {
    super(options, context)
    this.#callbackUrl = context.callbackUrl
  }

  async callback(call: Callback): Promise<CallbackReply> {
    const { reportSecret: secret } = this.settings
    return takeReports(call, { channel: 'webpush', secret, clock: this.clock, events: this.events })
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const target = subscription.safeParse(jsonOrUndefined(message.address))
    if (!target.success) return { outcome: 'refused', reason: 'subscription_invalid' }
    if (!isAt(target.data.endpoint, this.settings.services)) {
      return { outcome: 'refused', reason: 'push_service_unknown' }
    }
    const request = this.#request(target.data, message)
    if (request === undefined) return { outcome: 'refused', reason: 'subscription_invalid' }
    if (request.body.length > MAX_BYTES) return { outcome: 'refused', reason: 'too_long' }
    const answer = await this.ask({ url: target.data.endpoint, ...request })
    if ('failure' in answer) return answer.failure
    if (answer.status !== 404 && answer.status !== 410) return outcomeOf(answer, message.messageId)
    await this.dropAddress(message.address, 'subscription_gone')
    return { outcome: 'refused', reason: 'subscription_gone' }
  }

  /** The encrypted request; undefined where the subscription's keys are none. */
  #request(
    target: z.infer<typeof subscription>,
    message: OutboundMessage,
  ): { headers: Record<string, string>; body: Buffer } | undefined {
    const { contact: subject, publicKey, privateKey, urgency } = this.settings
    const ttlS = Math.floor((message.expiresAtMs - this.clock.nowMs()) / 1_000)
    try {
      const { headers, body } = webPush.generateRequestDetails(target, this.#payload(message), {
        vapidDetails: { subject, publicKey, privateKey },
        TTL: Math.min(MAX_TTL_S, Math.max(0, ttlS)),
        urgency,
        // At most 32 characters of base64url: a UUID without its dashes.
        topic: message.messageId.replaceAll('-', '').slice(0, 32),
        contentEncoding: 'aes128gcm',
      })
      const texts = Object.entries(headers).map(
        ([name, value]) => [name.toLowerCase(), String(value)] as const,
      )
      return { headers: Object.fromEntries(texts), body }
    } catch {
      return undefined
    }
  }

  #payload({ messageId, text, subject, media, link, choices }: OutboundMessage): string {
    return JSON.stringify({
      messageId,
      proof: proofOf(messageId, this.settings.reportSecret),
      reportUrl: this.#callbackUrl,
      title: subject,
      body: text,
      link,
      image: media?.contentType.startsWith('image/') ? media.url : undefined,
      actions: choices?.map(({ id, label }) => ({ action: id, title: label })),
    })
  }
}

/** Whether an endpoint is at one of these services; a visitor could otherwise have us call our own network. */
function isAt(endpoint: string, services: string[]): boolean {
  const { origin, protocol, hostname } = new URL(endpoint)
  return services.some((service) => {
    if (service.includes('://')) return origin === service
    return (
      protocol === 'https:' && (service.startsWith('.') ? hostname.endsWith(service) : hostname === service)
    )
  })
}

/** RFC 8030 §5: 201 is taken, with the push's own address as its id where the service gives one. */
function outcomeOf(answer: HttpAnswer, messageId: string): SubmitOutcome {
  if (answer.status >= 200 && answer.status < 300) {
    const { location } = answer.headers
    return { outcome: 'accepted', providerMessageId: typeof location === 'string' ? location : messageId }
  }
  return answer.status === 413 ? { outcome: 'refused', reason: 'too_long' } : outcomeOfStatus(answer)
}

/** Pushes to browsers. */
export const webpush = channelKind({
  id: 'webpush',
  settings,
  traits: {
    addressKind: 'webpush',
    reports: ['delivered', 'seen', 'clicked', 'answered'],
    maxTextLength: 1_000,
    shows: ['text', 'subject', 'media', 'link', 'choices'],
    resubmitSafe: false,
  },
  create: (options, context) => new WebPushChannel(options, context),
})
