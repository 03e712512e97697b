import { appendFacts, type Clock, type Database, type Fact, instantOf, type Tx } from '../platform/index.ts'
import type { Channel, SubmitOutcome } from './channel.ts'
import type { ContactPolicy } from './contract.ts'
import { contactedFacts, messageFact, submittedFact } from './facts.ts'
import type { Message } from './message.ts'
import { type Contact, gate, memoryMs } from './policy.ts'
import {
  contactsSince,
  lockMessages,
  markContacted,
  type MessageChange,
  setDue,
  takeAbandoned,
  takeQueued,
  updateMessages,
} from './store.ts'

/** What the gate must know of a subscriber. */
export type Recipient = { timeZone: string; address: string | undefined; consents: Record<string, boolean> }

export type DispatchDependencies = {
  database: Database
  clock: Clock
  channelOf(tenantId: string, name: string): Promise<Channel | undefined>
  policyOf(tenantId: string): Promise<ContactPolicy>
  recipientsOf(tx: Tx, messages: Message[]): Promise<Map<number, Recipient>>
}

/** A message with the address that its channel dials. */
export type Addressed = { message: Message; address: string }

/**
 * Passes queued messages through the gate and marks those that may go, within the caller's transaction. They are
 * handed to `submitAll` when it has committed: the mark is what keeps a crash from sending twice, because whoever
 * finds a marked message knows that the channel may have it.
 */
export async function takeThroughGate(
  dependencies: DispatchDependencies,
  tenantId: string,
  tx: Tx,
  limit: number,
): Promise<{ admitted: Addressed[]; taken: number }> {
  const messages = await takeQueued(tx, dependencies.clock.now(), limit)
  const admitted = messages.length === 0 ? [] : await passGate(dependencies, tenantId, tx, messages)
  return { admitted, taken: messages.length }
}

/**
 * Messages that a killed process left marked. Where the channel knows a message by its id they are submitted
 * again; elsewhere their outcome is unknown, stays so until a receipt tells, and is never guessed.
 */
export async function recoverAbandoned(
  dependencies: DispatchDependencies,
  tenantId: string,
): Promise<number> {
  const again = await dependencies.database.tx(tenantId, async (tx) => {
    const messages = await takeAbandoned(tx)
    if (messages.length === 0) return []
    const recipients = await dependencies.recipientsOf(tx, messages)
    const safe: Addressed[] = []
    const lost: Message[] = []
    for (const message of messages) {
      const channel = await dependencies.channelOf(tenantId, message.channel)
      const address = recipients.get(message.subscriberId)?.address
      const isFresh = message.expiresAtMs > dependencies.clock.nowMs()
      if (channel?.resubmitSafe && address !== undefined && isFresh) safe.push({ message, address })
      else lost.push(message)
    }
    const now = dependencies.clock.now()
    await storeOutcomes(
      tx,
      { sentAt: now, now },
      lost,
      lost.map(() => ({ outcome: 'unknown', reason: 'process_ended' })),
    )
    return safe
  })
  await submitAll(dependencies, tenantId, again)
  return again.length
}

async function passGate(
  dependencies: DispatchDependencies,
  tenantId: string,
  tx: Tx,
  messages: Message[],
): Promise<Addressed[]> {
  const now = dependencies.clock.now()
  const policy = await dependencies.policyOf(tenantId)
  const [recipients, contacts] = await Promise.all([
    dependencies.recipientsOf(tx, messages),
    contactsOf(tx, policy, messages, now),
  ])
  const admitted: Addressed[] = []
  const held: { message: Message; reason: string }[] = []
  const changes: MessageChange[] = []
  for (const message of messages) {
    const { messageId, subscriberId, channel, runId } = message
    const recipient = recipients.get(subscriberId)
    const known = contacts.get(subscriberId) ?? []
    const address = recipient?.address
    const decision = (await dependencies.channelOf(tenantId, channel))
      ? gate(policy, {
          nowMs: now.epochMilliseconds,
          channel,
          runId,
          expiresAtMs: message.expiresAtMs,
          hasAddress: address !== undefined,
          hasConsent: recipient?.consents[channel] ?? false,
          timeZone: recipient?.timeZone ?? 'UTC',
          contacts: known,
        })
      : ({ decision: 'hold', reason: 'channel_missing' } as const)
    if (decision.decision === 'send') {
      admitted.push({ message, address: address! })
      contacts.set(subscriberId, [...known, { channel, runId, atMs: now.epochMilliseconds }])
      changes.push({ messageId, state: 'submitting' })
    } else if (decision.decision === 'postpone') {
      changes.push({
        messageId,
        state: 'queued',
        postponedFor: decision.reason,
        notBefore: instantOf(decision.untilMs),
      })
    } else {
      held.push({ message, reason: decision.reason })
      changes.push({ messageId, state: 'held', reason: decision.reason, settledAt: now })
    }
  }
  await updateMessages(tx, changes)
  await setDue(
    tx,
    held.map(({ message }) => ({ runId: message.runId, step: message.step, dueAt: now })),
  )
  await appendFacts(
    tx,
    held.map(({ message, reason }) => messageFact('message_held', message, now, reason)),
  )
  return admitted
}

async function contactsOf(
  tx: Tx,
  policy: ContactPolicy,
  messages: Message[],
  now: Temporal.Instant,
): Promise<Map<number, Contact[]>> {
  const rememberMs = memoryMs(policy)
  if (rememberMs === 0) return new Map()
  const since = now.subtract({ milliseconds: rememberMs })
  return contactsSince(
    tx,
    messages.map((message) => message.subscriberId),
    since,
  )
}

/**
 * Hands messages to their channels, all channels at once, and stores each channel's outcomes as they come. Rejects
 * when a channel's outcomes could not be had or stored, but not before every channel is done: what is still marked
 * then is nobody's, and `recoverAbandoned` may look at it.
 */
export async function submitAll(
  dependencies: DispatchDependencies,
  tenantId: string,
  admitted: Addressed[],
): Promise<void> {
  const byChannel = Map.groupBy(admitted, ({ message }) => message.channel)
  const sentAt = dependencies.clock.now()
  const ends = await Promise.allSettled(
    [...byChannel].map(async ([name, batch]) => {
      const channel = await dependencies.channelOf(tenantId, name)
      const outcomes = await channel!.submit(
        batch.map(({ message, address }) => ({
          messageId: message.messageId,
          address,
          text: message.text,
          reference: message.reference,
          expiresAtMs: message.expiresAtMs,
          ...(message.choices ? { choices: message.choices } : {}),
        })),
      )
      const messages = batch.map(({ message }) => message)
      await dependencies.database.tx(tenantId, (tx) =>
        storeOutcomes(tx, { sentAt, now: dependencies.clock.now() }, messages, outcomes),
      )
    }),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

async function storeOutcomes(
  tx: Tx,
  { sentAt, now }: { sentAt: Temporal.Instant; now: Temporal.Instant },
  messages: Message[],
  outcomes: SubmitOutcome[],
): Promise<void> {
  if (messages.length === 0) return
  const taken = messages.filter(
    (_, i) => outcomes[i]!.outcome === 'accepted' || outcomes[i]!.outcome === 'unknown',
  )
  const [states, first] = await Promise.all([
    lockMessages(
      tx,
      messages.map((message) => message.messageId),
    ),
    markContacted(
      tx,
      taken.map((message) => message.runId),
      sentAt,
    ),
  ])
  const changes: MessageChange[] = []
  const timers: Parameters<typeof setDue>[1] = []
  const facts: Fact[] = []
  for (const [i, message] of messages.entries()) {
    const outcome = outcomes[i]!
    const state = states.get(message.messageId)!
    if (state !== 'submitting') {
      // A receipt was faster and knows more; what is new is only the provider's id, for the receipts to come.
      if (outcome.outcome === 'accepted')
        changes.push({ messageId: message.messageId, state, providerIds: idsOf(outcome) })
      continue
    }
    changes.push(changeOf(message, outcome, now))
    if (outcome.outcome === 'retry') continue
    const isOver =
      outcome.outcome === 'refused' || (outcome.outcome === 'accepted' && message.until === 'accepted')
    const waitMs = isOver ? 0 : message.waitS * 1_000
    timers.push({
      runId: message.runId,
      step: message.step,
      dueAt: instantOf(now.epochMilliseconds + waitMs),
    })
    facts.push(outcomeFact(message, outcome, now))
  }
  await updateMessages(tx, changes)
  await setDue(tx, timers)
  await appendFacts(tx, [...facts, ...contactedFacts(first, sentAt)])
}

const idsOf = (outcome: { providerMessageId: string }): string[] => outcome.providerMessageId.split(',')

function changeOf(message: Message, outcome: SubmitOutcome, now: Temporal.Instant): MessageChange {
  const { messageId } = message
  switch (outcome.outcome) {
    case 'accepted':
      return {
        messageId,
        state: 'submitted',
        providerIds: idsOf(outcome),
        submittedAt: now,
      }
    case 'refused':
      return { messageId, state: 'failed', reason: outcome.reason, settledAt: now }
    case 'unknown':
      return { messageId, state: 'unknown', reason: outcome.reason, submittedAt: now }
    case 'retry': {
      // The channel did not take it, so it may wait for the channel; the gate looks again, also at its freshness.
      const notBefore = instantOf(now.epochMilliseconds + Math.max(1_000, outcome.afterMs))
      return { messageId, state: 'queued', postponedFor: outcome.reason, notBefore }
    }
  }
}

function outcomeFact(message: Message, outcome: SubmitOutcome, at: Temporal.Instant): Fact {
  switch (outcome.outcome) {
    case 'accepted':
      return submittedFact(message, at)
    case 'unknown':
      return messageFact('message_unknown', message, at, outcome.reason)
    default:
      return messageFact('message_refused', message, at, outcome.reason)
  }
}
