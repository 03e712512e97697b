import { DomainError } from '../platform/index.ts'
import type { DeliveryReceipt, InboundAnswer, SubmitOutcome } from './channel.ts'
import type { Message } from './message.ts'

/** Somebody who waits until what they brought is durable. */
export type Waiter = { resolve: () => void; reject: (error: unknown) => void }

/** `tick` is the last one that was committed when it came: what it speaks of is in the tables when they know that one. */
export type ReceivedReceipt = Waiter & {
  channel: string
  receipt: DeliveryReceipt
  sinceMs: number
  tick: number
}
/** Receipts that came together and are acknowledged together, when the last of them is durable. */
export type ReceiptBatch = Waiter & {
  channel: string
  receipts: DeliveryReceipt[]
  sinceMs: number
  tick: number
}
export type ReceivedAnswer = Waiter & {
  answer: InboundAnswer & { answerId: string }
  subscriberId: number | undefined
  tick: number
  /** What to say back, once it is stored. */
  reply?: string
  /** A message says it. */
  isRepliedTo?: true
}
export type ReceivedGone = Waiter & {
  channel: string
  subscriberId: number
  hash: string
  /** Where nobody else is behind it, so that no channel uses it any more. */
  identity?: string
  reason: string
  atMs: number
}
/** What somebody wants of a campaign's sending. */
export type Control = Waiter & { campaignId: string; state: SendingState }
export type SendingState = 'running' | 'paused' | 'cancelled'

/** What comes in between two ticks. */
export class Inbox {
  outcomes: { message: Message; outcome: SubmitOutcome }[] = []
  batches: ReceiptBatch[] = []
  /** Those that memory alone could not understand. */
  receipts: ReceivedReceipt[] = []
  answers: ReceivedAnswer[] = []
  gone: ReceivedGone[] = []
  controls: Control[] = []

  get isEmpty(): boolean {
    return (
      this.outcomes.length === 0 &&
      this.batches.length === 0 &&
      this.receipts.length === 0 &&
      this.answers.length === 0 &&
      this.gone.length === 0 &&
      this.controls.length === 0
    )
  }

  /** Gives back what a failed tick had taken, before what came since. */
  giveBack(taken: Inbox): void {
    this.outcomes = [...taken.outcomes, ...this.outcomes]
    this.batches = [...taken.batches, ...this.batches]
    this.receipts = [...taken.receipts, ...this.receipts]
    this.answers = [...taken.answers, ...this.answers]
    this.gone = [...taken.gone, ...this.gone]
    this.controls = [...taken.controls, ...this.controls]
  }

  /** Everybody who waits. */
  *waiters(): Generator<Waiter> {
    yield* this.batches
    yield* this.receipts
    yield* this.answers
    yield* this.gone
    yield* this.controls
  }
}

/** What the bringer of an answer is told whose sender is no subscriber. */
export function senderUnknown(): DomainError {
  const text = 'an answer came from an address that belongs to no subscriber'
  return new DomainError('sender_unknown', text, { field: 'address' })
}
