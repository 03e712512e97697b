/**
 * The one interface behind which every channel stands. The service decides what is sent and when; a channel
 * only carries it, says honestly what became of it, and hands up what comes back from the subscriber.
 */

/**
 * One message for one address, rendered and permitted already.
 *
 * `messageId` is the delivery's own id (UUIDv7). `address` is what the channel dials, for SMS an E.164 number
 * with its plus sign. `reference` is a small number that travels with the message and comes back in receipts
 * where the protocol allows it (SMPP keeps its low 16 bits). After `expiresAtMs` (epoch ms) nobody wants it.
 */
export type OutboundMessage = {
  messageId: string
  address: string
  text: string
  choices?: { id: string; label: string }[]
  reference: number
  expiresAtMs: number
}

/**
 * What became of a submission.
 *
 * - `accepted`: the provider has taken it; receipts will bear `providerMessageId`.
 * - `refused`: it will never be delivered, and sending it again would not help.
 * - `retry`: it was certainly not taken; it may be submitted again after `afterMs`.
 * - `unknown`: it may or may not have been taken. Only a channel with `resubmitSafe` may be asked again.
 */
export type SubmitOutcome =
  | { outcome: 'accepted'; providerMessageId: string }
  | { outcome: 'refused'; reason: string }
  | { outcome: 'retry'; afterMs: number; reason: string }
  | { outcome: 'unknown'; reason: string }

/**
 * What the provider says about an earlier message.
 *
 * `providerMessageId` equals the one that `submit` gave. Where a process no longer remembers the submission it
 * may be the id of one part alone (see channels/README.md); `reference` is then what the provider returned,
 * for SMPP the low 16 bits of the message's reference. `atMs` is epoch ms.
 */
export type DeliveryReceipt = {
  providerMessageId?: string
  /** Our own id, where the provider gives it back: it is known before the provider's id is stored. */
  messageId?: string
  reference?: number
  address?: string
  status: 'delivered' | 'seen' | 'failed' | 'expired' | 'accepted'
  reason?: string
  atMs: number
}

/**
 * Something that a subscriber sent or pressed.
 *
 * `address` is empty where the provider names the message instead (`messageId`). `dedupeKey` is the same when
 * the same thing is handed in again. `session` names a USSD dialogue.
 */
export type InboundAnswer = {
  address: string
  channel: string
  text: string
  choice?: string
  messageId?: string
  dedupeKey: string
  atMs: number
  session?: string
}

/**
 * Where a channel hands up what comes back. Both resolve only when the thing is durable: the channel does not
 * acknowledge it to the provider before. `onAnswer` may resolve with a text to reply with. A rejection means "not
 * kept, offer it again", but a `DomainError` (an unknown sender) "refused, do not come back".
 */
export type ChannelEvents = {
  onReceipt(receipt: DeliveryReceipt): Promise<void>
  onAnswer(answer: InboundAnswer): Promise<string | void>
}

/** A way to reach subscribers. `submit` answers in the order of its input and never rejects for a message. */
export interface Channel {
  name: string
  /** True where the provider recognises `messageId`, so that submitting again cannot send twice. */
  resubmitSafe: boolean
  submit(messages: OutboundMessage[]): Promise<SubmitOutcome[]>
  start(events: ChannelEvents): Promise<void>
  /** Resolves when messages can be submitted; a channel without a connection of its own is always ready. */
  whenReady(): Promise<void>
  stop(): Promise<void>
}
