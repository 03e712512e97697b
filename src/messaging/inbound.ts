import {
  appendFacts,
  Batcher,
  type Clock,
  type Database,
  DomainError,
  type Fact,
  instantOf,
  json,
  newId,
  type Tx,
} from '../platform/index.ts'
import {
  finishAnsweredRuns,
  insertAnswers,
  insertStrayReceipts,
  type StoredAnswer,
  subscribersOfMessages,
} from './answer-store.ts'
import type { ChannelEvents, DeliveryReceipt, InboundAnswer } from './channel.ts'
import { isLost, type MessageState, reaches, stateAfterReceipt } from './message.ts'
import { matchReceipts, type MessageChange, type ReceiptTarget, setDue, updateMessages } from './store.ts'

export type InboundDependencies = {
  database: Database
  clock: Clock
  resolveAddresses(tenantId: string, addresses: string[]): Promise<(number | undefined)[]>
  /** Called after receipts or answers changed something that others wait for. */
  wake(tenantId: string, stage: 'messaging' | 'campaigns'): void
}

/** What a channel hands up, stored in batches before the channel acknowledges it. */
export function inboundOf(
  dependencies: InboundDependencies,
  tenantId: string,
  channel: string,
): ChannelEvents {
  const receipts = new Batcher<DeliveryReceipt, void>((batch) =>
    storeReceipts(dependencies, tenantId, channel, batch),
  )
  const answers = new Batcher<InboundAnswer, void>((batch) => storeAnswers(dependencies, tenantId, batch))
  return {
    onReceipt: (receipt) => receipts.add(receipt),
    onAnswer: (answer) => answers.add(answer),
  }
}

async function storeReceipts(
  dependencies: InboundDependencies,
  tenantId: string,
  channel: string,
  given: DeliveryReceipt[],
): Promise<void[]> {
  const { database, clock } = dependencies
  const subscribers = await dependencies.resolveAddresses(
    tenantId,
    given.map((receipt) => receipt.address ?? ''),
  )
  const receipts = given.map((receipt, i) => ({
    ...receipt,
    // A message of several parts is known by the ids of all of them; the first one finds it.
    ...(receipt.providerMessageId === undefined
      ? {}
      : { providerMessageId: receipt.providerMessageId.split(',')[0]! }),
    subscriberId: subscribers[i],
  }))
  await database.tx(tenantId, async (tx) => {
    const targets = await matchReceipts(tx, channel, receipts)
    const matched = new Set(targets.map((target) => target.position - 1))
    const strays = given.filter((_, i) => !matched.has(i))
    await insertStrayReceipts(
      tx,
      strays.map(({ address: _address, ...receipt }) => ({
        strayId: newId(),
        channel,
        receipt: json(receipt),
      })),
      clock.now(),
    )
    await settle(tx, clock.now(), receipts, targets)
  })
  dependencies.wake(tenantId, 'messaging')
  return given.map(() => undefined)
}

/** Moves messages by their receipts, ends or wakes their cascades, and reports the facts. */
async function settle(
  tx: Tx,
  now: Temporal.Instant,
  receipts: DeliveryReceipt[],
  targets: ReceiptTarget[],
): Promise<void> {
  const states = new Map<string, MessageState>()
  const changes = new Map<string, MessageChange>()
  const facts: Fact[] = []
  const timers: { runId: string; step: number; dueAt: Temporal.Instant }[] = []
  for (const target of targets) {
    const receipt = receipts[target.position - 1]!
    const next = stateAfterReceipt(states.get(target.messageId) ?? target.state, receipt.status)
    if (next === undefined) continue
    states.set(target.messageId, next)
    const at = instantOf(receipt.atMs)
    changes.set(target.messageId, {
      messageId: target.messageId,
      state: next,
      settledAt: at,
      // A receipt is also the proof that the message had been taken, where that was unknown.
      ...(target.state === 'unknown' || target.state === 'submitting' ? { submittedAt: at } : {}),
      ...(receipt.reason === undefined ? {} : { reason: receipt.reason }),
    })
    facts.push(factOf(target, next, at))
    if (reaches(next, target.until) || isLost(next)) {
      timers.push({ runId: target.runId, step: target.step, dueAt: now })
    }
  }
  await updateMessages(tx, [...changes.values()])
  await setDue(tx, timers)
  await appendFacts(tx, facts)
}

function factOf(target: ReceiptTarget, state: MessageState, at: Temporal.Instant): Fact {
  const { campaignId, arm, channel, subscriberId } = target
  const fact = { kind: `message_${state}`, at, subscriberId, campaignId, arm, channel, ref: target.messageId }
  const wasUnknown = target.state === 'unknown' || target.state === 'submitting'
  return wasUnknown ? { ...fact, reason: 'resolved_by_receipt', costMinor: target.costMinor } : fact
}

async function storeAnswers(
  dependencies: InboundDependencies,
  tenantId: string,
  given: InboundAnswer[],
): Promise<void[]> {
  const byAddress = await dependencies.resolveAddresses(
    tenantId,
    given.map((answer) => answer.address),
  )
  await dependencies.database.tx(tenantId, async (tx) => {
    const named = await subscribersOfMessages(
      tx,
      given.flatMap((answer) => answer.messageId ?? []),
    )
    const answers = given.map((answer, i) => {
      const subscriberId = named.get(answer.messageId ?? '') ?? byAddress[i]
      if (subscriberId === undefined) {
        throw new DomainError(
          'sender_unknown',
          'an answer came from an address that belongs to no subscriber',
          {
            field: 'address',
          },
        )
      }
      return { ...answer, answerId: newId(), subscriberId }
    })
    const stored = await insertAnswers(tx, answers)
    await finishAnsweredRuns(
      tx,
      stored.flatMap((answer) => answer.runId ?? []),
      dependencies.clock.now(),
    )
    await appendFacts(tx, stored.map(answerFact))
  })
  dependencies.wake(tenantId, 'campaigns')
  return given.map(() => undefined)
}

function answerFact(answer: StoredAnswer): Fact {
  const { subscriberId, channel, at, campaignId, arm } = answer
  const origin = campaignId === null ? {} : { campaignId, arm: arm! }
  return { kind: 'answered', at, subscriberId, channel, ref: answer.answerId, ...origin }
}
