import { createHash } from 'node:crypto'
import { z } from 'zod'
import { DomainError } from '../../../platform/index.ts'
import type {
  Callback,
  CallbackReply,
  ChannelContext,
  DeliveryReceipt,
  OutboundMessage,
  SubmitOutcome,
} from '../../channel.ts'
import { bounceAddress, messageIdOf, namedMessage } from './envelope.ts'
import { type MailReport, readMail, type WrittenMail } from './inbound.ts'
import { type Mail, type MailSettings, mailSettings, MailTransport } from './transport.ts'
import { callJson } from '../http-request.ts'
import { RequestChannel } from '../request-channel.ts'
import { channelKind, settingsOf } from '../settings.ts'

const settings = settingsOf('email', mailSettings)

/** One line of a mail provider's report, in the contract of README.md here. */
const report = z.object({
  /** Ours, or the `Message-ID` header. */
  messageId: z.string().min(1),
  event: z.enum(['delivered', 'bounced', 'complained', 'opened', 'clicked']),
  /** A hard bounce gives the address up. */
  bounce: z.enum(['hard', 'soft']).optional(),
  address: z.string().optional(),
  at: z.iso.datetime({ offset: true }).optional(),
})

const reports = z.union([report.transform((one) => [one]), z.array(report).max(10_000)])

/** What a mail that a subscriber wrote says; `address` where it is another one than the sender's. */
export type MailAnswer = { address?: string; text: string; choice?: string; dedupeKey: string }

/** Mail by SMTP: what invitations and letters have in common. */
export abstract class MailChannel extends RequestChannel<MailSettings & { ratePerS?: number | undefined }> {
  readonly #id: string
  readonly #transport: MailTransport

  constructor(
    id: string,
    options: MailSettings & { ratePerS?: number | undefined },
    context: ChannelContext,
  ) {
    super(options, context)
    this.#id = id
    this.#transport = new MailTransport(options)
  }

  /** The mail's own parts; sender, recipient and ids are added. */
  protected abstract mailOf(message: OutboundMessage): Record<string, unknown> | undefined
  /** What is said by a mail that a subscriber wrote. */
  protected abstract answerOf(mail: WrittenMail): MailAnswer | undefined

  override async stop(): Promise<void> {
    await super.stop()
    this.#transport.close()
  }

  /**
   * Takes what came back: a mail as it was received (`message/rfc822`, with `?to=` whom it was for where the mail server
   * knows), or a provider's report as JSON.
   */
  async callback({ headers, query, body }: Callback): Promise<CallbackReply> {
    const type = String(headers['content-type'] ?? '')
    if (!type.startsWith('message/rfc822')) {
      const given = callJson(reports, { body })
      for (const each of given) await this.#takeReport(this.#reportOf(each), this.atMsOf(each.at))
      return { status: 204 }
    }
    const mail = await readMail(body, query['to'] ?? '', this.settings).catch(() => {
      throw new DomainError('invalid_input', 'this is no mail', {
        field: 'body',
        expected: 'a message of RFC 5322',
      })
    })
    if (mail === undefined) return { status: 204 }
    if ('report' in mail) await this.#takeReport(mail.report)
    else {
      const { from: address, messageId } = mail.written
      const said = this.answerOf(mail.written)
      if (said === undefined) return { status: 204 }
      const named = messageId === undefined ? {} : { messageId }
      await this.answered(this.#id, { address, ...named, ...said })
    }
    return { status: 204 }
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const { messageId, address } = message
    const own = this.mailOf(message)
    if (own === undefined) return { outcome: 'refused', reason: 'nothing_to_send' }
    if (!mailAddress.test(address)) return { outcome: 'refused', reason: 'address_invalid' }
    const { from, replyTo, deliveryReports } = this.settings
    const mail: Mail = {
      messageId: messageIdOf(messageId, this.settings),
      from,
      to: { name: '', address },
      ...(replyTo === undefined ? {} : { replyTo }),
      date: new Date(this.clock.nowMs()),
      envelope: { from: bounceAddress(messageId, address, this.settings), to: [address] },
      dsn: {
        id: messageId,
        recipient: address,
        return: 'headers',
        notify: deliveryReports ? ['success', 'failure'] : ['failure'],
      },
      ...own,
    }
    const { outcome, mailboxGone } = await this.#transport.deliver(mail)
    if (mailboxGone) await this.dropAddress(address, 'mailbox_unknown')
    return outcome
  }

  #reportOf({ messageId: given, event, bounce, address }: z.infer<typeof report>): MailReport {
    const messageId = namedMessage(given, this.settings) ?? given
    if (event === 'opened' || event === 'clicked')
      return { messageId, event: event === 'opened' ? 'seen' : 'clicked' }
    if (event !== 'bounced') return { messageId, event }
    const isGone = bounce === 'hard' && address !== undefined
    const reason = bounce === 'hard' ? 'mailbox_unknown' : 'bounced'
    return { messageId, event: 'failed', reason, ...(isGone ? { goneAddress: address } : {}) }
  }

  async #takeReport(told: MailReport, atMs: number = this.clock.nowMs()): Promise<void> {
    const { events } = this
    const { messageId, event, reason, goneAddress } = told
    if (messageId !== undefined && event === 'complained') {
      // "This is spam" is the strongest way to say stop.
      const dedupeKey = `${this.#id}:complaint:${messageId}`
      await this.answered(this.#id, { text: 'STOP', messageId, dedupeKey, atMs })
    } else if (messageId !== undefined) {
      const status = event as DeliveryReceipt['status']
      await events.onReceipts([{ messageId, status, ...(reason === undefined ? {} : { reason }), atMs }])
    }
    if (goneAddress !== undefined)
      await events.onAddressGone({ address: goneAddress, reason: 'mailbox_unknown', atMs })
  }
}

/** One address and nothing beside it: a list, a name or a comment would make other recipients of it. */
const mailAddress = /^[^\s,;:<>()"@]+@[^\s,;:<>()"@]+$/

/** The dedupe key of a mail that a subscriber wrote: the same mail is handed in under the same key. */
export function keyOf(channel: string, parts: string[]): string {
  return `${channel}:${createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 22)}`
}

/** `List-Unsubscribe` with one click (RFC 2369, RFC 8058): a POST to the address takes the subscriber off. */
export function unsubscribeHeaders(url: string | undefined): Record<string, unknown> {
  if (url === undefined) return {}
  return {
    'List-Unsubscribe': { prepared: true, value: `<${url}>` },
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  }
}

/**
 * Letters by SMTP: text, HTML and AMP in one mail, unsubscribing by one click. What comes back (bounces, complaints,
 * answers) names its message by the envelope sender or the `Message-ID`. The HTML is sent as given.
 */
class EmailChannel extends MailChannel {
  protected mailOf({
    text,
    subject,
    html,
    amp,
    link,
    unsubscribeUrl,
  }: OutboundMessage): Record<string, unknown> {
    return {
      subject: subject ?? text.split('\n')[0]!.slice(0, 100),
      text: link === undefined || text.includes(link) ? text : `${text}\n\n${link}`,
      ...(html === undefined ? {} : { html }),
      ...(amp === undefined ? {} : { amp }),
      headers: unsubscribeHeaders(unsubscribeUrl),
    }
  }

  protected answerOf({ from, text, rfcMessageId }: WrittenMail): MailAnswer {
    return { text, dedupeKey: keyOf('email', [rfcMessageId, from]) }
  }
}

/** Email through an SMTP relay. */
export const email = channelKind({
  id: 'email',
  settings,
  traits: {
    addressKind: 'email',
    reports: ['delivered', 'seen', 'clicked', 'answered'],
    shows: ['text', 'subject', 'html', 'amp', 'link', 'unsubscribeUrl'],
    resubmitSafe: false,
  },
  create: (options, context) => new EmailChannel('email', options, context),
})
