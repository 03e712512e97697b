import { setTimeout as sleep } from 'node:timers/promises'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import { callBack, type ProviderOptions } from './http-provider.ts'
import { Mischief } from './misbehaviour.ts'

/** A mail as the relay took it: its envelope and every byte of it. */
export type ReceivedMail = { from: string; to: string; envelopeId: string | undefined; raw: Buffer }

export type MailRelay = {
  port: number
  received: ReceivedMail[]
  stats: { connections: number }
  /** Hands a mail in as the server that receives for our domain does. */
  handIn(raw: string, to: string): Promise<void>
  close(): Promise<void>
}

export type MailRelayOptions = ProviderOptions & { user?: string; password?: string }

/**
 * A relay that speaks SMTP and reports back by mail (RFC 3464), as the server that receives for the bounces' domain hands
 * it in. Mailboxes by the local part of the address: `nobody…` is refused as unknown (550 5.1.1), `full…` as full,
 * `later…` is put off (451), `bounce…` is taken and comes back as unknown; all others get their mail, and a report of it.
 */
export async function startMailRelay(options: MailRelayOptions = {}): Promise<MailRelay> {
  const relay = new Relay(options)
  await relay.listen()
  const { received, stats } = relay
  return {
    port: relay.port,
    received,
    stats,
    handIn: (raw, to) => relay.handIn(raw, to),
    close: () => relay.close(),
  }
}

class Relay {
  readonly received: ReceivedMail[] = []
  readonly stats = { connections: 0 }
  readonly #options: MailRelayOptions
  readonly #mischief: Mischief
  readonly #server: SMTPServer
  readonly #reporting = new Set<Promise<void>>()
  #isClosed = false

  constructor(options: MailRelayOptions) {
    const { user, password } = options
    this.#options = options
    this.#mischief = new Mischief(options.misbehaviour)
    this.#server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      authOptional: user === undefined,
      allowInsecureAuth: true,
      hideDSN: false,
      closeTimeout: 1,
      onAuth: (auth, _session, done) =>
        auth.username === user && auth.password === password
          ? done(null, { user: auth.username })
          : done(refusal(535, '5.7.8 bad credentials')),
      onConnect: (_session, done) => {
        this.stats.connections++
        done()
      },
      onRcptTo: ({ address }, _session, done) => done(refusalOf(address)),
      onData: (stream, session, done) => void this.#take(stream, session, done),
    })
    this.#server.on('error', () => undefined)
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(this.#options.port ?? 0, '127.0.0.1', () => resolve())
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const connection of this.#server.connections) connection._socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
    await Promise.allSettled(this.#reporting)
  }

  async handIn(raw: string, to: string): Promise<void> {
    const url = new URL(this.#options.callbackUrl!)
    url.searchParams.set('to', to)
    await callBack(url.href, raw, { 'content-type': 'message/rfc822' })
  }

  async #take(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    done: (error?: Error | null) => void,
  ): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    if (this.#mischief.strikes('throttled')) return done(refusal(451, '4.3.2 too much, later'))
    const { mailFrom, rcptTo, dsn } = session.envelope
    const mail: ReceivedMail = {
      from: mailFrom === false ? '' : mailFrom.address,
      to: rcptTo[0]!.address,
      envelopeId: dsn?.envid ?? undefined,
      raw: Buffer.concat(chunks),
    }
    this.received.push(mail)
    const reported = this.#report(mail)
    if (this.#mischief.isEarly) await reported
    // In SMTP a relay that took a mail and fails says nothing any more: it cuts the connection, either way.
    if (!this.#mischief.strikes('silent') && !this.#mischief.strikes('failing')) return done()
    for (const each of this.#server.connections) if (each.id === session.id) each._socket.destroy()
  }

  async #report(mail: ReceivedMail): Promise<void> {
    if (this.#options.callbackUrl === undefined || mail.from === '') return
    const reporting = this.#mischief.report(async () => {
      // A report follows the answer, unless it is to be early.
      if (!this.#mischief.isEarly) await sleep(5)
      if (!this.#isClosed) await this.handIn(deliveryReport(mail), mail.from)
    })
    const settled = reporting.catch(() => undefined)
    this.#reporting.add(settled)
    await settled
    this.#reporting.delete(settled)
  }
}

function refusalOf(address: string): Error | null {
  if (address.startsWith('nobody')) return refusal(550, '5.1.1 no such mailbox')
  if (address.startsWith('full')) return refusal(552, '5.2.2 mailbox full')
  if (address.startsWith('spam')) return refusal(550, '5.7.1 not wanted here')
  return address.startsWith('later') ? refusal(451, '4.7.1 greylisted') : null
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode })
}

/** A delivery status notification (RFC 3464) with the headers of the mail. */
function deliveryReport({ from, to, raw, envelopeId }: ReceivedMail): string {
  const isBounce = to.startsWith('bounce')
  const headers = raw.toString().split('\r\n\r\n')[0]!
  return [
    'From: Mail Delivery System <MAILER-DAEMON@relay.example>',
    `To: <${from}>`,
    'Subject: Delivery Status Notification',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="report"',
    '',
    '--report',
    'Content-Type: text/plain; charset=utf-8',
    '',
    isBounce ? 'Your mail could not be delivered.' : 'Your mail was delivered.',
    '--report',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; relay.example',
    ...(envelopeId === undefined ? [] : [`Original-Envelope-Id: ${envelopeId}`]),
    '',
    `Final-Recipient: rfc822; ${to}`,
    `Action: ${isBounce ? 'failed' : 'delivered'}`,
    `Status: ${isBounce ? '5.1.1' : '2.0.0'}`,
    '--report',
    'Content-Type: text/rfc822-headers',
    '',
    headers,
    '--report--',
    '',
  ].join('\r\n')
}
