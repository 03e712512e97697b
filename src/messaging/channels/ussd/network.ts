import type { Channel, ChannelContext, ChannelEvents, Done, OutboundMessage } from '../../channel.ts'
import { smppChannel, type SmppSettings } from '../sms/index.ts'
import { ussdOp } from '../sms/inbound.ts'
import type { UssdInput, UssdReply } from '../sms/smpp-events.ts'
import { type Dialogue, Dialogues, idsOf } from './dialogues.ts'
import { fitsUssd } from './menu.ts'

export type UssdNetworkSettings = {
  smpp: SmppSettings
  ratePerS?: number | undefined
  answerTimeoutMs: number
  closingText: string
}

/**
 * USSD over SMPP: a menu leaves as a USSR request, a text without choices as a USSN notification, both in a session of
 * their own. A phone has one dialogue at a time, so that an answer belongs to the menu that is on it, whatever session
 * the peer writes. No peer recognises a message that it has seen.
 */
export class UssdNetworkChannel implements Channel {
  readonly #settings: UssdNetworkSettings
  readonly #context: ChannelContext
  readonly #link: ReturnType<typeof smppChannel>
  readonly #dialogues: Dialogues
  #session = 0
  #events: ChannelEvents | undefined

  constructor(settings: UssdNetworkSettings, context: ChannelContext) {
    const { smpp, ratePerS, answerTimeoutMs } = settings
    this.#settings = settings
    this.#context = context
    this.#link = smppChannel({ ...smpp, ratePerS }, context, { sms: false, ussd: true })
    const nowMs = (): number => context.clock.nowMs()
    this.#dialogues = new Dialogues({ answerTimeoutMs, nowMs, events: () => this.#events })
  }

  start(events: ChannelEvents): Promise<void> {
    this.#events = events
    return this.#link.start({ ...events, onUssd: (input) => this.#take(input) })
  }

  whenReady(): Promise<void> {
    return this.#link.whenReady()
  }

  async stop(): Promise<void> {
    await this.#link.stop()
    this.#events = undefined
    this.#dialogues.clear()
  }

  room(): number {
    return this.#link.room()
  }

  submit(messages: OutboundMessage[], done: Done): void {
    const sent: { index: number; dialogue: Dialogue; message: OutboundMessage }[] = []
    messages.forEach((message, index) => {
      const { address, choices = [] } = message
      const busy = this.#dialogues.at(address)
      if (message.expiresAtMs <= this.#context.clock.nowMs())
        return done(index, { outcome: 'refused', reason: 'expired' })
      if (busy !== undefined && !busy.isAnswered && busy.choices.length > 0) {
        const { answerTimeoutMs: afterMs } = this.#settings
        return done(index, { outcome: 'retry', afterMs, reason: 'dialogue_open' })
      }
      const dialogue = this.#dialogues.begin(address, message)
      if (!fitsUssd(dialogue.menu)) {
        const outcome = { outcome: 'refused', reason: 'text_too_long' } as const
        this.#dialogues.settle(address, dialogue, outcome)
        return done(index, outcome)
      }
      const ussd = {
        serviceOp: choices.length > 0 ? ussdOp.ussrRequest : ussdOp.ussnRequest,
        session: this.#nextSession(),
      }
      sent.push({ index, dialogue, message: { ...message, text: dialogue.menu, ussd } })
    })
    const batch = sent.map(({ message }) => message)
    this.#link.submit(batch, (place, outcome) => {
      const { index, dialogue } = sent[place]!
      this.#dialogues.settle(dialogue.address, dialogue, outcome)
      done(index, outcome)
    })
  }

  /** its_session_info (§5.3.2.43): a session's number and the step in it. */
  #nextSession(): string {
    this.#session = (this.#session + 1) % 256
    return Buffer.from([this.#session, 0]).toString('hex')
  }

  async #take({ answer, serviceOp }: UssdInput): Promise<UssdReply | 'none' | undefined> {
    const dialogue = this.#dialogues.at(answer.address)
    const isShown = serviceOp === ussdOp.ussnConfirm
    if (dialogue === undefined || (serviceOp !== ussdOp.ussrConfirm && !isShown)) return undefined
    // The last word of a dialogue was shown, which says nothing new.
    if (isShown && dialogue.choices.length > 0) return 'none'
    if (isShown) {
      await this.#events?.onReceipts([{ ...idsOf(dialogue), status: 'delivered', atMs: answer.atMs }])
      return 'none'
    }
    const next = await this.#dialogues.take(dialogue, answer.text)
    return next === 'again'
      ? { serviceOp: ussdOp.ussrRequest, text: dialogue.menu }
      : { serviceOp: ussdOp.ussnRequest, text: next.end ?? this.#settings.closingText }
  }
}
