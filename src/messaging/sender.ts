import { setTimeout as sleep } from 'node:timers/promises'
import { appendFacts, type Clock, DomainError, type Documents, type Tx } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import type { Admitted } from './admission.ts'
import { Cards } from './cards.ts'
import { Catalogue } from './catalogue.ts'
import type { Channel, Done } from './channel.ts'
import { Desk } from './desk.ts'
import {
  type Control,
  Inbox,
  type ReceivedAnswer,
  type ReceivedGone,
  type ReceiptBatch,
  senderUnknown,
  type Waiter,
} from './inbox.ts'
import { type Intake, takeIn, takeKnown, type Write } from './intake.ts'
import { Later } from './later.ts'
import { Leaving } from './leaving.ts'
import { findByIndex } from './lookup-store.ts'
import { applyReceipt } from './progress.ts'
import { Rates } from './rate.ts'
import { takeUp } from './recovery.ts'
import { StartsAhead } from './starts-ahead.ts'
import { lastTick, setLastTick } from './store.ts'
import type { Tables } from './tables.ts'
import { move, takeAnswer, takeControl, takeOutcome, takeStarts } from './turn.ts'
import type { Tick } from './tick.ts'
import { earlier } from './timers.ts'
import { Wording, type WordingDependencies } from './wording.ts'
import { WorkingSet } from './working-set.ts'
import { WriteBehind } from './write-behind.ts'

export type SenderDependencies = WordingDependencies & {
  clock: Clock
  documents: Documents
  profiles: Profiles
  tables: Tables
  channelsOf(tenantId: string): Promise<Map<string, Channel>>
  wake(tenantId: string, stage: 'messaging' | 'answers'): void
  /** Up to so many changed runs a tick writes their rows itself. */
  inlineRuns: number
  /** How many runs are kept in memory, about. */
  capacityRuns: number
}

/** How often somebody who waits for the tables looks, real ms. */
const LOOK_MS = 20

/**
 * Sends for one tenant, tick by tick (group commit): what came in and what is due since the last tick is decided in
 * memory, made durable in one transaction, and only then handed to channels and acknowledged (docs/adr/0009).
 */
export class Sender {
  readonly desk: Desk
  /** Messages that are handed to channels. */
  readonly rates = new Rates()
  readonly #tenantId: string
  readonly #dependencies: SenderDependencies
  readonly #behind: WriteBehind
  #inbox = new Inbox()
  #epoch = 0n
  #seq = 0
  #isReady = false
  #unsaved: Tick | undefined
  #waiters: Tick['waiters'] = []
  /** Somebody may have handed starts over since they were last asked for. */
  #mayHaveStarts = true
  /** The earliest timer of the runs that are not in memory, epoch ms. */
  #parkedDueMs: number | null = Number.NEGATIVE_INFINITY
  /** The same of those that left since the present tick began: what it reads may be older than their leaving. */
  #parkedMeanwhileMs = Number.POSITIVE_INFINITY
  #resubmit: Admitted[] = []
  readonly #leaving: Leaving
  readonly #later: Later
  readonly #ahead: StartsAhead
  #refusal: Error | undefined
  onArrival: () => void = () => undefined

  constructor(tenantId: string, dependencies: SenderDependencies) {
    const { documents, profiles, database, tables, inlineRuns } = dependencies
    this.#tenantId = tenantId
    this.#dependencies = dependencies
    const catalogue = new Catalogue(documents, tenantId)
    documents.onChange((changed) => {
      if (changed === tenantId) catalogue.forget()
    })
    const wording = new Wording(tenantId, dependencies)
    this.desk = new Desk(new WorkingSet(), new Cards(profiles), catalogue, wording)
    this.#behind = new WriteBehind(tables, tenantId, this.desk, inlineRuns)
    this.#leaving = new Leaving(this.desk, this.#behind, dependencies)
    this.desk.set.onLeft = (run) => this.desk.cards.runLeft(run)
    this.desk.cards.knows = (tick) => this.#behind.knows(tick)
    this.#later = new Later(this.#behind)
    this.#ahead = new StartsAhead(database, tenantId, this.desk)
    this.#behind.onAdvanced = () => {
      this.#makeRoom()
      this.onArrival()
    }
  }

  addReceipts(batch: ReceiptBatch): void {
    batch.tick = this.#seq
    this.#inbox.batches.push(batch)
    this.onArrival()
  }

  addAnswer(answer: ReceivedAnswer): void {
    answer.tick = this.#seq
    this.#inbox.answers.push(answer)
    this.onArrival()
  }

  addGone(gone: ReceivedGone): void {
    this.#inbox.gone.push(gone)
    this.onArrival()
  }

  addControl(control: Control): void {
    this.#inbox.controls.push(control)
    this.onArrival()
  }

  /** Resolves when the tables know everything that was committed up to now. */
  async tablesTrue(): Promise<void> {
    const tick = this.#seq
    this.#behind.want(tick)
    while (!this.#behind.knows(tick)) {
      if (this.#refusal) throw this.#refusal
      this.onArrival()
      await sleep(LOOK_MS)
    }
  }

  expectStarts(): void {
    this.#mayHaveStarts = true
    this.#ahead.expect()
  }

  /** Whether a tick would find something to do now; `isSending` as in `tick`. */
  hasWork(isSending: boolean): boolean {
    if (!this.#isReady || this.#unsaved || !this.#inbox.isEmpty || this.#waiters.length > 0) return true
    if (this.#later.isTime) return true
    if (!isSending) return false
    const { set, wantedCards, wantedPlans } = this.desk
    const nowMs = this.#dependencies.clock.nowMs()
    return (
      this.#wantsStarts() ||
      this.#isDue(nowMs) ||
      wantedCards.size > 0 ||
      wantedPlans.size > 0 ||
      (set.timers.nextMs ?? Number.POSITIVE_INFINITY) <= nowMs ||
      this.desk.hasReady()
    )
  }

  get isStarted(): boolean {
    return this.#isReady
  }

  /** Something came in that must wait a little before it can be understood. */
  get hasLater(): boolean {
    return !this.#later.isEmpty
  }

  get isBehind(): boolean {
    return this.#behind.isBehind
  }

  /** When there is something to do next, epoch ms; messages that wait for a channel without room are tried again soon. */
  nextDueMs(): number | null {
    const nowMs = this.#dependencies.clock.nowMs()
    const moments = [
      this.desk.set.timers.nextMs,
      this.#parkedDueMs ?? undefined,
      this.desk.hasWaiting() ? nowMs + 1_000 : undefined,
    ].filter((ms) => ms !== undefined)
    return moments.length === 0 ? null : Math.max(nowMs + 1, Math.min(...moments))
  }

  /**
   * One tick. Without `isSending` it only takes in what came back, and moves nothing by itself: where time is simulated
   * that waits for its driver.
   */
  async tick(isSending: boolean): Promise<void> {
    await this.#prepare()
    if (this.#unsaved) await this.#saveAgain(this.#unsaved)
    if (this.#later.isTime) this.#later.giveTo(this.#inbox)
    const inbox = this.#inbox
    this.#inbox = new Inbox()
    this.#later.takeEarly(inbox)
    const nowMs = this.#dependencies.clock.nowMs()
    this.desk.set.timers.begin(nowMs)
    for (const { message, outcome } of inbox.outcomes) takeOutcome(this.desk, message, outcome, nowMs)
    inbox.outcomes = []
    for (const waiter of takeKnown(this.desk.set, inbox, nowMs)) this.#waiters.push({ waiter })
    let tick: Tick | undefined
    this.#parkedMeanwhileMs = Number.POSITIVE_INFINITY
    try {
      await this.#ahead.resting()
      // The rows that an answer brings up to date must not be those that are just being written.
      if (inbox.answers.length > 0) await this.#behind.resting()
      await this.#dependencies.database.tx(this.#tenantId, async (tx) => {
        // The lock comes before everything that is read, but nothing waits for its answer.
        const guarded = this.#guard(tx)
        guarded.catch(() => undefined)
        findByIndex(tx)
        const writes: Write[] = []
        const intake = await this.#takeIn(tx, inbox, writes, isSending, nowMs)
        await guarded
        tick = this.#decide(inbox, intake, writes, isSending, nowMs)
        // While this is being written, what the next tick will take is read.
        if (isSending && this.#wantsStarts()) this.#ahead.begin(this.#behind.takenStarts, nowMs)
        const behind = tick.writes.slice(writes.length)
        for (const write of behind) await write(tx)
      })
    } catch (error) {
      if (tick) this.#unsaved = tick
      else this.#inbox.giveBack(inbox)
      throw error
    }
    this.#committed(tick!)
  }

  /** The tables should come nearer now: enough has gathered for them, and nothing more is to be sent at once. */
  get isFlushDue(): boolean {
    const behind = this.#behind
    return behind.isIdle && (behind.isWanted || (behind.isGathered && !this.#hasBacklog))
  }

  /** Begins to bring the tables nearer to what was committed; throws what that failed with the last time. */
  beginFlush(): void {
    this.#behind.check()
    this.#behind.advance(this.#seq)
  }

  /** Brings the tables up to what was committed. */
  async flush(): Promise<void> {
    while (this.#behind.isBehind) {
      this.#behind.advance(this.#seq)
      await this.#behind.settled()
    }
  }

  /** Refuses everybody who waits, and who comes from now on: this process will not make it durable. */
  refuse(error: Error): void {
    for (const waiter of this.#inbox.waiters()) waiter.reject(error)
    for (const { waiter } of this.#waiters) waiter.reject(error)
    this.#later.refuse(error)
    this.#inbox = new Inbox()
    this.#waiters = []
    this.#refusal = error
    this.onArrival = () => this.refuse(error)
  }

  /** More is to be sent than was taken up to now. */
  get #hasBacklog(): boolean {
    return this.#mayHaveStarts || this.desk.isFlooded
  }

  #wantsStarts(): boolean {
    const { set, isFlooded } = this.desk
    return this.#mayHaveStarts && !isFlooded && set.runs.size < this.#dependencies.capacityRuns
  }

  #isDue(nowMs: number): boolean {
    return this.#parkedDueMs !== null && this.#parkedDueMs <= nowMs
  }

  /** Takes over the tenant's sending, and up what a process before left. */
  async #prepare(): Promise<void> {
    const { database, channelsOf, clock } = this.#dependencies
    this.desk.channels = await channelsOf(this.#tenantId)
    await this.desk.wording.prepare()
    if (this.#isReady) return
    const taken = await takeUp(database, this.#tenantId, this.desk, clock.nowMs())
    this.#epoch = taken.epoch
    this.#seq = taken.seq
    this.#resubmit = taken.again
    this.#isReady = true
  }

  async #guard(tx: Tx): Promise<number> {
    const { epoch, seq } = await lastTick(tx)
    if (epoch === this.#epoch) return seq
    throw new DomainError('sender_superseded', 'another process has taken over the sending of this tenant')
  }

  #takeIn(tx: Tx, inbox: Inbox, writes: Write[], isSending: boolean, nowMs: number): Promise<Intake> {
    return takeIn(tx, this.desk, inbox, writes, {
      nowMs,
      takeStarts:
        isSending && this.#wantsStarts()
          ? (inTx) => this.#ahead.take(inTx, this.#behind.takenStarts)
          : undefined,
      wantsDue: isSending && this.#isDue(nowMs),
      knows: (tick) => this.#behind.knows(tick),
      tenantId: this.#tenantId,
      profiles: this.#dependencies.profiles,
      documents: this.#dependencies.documents,
    })
  }

  /** The part of a tick that waits for nothing: memory moves, and what must be written is noted. */
  #decide(inbox: Inbox, intake: Intake, writes: Write[], isSending: boolean, nowMs: number): Tick {
    const { desk } = this
    for (const { message, receipt } of intake.matched) applyReceipt(desk.set, message, receipt, nowMs)
    for (const { answer, run } of intake.answers) takeAnswer(desk, answer, run, nowMs)
    for (const { campaignId, state } of inbox.controls) takeControl(desk, campaignId, state, nowMs)
    for (const { subscriberId } of inbox.gone) desk.cards.forget(subscriberId)
    const admitted = this.#resubmit
    this.#resubmit = []
    if (isSending) {
      for (const { runs } of intake.starts) takeStarts(desk, runs)
      move(desk, nowMs, admitted)
      if (intake.nextTimerMs !== undefined)
        this.#parkedDueMs = earlier(intake.nextTimerMs, this.#parkedMeanwhileMs)
      if (intake.hasMoreStarts !== undefined)
        this.#mayHaveStarts = intake.hasMoreStarts || this.#ahead.isExpecting
    }
    const early = new Set<Waiter>(intake.early)
    this.#later.addReceipts(intake.early)
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of inbox.waiters()) {
      if (early.has(waiter)) continue
      if (intake.refused.has(waiter as ReceivedAnswer)) waiters.push({ waiter, refusal: senderUnknown() })
      else waiters.push({ waiter })
    }
    if (inbox.controls.some(({ state }) => state !== 'paused')) {
      this.#parkedDueMs = Number.NEGATIVE_INFINITY
      this.#mayHaveStarts = true
    }
    const seq = ++this.#seq
    const facts = desk.set.takeFacts()
    const taken = intake.starts.map((row) => row.seq)
    const behind = this.#behind.statements(seq, taken, facts.length + writes.length > 0)
    const tick = { seq, admitted, waiters, hasAnswers: intake.answers.length > 0 }
    if (!behind) return { ...tick, writes, changed: [] }
    const own: Write[] = [
      behind.write,
      ...desk.wording.takeWrites(),
      (tx) => appendFacts(tx, facts),
      (tx) => setLastTick(tx, seq),
    ]
    return { ...tick, writes: [...writes, ...own], changed: behind.changed }
  }

  /** Tries a tick again whose commit failed, unless it had succeeded and only the word of it was lost. */
  async #saveAgain(tick: Tick): Promise<void> {
    await this.#dependencies.database.tx(this.#tenantId, async (tx) => {
      const seq = await this.#guard(tx)
      if (seq < tick.seq) for (const write of tick.writes) await write(tx)
    })
    this.#unsaved = undefined
    this.#committed(tick)
  }

  /** What waited for the commit: submissions, acknowledgements, those who wait for answers. */
  #committed(tick: Tick): void {
    if (this.#behind.isWanted) this.#behind.advance(this.#seq)
    for (const { waiter, refusal } of tick.waiters) {
      if (refusal) waiter.reject(refusal)
      else waiter.resolve()
    }
    if (tick.hasAnswers) this.#dependencies.wake(this.#tenantId, 'answers')
    for (const [name, batch] of Map.groupBy(tick.admitted, ({ message }) => message.channel))
      this.#submit(name, batch)
    this.desk.set.releaseLoaded()
    this.#leaving.letGo(tick.changed)
    this.#makeRoom()
  }

  /** Lets quiet runs go while memory is full. */
  #makeRoom(): void {
    const parked = this.#leaving.makeRoom()
    // Only what the tables know may be parked.
    if (this.#leaving.isCrowded) this.#behind.want(this.#seq)
    if (parked === null) return
    this.#parkedDueMs = earlier(this.#parkedDueMs, parked)
    this.#parkedMeanwhileMs = Math.min(this.#parkedMeanwhileMs, parked)
  }

  #submit(name: string, batch: Admitted[]): void {
    const outbound = batch.map((item) => item.outbound)
    this.rates.add(name, batch.length)
    const channel = this.desk.channels.get(name)
    const done: Done = (index, outcome) => {
      this.#inbox.outcomes.push({ message: batch[index]!.message, outcome })
      this.onArrival()
    }
    if (channel) channel.submit(outbound, done)
    else batch.forEach((_, i) => done(i, { outcome: 'retry', afterMs: 1_000, reason: 'channel_missing' }))
  }
}
