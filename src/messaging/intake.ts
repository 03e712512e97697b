import { type Documents, instantOf, newId, type Tx } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { type StoredAnswer, subscribersOfMessages } from './answer-store.ts'
import { storeAnswers } from './answers.ts'
import type { DeliveryReceipt } from './channel.ts'
import { insertGoneAddresses } from './contact-store.ts'
import type { Desk } from './desk.ts'
import type { Inbox, ReceivedReceipt, Waiter } from './inbox.ts'
import type { Message, Run } from './message.ts'
import { memoryMs } from './policy.ts'
import { applyReceipt } from './progress.ts'
import { project, projectionOf } from './projection-store.ts'
import { setSending } from './sending-store.ts'
import type { StartRow } from './start-store.ts'
import type { FreshStarts } from './starts-ahead.ts'
import { dueRuns, insertStrayReceipts, loadRuns, matchReceipts, nextTimer } from './store.ts'

/** A statement of a tick, kept so that a commit that failed can be tried again. */
export type Write = (tx: Tx) => Promise<unknown> | void

/** What a tick found in the stores. */
export type Intake = {
  starts: StartRow[]
  /** There may be more starts than were taken; undefined where nobody asked. */
  hasMoreStarts: boolean | undefined
  /** The earliest timer of those in the tables that were not taken; undefined where nobody asked. */
  nextTimerMs: number | null | undefined
  matched: { message: Message; receipt: DeliveryReceipt }[]
  /** Receipts that nobody knows yet: the word that a channel still owes may name them, or the tables are behind. */
  early: ReceivedReceipt[]
  answers: { answer: StoredAnswer; run: Run | undefined }[]
  refused: Set<Inbox['answers'][number]>
}

/** How many due runs a tick reads. */
const DUE_RUNS = 2_000

/** How long a receipt that nobody knows waits for the channel's word, real ms. */
const EARLY_MS = 5_000

export type IntakeOptions = {
  nowMs: number
  /** Asks for starts, where somebody may have handed some over and memory has room for them. */
  takeStarts: ((tx: Tx) => Promise<FreshStarts>) | undefined
  /** Timers of runs that are not in memory have come. */
  wantsDue: boolean
  /** Whether the tables know everything up to a tick. */
  knows(tick: number): boolean
  tenantId: string
  profiles: Profiles
  documents: Documents
}

/**
 * Reads what a tick needs: changed recipients, starts, runs and cards that are not in memory, the targets of receipts
 * and answers. Writes what comes in by row, and notes each write.
 */
export async function takeIn(
  tx: Tx,
  desk: Desk,
  inbox: Inbox,
  writes: Write[],
  options: IntakeOptions,
): Promise<Intake> {
  const { set, cards, catalogue } = desk
  const { nowMs } = options
  await catalogue.prepare([])
  const [, fresh] = await Promise.all([
    cards.refresh(tx, memoryMs(catalogue.policy)),
    options.takeStarts?.(tx) ?? { starts: [], hasMore: undefined },
  ])
  const nextTimerMs = options.wantsDue ? await loadDue(tx, desk, options) : undefined
  const receipts = await findReceipts(tx, desk, inbox.receipts, writes, options)
  const answers = await takeAnswers(tx, desk, inbox, writes, options)
  await takeNotices(inbox, writes, tx, options)
  const runs = fresh.starts.flatMap((row) => row.runs)
  await catalogue.prepare([...runs, ...desk.wantedPlans.values(), ...set.loaded()])
  desk.wantedPlans.clear()
  await cards.load(tx, wantedCards(desk, runs), set, nowMs)
  desk.wantedCards.clear()
  cards.habits.forgetOld(nowMs)
  for (const run of runs) if (catalogue.plan(run)?.needsHabits) cards.habits.want(run.subscriberId)
  await cards.habits.load(tx, nowMs)
  return { starts: fresh.starts, hasMoreStarts: fresh.hasMore, nextTimerMs, ...receipts, ...answers }
}

function* wantedCards(desk: Desk, runs: Run[]): Generator<number> {
  yield* desk.wantedCards
  for (const run of runs) yield run.subscriberId
  for (const run of desk.set.loaded()) yield run.subscriberId
  desk.set.forgetLoaded()
  for (const [channel, queue] of desk.queues) {
    if (queue.size === 0) continue
    for (const { run } of queue.next(Math.min(desk.roomOf(channel), 5_000))) yield run.subscriberId
  }
}

/** Loads runs whose timer has come; returns the earliest timer that is left in the tables. */
async function loadDue(tx: Tx, desk: Desk, options: IntakeOptions): Promise<number | null> {
  const { nowMs } = options
  const due = await dueRuns(tx, instantOf(nowMs), DUE_RUNS)
  const known = desk.set.runs.size
  await loadInto(tx, desk, due, options)
  if (due.length < DUE_RUNS) return nextTimer(tx, instantOf(nowMs))
  // Runs in memory may stand in the tables with an old timer until the tables have caught up.
  return desk.set.runs.size > known ? nowMs : nowMs + 1_000
}

/** Brings runs into memory that are not there. */
async function loadInto(
  tx: Tx,
  { set }: Desk,
  runIds: string[],
  { knows }: Pick<IntakeOptions, 'knows'>,
): Promise<void> {
  // What the tables say of a run that left memory before they knew it is not true any more.
  const isTrue = (id: string): boolean => knows(set.droppedAt(id) ?? 0)
  const missing = [...new Set(runIds)].filter((id) => !set.runs.has(id) && isTrue(id))
  for (const run of await loadRuns(tx, missing)) set.addLoaded(run)
}

async function findReceipts(
  tx: Tx,
  desk: Desk,
  received: ReceivedReceipt[],
  writes: Write[],
  options: IntakeOptions,
): Promise<Pick<Intake, 'matched' | 'early'>> {
  const { nowMs, knows, profiles, tenantId } = options
  const matched: Intake['matched'] = []
  const early: ReceivedReceipt[] = []
  for (const [channel, batch] of Map.groupBy(received, (item) => item.channel)) {
    const addresses = batch.map(({ receipt }) => receipt.address ?? '')
    const subscribers = await profiles.resolveIdentities(tenantId, addresses)
    const open: { item: ReceivedReceipt; subscriberId: number | undefined }[] = []
    for (const [i, item] of batch.entries()) {
      const message = inMemory(desk, channel, item.receipt, subscribers[i])
      if (message) matched.push({ message, receipt: item.receipt })
      else open.push({ item, subscriberId: subscribers[i] })
    }
    if (open.length === 0) continue
    const asked = open.map(({ item, subscriberId }) => ({ ...item.receipt, subscriberId }))
    const targets = await matchReceipts(tx, channel, asked)
    await loadInto(
      tx,
      desk,
      targets.map(({ runId }) => runId),
      options,
    )
    const found = new Set<number>()
    for (const { position, messageId, runId } of targets) {
      const message = desk.set.message(messageId)
      const { item } = open[position]!
      found.add(position)
      if (message) matched.push({ message, receipt: item.receipt })
      else {
        item.tick = desk.set.droppedAt(runId) ?? item.tick
        early.push(item)
      }
    }
    const unknown = open.filter((_, i) => !found.has(i)).map(({ item }) => item)
    const owesWord = (desk.inFlight.get(channel) ?? 0) > 0
    const strays: ReceivedReceipt[] = []
    for (const item of unknown) {
      const mayBecomeKnown = owesWord && performance.now() - item.sinceMs < EARLY_MS
      if (mayBecomeKnown || !knows(item.tick)) early.push(item)
      else strays.push(item)
    }
    keepStrays(tx, writes, channel, strays, nowMs)
  }
  return { matched, early }
}

/** By reference and subscriber, where the ids say nothing: several tries of one message have the same reference. */
function inMemory(
  { set }: Desk,
  channel: string,
  receipt: DeliveryReceipt,
  subscriberId: number | undefined,
): Message | undefined {
  const byId = messageOf(set, channel, receipt)
  if (byId || subscriberId === undefined || receipt.reference === undefined) return byId
  for (const run of set.runsOf(subscriberId)) {
    for (const message of run.messages) {
      if (message?.reference !== receipt.reference || message.channel !== channel) continue
      if (message.state !== 'queued' && message.state !== 'held') return message
    }
  }
  return undefined
}

/**
 * Takes the receipts that need no store to be understood, those of messages in memory, and returns who waits for them.
 * The others stay in the inbox, one by one.
 */
export function takeKnown(set: Desk['set'], inbox: Inbox, nowMs: number): Waiter[] {
  const waiters: Waiter[] = []
  const others: ReceivedReceipt[] = []
  for (const item of inbox.receipts) {
    const message = messageOf(set, item.channel, item.receipt)
    if (message) applyReceipt(set, message, item.receipt, nowMs)
    ;(message ? waiters : others).push(item as Waiter & ReceivedReceipt)
  }
  for (const { channel, receipts, sinceMs, tick, resolve: whenAll, reject } of inbox.batches) {
    let left = 1
    const resolve = (): void => {
      if (--left === 0) whenAll()
    }
    for (const receipt of receipts) {
      const message = messageOf(set, channel, receipt)
      if (message) applyReceipt(set, message, receipt, nowMs)
      else {
        left++
        others.push({ channel, receipt, sinceMs, tick, resolve, reject })
      }
    }
    waiters.push({ resolve, reject })
  }
  inbox.receipts = others
  inbox.batches = []
  return waiters
}

/** The message in memory that a receipt names by an id. */
function messageOf(set: Desk['set'], channel: string, receipt: DeliveryReceipt): Message | undefined {
  const { messageId, reference, providerMessageId } = receipt
  const own = messageId === undefined ? undefined : set.message(messageId, reference)
  if (own?.channel === channel) return own
  if (providerMessageId === undefined) return undefined
  const byProvider = set.messageOfProvider(channel, providerMessageId)
  if (byProvider) return byProvider
  const byOwn = set.message(providerMessageId)
  return byOwn?.channel === channel ? byOwn : undefined
}

function keepStrays(
  tx: Tx,
  writes: Write[],
  channel: string,
  strays: ReceivedReceipt[],
  nowMs: number,
): void {
  if (strays.length === 0) return
  const rows = strays.map(({ receipt: { address: _address, ...receipt } }) => {
    return { strayId: newId(), channel, receipt }
  })
  const write: Write = (inTx) => insertStrayReceipts(inTx, rows, instantOf(nowMs))
  void write(tx)
  writes.push(write)
}

/**
 * Stores answers and finds the cascades that they answer. The tables are asked, so they are first told how the runs of
 * these subscribers stand.
 */
async function takeAnswers(
  tx: Tx,
  desk: Desk,
  { answers: received }: Inbox,
  writes: Write[],
  options: IntakeOptions,
): Promise<Pick<Intake, 'answers' | 'refused'>> {
  const refused: Intake['refused'] = new Set()
  if (received.length === 0) return { answers: [], refused }
  const { set } = desk
  const unknown = received.flatMap(({ answer: { messageId } }) =>
    messageId !== undefined && !set.message(messageId) ? [messageId] : [],
  )
  const named = await subscribersOfMessages(tx, unknown)
  const given = received.flatMap((item) => {
    const { messageId = '' } = item.answer
    const subscriberId = set.message(messageId)?.run.subscriberId ?? named.get(messageId) ?? item.subscriberId
    if (subscriberId === undefined) refused.add(item)
    return subscriberId === undefined ? [] : [{ ...item.answer, subscriberId, item }]
  })
  const runs = new Set(given.flatMap(({ subscriberId }) => [...set.runsOf(subscriberId)]))
  const projection = projectionOf([...runs])
  const store = (inTx: Tx): Promise<StoredAnswer[]> => {
    project(inTx, projection)
    return storeAnswers(inTx, given, options)
  }
  const stored = await store(tx)
  writes.push(store)
  await loadInto(
    tx,
    desk,
    stored.flatMap(({ runId }) => runId ?? []),
    options,
  )
  return {
    answers: stored.map((answer) => ({ answer, run: set.runs.get(answer.runId ?? '') })),
    refused,
  }
}

/** Addresses that are gone, and what somebody wants of a campaign's sending. */
async function takeNotices(
  inbox: Inbox,
  writes: Write[],
  tx: Tx,
  { nowMs, profiles }: IntakeOptions,
): Promise<void> {
  const { gone, controls } = inbox
  if (gone.length === 0 && controls.length === 0) return
  const write: Write = async (inTx) => {
    insertGoneAddresses(
      inTx,
      gone.filter(({ identity }) => identity === undefined),
    )
    const identities = gone.flatMap(({ identity, reason, atMs }) =>
      identity === undefined ? [] : [{ identity, reason, at: instantOf(atMs) }],
    )
    if (identities.length > 0) await profiles.markIdentitiesGone(inTx, identities)
    for (const { campaignId, state } of controls) setSending(inTx, campaignId, state, instantOf(nowMs))
  }
  await write(tx)
  writes.push(write)
}
