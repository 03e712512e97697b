import type { ChannelEvents, Choice, OutboundMessage, SubmitOutcome } from '../../channel.ts'
import { handUpAnswer } from '../hand-up.ts'
import { menuText, readInput } from './menu.ts'

/** A menu on a phone. `providerMessageId` is known once the peer has taken it. */
export type Dialogue = {
  messageId: string
  address: string
  /** As the phone shows it, numbered lines and all. */
  menu: string
  choices: readonly Choice[]
  providerMessageId?: string
  /** Wrong inputs so far. */
  mistakes: number
  isAnswered: boolean
}

export type DialoguesOptions = {
  /** How long an answer is waited for, real ms. */
  answerTimeoutMs: number
  nowMs: () => number
  /** Where to hand up; undefined while the channel is stopped. */
  events: () => ChannelEvents | undefined
}

/** What to do next: ask once again, or end with a text. */
export type Next = 'again' | { end: string | undefined }

/** How long a receipt that could not be kept waits for another try, real ms. */
const RETRY_MS = 1_000

/**
 * The menus that wait for an answer, each under a key: the session's or the phone's. A menu that nobody answers in time
 * becomes a receipt `failed`, `no_answer`. One that was answered is remembered for as long again, so that an answer that
 * is handed in twice means the same. They live in memory: a process that ends forgets them.
 */
export class Dialogues {
  readonly #options: DialoguesOptions
  readonly #open = new Map<string, Dialogue>()
  readonly #timers = new Map<Dialogue, NodeJS.Timeout>()

  constructor(options: DialoguesOptions) {
    this.#options = options
  }

  /** Opens a dialogue before its menu is sent: an answer may come before the peer says that it took it. */
  begin(key: string, { messageId, address, text, choices = [] }: OutboundMessage): Dialogue {
    const menu = menuText(text, choices)
    const dialogue: Dialogue = { messageId, address, menu, choices, mistakes: 0, isAnswered: false }
    this.#open.set(key, dialogue)
    return dialogue
  }

  at(key: string): Dialogue | undefined {
    return this.#open.get(key)
  }

  /** The peer has said what became of the menu: the wait begins, or there is nothing to wait for. */
  settle(key: string, dialogue: Dialogue, outcome: SubmitOutcome): void {
    if (outcome.outcome === 'accepted') dialogue.providerMessageId = outcome.providerMessageId
    const isLost = outcome.outcome === 'refused' || outcome.outcome === 'retry'
    if (isLost && !dialogue.isAnswered) return this.#forget(key, dialogue)
    // Nobody knows of a menu in doubt whether it was shown, so that nobody can have left it unanswered.
    const isAwaited = outcome.outcome === 'accepted' && dialogue.choices.length > 0
    this.#later(dialogue, () => {
      this.#forget(key, dialogue)
      if (isAwaited && !dialogue.isAnswered) void this.#tellSilence(dialogue)
    })
  }

  /**
   * Takes what was entered and resolves when it is kept: the menu has arrived, and a choice or words are the answer. A
   * number that is on no line is asked for once again, after that it is an answer like any other.
   */
  async take(dialogue: Dialogue, entered: string, mistakes = dialogue.mistakes): Promise<Next> {
    const read = readInput(dialogue.choices, entered)
    if (read === 'wrong' && mistakes === 0) {
      dialogue.mistakes = 1
      return 'again'
    }
    const { messageId, address } = dialogue
    const events = this.#options.events()
    if (events === undefined) throw new Error('the ussd channel is not started')
    const atMs = this.#options.nowMs()
    await events.onReceipts([{ ...idsOf(dialogue), status: 'delivered', atMs }])
    const said =
      typeof read === 'string' ? { text: entered } : { text: read.choice.label, choice: read.choice.id }
    const answer = { address, channel: 'ussd', ...said, messageId, dedupeKey: `ussd:${messageId}`, atMs }
    const end = await handUpAnswer(events, answer)
    dialogue.isAnswered = true
    return { end }
  }

  /** Forgets everything; nobody hears of what was left open. */
  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    this.#open.clear()
  }

  #later(dialogue: Dialogue, then: () => void, waitMs = this.#options.answerTimeoutMs): void {
    clearTimeout(this.#timers.get(dialogue))
    this.#timers.set(dialogue, setTimeout(then, waitMs))
  }

  #forget(key: string, dialogue: Dialogue): void {
    clearTimeout(this.#timers.get(dialogue))
    this.#timers.delete(dialogue)
    if (this.#open.get(key) === dialogue) this.#open.delete(key)
  }

  async #tellSilence(dialogue: Dialogue): Promise<void> {
    const atMs = this.#options.nowMs()
    try {
      const receipt = { ...idsOf(dialogue), status: 'failed', reason: 'no_answer', atMs } as const
      await this.#options.events()?.onReceipts([receipt])
      this.#timers.delete(dialogue)
    } catch {
      this.#later(dialogue, () => void this.#tellSilence(dialogue), RETRY_MS)
    }
  }
}

/** The ids by which a receipt finds its message. */
export const idsOf = ({
  messageId,
  providerMessageId,
}: Dialogue): { messageId: string; providerMessageId?: string } =>
  providerMessageId === undefined ? { messageId } : { messageId, providerMessageId }
