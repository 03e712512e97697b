import { z } from 'zod'
import type {
  Callback,
  CallbackReply,
  ChannelContext,
  ChannelEvents,
  OutboundMessage,
  SubmitOutcome,
} from '../../channel.ts'
import { isMessageId } from '../choice-data.ts'
import { handUpAnswer } from '../hand-up.ts'
import { bearer, outcomeOfStatus } from '../http-request.ts'
import { RequestChannel, type RequestSettings } from '../request-channel.ts'
import { Dialogues, idsOf } from './dialogues.ts'
import { formatUssdReply, parseUssdForm } from './form.ts'
import { fitsUssd, menuText } from './menu.ts'

export type UssdGatewaySettings = RequestSettings & {
  url: string
  token?: string | undefined
  serviceCode: string
  networkCode?: string | undefined
  answerTimeoutMs: number
  closingText: string
}

/** What the gateway tells of a push besides an answer. */
const event = z.enum(['shown', 'no_answer', 'unreachable']).optional()

const told = {
  shown: { status: 'delivered' },
  no_answer: { status: 'failed', reason: 'no_answer' },
  unreachable: { status: 'failed', reason: 'unreachable' },
} as const

/**
 * USSD through an HTTP gateway; the contract is in README.md here. What was entered in a dialogue comes whole with each
 * call, so that a repeated call finds the same answer.
 */
export class UssdGatewayChannel extends RequestChannel<UssdGatewaySettings> {
  readonly #dialogues: Dialogues
  #handUp: ChannelEvents | undefined

  constructor(settings: UssdGatewaySettings, context: ChannelContext) {
    super(settings, context)
    const { answerTimeoutMs } = settings
    const nowMs = (): number => this.clock.nowMs()
    this.#dialogues = new Dialogues({ answerTimeoutMs, nowMs, events: () => this.#handUp })
  }

  override async start(events: ChannelEvents): Promise<void> {
    this.#handUp = events
    await super.start(events)
  }

  override async stop(): Promise<void> {
    await super.stop()
    this.#handUp = undefined
    this.#dialogues.clear()
  }

  async callback({ body }: Callback): Promise<CallbackReply> {
    const form = Object.fromEntries(new URLSearchParams(body.toString()))
    const dialled = parseUssdForm(form, this.clock.nowMs())
    const { session = '' } = dialled
    const happened = event.safeParse(form['event']).data
    const dialogue = this.#dialogues.at(session)
    if (happened !== undefined) {
      const ids = dialogue === undefined ? { messageId: session } : idsOf(dialogue)
      await this.events.onReceipts([{ ...ids, ...told[happened], atMs: this.clock.nowMs() }])
      return { status: 204 }
    }
    const steps = (form['text'] ?? '').split('*')
    if (dialogue !== undefined) {
      const next = await this.#dialogues.take(dialogue, steps.at(-1)!, steps.length - 1)
      return next === 'again' ? reply(dialogue.menu, true) : reply(next.end ?? this.settings.closingText)
    }
    // A session of ours that an earlier process began is still about its message.
    const own = isMessageId(session) ? { messageId: session, text: steps.at(-1)! } : {}
    return reply((await handUpAnswer(this.events, { ...dialled, ...own })) ?? this.settings.closingText)
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const { messageId, address, choices = [] } = message
    if (!fitsUssd(menuText(message.text, choices))) return { outcome: 'refused', reason: 'text_too_long' }
    const { url, token, serviceCode, networkCode } = this.settings
    const dialogue = this.#dialogues.begin(messageId, message)
    const form = {
      sessionId: messageId,
      phoneNumber: address,
      ...(networkCode === undefined ? {} : { networkCode }),
      serviceCode,
      text: formatUssdReply(dialogue.menu, choices.length > 0),
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...bearer(token) }
    const answer = await this.ask({ url, headers, body: new URLSearchParams(form).toString() })
    const isTaken = 'status' in answer && answer.status >= 200 && answer.status < 300
    const outcome: SubmitOutcome = isTaken
      ? { outcome: 'accepted', providerMessageId: messageId }
      : 'failure' in answer
        ? answer.failure
        : outcomeOfStatus(answer)
    this.#dialogues.settle(messageId, dialogue, outcome)
    return outcome
  }
}

const reply = (text: string, more = false): CallbackReply => ({
  status: 200,
  contentType: 'text/plain; charset=utf-8',
  body: formatUssdReply(text, more),
})
