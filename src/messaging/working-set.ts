import type { Fact } from '../platform/index.ts'
import { messageIdOf } from './message-id.ts'
import { type Departures, DroppedRuns } from './dropped-runs.ts'
import type { Message, Run } from './message.ts'
import { Timers } from './timers.ts'

const REFERENCES = 0xffff
/** The tick of a run that has left memory. */
const GONE = -1
const QUIET_SLACK = 10_000

/**
 * The runs and messages of one tenant that are in memory, found by everything that may ask for them, with what
 * changed since the journal and the tables were last told.
 */
export class WorkingSet {
  readonly runs = new Map<string, Run>()
  readonly timers = new Timers()
  /** Chains of messages with the same reference: sixteen bits, as receipts bring them back. */
  readonly #byReference: (Message | undefined)[] = Array.from({ length: REFERENCES + 1 }, () => undefined)
  /** Messages behind the first of their run, which is found by the run itself. */
  readonly #later = new Map<string, Message>()
  /** By channel, then by the provider's id. */
  readonly #byProvider = new Map<string, Map<string, Message>>()
  #isIndexed = false
  readonly #bySubscriber = new Map<number, Run>()
  /** Not in the journal yet. */
  #changed: Run[] = []
  /** Runs that have left while the tables did not know them. */
  readonly #dropped = new DroppedRuns()
  #facts: Fact[] = []
  #loaded: Run[] = []
  /** Those of them that the present tick may still be working on. */
  #guests: Run[] = []
  /** Called when a run leaves memory. */
  onLeft: (run: Run) => void = () => undefined
  /** Those that may leave memory, the longest quiet first; some of them are busy again. */
  #quiet: Run[] = []
  #quietHead = 0

  add(run: Run): void {
    this.runs.set(run.runId, run)
    run.next = this.#bySubscriber.get(run.subscriberId)
    this.#bySubscriber.set(run.subscriberId, run)
    for (const message of run.messages) if (message) this.addMessage(message)
    if (run.dueMs !== null) this.timers.set(run)
  }

  /** Adds a run that was read from the tables; its card and cascade may have to be read as well. */
  addLoaded(run: Run): void {
    this.add(run)
    this.#loaded.push(run)
    this.#guests.push(run)
  }

  /** Between two ticks: what was read from the tables may leave again, changed or not. */
  releaseLoaded(): void {
    this.mayLeave(this.#guests)
    this.#guests = []
  }

  /** Runs that were added by `addLoaded` since `forgetLoaded`. */
  loaded(): Run[] {
    return this.#loaded
  }

  forgetLoaded(): void {
    this.#loaded = []
  }

  addMessage(message: Message): void {
    const { run } = message
    // An array that grows takes room for many, and most runs have one message.
    if (message.step === 0 && run.messages.length === 0) run.messages = [message]
    else run.messages[message.step] = message
    if (message.step > 0) this.#later.set(message.messageId, message)
    if (message.providerIds !== null) this.#index(message, message.providerIds)
    const reference = message.reference & REFERENCES
    const first = this.#byReference[reference]
    for (let one = first; one !== undefined; one = one.alike) if (one === message) return
    message.alike = first
    this.#byReference[reference] = message
  }

  /** The message with an id; with its reference at hand no text has to be made or looked up. */
  message(messageId: string, reference?: number): Message | undefined {
    if (reference !== undefined)
      for (let one = this.#byReference[reference & REFERENCES]; one !== undefined; one = one.alike)
        if (one.messageId === messageId) return one
    // The id of a run and that of its first message are made from each other in the same way.
    const first = this.runs.get(messageIdOf(messageId, 0))?.messages[0]
    return first?.messageId === messageId ? first : this.#later.get(messageId)
  }

  /** The message that a provider knows under this id, the id of any of its parts or all of them. */
  messageOfProvider(channel: string, providerId: string): Message | undefined {
    this.#indexAll()
    const comma = providerId.indexOf(',')
    return this.#byProvider.get(channel)?.get(comma < 0 ? providerId : providerId.slice(0, comma))
  }

  *runsOf(subscriberId: number): Generator<Run> {
    for (let run = this.#bySubscriber.get(subscriberId); run !== undefined; run = run.next) yield run
  }

  setProviderIds(message: Message, providerIds: string): void {
    message.providerIds = providerIds
    this.#index(message, providerIds)
  }

  setDue(run: Run, dueMs: number | null): void {
    run.dueMs = dueMs
    this.timers.set(run)
    this.changed(run)
  }

  changed(run: Run): void {
    if (run.isChanged) return
    run.isChanged = true
    this.#changed.push(run)
  }

  changedMessage(message: Message): void {
    message.isChanged = true
    this.changed(message.run)
  }

  fact(fact: Fact): void {
    this.#facts.push(fact)
  }

  takeFacts(): Fact[] {
    const facts = this.#facts
    this.#facts = []
    return facts
  }

  /** Runs that changed since the last call. */
  takeChanged(): Run[] {
    const runs = this.#changed
    this.#changed = []
    return runs
  }

  /** Whether a run is or was in memory and may be unknown to the tables. */
  hasSeen(runId: string): boolean {
    return this.runs.has(runId) || this.#dropped.tickOf(runId) !== undefined
  }

  /** The tick that the tables must know before they may be believed about a run; undefined where they may. */
  droppedAt(runId: string): number | undefined {
    return this.#dropped.tickOf(runId)
  }

  /** Begins to note who leaves, until `unwatch`: what the tables said before and memory says after may both miss it. */
  watch(): Departures {
    return this.#dropped.watch()
  }

  unwatch(departures: Departures): void {
    this.#dropped.unwatch(departures)
  }

  /** The tables know more than before. */
  forgetDropped(knows: (tick: number) => boolean): void {
    this.#dropped.forget(knows)
  }

  /** Notes runs that were written down: when room is needed, those may go that are quiet then. */
  mayLeave(runs: Run[]): void {
    for (const run of runs) {
      if (run.isQuiet) continue
      run.isQuiet = true
      this.#quiet.push(run)
    }
    // Most are over before anybody needs their room.
    if (this.#quiet.length <= 2 * this.runs.size + QUIET_SLACK) return
    this.#quiet = this.#quiet.filter((run, at) => at >= this.#quietHead && run.isQuiet)
    this.#quietHead = 0
  }

  /**
   * Drops the longest quiet runs until at most `capacity` are left or nobody can be dropped. `isQuiet` says whether
   * nothing will happen to a run soon, `isStored` whether the tables know it as it is; one that is over needs them no
   * more. Returns the earliest timer that left.
   */
  makeRoom(capacity: number, isQuiet: (run: Run) => boolean, isStored: (run: Run) => boolean): number | null {
    let dueMs: number | null = null
    let left = this.#quiet.length - this.#quietHead
    while (this.runs.size > capacity && left-- > 0) {
      const run = this.#quiet[this.#quietHead++]!
      run.isQuiet = false
      if (run.isChanged || run.tick === GONE) continue
      const knows = isStored(run)
      if (!isQuiet(run) || (run.isActive && !knows)) {
        run.isQuiet = true
        this.#quiet.push(run)
        continue
      }
      if (run.dueMs !== null) dueMs = Math.min(dueMs ?? run.dueMs, run.dueMs)
      this.#remove(run, knows)
    }
    if (this.#quietHead > 10_000 && this.#quietHead * 2 > this.#quiet.length) {
      this.#quiet = this.#quiet.slice(this.#quietHead)
      this.#quietHead = 0
    }
    return dueMs
  }

  /** Runs that are over leave at once, of which nothing more is expected; `isStored` as in `makeRoom`. */
  leave(runs: Run[], isStored: (run: Run) => boolean): void {
    for (const run of runs) if (!run.isChanged && run.tick !== GONE) this.#remove(run, isStored(run))
  }

  #remove(run: Run, isStored: boolean): void {
    if (!isStored || this.#dropped.isWatched) this.#dropped.add(run.runId, run.tick)
    run.isQuiet = false
    this.onLeft(run)
    run.tick = GONE
    this.runs.delete(run.runId)
    this.timers.remove(run)
    for (const message of run.messages) {
      if (!message) continue
      this.#forgetReference(message)
      if (message.step > 0) this.#later.delete(message.messageId)
      if (message.providerIds === null || !this.#isIndexed) continue
      const ofChannel = this.#byProvider.get(message.channel)
      for (const id of message.providerIds.split(',')) ofChannel?.delete(id)
    }
    const first = this.#bySubscriber.get(run.subscriberId)
    if (first === run) {
      if (run.next) this.#bySubscriber.set(run.subscriberId, run.next)
      else this.#bySubscriber.delete(run.subscriberId)
      return
    }
    for (let before = first; before !== undefined; before = before.next) {
      if (before.next === run) before.next = run.next
    }
  }

  #forgetReference(message: Message): void {
    const reference = message.reference & REFERENCES
    const first = this.#byReference[reference]
    if (first === message) this.#byReference[reference] = message.alike
    else
      for (let one = first; one !== undefined; one = one.alike)
        if (one.alike === message) one.alike = message.alike
    message.alike = undefined
  }

  /** Most channels name our own id, so that nobody asks for the provider's: the index begins with the first question. */
  #indexAll(): void {
    if (this.#isIndexed) return
    this.#isIndexed = true
    for (const run of this.runs.values())
      for (const message of run.messages)
        if (message && message.providerIds !== null) this.#index(message, message.providerIds)
  }

  #index(message: Message, providerIds: string): void {
    if (!this.#isIndexed) return
    let ofChannel = this.#byProvider.get(message.channel)
    if (!ofChannel) this.#byProvider.set(message.channel, (ofChannel = new Map()))
    if (!providerIds.includes(',')) ofChannel.set(providerIds, message)
    else for (const id of providerIds.split(',')) ofChannel.set(id, message)
  }
}
