import { request } from 'undici'
import { z } from 'zod'
import { DomainError, parseInput } from '../../../platform/index.ts'
import type {
  Callback,
  CallbackReply,
  DeliveryReceipt,
  OutboundMessage,
  SubmitOutcome,
} from '../../channel.ts'
import { type HttpAnswer, outcomeOfStatus } from '../http-request.ts'
import { RequestChannel } from '../request-channel.ts'
import { channelKind, settingsOf } from '../settings.ts'
import { envelope, escapeXml, readEnvelope, reportRequest, submitAnswer, SUCCESS } from './mm7.ts'
import { multipart, part, smil } from './multipart.ts'

const settings = settingsOf('mms', {
  /** Where the relay takes MM7 requests. */
  url: z.url(),
  vaspId: z.string().min(1),
  vasId: z.string().min(1),
  /** What the subscriber sees as the sender. */
  senderAddress: z.string().min(1),
  serviceCode: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  /** What the relay takes of pictures and films. */
  maxMediaBytes: z.int().positive().default(300_000),
  timeoutMs: z.int().positive().default(15_000),
  concurrency: z.int().positive().default(32),
})

type MmsSettings = z.infer<typeof settings>

type Media = { bytes: Buffer } | { refused: string } | { retry: string }

/** Pictures kept: a campaign sends the same one to everybody. */
const KEPT_MEDIA = 32

/**
 * MMS to the operator's own subscribers over MM7 (SOAP with attachments, 3GPP TS 23.140 §8.7): a picture and up to 268
 * Cyrillic characters. No relay recognises a message that it has seen, so an unknown outcome is never sent again.
 */
class MmsChannel extends RequestChannel<MmsSettings> {
  readonly #media = new Map<string, Promise<Media>>()

  /** Delivery reports and read replies; the relay repeats what was not answered with status 1000. */
  async callback({ body }: Callback): Promise<CallbackReply> {
    const operation = readEnvelope(body.toString())
    const isReport = operation?.name === 'DeliveryReportReq' || operation?.name === 'ReadReplyReq'
    if (!isReport)
      throw new DomainError('request_invalid', 'the body is not an MM7 delivery report or read reply', {
        found: operation?.name ?? 'no SOAP envelope',
        expected: 'DeliveryReportReq or ReadReplyReq',
      })
    const report = parseInput(reportRequest, operation.fields)
    const atMs = this.atMsOf(report.Date ?? report.TimeStamp)
    const told = statusOf(report.MMStatus)
    if (told) await this.events.onReceipts([{ providerMessageId: report.MessageID, ...told, atMs }])
    const done = `<Status><StatusCode>${SUCCESS}</StatusCode><StatusText>Success</StatusText></Status>`
    const name = operation.name.replace(/Req$/, 'Rsp')
    return {
      status: 200,
      contentType: 'text/xml; charset=utf-8',
      body: envelope(operation.transactionId, name, done),
    }
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const media = message.media && (await this.#fetched(message.media.url))
    if (media && 'refused' in media) return { outcome: 'refused', reason: media.refused }
    if (media && 'retry' in media) return { outcome: 'retry', afterMs: 5_000, reason: media.retry }
    const { url, username, password = '' } = this.settings
    const boundary = `mm7-${message.messageId}`
    const answer = await this.ask({
      url,
      headers: {
        'content-type': `multipart/related; boundary="${boundary}"; type="text/xml"; start="<request>"`,
        soapaction: '""',
        ...(username === undefined
          ? {}
          : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }),
      },
      body: this.#body(message, media?.bytes, boundary),
    })
    return 'failure' in answer ? answer.failure : outcomeOf(answer)
  }

  #body(message: OutboundMessage, picture: Buffer | undefined, boundary: string): Buffer {
    const inner = `content-${message.messageId}`
    const type = message.media?.contentType ?? ''
    const parts = [
      part('application/smil', 'smil', smil(picture ? type : undefined)),
      part('text/plain; charset=utf-8', 'text', message.text),
      ...(picture ? [part(type, 'media', picture)] : []),
    ]
    return multipart(boundary, [
      part('text/xml; charset=utf-8', 'request', this.#request(message)),
      part(
        `multipart/related; boundary="${inner}"; type="application/smil"; start="<smil>"`,
        'content',
        multipart(inner, parts),
      ),
    ])
  }

  #request({ messageId, address, subject, expiresAtMs }: OutboundMessage): string {
    const { vaspId, vasId, senderAddress, serviceCode } = this.settings
    const element = (name: string, text: string | undefined): string =>
      text === undefined ? '' : `<${name}>${escapeXml(text)}</${name}>`
    return envelope(
      messageId,
      'SubmitReq',
      `<SenderIdentification>${element('VASPID', vaspId)}${element('VASID', vasId)}` +
        `<SenderAddress>${element('ShortCode', senderAddress)}</SenderAddress></SenderIdentification>` +
        `<Recipients><To>${element('Number', address)}</To></Recipients>${element('ServiceCode', serviceCode)}` +
        element('ExpiryDate', Temporal.Instant.fromEpochMilliseconds(expiresAtMs).toString()) +
        `<DeliveryReport>true</DeliveryReport><ReadReply>true</ReadReply>${element('Subject', subject)}` +
        `<Content href="cid:content" allowAdaptations="true"/>`,
    )
  }

  #fetched(url: string): Promise<Media> {
    const kept = this.#media.get(url)
    if (kept) return kept
    const fetched = this.#fetch(url)
    this.#media.set(url, fetched)
    if (this.#media.size > KEPT_MEDIA) this.#media.delete(this.#media.keys().next().value!)
    // What could not be had now is asked for again.
    void fetched.then((media) => 'retry' in media && this.#media.delete(url))
    return fetched
  }

  async #fetch(url: string): Promise<Media> {
    const { timeoutMs, maxMediaBytes } = this.settings
    try {
      const answer = await request(url, {
        dispatcher: this.agent,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      })
      const bytes = Buffer.from(await answer.body.arrayBuffer())
      if (answer.statusCode >= 500) return { retry: 'media_unavailable' }
      if (answer.statusCode !== 200) return { refused: 'media_missing' }
      return bytes.length > maxMediaBytes ? { refused: 'media_too_large' } : { bytes }
    } catch {
      return { retry: 'media_unavailable' }
    }
  }
}

/** What MMStatus says (TS 23.140 §8.7.8.4); deferred and indeterminate say nothing yet. */
function statusOf(mmStatus: string): Pick<DeliveryReceipt, 'status' | 'reason'> | undefined {
  switch (mmStatus.toLowerCase()) {
    case 'retrieved':
    case 'forwarded':
      return { status: 'delivered' }
    case 'read':
      return { status: 'seen' }
    case 'deleted':
      return { status: 'delivered', reason: 'deleted_unread' }
    case 'expired':
      return { status: 'expired' }
    case 'rejected':
      return { status: 'failed', reason: 'rejected' }
    case 'unrecognised':
    case 'unrecognized':
      return { status: 'failed', reason: 'unrecognised' }
    default:
      return undefined
  }
}

/** Status codes of TS 23.140 §8.7.8.3.2: 4006 is "service unavailable", 3000 and 4000 leave everything open. */
function outcomeOf(answer: HttpAnswer): SubmitOutcome {
  const told = submitAnswer.safeParse(readEnvelope(answer.text)?.fields)
  if (!told.success) {
    return answer.status === 200
      ? { outcome: 'unknown', reason: 'answer_unreadable' }
      : outcomeOfStatus(answer)
  }
  const { Status, MessageID } = told.data
  const code = Status.StatusCode
  if (code === SUCCESS && MessageID !== undefined)
    return { outcome: 'accepted', providerMessageId: MessageID }
  const reason = `mm7_${code}`
  if (code === 4006) return { outcome: 'retry', afterMs: 1_000, reason: 'rate_limited' }
  return code === SUCCESS || code === 3000 || code === 4000 || code === 4005
    ? { outcome: 'unknown', reason }
    : { outcome: 'refused', reason }
}

/** MMS over MM7. */
export const mms = channelKind({
  id: 'mms',
  settings,
  traits: {
    addressKind: 'msisdn',
    reports: ['delivered', 'seen'],
    maxTextLength: 268,
    shows: ['text', 'subject', 'media'],
    resubmitSafe: false,
  },
  create: (options, context) => new MmsChannel(options, context),
})
