import type { Fact } from '../platform/index.ts'
import type { Message } from './message.ts'
import type { Run } from './store.ts'

type About = Pick<Message, 'subscriberId' | 'campaignId' | 'arm' | 'channel' | 'messageId'>

/** A fact about a message, such as `message_delivered`; `reason` is the channel's or the gate's word for it. */
export function messageFact(kind: string, message: About, at: Temporal.Instant, reason?: string): Fact {
  const { subscriberId, campaignId, arm, channel, messageId } = message
  const fact = { kind, at, subscriberId, campaignId, arm, channel, ref: messageId }
  return reason === undefined ? fact : { ...fact, reason }
}

/**
 * The fact that a provider took a message, with its price: once a message, at the channel's word or, where that
 * stayed unknown, at the first receipt (reason `resolved_by_receipt`).
 */
export function submittedFact(
  message: About & Pick<Message, 'costMinor' | 'parts'>,
  at: Temporal.Instant,
  reason?: 'resolved_by_receipt',
): Fact {
  const { costMinor, parts } = message
  return { ...messageFact('message_submitted', message, at, reason), costMinor, quantity: parts }
}

/** The fact that a cascade reached out for the first time, with what that would have cost as SMS. */
export function contactedFacts(runs: Run[], at: Temporal.Instant): Fact[] {
  return runs.map(({ subscriberId, campaignId, arm, runId, allSmsMinor }) => {
    return { kind: 'contacted', at, subscriberId, campaignId, arm, ref: runId, costMinor: allSmsMinor }
  })
}
