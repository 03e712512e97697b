import type { Readable } from 'node:stream'
import nodemailer from 'nodemailer'
import { z } from 'zod'
import type { SubmitOutcome } from '../../channel.ts'

/** Settings of channels that send mail: the relay, the sender, and what bounces come back to. */
export const mailSettings = {
  host: z.string().min(1),
  port: z.int().positive().default(587),
  /** `starttls` insists on it, `opportunistic` takes what the relay has. */
  tls: z.enum(['starttls', 'implicit', 'opportunistic']).default('starttls'),
  user: z.string().optional(),
  password: z.string().optional(),
  /** `Name <address>`. */
  from: z.string().min(3),
  replyTo: z.string().min(3).optional(),
  /** Mail to this domain comes back to us: the part after the at sign of envelope senders. */
  bounceDomain: z.string().regex(/^[a-z0-9.-]{3,190}$/),
  signingSecret: z.string().min(16),
  /** Asks the relays for a report of each delivery too (RFC 3461); few give one. */
  deliveryReports: z.boolean().default(false),
  timeoutMs: z.int().positive().default(30_000),
  /** Connections to the relay. */
  concurrency: z.int().positive().default(5),
}

export type MailSettings = z.infer<z.ZodObject<typeof mailSettings>>

/** A mail as nodemailer takes it; `messageId` is the header. */
export type Mail = { messageId: string } & Record<string, unknown>

/** What became of a mail; `mailboxGone` where the relay says that nobody is behind the address. */
export type MailOutcome = { outcome: SubmitOutcome; mailboxGone: boolean }

/** The relay's way to say no; the fields are nodemailer's. */
type SmtpError = { code?: string; command?: string; responseCode?: number; response?: string }

/** How long a mail that the relay puts off waits, ms: greylisting wants minutes. */
const PUT_OFF_MS = 60_000
const RELAY_AWAY_MS = 1_000

/** Mail through one SMTP relay over a few connections that stay open. */
export class MailTransport {
  readonly #transport
  /** The bodies under way by their `Message-ID`, to know after a fault whether a byte had left. */
  readonly #bodies = new Map<string, Readable>()

  constructor(settings: MailSettings) {
    const { host, port, tls, user, password, concurrency, timeoutMs } = settings
    this.#transport = nodemailer.createTransport({
      pool: true,
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      maxConnections: concurrency,
      maxMessages: 1_000,
      // A mail is never sent again here: whether it may be is not the pool's to decide.
      maxRequeues: 0,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      // Templates are data; none may name a file of this machine or an address to fetch.
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    this.#transport.use('stream', (mail, done) => {
      mail.message.processFunc((body: Readable) => {
        this.#bodies.set(String(mail.data.messageId), body)
        return body
      })
      done()
    })
    this.#transport.on('error', () => undefined)
  }

  /** Sends one mail to one address. Never rejects for reasons of the network or the relay. */
  async deliver(mail: Mail): Promise<MailOutcome> {
    try {
      await this.#transport.sendMail(mail)
      return { outcome: { outcome: 'accepted', providerMessageId: mail.messageId }, mailboxGone: false }
    } catch (error) {
      return outcomeOf(error as SmtpError, this.#bodies.get(mail.messageId)?.readableDidRead === true)
    } finally {
      this.#bodies.delete(mail.messageId)
    }
  }

  close(): void {
    this.#transport.close()
  }
}

/**
 * What a failed delivery says (RFC 5321 §4.2.1, RFC 3463). The relay's own word counts: 4xx was not taken and may come
 * again, 5xx never. Without a word the mail is in doubt as soon as a byte of it had left. What the relay says before the
 * recipient is named concerns us and not the message.
 */
function outcomeOf(
  { code = 'failed', command = '', responseCode, response = '' }: SmtpError,
  hasLeft: boolean,
): MailOutcome {
  const is = (outcome: SubmitOutcome, mailboxGone = false): MailOutcome => ({ outcome, mailboxGone })
  if (code === 'EENVELOPE' && responseCode === undefined)
    return is({ outcome: 'refused', reason: 'address_invalid' })
  if (responseCode === undefined) {
    return hasLeft
      ? is({ outcome: 'unknown', reason: 'connection_lost' })
      : is({ outcome: 'retry', afterMs: RELAY_AWAY_MS, reason: 'not_connected' })
  }
  if (responseCode === 421) return is({ outcome: 'retry', afterMs: PUT_OFF_MS, reason: 'rate_limited' })
  if (responseCode < 500) return is({ outcome: 'retry', afterMs: PUT_OFF_MS, reason: `smtp_${responseCode}` })
  if (responseCode === 552) return is({ outcome: 'refused', reason: 'too_large_or_mailbox_full' })
  if (command !== 'RCPT TO' && command !== 'DATA') {
    return is({
      outcome: 'retry',
      afterMs: PUT_OFF_MS,
      reason: code === 'EAUTH' ? 'login_refused' : 'sender_refused',
    })
  }
  const enhanced = /^\d{3}[ -](5\.\d{1,3}\.\d{1,3})/.exec(response)?.[1]
  const isGone = isMailboxGone(enhanced)
  return is({ outcome: 'refused', reason: isGone ? 'mailbox_unknown' : `smtp_${responseCode}` }, isGone)
}

/** Whether a status code of RFC 3463 says that nobody is behind the address: unknown, moved, closed, or no such domain. */
export function isMailboxGone(status: string | undefined): boolean {
  return status !== undefined && ['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1'].includes(status)
}
