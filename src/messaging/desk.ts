import type { Cards } from './cards.ts'
import type { Catalogue } from './catalogue.ts'
import type { Channel } from './channel.ts'
import type { Message, MessageState, Run } from './message.ts'
import { ChannelQueue } from './queue.ts'
import type { Wording } from './wording.ts'
import type { WorkingSet } from './working-set.ts'

const lastWords = ['clicked', 'seen', 'delivered'] as const

/** So many messages that wait for a channel are enough for some ticks. */
const FLOOD = 4_000

/** Everything that one tenant's sender has at hand. */
export class Desk {
  readonly set: WorkingSet
  readonly cards: Cards
  readonly catalogue: Catalogue
  readonly wording: Wording
  /** The tenant's running channels. */
  channels: ReadonlyMap<string, Channel> = new Map()
  readonly queues = new Map<string, ChannelQueue>()
  /** Campaigns whose sending is not running. */
  readonly stopped = new Map<string, 'paused' | 'cancelled'>()
  /** Of each paced cascade when its next first contact may go, and the first turn that nobody has, epoch ms. */
  readonly turns = new Map<string, { nextMs: number; freeMs: number }>()
  /** Subscribers whose card must be loaded before their runs can go on. */
  readonly wantedCards = new Set<number>()
  /** Runs whose cascade must be read before they can go on. */
  readonly wantedPlans = new Map<string, Run>()
  /** Messages that channels have and of which they have not said what became. */
  readonly inFlight = new Map<string, number>()

  constructor(set: WorkingSet, cards: Cards, catalogue: Catalogue, wording: Wording) {
    this.set = set
    this.cards = cards
    this.catalogue = catalogue
    this.wording = wording
  }

  queueOf(channel: string): ChannelQueue {
    let queue = this.queues.get(channel)
    if (!queue) this.queues.set(channel, (queue = new ChannelQueue()))
    return queue
  }

  /** How many more messages a channel takes now; one that does not exist takes all, so that each is told why not. */
  roomOf(channel: string): number {
    const found = this.channels.get(channel)
    return found ? found.room() : Number.POSITIVE_INFINITY
  }

  /** Whether some message waits whose channel would take it. */
  hasReady(): boolean {
    for (const [channel, queue] of this.queues) if (queue.size > 0 && this.roomOf(channel) > 0) return true
    return false
  }

  hasWaiting(): boolean {
    for (const queue of this.queues.values()) if (queue.size > 0) return true
    return false
  }

  /** The last that a channel ever tells of a message. */
  lastWordOf(channel: string): MessageState {
    const reports = this.catalogue.traits(channel)?.reports ?? []
    return lastWords.find((word) => reports.includes(word)) ?? 'submitted'
  }

  /** Whether more waits for channels that are at work than they will take soon: what comes behind it need not yet. */
  get isFlooded(): boolean {
    for (const [channel, queue] of this.queues)
      if (queue.size > FLOOD && (this.inFlight.get(channel) ?? 0) > 0) return true
    return false
  }

  countInFlight(message: Message, by: 1 | -1): void {
    this.inFlight.set(message.channel, (this.inFlight.get(message.channel) ?? 0) + by)
  }

  get anyInFlight(): boolean {
    for (const count of this.inFlight.values()) if (count > 0) return true
    return false
  }
}
