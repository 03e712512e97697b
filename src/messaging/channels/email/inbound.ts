import PostalMime, { type Attachment, type Email } from 'postal-mime'
import { bouncedMessage, type EnvelopeOptions, namedMessage } from './envelope.ts'
import { isMailboxGone } from './transport.ts'

/** What a mail that came back, or a line of a provider's report, says of one of our messages. */
export type MailReport = {
  messageId?: string
  event: 'delivered' | 'failed' | 'seen' | 'clicked' | 'complained'
  reason?: string
  /** The address where nobody is any more, only as far as the mail had been for it. */
  goneAddress?: string
}

/** A mail that a subscriber wrote. */
export type WrittenMail = {
  from: string
  text: string
  messageId?: string
  rfcMessageId: string
  calendar?: string
}

export type InboundMail = { report: MailReport } | { written: WrittenMail } | undefined

/**
 * Reads a mail that came to the address for bounces or answers: a delivery report (RFC 3464), a complaint (RFC 5965),
 * or what a subscriber wrote; undefined for everything that a machine sends of itself (RFC 3834) and for reports that
 * settle nothing, such as "delayed". Throws for what is no mail at all. `envelopeTo` is whom it was for, where the receiving server tells it.
 */
export async function readMail(
  raw: Buffer,
  envelopeTo: string,
  options: EnvelopeOptions,
): Promise<InboundMail> {
  const mail = await PostalMime.parse(raw, { forceRfc822Attachments: true, attachmentEncoding: 'utf8' })
  if (!mail.headers.some(({ key }) => key === 'from')) throw new Error('a mail has a sender')
  const bounced = bouncedMessage(
    `${envelopeTo}\n${mail.headers.map(({ value }) => value).join('\n')}`,
    options,
  )
  const status = partOf(mail, 'message/delivery-status')
  const feedback = partOf(mail, 'message/feedback-report')
  if (status !== undefined) {
    const report = deliveryReport(status)
    if (report === undefined) return undefined
    const messageId = bounced?.messageId ?? namedMessage(returned(mail), options)
    const gone = report.addresses.find((address) => bounced?.wasFor(address))
    return {
      report: {
        event: report.event,
        ...(messageId === undefined ? {} : { messageId }),
        ...(report.event === 'failed' ? { reason: report.isGone ? 'mailbox_unknown' : 'bounced' } : {}),
        ...(report.isGone && gone !== undefined ? { goneAddress: gone } : {}),
      },
    }
  }
  const named = namedMessage(`${mail.inReplyTo ?? ''} ${mail.references ?? ''} ${returned(mail)}`, options)
  const messageId = bounced?.messageId ?? named
  const told = messageId === undefined ? {} : { messageId }
  if (feedback !== undefined) return { report: { event: 'complained', ...told } }
  if (isAutomatic(mail)) return undefined
  const calendar = partOf(mail, 'text/calendar')
  const from = mail.from?.address ?? ''
  const text = calendar === undefined ? written(mail.text ?? '') : ''
  const rfcMessageId = mail.messageId ?? ''
  return { written: { from, text, rfcMessageId, ...told, ...(calendar === undefined ? {} : { calendar }) } }
}

/** The first group of `message/delivery-status` is of the mail, each further one of a recipient (RFC 3464 §2.1). */
function deliveryReport(
  status: string,
): { event: 'delivered' | 'failed'; isGone: boolean; addresses: string[] } | undefined {
  const fields = status
    .replaceAll('\r\n', '\n')
    .split(/\n\s*\n/)
    .map((group) => fieldsOf(group))
    .find((each) => each.has('action'))
  const action = fields?.get('action')?.toLowerCase()
  if (fields === undefined || (action !== 'failed' && action !== 'delivered')) return undefined
  const addresses = ['original-recipient', 'final-recipient'].flatMap((name) => {
    const address = fields.get(name)?.split(';')[1]?.trim()
    return address === undefined ? [] : [address]
  })
  const isGone = action === 'failed' && isMailboxGone(fields.get('status')?.split(' ')[0])
  return { event: action, isGone, addresses }
}

function fieldsOf(group: string): Map<string, string> {
  const unfolded = group.replaceAll(/\n[ \t]+/g, ' ')
  return new Map(
    unfolded.split('\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':')
      return colon <= 0 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]]
    }),
  )
}

/** The returned mail or its headers, as text. */
function returned(mail: Email): string {
  return partOf(mail, 'message/rfc822') ?? partOf(mail, 'text/rfc822-headers') ?? ''
}

function partOf(mail: Email, type: string): string | undefined {
  return mail.attachments.filter((part) => part.mimeType.toLowerCase() === type).map(textOf)[0]
}

function textOf({ content }: Attachment): string {
  return typeof content === 'string' ? content : Buffer.from(content as Uint8Array).toString()
}

/** Out-of-office notes and the like answer nothing, and a bounce that is none of the standard's says nothing sure. */
function isAutomatic(mail: Email): boolean {
  const header = (name: string): string =>
    mail.headers.find(({ key }) => key === name)?.value.toLowerCase() ?? ''
  const said = header('auto-submitted')
  return (
    (said !== '' && said !== 'no') ||
    /bulk|junk|auto_reply/.test(header('precedence')) ||
    mail.from?.address === ''
  )
}

/** What was written above the quoted mail. */
function written(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const quoteAt = lines.findIndex((line) => /^\s*>/.test(line) || /^-{2,} ?\S.*-{2,}$/.test(line))
  const own = quoteAt === -1 ? lines : lines.slice(0, quoteAt)
  // The line that introduces a quotation ends with a colon in every language: "On … wrote:".
  if (quoteAt !== -1) while (own.length > 0 && /^\s*$|:\s*$/.test(own.at(-1)!)) own.pop()
  return own.join('\n').trim()
}
