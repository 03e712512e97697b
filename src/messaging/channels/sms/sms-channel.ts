import { type Clock, DomainError } from '../../../platform/index.ts'
import type { Channel, Done, OutboundMessage } from '../../channel.ts'
import { Account, type AccountOptions } from './account.ts'
import type { Connection } from './connection.ts'
import { answerOf, readInbound, responsePacketOf, ussdOp } from './inbound.ts'
import { decodePdu, tlvInt8, type Pdu } from './pdu.ts'
import { status, tag } from './pdu-layout.ts'
import { Reassembler } from './reassembly.ts'
import type { LinkUser } from './submission.ts'
import type { SmppEvents } from './smpp-events.ts'
import { closingOp, replyToUssd } from './ussd-dialogue.ts'

type MessageCentreOptions = AccountOptions & {
  /** How long a part from a subscriber waits for the others before the peer is told that it was taken. */
  partHoldMs: number
  /** How long an incomplete message from a subscriber is waited for. */
  reassemblyMs: number
}

/** The peer's profile. Everything but the address and the account has a default; times are real milliseconds. */
export type SmsOptions = Pick<MessageCentreOptions, 'host' | 'port' | 'systemId' | 'password'> &
  Partial<MessageCentreOptions>

const defaults = {
  systemType: '',
  addressRange: '',
  binds: 1,
  bind: 'transceiver',
  order: 'destination',
  responseTimeoutMs: 10_000,
  enquireLinkMs: 30_000,
  reconnectMinMs: 500,
  reconnectMaxMs: 60_000,
  window: 50,
  throttleMinMs: 100,
  throttleMaxMs: 5_000,
  throttleAttempts: 10,
  source: { ton: 5, npi: 0, address: 'Tenure' },
  serviceType: '',
  longText: 'udh',
  referenceBits: 8,
  alphabet: 'gsm',
  dataCodings: { gsm: 0, ucs2: 8 },
  idForms: {},
  errorReasons: {},
  trackedMessages: 500_000,
  partHoldMs: 1_000,
  reassemblyMs: 120_000,
} as const satisfies Partial<MessageCentreOptions>

/** What a channel over the account takes of what subscribers and their SIMs send. */
export type Takes = { sms: boolean; ussd: boolean; sim?: boolean }

/**
 * One account with an SMSC and the channels that use it. Subscribers' messages go to the channel that takes them;
 * what no channel takes alone goes to the first.
 */
export class MessageCentre {
  readonly account: Account
  readonly #options: MessageCentreOptions
  readonly #clock: Clock
  readonly #reassembler: Reassembler
  readonly #takers = new Map<LinkUser, Takes>()

  constructor(options: SmsOptions, clock: Clock) {
    this.#options = { ...defaults, ...options }
    this.#clock = clock
    const { reassemblyMs: timeoutMs, partHoldMs: holdMs } = this.#options
    this.#reassembler = new Reassembler({ timeoutMs, holdMs })
    this.account = new Account(
      this.#options,
      clock,
      (connection, unit) => void this.#deliver(connection, unit),
    )
  }

  open(user: LinkUser, takes: Takes): void {
    this.#takers.set(user, takes)
    this.account.open(user)
  }

  async close(user: LinkUser): Promise<void> {
    await this.account.close(user)
    this.#takers.delete(user)
    if (this.#takers.size === 0) this.#reassembler.clear()
  }

  /** Handles a message from a subscriber and answers it when it is durable. */
  async #deliver(connection: Connection, unit: Buffer): Promise<void> {
    const pdu = decodePdu(unit) as Pdu<'deliver_sm'>
    let answer: number = status.ok
    try {
      const isUssd = pdu.tlvs.has(tag.ussdServiceOp)
      const events = this.#eventsFor(isUssd ? 'ussd' : 'sms')
      const packet = responsePacketOf(pdu)
      const sim = packet === undefined ? undefined : this.#takerOf('sim')
      if (packet !== undefined && sim?.onResponsePacket !== undefined)
        await sim.onResponsePacket({ ...packet, atMs: this.#clock.nowMs() })
      else if (events === undefined) answer = status.temporaryError
      else if (isUssd) await this.#takeUssd(pdu, events)
      else await this.#takeMessage(pdu, events)
    } catch (error) {
      // What was refused, such as an unknown sender, would be refused again: the SMSC need not come back with it.
      answer = error instanceof DomainError ? status.permanentError : status.temporaryError
    }
    connection.respond(pdu.sequence, answer)
  }

  #takerOf(kind: keyof Takes): SmppEvents | undefined {
    for (const [user, takes] of this.#takers) if (takes[kind] === true) return user.events
    return undefined
  }

  #eventsFor(kind: keyof Takes): SmppEvents | undefined {
    return this.#takerOf(kind) ?? this.#takers.keys().next().value?.events
  }

  async #takeMessage(pdu: Pdu<'deliver_sm'>, events: SmppEvents): Promise<void> {
    const inbound = readInbound(pdu)
    const atMs = this.#clock.nowMs()
    const whole = async (text: string): Promise<void> => {
      await events.onAnswer(answerOf(pdu, inbound, text, 'sms', atMs))
    }
    if (inbound.concatenation === undefined) await whole(inbound.octetsText)
    else await this.#reassembler.add(inbound.groupKey, inbound.concatenation, inbound.octetsText, whole)
  }

  async #takeUssd(pdu: Pdu<'deliver_sm'>, events: SmppEvents): Promise<void> {
    const serviceOp = tlvInt8(pdu, tag.ussdServiceOp) ?? ussdOp.pssrIndication
    const inbound = readInbound(pdu)
    const answer = answerOf(pdu, inbound, inbound.octetsText, 'ussd', this.#clock.nowMs())
    const next = await events.onUssd?.({ answer, serviceOp })
    if (next === 'none') return
    // The phone has shown what we told: nobody waits for anything.
    if (next === undefined && serviceOp === ussdOp.ussnConfirm) return
    const text = next === undefined ? await events.onAnswer(answer) : next.text
    if (next === undefined && serviceOp === ussdOp.ussrConfirm && !text) return
    const { throttleMinMs } = this.#options
    // The response to the request leaves first; the reply is a request of its own. A dialogue without an answer would
    // hang on the phone, so that no text still ends it.
    const reply = { text: text ?? '', serviceOp: next?.serviceOp ?? closingOp(serviceOp) }
    setImmediate(() => void replyToUssd(() => this.account.connection, pdu, reply, throttleMinMs))
  }
}

/**
 * SMS and USSD over the binds of one SMPP 3.4 account. A submission whose outcome is unknown is never sent again
 * (`resubmitSafe` is false): no SMSC recognises a message that it has seen.
 */
export class SmsChannel implements Channel {
  readonly #centre: MessageCentre
  readonly #takes: Takes
  readonly #user: LinkUser = { events: undefined, open: 0, isStopping: false, whenIdle: [] }

  constructor(centre: MessageCentre, takes: Takes) {
    this.#centre = centre
    this.#takes = takes
  }

  /** Begins to connect; does not wait for the bind, so that a silent SMSC holds nothing else up. */
  async start(events: SmppEvents): Promise<void> {
    this.#user.events = events
    this.#user.isStopping = false
    this.#centre.open(this.#user, this.#takes)
  }

  /** Resolves at the next successful bind, at once if the channel is bound. */
  whenReady(): Promise<void> {
    return this.#centre.account.whenReady()
  }

  /** Says whether messages can be submitted now. */
  get bound(): boolean {
    return this.#centre.account.isBound
  }

  room(): number {
    return this.#user.isStopping ? 0 : this.#centre.account.room()
  }

  submit(messages: OutboundMessage[], done: Done): void {
    this.#centre.account.submit(messages, done, this.#user)
  }

  /** Gives back what was not sent, waits for the answers to what was, unbinds. */
  async stop(): Promise<void> {
    await this.#centre.close(this.#user)
    this.#user.events = undefined
  }
}

/** Makes the SMS channel for one SMSC account. `clock` gives the times of receipts and answers. */
export function createSmsChannel(options: SmsOptions, clock: Clock): SmsChannel {
  return new SmsChannel(new MessageCentre(options, clock), { sms: true, ussd: true })
}
