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
  holdForAnswered,
  insertAnswers,
  insertStrayReceipts,
  type StoredAnswer,
  subscribersOfMessages,
} from './answer-store.ts'
import type { ChannelEvents, DeliveryReceipt, InboundAnswer } from './channel.ts'
import { contactedFacts, messageFact, submittedFact } from './facts.ts'
import { isLost, type MessageState, reaches, stateAfterReceipt } from './message.ts'
import {
  markContacted,
  matchReceipts,
  type MessageChange,
  type ReceiptTarget,
  setDue,
  updateMessages,
} from './store.ts'

export type InboundDependencies = {
  database: Database
  clock: Clock
  resolveAddresses(tenantId: string, addresses: string[]): Promise<(number | undefined)[]>
  /** Called after receipts or answers changed something that others wait for. */
  wake(tenantId: string, stage: 'messaging' | 'answers'): void
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
  const answers = new Batcher<InboundAnswer, DomainError | undefined>((batch) =>
    storeAnswers(dependencies, tenantId, batch),
  )
  return {
    onReceipt: (receipt) => receipts.add(receipt),
    async onAnswer(answer) {
      const refusal = await answers.add(answer)
      if (refusal) throw refusal
    },
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
  const isWaited = await database.tx(tenantId, async (tx) => {
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
    return settle(tx, clock.now(), receipts, targets)
  })
  if (isWaited) dependencies.wake(tenantId, 'messaging')
  return given.map(() => undefined)
}

/** Moves messages by their receipts and reports the facts; tells whether a cascade waited for one of them. */
async function settle(
  tx: Tx,
  now: Temporal.Instant,
  receipts: DeliveryReceipt[],
  targets: ReceiptTarget[],
): Promise<boolean> {
  const moved = new Map<string, { target: ReceiptTarget; state: MessageState; change: MessageChange }>()
  const facts: Fact[] = []
  for (const target of targets) {
    const receipt = receipts[target.position - 1]!
    const before = moved.get(target.messageId)
    const from = before?.state ?? target.state
    const state = stateAfterReceipt(from, receipt.status)
    if (state === undefined) continue
    const at = instantOf(receipt.atMs)
    const reason = receipt.reason ?? (receipt.status === 'expired' ? 'expired' : undefined)
    // A receipt is also the proof that the message had been taken, where that was not known.
    const isProof = from === 'unknown' || from === 'submitting'
    if (isProof) facts.push(submittedFact(target, at, 'resolved_by_receipt'))
    if (state !== 'submitted') facts.push(messageFact(`message_${state}`, target, at, reason))
    const change: MessageChange = {
      ...before?.change,
      messageId: target.messageId,
      state,
      ...(isProof ? { submittedAt: at } : {}),
      ...(state === 'submitted' ? {} : { settledAt: before?.change.settledAt ?? at }),
      ...(reason === undefined ? {} : { reason }),
    }
    moved.set(target.messageId, { target, state, change })
  }
  const all = [...moved.values()]
  await updateMessages(
    tx,
    all.map(({ change }) => change),
  )
  const timers = all.flatMap(({ target, state }) => timerOf(target, state, now))
  await setDue(tx, timers)
  const overtaken = all.filter(({ target }) => target.state === 'submitting')
  const first = await markContacted(
    tx,
    overtaken.map(({ target }) => target.runId),
    now,
  )
  await appendFacts(tx, [...facts, ...contactedFacts(first, now)])
  return timers.length > 0
}

/** The aim was reached or the message is lost: now. A receipt that overtook the channel's word starts the wait. */
function timerOf(
  target: ReceiptTarget,
  state: MessageState,
  now: Temporal.Instant,
): Parameters<typeof setDue>[1] {
  const { runId, step, until, waitS } = target
  if (reaches(state, until) || isLost(state)) return [{ runId, step, dueAt: now }]
  return target.state === 'submitting' ? [{ runId, step, dueAt: now.add({ seconds: waitS }) }] : []
}

/** Stores answers; those that nobody sent are refused one by one, in their place. */
async function storeAnswers(
  dependencies: InboundDependencies,
  tenantId: string,
  given: InboundAnswer[],
): Promise<(DomainError | undefined)[]> {
  const byAddress = await dependencies.resolveAddresses(
    tenantId,
    given.map((answer) => answer.address),
  )
  const refusals = await dependencies.database.tx(tenantId, async (tx) => {
    const now = dependencies.clock.now()
    const named = await subscribersOfMessages(
      tx,
      given.flatMap((answer) => answer.messageId ?? []),
    )
    const senders = given.map((answer, i) => named.get(answer.messageId ?? '') ?? byAddress[i])
    const answers = given.flatMap((answer, i) => {
      const subscriberId = senders[i]
      return subscriberId === undefined ? [] : [{ ...answer, answerId: newId(), subscriberId }]
    })
    const stored = await insertAnswers(tx, answers)
    const answered = stored.flatMap((answer) => answer.runId ?? [])
    await finishAnsweredRuns(tx, answered, now)
    await holdForAnswered(tx, answered, now)
    await appendFacts(tx, stored.map(answerFact))
    return senders.map((sender) => (sender === undefined ? senderUnknown() : undefined))
  })
  dependencies.wake(tenantId, 'answers')
  return refusals
}

const senderUnknown = (): DomainError =>
  new DomainError('sender_unknown', 'an answer came from an address that belongs to no subscriber', {
    field: 'address',
  })

function answerFact(answer: StoredAnswer): Fact {
  const { subscriberId, channel, at, campaignId, arm } = answer
  const origin = campaignId === null ? {} : { campaignId, arm: arm! }
  return { kind: 'answered', at, subscriberId, channel, ref: answer.answerId, ...origin }
}
