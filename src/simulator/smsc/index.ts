import { randomBytes } from 'node:crypto'
import type { AddressInfo, Server } from 'node:net'
import smpp, { type PDU, type Session } from 'smpp'
import { messageDeliveries, receiptDelivery, ussdDelivery, type ReceiptStatus } from './deliveries.ts'
import { PartJoiner, readPart, type IncomingMessage, type IncomingPart } from './incoming.ts'
import { Outgoing } from './outgoing.ts'
import { UssdSessions } from './ussd-sessions.ts'

export { FastSmsc, startFastSmsc } from './fast.ts'
export type { FastSmscCounts, FastSmscMessage, FastSmscOptions } from './fast-options.ts'
export { type FastSmscProcess, spawnFastSmsc } from './fast-process.ts'
export type { IncomingMessage } from './incoming.ts'

/**
 * `onMessage` is called once a message, when its last part has arrived and before that part is answered; what it
 * resolves with is not read. `shouldThrottle` is asked for each part before it is accepted: true answers 0x58.
 * Decisions belong to the caller, so that a run with the same seed is the same run.
 */
export type SmscOptions = {
  /** 0 (the default) takes any free port. */
  port?: number
  onMessage(message: IncomingMessage): unknown
  shouldThrottle?(part: { address: string; text: string; reference?: number }): boolean
  /** First half of message ids; left out, it differs at each start, so that ids never come twice. */
  idPrefix?: string
  /** Deliveries to the peer without an answer at a time. */
  window?: number
}

/** Counters since the start. */
export type SmscStats = {
  bound: boolean
  binds: number
  partsAccepted: number
  partsThrottled: number
  messages: number
  deliveriesAnswered: number
  deliveriesOpen: number
}

/** A receipt to send: `messageId` as `onMessage` got it, `reference` its low 16 bits, `atMs` epoch ms. */
export type Receipt = {
  messageId: string
  address: string
  status: ReceiptStatus
  reference?: number
  atMs: number
}

/** What a subscriber sends. `reference` (16 bits) tells repeats apart; it is counted where it is not given. */
export type Originated = { address: string; text: string; reference?: number }

export interface Smsc {
  readonly port: number
  /** Sends a receipt for each part of a message; resolves when the peer has answered all of them. */
  sendReceipt(receipt: Receipt): Promise<void>
  /** A subscriber sends an SMS; resolves when the peer has answered. */
  sendMobileOriginated(message: Originated): Promise<void>
  /** A subscriber dials a code; resolves with the reply, empty where the peer had none. */
  sendUssd(request: Originated & { session: string }): Promise<string>
  stats(): SmscStats
  close(): Promise<void>
}

const throttled = 0x58
const systemError = 0x08
const ussdResponses = new Set([16, 17])

/** A message centre of the simulated operator: an SMPP 3.4 server on the package `smpp`, one peer at a time. */
class MessageCentre implements Smsc {
  private readonly options: SmscOptions
  private readonly idPrefix: string
  private readonly server: Server
  private readonly sessions = new Set<Session>()
  private readonly joiner = new PartJoiner()
  private readonly dialogues = new UssdSessions()
  private readonly outgoing: Outgoing
  private readonly counts = { binds: 0, partsAccepted: 0, partsThrottled: 0, messages: 0 }
  private reference = 0

  constructor(options: SmscOptions) {
    this.options = options
    this.idPrefix = options.idPrefix ?? randomBytes(4).toString('hex')
    this.outgoing = new Outgoing(options.window ?? 200)
    this.server = smpp.createServer({}, (session) => this.serve(session))
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(this.options.port ?? 0, '127.0.0.1', resolve)
    })
  }

  async sendReceipt(receipt: Receipt): Promise<void> {
    const deliveries = receipt.messageId.split(',').map((partId) => receiptDelivery({ ...receipt, partId }))
    await Promise.all(deliveries.map((delivery) => this.outgoing.deliver(delivery)))
  }

  async sendMobileOriginated(message: Originated): Promise<void> {
    const deliveries = messageDeliveries({ ...message, reference: this.referenceOf(message) })
    await Promise.all(deliveries.map((delivery) => this.outgoing.deliver(delivery)))
  }

  sendUssd(request: Originated & { session: string }): Promise<string> {
    const reference = this.referenceOf(request)
    return this.dialogues.run(request.address, (session) =>
      this.outgoing.deliver(ussdDelivery({ ...request, session, reference })),
    )
  }

  stats(): SmscStats {
    const { attached: bound, answered: deliveriesAnswered, open: deliveriesOpen } = this.outgoing
    return { ...this.counts, bound, deliveriesAnswered, deliveriesOpen }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    for (const session of this.sessions) session.destroy()
    await closed
  }

  private serve(session: Session): void {
    this.sessions.add(session)
    // Answers are small and awaited: Nagle's algorithm would hold each back for tens of milliseconds.
    session.socket.setNoDelay(true)
    session.on('error', () => session.destroy())
    session.on('close', () => {
      this.sessions.delete(session)
      this.outgoing.detach(session)
      this.dialogues.askAgain()
    })
    session.on('bind_transceiver', (pdu: PDU) => {
      this.counts.binds += 1
      session.send(pdu.response({ system_id: 'simulated-smsc' }))
      this.outgoing.attach(session)
    })
    session.on('enquire_link', (pdu: PDU) => session.send(pdu.response()))
    session.on('unbind', (pdu: PDU) => {
      session.send(pdu.response())
      session.close()
    })
    session.on('submit_sm', async (pdu: PDU) => {
      const answer = await this.accept(readPart(pdu)).catch(() => ({ command_status: systemError }))
      session.send(pdu.response(answer))
    })
  }

  /** Decides on one part and gives the fields of its submit_sm_resp. */
  private async accept(part: IncomingPart): Promise<{ command_status?: number; message_id?: string }> {
    const { address, text, reference } = part
    const asked = { address, text, ...(reference === undefined ? {} : { reference }) }
    if (this.options.shouldThrottle?.(asked) === true) {
      this.counts.partsThrottled += 1
      return { command_status: throttled }
    }
    this.counts.partsAccepted += 1
    const id = `${this.idPrefix}-${this.counts.partsAccepted}`
    if (ussdResponses.has(part.ussdServiceOp ?? -1)) {
      this.dialogues.finish(part.session ?? '', address, text)
      return { message_id: id }
    }
    const message = this.joiner.add(part, id)
    if (message !== undefined) {
      this.counts.messages += 1
      await this.options.onMessage(message)
    }
    return { message_id: id }
  }

  private referenceOf(given: { reference?: number }): number {
    return given.reference ?? ++this.reference
  }
}

/** Starts the message centre on the loopback interface; rejects where the port is taken. */
export async function startSmsc(options: SmscOptions): Promise<Smsc> {
  const centre = new MessageCentre(options)
  await centre.listen()
  return centre
}
