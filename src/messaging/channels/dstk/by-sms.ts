import { DomainError, systemClock } from '../../../platform/index.ts'
import type { Channel, ChannelContext, ChannelEvents, Choice, Done, OutboundMessage } from '../../channel.ts'
import { handUpAnswer } from '../hand-up.ts'
import { smppChannel, type SmppSettings } from '../sms/index.ts'
import type { ResponsePacket } from '../sms/smpp-events.ts'
import {
  commandHeader,
  decodeResponse,
  encodePacket,
  type PacketSecurity,
  type Response,
  statusWords,
} from './secured-packet.ts'
import { type CommandResult, encodeCommand, readResult } from './sim-command.ts'

export type DstkSmsSettings = {
  smpp: SmppSettings
  ratePerS?: number | undefined
  /** Toolkit application reference: which applet on the SIM it is for. */
  tar: Buffer
  security?: PacketSecurity | undefined
}

/** A command that may be answered. */
type Sent = { messageId: string; choices: readonly Choice[] }

/** The counter's first moment: five octets of milliseconds from here last until 2054. */
const COUNTER_FROM_MS = Date.UTC(2020, 0, 1)
/** Commands whose answers are awaited; of older ones only the item's number is told. */
const MAX_SENT = 200_000

/**
 * Pop-ups by binary SMS (PID 0x7F, DCS 0xF6) to the applet on the SIM: a command of TS 31.111 in a secured packet. A SIM
 * answers with a response packet that bears the command's counter. A counter is the world's time, one more where the same
 * SIM has that already: so it rises for each SIM, and never runs ahead of a restart. No SMSC recognises a message that it
 * has seen.
 */
export class DstkSmsChannel implements Channel {
  readonly resubmitSafe = false
  readonly #settings: DstkSmsSettings
  readonly #link: ReturnType<typeof smppChannel>
  /** By address and counter, the oldest first. */
  readonly #sent = new Map<string, Sent>()
  #atMs = 0
  #events: ChannelEvents | undefined

  constructor(settings: DstkSmsSettings, context: ChannelContext) {
    const { smpp, ratePerS } = settings
    this.#settings = settings
    this.#link = smppChannel({ ...smpp, ratePerS }, context, { sms: false, ussd: false, sim: true })
  }

  start(events: ChannelEvents): Promise<void> {
    this.#events = events
    return this.#link.start({ ...events, onResponsePacket: (packet) => this.#take(packet) })
  }

  whenReady(): Promise<void> {
    return this.#link.whenReady()
  }

  async stop(): Promise<void> {
    await this.#link.stop()
    this.#events = undefined
  }

  room(): number {
    return this.#link.room()
  }

  submit(messages: OutboundMessage[], done: Done): void {
    const places: number[] = []
    const batch: OutboundMessage[] = []
    messages.forEach((message, index) => {
      const { messageId, address, choices = [] } = message
      const data = encodeCommand(message.text, choices)
      if (data === undefined) return done(index, { outcome: 'refused', reason: 'text_too_long' })
      const counter = this.#nextCounter(address)
      const payload = encodePacket({ ...this.#settings, counter, data })
      this.#sent.set(keyOf(address, counter), { messageId, choices })
      if (this.#sent.size > MAX_SENT) this.#sent.delete(this.#sent.keys().next().value!)
      places.push(index)
      batch.push({
        ...message,
        text: '',
        binary: { payload, udh: commandHeader, protocolId: 0x7f, dataCoding: 0xf6 },
      })
    })
    this.#link.submit(batch, (place, outcome) => done(places[place]!, outcome))
  }

  #nextCounter(address: string): number {
    // A clock that is set back does not set a counter back.
    this.#atMs = Math.max(this.#atMs, systemClock.nowMs())
    let counter = this.#atMs - COUNTER_FROM_MS
    while (this.#sent.has(keyOf(address, counter))) counter++
    return counter
  }

  async #take({ address, octets, atMs }: ResponsePacket): Promise<void> {
    const events = this.#events
    if (events === undefined) throw new Error('the dstk channel is not started')
    const response = decodeResponse(octets, this.#settings.security)
    if (response === undefined)
      throw new DomainError('signature_wrong', 'the response packet is malformed or not signed by this key')
    const result = resultOf(response)
    const sent = this.#sent.get(keyOf(address, response.counter))
    const messageId = sent === undefined ? {} : { messageId: sent.messageId }
    if (result.is === 'chosen' && result.item > 0) {
      const choice = sent?.choices[result.item - 1]
      const said =
        choice === undefined ? { text: String(result.item) } : { text: choice.id, choice: choice.id }
      const dedupeKey = `dstk:${sent?.messageId ?? response.counter}`
      await handUpAnswer(events, { address, channel: 'dstk', ...said, ...messageId, dedupeKey, atMs })
    } else if (sent !== undefined) await events.onReceipts([{ ...messageId, ...receiptOf(result), atMs }])
  }
}

const keyOf = (address: string, counter: number): string => `${address}:${counter}`

function resultOf({ status, data }: Response): CommandResult {
  if (status !== 0x00 && status !== 0x0b)
    return { is: 'failed', reason: statusWords[status] ?? `sim_${status.toString(16)}` }
  return data.length === 0
    ? { is: 'shown' }
    : (readResult(data) ?? { is: 'failed', reason: 'sim_answer_unreadable' })
}

/** What a result other than a choice says of the message; a pop-up that nobody pressed was shown all the same. */
function receiptOf(result: CommandResult): {
  status: 'delivered' | 'seen' | 'failed'
  reason?: string
} {
  switch (result.is) {
    case 'shown':
      return { status: 'delivered' }
    case 'no_answer':
      return { status: 'delivered', reason: 'no_answer' }
    case 'failed':
      return { status: 'failed', reason: result.reason }
    default:
      return { status: 'seen', reason: 'refused' }
  }
}
