import { type Clock, DomainError } from '../../../platform/index.ts'
import type { Channel, ChannelEvents, OutboundMessage, SubmitOutcome } from '../../channel.ts'
import { answerOf, internationalAddress, readInbound, ussdOp } from './inbound.ts'
import { Link, type LinkOptions } from './link.ts'
import { outcomeOf, partsOf, ussdReply, type SourceAddress } from './outcome.ts'
import { PartTracker, type MessageReceipt } from './part-tracker.ts'
import { tlvInt8, type Pdu } from './pdu.ts'
import { status, tag } from './pdu-layout.ts'
import { Reassembler } from './reassembly.ts'
import { canonicalId, isReceipt, parseReceipt, type IdForms } from './receipt.ts'
import type { ReferenceBits } from './segments.ts'
import { SubmitQueue, type PartSubmission, type QueueOptions } from './submit-queue.ts'

/** The peer's profile. Everything but the address and the account has a default; times are real milliseconds. */
export type SmsOptions = { host: string; port: number; systemId: string; password: string } & Partial<
  LinkOptions &
    QueueOptions & {
      source: SourceAddress
      /** Width of the concatenation reference; price with the same (`smsParts(text, referenceBits)`). */
      referenceBits: ReferenceBits
      /** Only where answers and receipts write ids in different bases. */
      idForms: IdForms
      /** How many messages are remembered for their receipts. */
      trackedMessages: number
      /** How long a part from a subscriber waits for the others before the peer is told that it was taken. */
      partHoldMs: number
      /** How long an incomplete message from a subscriber is waited for. */
      reassemblyMs: number
    }
>

const defaults = {
  systemType: '',
  responseTimeoutMs: 10_000,
  enquireLinkMs: 30_000,
  reconnectMinMs: 500,
  reconnectMaxMs: 60_000,
  window: 50,
  throttleMinMs: 100,
  throttleMaxMs: 5_000,
  throttleAttempts: 10,
  source: { ton: 5, npi: 0, address: 'Tenure' } as SourceAddress,
  referenceBits: 8 as ReferenceBits,
  idForms: {} as IdForms,
  trackedMessages: 500_000,
  partHoldMs: 1_000,
  reassemblyMs: 120_000,
}

/** How many times a USSD reply is offered to a peer that throttles; the dialogue itself lives a minute or so. */
const ussdReplyAttempts = 5

/**
 * SMS and USSD over one SMPP 3.4 transceiver bind. A submission whose outcome is unknown is never sent again
 * (`resubmitSafe` is false): no SMSC recognises a message that it has seen.
 */
export class SmsChannel implements Channel {
  readonly name = 'sms'
  readonly resubmitSafe = false
  private readonly options: typeof defaults & SmsOptions
  private readonly clock: Clock
  private readonly link: Link
  private readonly queue: SubmitQueue
  private readonly tracker: PartTracker
  private readonly reassembler: Reassembler
  private readonly underWay = new Map<string, Set<Promise<unknown>>>()
  private events: ChannelEvents | undefined
  private stopping = false

  constructor(options: SmsOptions, clock: Clock) {
    this.options = { ...defaults, ...options }
    this.clock = clock
    this.tracker = new PartTracker(this.options.trackedMessages)
    this.reassembler = new Reassembler({
      timeoutMs: this.options.reassemblyMs,
      holdMs: this.options.partHoldMs,
    })
    this.queue = new SubmitQueue((part) => this.sendPart(part), this.options)
    this.link = new Link(this.options, {
      onDeliver: (pdu) => this.deliver(pdu),
      onBound: () => {},
      onLost: (reason) => this.queue.drop(reason),
    })
  }

  /** Begins to connect; does not wait for the bind, so that a silent SMSC holds nothing else up. */
  async start(events: ChannelEvents): Promise<void> {
    this.events = events
    this.stopping = false
    this.link.start()
  }

  /** Resolves at the next successful bind, at once if the channel is bound. */
  whenReady(): Promise<void> {
    return this.link.whenReady()
  }

  /** Says whether messages can be submitted now. */
  get bound(): boolean {
    return this.link.connection !== undefined
  }

  /** Gives back what was not sent, waits for the answers to what was, unbinds. */
  async stop(): Promise<void> {
    this.stopping = true
    this.queue.drop('stopping')
    await this.queue.settled()
    await this.link.stop()
    this.reassembler.clear()
  }

  /** Sends every part of every message, in order. See `SubmitOutcome` for what the answers mean. */
  submit(messages: OutboundMessage[]): Promise<SubmitOutcome[]> {
    return Promise.all(messages.map((message) => this.submitOne(message)))
  }

  private async submitOne(message: OutboundMessage): Promise<SubmitOutcome> {
    const afterMs = this.link.retryAfterMs
    if (!this.bound || this.stopping) return { outcome: 'retry', afterMs, reason: 'not bound' }
    const nowMs = this.clock.nowMs()
    if (message.expiresAtMs <= nowMs) return { outcome: 'refused', reason: 'expired' }
    const { source, referenceBits } = this.options
    const parts = partsOf(message, { source, referenceBits, nowMs })
    if (parts === undefined) return { outcome: 'refused', reason: 'text too long' }
    const work = this.queue.submit(parts).then((results): SubmitOutcome => {
      const outcome = outcomeOf(results, this.options.throttleMaxMs)
      if (outcome.outcome !== 'accepted') return outcome
      const partIds = outcome.partIds.map((id) => canonicalId(id, this.options.idForms.response))
      return { outcome: 'accepted', providerMessageId: this.tracker.add(partIds, message.reference) }
    })
    return this.whileUnderWay(digitsOf(message.address), work)
  }

  /** Lets a receipt that overtakes the answer to its message wait for that answer. */
  private async whileUnderWay<T>(key: string, work: Promise<T>): Promise<T> {
    const set = this.underWay.get(key) ?? new Set()
    this.underWay.set(key, set.add(work))
    try {
      return await work
    } finally {
      set.delete(work)
      if (set.size === 0) this.underWay.delete(key)
    }
  }

  private sendPart(part: PartSubmission) {
    const { connection } = this.link
    return (
      connection?.request('submit_sm', part.fields, part.tlvs) ?? Promise.resolve({ kind: 'closed' as const })
    )
  }

  /** Handles one deliver_sm and resolves, once what it says is durable, with the status to answer with. */
  private async deliver(pdu: Pdu<'deliver_sm'>): Promise<number> {
    const { events } = this
    if (events === undefined) return status.temporaryError
    try {
      if (isReceipt(pdu)) await this.takeReceipt(pdu, events)
      else if (pdu.tlvs.has(tag.ussdServiceOp)) await this.takeUssd(pdu, events)
      else await this.takeMessage(pdu, events)
      return status.ok
    } catch (error) {
      // What was refused, such as an unknown sender, would be refused again: the SMSC need not come back with it.
      if (error instanceof DomainError) return status.permanentError
      throw error
    }
  }

  private async takeReceipt(pdu: Pdu<'deliver_sm'>, events: ChannelEvents): Promise<void> {
    const part = parseReceipt(pdu, this.options.idForms)
    if (part === undefined) return
    const from = {
      address: internationalAddress(pdu.fields.source, pdu.fields.sourceTon),
      atMs: this.clock.nowMs(),
    }
    const handUp = (receipt: MessageReceipt) => events.onReceipt({ ...receipt, ...from })
    if (await this.tracker.settle(part, handUp)) return
    await Promise.allSettled(this.underWay.get(digitsOf(pdu.fields.source)) ?? [])
    if (await this.tracker.settle(part, handUp)) return
    const { partId, ...rest } = part
    await handUp(partId === undefined ? rest : { ...rest, providerMessageId: partId })
  }

  private async takeMessage(pdu: Pdu<'deliver_sm'>, events: ChannelEvents): Promise<void> {
    const inbound = readInbound(pdu)
    const atMs = this.clock.nowMs()
    const whole = async (text: string) => {
      await events.onAnswer(answerOf(pdu, inbound, text, 'sms', atMs))
    }
    if (inbound.concatenation === undefined) await whole(inbound.octetsText)
    else await this.reassembler.add(inbound.groupKey, inbound.concatenation, inbound.octetsText, whole)
  }

  private async takeUssd(pdu: Pdu<'deliver_sm'>, events: ChannelEvents): Promise<void> {
    const inbound = readInbound(pdu)
    const answer = answerOf(pdu, inbound, inbound.octetsText, 'ussd', this.clock.nowMs())
    const text = await events.onAnswer(answer)
    const asked = tlvInt8(pdu, tag.ussdServiceOp)
    const op = asked === ussdOp.pssdIndication ? ussdOp.pssdResponse : ussdOp.pssrResponse
    // A dialogue without an answer would hang on the phone, so that no text still ends it.
    const reply = ussdReply(pdu.fields, pdu.tlvs.get(tag.itsSessionInfo), op, text ?? '')
    // The response to the request leaves first; the reply is a request of its own.
    setImmediate(() => void this.sendUssdReply(reply))
  }

  /** A dialogue is as impatient as its user: its reply goes past the queue of campaign messages. */
  private async sendUssdReply(reply: PartSubmission): Promise<void> {
    for (let attempt = 1; attempt <= ussdReplyAttempts; attempt += 1) {
      const answer = await this.sendPart(reply)
      const throttled =
        answer.kind === 'response' &&
        (answer.status === status.throttled || answer.status === status.queueFull)
      if (!throttled) return
      await new Promise((resolve) => setTimeout(resolve, attempt * this.options.throttleMinMs))
    }
  }
}

/** Makes the SMS channel for one SMSC account. `clock` gives the times of receipts and answers. */
export function createSmsChannel(options: SmsOptions, clock: Clock): SmsChannel {
  return new SmsChannel(options, clock)
}

function digitsOf(address: string): string {
  return address.replace(/\D/g, '')
}
