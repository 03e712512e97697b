import { appendFacts, type Clock, type Database, type Fact, instantOf, type Tx } from '../platform/index.ts'
import type { Channel, SubmitOutcome } from './channel.ts'
import type { ContactPolicy } from './contract.ts'
import type { Message } from './message.ts'
import { type Contact, gate, memoryMs } from './policy.ts'
import {
  contactsSince,
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

type Addressed = { message: Message; address: string }

/**
 * Sends what is queued: gate and mark in one transaction, submit outside of any, store the outcomes in another.
 * The mark is what keeps a crash from sending twice: whoever finds a marked message knows that the channel may
 * have it. Returns how many messages left the queue.
 */
export async function dispatch(
  dependencies: DispatchDependencies,
  tenantId: string,
  limit: number,
): Promise<number> {
  const { database, clock } = dependencies
  const gated = await database.tx(tenantId, async (tx) => {
    const messages = await takeQueued(tx, clock.now(), limit)
    return messages.length === 0 ? undefined : passGate(dependencies, tenantId, tx, messages)
  })
  if (!gated) return 0
  await submitAll(dependencies, tenantId, gated.admitted)
  return gated.handled
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
      if (channel?.resubmitSafe && address !== undefined) safe.push({ message, address })
      else lost.push(message)
    }
    await storeOutcomes(
      tx,
      dependencies.clock.now(),
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
): Promise<{ admitted: Addressed[]; handled: number }> {
  const now = dependencies.clock.now()
  const policy = await dependencies.policyOf(tenantId)
  const recipients = await dependencies.recipientsOf(tx, messages)
  const contacts = await contactsOf(tx, policy, messages, now)
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
    held.map(({ message, reason }) => ({ ...factOf('message_held', message, now), reason })),
  )
  return { admitted, handled: messages.length }
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

/** Hands messages to their channels, all channels at once, and stores each channel's outcomes as they come. */
async function submitAll(
  dependencies: DispatchDependencies,
  tenantId: string,
  admitted: Addressed[],
): Promise<void> {
  const byChannel = Map.groupBy(admitted, ({ message }) => message.channel)
  await Promise.all(
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
        storeOutcomes(tx, dependencies.clock.now(), messages, outcomes),
      )
    }),
  )
}

async function storeOutcomes(
  tx: Tx,
  now: Temporal.Instant,
  messages: Message[],
  outcomes: SubmitOutcome[],
): Promise<void> {
  if (messages.length === 0) return
  const changes: MessageChange[] = []
  const timers: Parameters<typeof setDue>[1] = []
  const facts: Fact[] = []
  for (const [i, message] of messages.entries()) {
    const outcome = outcomes[i]!
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
  const taken = messages.filter(
    (_, i) => outcomes[i]!.outcome === 'accepted' || outcomes[i]!.outcome === 'unknown',
  )
  const first = await markContacted(
    tx,
    taken.map((message) => message.runId),
    now,
  )
  const contacted = first.map(({ subscriberId, campaignId, arm, runId, allSmsMinor }): Fact => ({
    kind: 'contacted',
    at: now,
    subscriberId,
    campaignId,
    arm,
    ref: runId,
    costMinor: allSmsMinor,
  }))
  await appendFacts(tx, [...facts, ...contacted])
}

function changeOf(message: Message, outcome: SubmitOutcome, now: Temporal.Instant): MessageChange {
  const { messageId } = message
  switch (outcome.outcome) {
    case 'accepted':
      return {
        messageId,
        state: 'submitted',
        providerIds: outcome.providerMessageId.split(','),
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
      return {
        ...factOf('message_submitted', message, at),
        costMinor: message.costMinor,
        quantity: message.parts,
      }
    case 'unknown':
      return { ...factOf('message_unknown', message, at), reason: outcome.reason }
    default:
      return { ...factOf('message_failed', message, at), reason: outcome.reason }
  }
}

function factOf(kind: string, message: Message, at: Temporal.Instant): Fact {
  const { subscriberId, campaignId, arm, channel, messageId } = message
  return { kind, at, subscriberId, campaignId, arm, channel, ref: messageId }
}
