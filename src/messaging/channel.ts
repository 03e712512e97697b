/**
 * The one interface behind which every channel stands. The service decides what is sent and when; a channel
 * only carries it, says honestly what became of it, and hands up what comes back from the subscriber.
 */
import type { z } from 'zod'
import type { Clock } from '../platform/index.ts'

/** A button of a message, or an item of a menu. */
export type Choice = { id: string; label: string }

/** An entry for the subscriber's calendar (iTIP, RFC 5546): the same `uid` with a higher `sequence` replaces it. */
export type Appointment = {
  uid: string
  sequence: number
  method: 'request' | 'cancel'
  startsAtMs: number
  endsAtMs: number
  timeZone: string
  location?: string
}

/** What is said, rendered. A channel takes of it what its protocol has a place for; `text` stands for all of it. */
export type Content = {
  text: string
  choices?: Choice[]
  /** Subject of an email or MMS, title of a push or a calendar entry. */
  subject?: string
  /** The email's HTML and its AMP part. */
  html?: string
  amp?: string
  /** A picture or film, fetched by the channel or by the provider. */
  media?: { url: string; contentType: string }
  /** Where a tap on the message leads. */
  link?: string
  /** A text that the provider approved beforehand (WhatsApp), by its name there, and what fills its places. */
  approved?: { name: string; language: string; values: string[] }
  /** Where one request takes the subscriber off the list (RFC 8058). */
  unsubscribeUrl?: string
  appointment?: Appointment
}

/**
 * One message for one address, rendered and permitted already.
 *
 * `messageId` is the delivery's own id (a UUID). `address` is what the channel dials: for SMS an E.164 number with its
 * plus sign; see the kind's `addressKind`. `reference` is a small number that travels with the message and comes back in
 * receipts where the protocol allows it (SMPP keeps its low 16 bits). After `expiresAtMs` (epoch ms) nobody wants it.
 */
export type OutboundMessage = Content & {
  messageId: string
  address: string
  reference: number
  expiresAtMs: number
  /** Octets in the place of the text, for what is carried by SMS but not read by people (a command to the SIM). */
  binary?: BinaryContent
  /** Leaves as a USSD operation of the network and not as SMS (SMPP's `ussd_service_op`). */
  ussd?: UssdOperation
}

/**
 * A binary short message: `udh` is the user data header with its length octet (for SIM commands `02 70 00`),
 * `protocolId` TP-PID (0x7F), `dataCoding` TP-DCS (0xF6); 3GPP TS 23.040, 23.048. Longer than 140 octets it is cut.
 */
export type BinaryContent = {
  payload: Uint8Array
  udh?: Uint8Array
  protocolId: number
  dataCoding: number
}

/** SMPP 3.4 §5.3.2.44: 2 asks (USSR request), 3 tells (USSN request). `session` is its_session_info in hex. */
export type UssdOperation = { serviceOp: number; session?: string }

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

/** Called once for each submitted message, in any order, with its place in the batch. */
export type Done = (index: number, outcome: SubmitOutcome) => void

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
  status: 'delivered' | 'seen' | 'clicked' | 'failed' | 'expired' | 'accepted'
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

/** The provider says that nobody is behind an address any more: a push token dropped, a bot blocked, a mailbox gone. */
export type AddressGone = { address: string; reason: string; atMs: number }

/**
 * Where a channel hands up what comes back. All resolve only when the thing is durable: the channel does not
 * acknowledge it to the provider before. `onAnswer` may resolve with a text to reply with. A rejection means "not
 * kept, offer it again", but a `DomainError` (an unknown sender) "refused, do not come back".
 */
export type ChannelEvents = {
  onReceipts(receipts: DeliveryReceipt[]): Promise<void>
  onAnswer(answer: InboundAnswer): Promise<string | void>
  onAddressGone(gone: AddressGone): Promise<void>
}

/** What a provider calls us with. `body` is what was sent, byte for byte, because signatures are made over it. */
export type Callback = {
  method: string
  headers: Record<string, string | string[] | undefined>
  query: Record<string, string>
  body: Buffer
}

export type CallbackReply = { status: number; contentType?: string; body?: string }

/** A way to reach subscribers. */
export interface Channel {
  /**
   * How many messages it would take now without letting them wait: by its window, its rate, its open breaker. 0 while
   * it is down. Nobody has to ask; what is too much waits inside.
   */
  room(): number
  /** Sends messages in their order. Never throws for a message; calls `done` exactly once for each of them. */
  submit(messages: OutboundMessage[], done: Done): void
  start(events: ChannelEvents): Promise<void>
  /** Resolves when messages can be submitted; a channel without a connection of its own is always ready. */
  whenReady(): Promise<void>
  /** Gives back what was not sent (`retry`), waits for what is under way. */
  stop(): Promise<void>
  /** False where the settings lead over a carriage that does not recognise `messageId`, whatever the kind's traits say. */
  readonly resubmitSafe?: boolean
  /** Takes a provider's call and answers when what it says is durable; absent where providers do not call. */
  callback?(call: Callback): Promise<CallbackReply>
}

/** By what a channel dials: an identity of the subscriber, or the subscriber's own number for channels of our own. */
export type AddressKind = 'msisdn' | 'email' | 'telegram' | 'push' | 'webpush' | 'subscriber'

/** What a kind of channel can carry and tell, for the gate, the editors and the reports. */
export type ChannelTraits<Settings = unknown> = {
  addressKind: AddressKind
  /** Which steps of a message's life the provider reports. */
  reports: ('delivered' | 'seen' | 'clicked' | 'answered')[]
  /** Longest text in characters; undefined where the channel splits it into parts. */
  maxTextLength?: number
  /** Which parts of the content beside the text it shows. */
  shows: (keyof Content)[]
  /** True where the provider recognises `messageId`, so that submitting again cannot send twice. */
  resubmitSafe: boolean
  /** What `onAnswer` resolves with is said back by the channel itself. */
  replies?: true
  /** Units that are paid for: parts of an SMS as these settings send it, else by the defaults; 1 where this is absent. */
  unitsOf?(content: Content, settings?: Settings): number
}

/** Where the channel that is ours puts what the site and the app will ask for; resolves when it is durable. */
export type Inbox = { put(messages: OutboundMessage[]): Promise<void> }

/** What a channel works with beside its settings. */
export type ChannelContext = {
  clock: Clock
  inbox?: Inbox
  /** Address under which providers reach `callback`, where the installation has one. */
  callbackUrl?: string
  /** How long a channel leaves a provider alone that fails again and again, real ms; its own default where absent. */
  breakerMs?: number
  /** What the channels of one tenant share while they run, such as the binds of one SMPP account. */
  shared?: Map<string, unknown>
}

/** One kind of channel: the settings of its `Channel` document, what it can do, and how it is made. */
export type ChannelKind<Settings extends z.ZodType = z.ZodType> = {
  id: string
  settings: Settings
  traits: ChannelTraits<z.infer<Settings>>
  create(settings: z.infer<Settings>, context: ChannelContext): Channel
}
