import smpp, { type Session } from 'smpp'

/** Fields of one deliver_sm. */
export type Delivery = Record<string, unknown>

type Waiting = { fields: Delivery; resolve: () => void; reject: (error: Error) => void; refusals: number }

const refusalDelayMs = 50
const refusalLimit = 100

/**
 * Delivers to whichever peer is bound and keeps each deliver_sm until it was answered: what a peer left
 * unanswered when it went is sent again to the next, so that a peer that crashes may get it twice, as in life.
 */
export class Outgoing {
  private readonly waiting: Waiting[] = []
  private readonly sent = new Map<Waiting, Session>()
  private session: Session | undefined
  private readonly window: number
  answered = 0

  constructor(window: number) {
    this.window = window
  }

  /** Number of deliveries without an answer. */
  get open(): number {
    return this.waiting.length + this.sent.size
  }

  /** Says whether a peer is bound. */
  get attached(): boolean {
    return this.session !== undefined
  }

  /** Resolves when the peer has answered; rejects when it refused again and again. */
  deliver(fields: Delivery): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ fields, resolve, reject, refusals: 0 })
      this.pump()
    })
  }

  /** Sends from now on to this session. */
  attach(session: Session): void {
    this.session = session
    this.pump()
  }

  /** The session is gone: its unanswered deliveries are first in line for the next one. */
  detach(session: Session): void {
    if (this.session === session) this.session = undefined
    const unanswered = [...this.sent].filter(([, owner]) => owner === session).map(([delivery]) => delivery)
    for (const delivery of unanswered) this.sent.delete(delivery)
    this.waiting.unshift(...unanswered)
    this.pump()
  }

  private pump(): void {
    const { session } = this
    if (session === undefined) return
    while (this.sent.size < this.window) {
      const delivery = this.waiting.shift()
      if (delivery === undefined) return
      this.sent.set(delivery, session)
      const pdu = new smpp.PDU('deliver_sm', delivery.fields)
      session.send(pdu, (response) => this.take(delivery, session, response.command_status))
    }
  }

  private take(delivery: Waiting, session: Session, commandStatus: number): void {
    if (this.sent.get(delivery) !== session) return
    this.sent.delete(delivery)
    if (commandStatus === 0) {
      this.answered += 1
      delivery.resolve()
    } else if (++delivery.refusals >= refusalLimit) {
      delivery.reject(new Error(`deliver_sm refused with status ${commandStatus}`))
    } else {
      setTimeout(() => {
        this.waiting.push(delivery)
        this.pump()
      }, refusalDelayMs)
    }
    this.pump()
  }
}
