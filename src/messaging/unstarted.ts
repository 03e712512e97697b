import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel, ChannelEvents, Done, OutboundMessage } from './channel.ts'

/** How long after a start that failed it is tried again, real ms; doubled each time. */
const FIRST_TRY_MS = 1_000
const LONGEST_MS = 60_000

/**
 * Stands for a channel that could not be started and tries again: it has no room, so that its messages wait until they
 * are stale and cascades go on to their next step.
 */
export class UnstartedChannel implements Channel {
  readonly #start: () => Promise<Channel>
  readonly #onError: (error: unknown) => void
  readonly #stopping = new AbortController()
  #trying: Promise<void> = Promise.resolve()

  constructor(start: () => Promise<Channel>, onError: (error: unknown) => void) {
    this.#start = start
    this.#onError = onError
  }

  /** Begins to try again; `started` is called with the channel that runs at last. */
  tryAgain(started: (channel: Channel) => void): void {
    this.#trying = this.#try(started)
  }

  async #try(started: (channel: Channel) => void): Promise<void> {
    const { signal } = this.#stopping
    for (let waitMs = FIRST_TRY_MS; !signal.aborted; waitMs = Math.min(2 * waitMs, LONGEST_MS)) {
      await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      try {
        const channel = await this.#start()
        if (signal.aborted) await channel.stop()
        else started(channel)
        return
      } catch (error) {
        this.#onError(error)
      }
    }
  }

  room = (): number => 0
  whenReady = (): Promise<void> => Promise.resolve()

  start(_events: ChannelEvents): Promise<void> {
    return Promise.resolve()
  }

  submit(messages: OutboundMessage[], done: Done): void {
    messages.forEach((_, i) => done(i, { outcome: 'retry', afterMs: FIRST_TRY_MS, reason: 'not_started' }))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#trying
  }
}
