import type { Content, DeliveryReceipt } from './channel.ts'
import type { Cascade, Purpose } from './contract.ts'

/** A message's life: queued → submitting → submitted → delivered → seen, or one of the ends held, failed, unknown. */
export const messageStates = [
  'queued',
  'held',
  'submitting',
  'submitted',
  'delivered',
  'seen',
  'clicked',
  'failed',
  'unknown',
] as const
export type MessageState = (typeof messageStates)[number]

/** Why a message waits whose campaign's sending is paused. */
export const PAUSED = 'paused'

export type Until = Cascade['steps'][number]['until']

/** In which order a subscriber's steps are taken, by their place in the cascade, and by which figures that was chosen. */
export type ChosenOrder = {
  order: number[]
  /** In the cascade's own order: the price of one message, own history, and the chance believed of it. */
  steps: { channel: string; priceMinor: string; tried: number; reached: number; reach: number }[]
}

/** One subscriber on the way through one cascade, in memory. Times are epoch ms. */
export type Run = {
  runId: string
  cascadeId: string
  cascadeVersion: number
  subscriberId: number
  campaignId: string
  arm: string
  /** What the starter calls it. */
  reference: string
  variables: object
  /** Where the start named one; else the cascade's holds. */
  purpose: Purpose | null
  /** Where the cascade leaves the order open; `step` then counts in it. It never changes on the way. */
  chosen?: ChosenOrder | null
  step: number
  isActive: boolean
  outcome: string | null
  /** When it has something to do next: its wait is over, its message may go or is stale. */
  dueMs: number | null
  /** What this contact would have cost as SMS. */
  allSmsMinor: bigint
  contactedMs: number | null
  startedMs: number
  finishedMs: number | null
  /** By their step. */
  messages: (Message | undefined)[]
  /** Its place in the heap of timers, -1 without a timer. */
  timerAt: number
  /** Something is not in the journal yet. */
  isChanged: boolean
  /** Facts about it that are not written yet. */
  notes: Note[] | null
  /** The last tick that wrote it down. */
  tick: number
  /** It stands in the list of those that may leave memory. */
  isQuiet: boolean
  /** Another run of the same subscriber that is in memory. */
  next: Run | undefined
}

/** One step's message on its way, in memory. Times are epoch ms. */
export type Message = {
  run: Run
  messageId: string
  step: number
  channel: string
  templateId: string
  reference: number
  /** What the cascade's step waits for, and for how long after the message was taken. */
  until: Until
  waitMs: number
  purpose: Purpose
  priority: number
  content: Content
  parts: number
  costMinor: bigint
  state: MessageState
  reason: string | null
  postponedFor: string | null
  /** Values by which the gate decided, where it did not let the message go. */
  saw: object | null
  /** As the channel gave them: the ids of all parts, joined by commas. */
  providerIds: string | null
  queuedMs: number
  notBeforeMs: number
  expiresMs: number
  submittedMs: number | null
  settledMs: number | null
  /** When the gate let it go; with the mark it counts as a contact. */
  markedMs: number
  /** It was given a turn in the pace of its cascade. */
  isPaced: boolean
  /** It stands in its channel's queue. */
  isWaiting: boolean
  /** The channel has it and has not said yet what became of it. */
  isInFlight: boolean
  isChanged: boolean
  /** The journal or the tables know more of it than what changes. */
  isKnown: boolean
  /** Another message in memory with the same reference. */
  alike?: Message | undefined
}

/**
 * A fact as its run keeps it until it is written: what it speaks of says the rest. `step` names the message, -1 where
 * it is the run itself; `reason` is the channel's, the provider's or the gate's word.
 */
export type Note = [kind: string, step: number, atMs: number, reason: string | null]

/**
 * How far a message has come; a receipt may only lead forward, because receipts arrive twice and out of order. No two
 * words of a receipt stand on one level, so that the end does not depend on their order: that it arrived is proof,
 * that it failed may be the word about another part or an earlier try.
 */
const rank: Record<string, number> = {
  submitting: 0,
  unknown: 0,
  submitted: 1,
  failed: 2,
  delivered: 3,
  seen: 4,
  clicked: 5,
}

/**
 * The state after a receipt, or undefined when the receipt says nothing new. Any receipt resolves an unknown
 * outcome; after "delivered" a "failed" changes nothing, and after "failed" a "delivered" does.
 */
export function stateAfterReceipt(
  state: MessageState,
  status: DeliveryReceipt['status'],
): MessageState | undefined {
  const next: MessageState = status === 'accepted' ? 'submitted' : status === 'expired' ? 'failed' : status
  const [from, to] = [rank[state], rank[next]]
  if (from === undefined || to === undefined || to <= from) return undefined
  return next
}

const least: Record<Until, number> = {
  accepted: 1,
  delivered: 3,
  seen: 4,
  clicked: 5,
  answered: Number.POSITIVE_INFINITY,
}

/** Whether this state is what the step waits for. */
export function reaches(state: MessageState, until: Until): boolean {
  return state !== 'failed' && (rank[state] ?? 0) >= least[until]
}

/** Whether the message can no longer reach the phone as far as is known, so that the cascade need not wait. */
export function isLost(state: MessageState): boolean {
  return state === 'failed' || state === 'held'
}

/** A run may leave memory when nothing will happen to it for so long, domain ms. */
const QUIET_MS = 60_000

/**
 * Whether a run is over and nothing more is expected of its messages: each has failed, or has come as far as its channel
 * ever tells (`lastWordOf`). What comes all the same is matched by the tables.
 */
export function isDone(run: Run, lastWordOf: (channel: string) => MessageState): boolean {
  if (run.isActive) return false
  for (const message of run.messages) {
    if (!message || isLost(message.state)) continue
    if (message.isInFlight || (rank[message.state] ?? 0) < rank[lastWordOf(message.channel)]!) return false
  }
  return true
}

/** Whether nothing happens to a run soon, as far as is known. */
export function isQuiet(run: Run, nowMs: number): boolean {
  return (run.dueMs === null || run.dueMs >= nowMs + QUIET_MS) && !isUnderWay(run)
}

/** Whether one of its messages waits for a channel, or for the channel's word on it. */
export function isUnderWay({ messages }: Run): boolean {
  for (const message of messages) if (message && (message.isWaiting || message.isInFlight)) return true
  return false
}
