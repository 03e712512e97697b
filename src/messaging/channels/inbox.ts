import assert from 'node:assert/strict'
import { Batcher, type Clock } from '../../platform/index.ts'
import type { Channel, ChannelEvents, Done, Inbox, OutboundMessage, SubmitOutcome } from '../channel.ts'
import { channelKind, settingsOf } from './settings.ts'

const settings = settingsOf('inbox', {})

/** Messages that wait to be stored, at most, before it says that there is no room. */
const ROOM = 10_000

/**
 * The subscriber's inbox on the operator's site and in the app, which ask for it (`GET /v1/subscribers/:id/inbox`) and
 * report what was shown, read and pressed. It costs nothing and needs no number. Putting a message in twice puts it in
 * once, so an unknown outcome may be submitted again.
 */
class InboxChannel implements Channel {
  readonly #clock: Clock
  readonly #entries: Batcher<OutboundMessage, SubmitOutcome>
  #waiting = 0
  #isStopping = false
  #idle: (() => void)[] = []

  constructor(inbox: Inbox, clock: Clock) {
    this.#clock = clock
    this.#entries = new Batcher(async (messages) => {
      await inbox.put(messages)
      return messages.map(({ messageId }): SubmitOutcome => ({
        outcome: 'accepted',
        providerMessageId: messageId,
      }))
    })
  }

  async start(_events: ChannelEvents): Promise<void> {
    this.#isStopping = false
  }

  whenReady(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.#isStopping = true
    if (this.#waiting === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle.push(resolve)
    })
  }

  room(): number {
    return this.#isStopping ? 0 : Math.max(0, ROOM - this.#waiting)
  }

  submit(messages: OutboundMessage[], done: Done): void {
    messages.forEach((message, index) => {
      if (this.#isStopping) return done(index, { outcome: 'retry', afterMs: 1_000, reason: 'stopping' })
      if (message.expiresAtMs <= this.#clock.nowMs())
        return done(index, { outcome: 'refused', reason: 'expired' })
      void this.#put(message, index, done)
    })
  }

  async #put(message: OutboundMessage, index: number, done: Done): Promise<void> {
    this.#waiting++
    const lost: SubmitOutcome = { outcome: 'unknown', reason: 'not_stored' }
    done(index, await this.#entries.add(message).catch(() => lost))
    if (--this.#waiting === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}

/** On-site and in-app inbox. */
export const inbox = channelKind({
  id: 'inbox',
  settings,
  traits: {
    addressKind: 'subscriber',
    reports: ['delivered', 'seen', 'clicked', 'answered'],
    shows: ['text', 'subject', 'choices', 'media', 'link'],
    resubmitSafe: true,
  },
  create(_options, { clock, inbox: entries }) {
    assert(entries, 'the inbox channel needs a place to put messages')
    return new InboxChannel(entries, clock)
  },
})
