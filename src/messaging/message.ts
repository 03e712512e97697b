import type { DeliveryReceipt } from './channel.ts'
import type { Cascade } from './contract.ts'

/** A message's life: queued → submitting → submitted → delivered → seen, or one of the ends held, failed, unknown. */
export type MessageState =
  | 'queued'
  | 'held'
  | 'submitting'
  | 'submitted'
  | 'delivered'
  | 'seen'
  | 'failed'
  | 'unknown'

export type Message = {
  messageId: string
  runId: string
  step: number
  channel: string
  templateId: string
  subscriberId: number
  campaignId: string
  arm: string
  reference: number
  /** What the cascade's step waits for, and for how many seconds after the message was taken. */
  until: Cascade['steps'][number]['until']
  waitS: number
  text: string
  choices: { id: string; label: string }[] | null
  parts: number
  costMinor: bigint
  expiresAtMs: number
}

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

/** Whether this state is what the step waits for. */
export function reaches(state: MessageState, until: Cascade['steps'][number]['until']): boolean {
  if (until === 'accepted') return state === 'submitted' || state === 'delivered' || state === 'seen'
  if (until === 'delivered') return state === 'delivered' || state === 'seen'
  return until === 'seen' && state === 'seen'
}

/** Whether the message can no longer reach the phone as far as is known, so that the cascade need not wait. */
export function isLost(state: MessageState): boolean {
  return state === 'failed' || state === 'held'
}
