import type { Fact } from '../platform/index.ts'
import { contactOf, type Counted } from './contacts.ts'
import type { Message, Run } from './message.ts'
import { Timers } from './timers.ts'

/** Who left memory while somebody was reading about them in the tables. */
export type Departures = { runIds: Set<string>; subscriberIds: Set<number> }

/**
 * The runs and messages of one tenant that are in memory, found by everything that may ask for them, with what
 * changed since the journal and the tables were last told.
 */
export class WorkingSet {
  readonly runs = new Map<string, Run>()
  readonly timers = new Timers<Run>()
  readonly #messages = new Map<string, Message>()
  /** By channel, then by the provider's id. */
  readonly #byProvider = new Map<string, Map<string, Message>>()
  readonly #bySubscriber = new Map<number, Run>()
  /** Not in the journal yet. */
  #changed: Run[] = []
  /** Runs that have left while the tables did not know them, with the tick that they must know. */
  readonly #dropped = new Map<string, number>()
  /** Their contacts, by subscriber: whoever counts them cannot ask the tables yet. */
  readonly #droppedContacts = new Map<number, Counted[]>()
  #facts: Fact[] = []
  #loaded: Run[] = []
  /** Those of them that the present tick may still be working on. */
  #guests: Run[] = []
  readonly #watchers = new Set<Departures>()
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
    message.run.messages[message.step] = message
    this.#messages.set(message.messageId, message)
    if (message.providerIds !== null) this.#index(message, message.providerIds)
  }

  message(messageId: string): Message | undefined {
    return this.#messages.get(messageId)
  }

  /** The message that a provider knows under this id, the id of any of its parts or all of them. */
  messageOfProvider(channel: string, providerId: string): Message | undefined {
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
    return this.runs.has(runId) || this.#dropped.has(runId)
  }

  /** The tick that the tables must know before they may be believed about a run; undefined where they may. */
  droppedAt(runId: string): number | undefined {
    return this.#dropped.get(runId)
  }

  /** Begins to note who leaves, until `unwatch`: what the tables said before and memory says after may both miss it. */
  watch(): Departures {
    const departures = { runIds: new Set<string>(), subscriberIds: new Set<number>() }
    this.#watchers.add(departures)
    return departures
  }

  unwatch(departures: Departures): void {
    this.#watchers.delete(departures)
  }

  /** The contacts of a subscriber's runs that have left while the tables did not know them. */
  droppedContacts(subscriberId: number): Counted[] {
    return this.#droppedContacts.get(subscriberId) ?? []
  }

  /** The tables know everything. */
  forgetDropped(): void {
    for (const { runIds } of this.#watchers) for (const runId of this.#dropped.keys()) runIds.add(runId)
    for (const { subscriberIds } of this.#watchers)
      for (const subscriberId of this.#droppedContacts.keys()) subscriberIds.add(subscriberId)
    this.#dropped.clear()
    this.#droppedContacts.clear()
  }

  /** Notes runs that were written down: when room is needed, those may go that are quiet then. */
  mayLeave(runs: Run[]): void {
    for (const run of runs) {
      if (run.isQuiet) continue
      run.isQuiet = true
      this.#quiet.push(run)
    }
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
      if (run.isChanged || this.runs.get(run.runId) !== run) continue
      const knows = isStored(run)
      if (!isQuiet(run) || (run.isActive && !knows)) {
        this.mayLeave([run])
        continue
      }
      if (run.dueMs !== null) dueMs = Math.min(dueMs ?? run.dueMs, run.dueMs)
      if (!knows) this.#noteDropped(run)
      this.#remove(run)
    }
    if (this.#quietHead > 10_000 && this.#quietHead * 2 > this.#quiet.length) {
      this.#quiet = this.#quiet.slice(this.#quietHead)
      this.#quietHead = 0
    }
    return dueMs
  }

  #noteDropped(run: Run): void {
    this.#dropped.set(run.runId, run.tick)
    for (const message of run.messages) {
      const contact = message && contactOf(message)
      if (!contact) continue
      const others = this.#droppedContacts.get(run.subscriberId)
      if (others) others.push(contact)
      else this.#droppedContacts.set(run.subscriberId, [contact])
    }
  }

  #remove(run: Run): void {
    for (const { runIds, subscriberIds } of this.#watchers) {
      runIds.add(run.runId)
      subscriberIds.add(run.subscriberId)
    }
    this.runs.delete(run.runId)
    this.timers.remove(run)
    for (const message of run.messages) {
      if (!message) continue
      this.#messages.delete(message.messageId)
      if (message.providerIds === null) continue
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

  #index(message: Message, providerIds: string): void {
    let ofChannel = this.#byProvider.get(message.channel)
    if (!ofChannel) this.#byProvider.set(message.channel, (ofChannel = new Map()))
    if (!providerIds.includes(',')) ofChannel.set(providerIds, message)
    else for (const id of providerIds.split(',')) ofChannel.set(id, message)
  }
}
