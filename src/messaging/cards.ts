import { createHash } from 'node:crypto'
import type { Tx } from '../platform/index.ts'
import type { Profiles, Recipient, Stop } from '../profiles/index.ts'
import type { AddressKind } from './channel.ts'
import type { Purpose } from './contract.ts'
import { contactsSince, goneAddresses } from './contact-store.ts'
import { contactOf, type Counted } from './contacts.ts'
import { Habits } from './habits.ts'
import type { WorkingSet } from './working-set.ts'

/** What the gate and the texts need of one subscriber. */
export type Card = Omit<Recipient, 'subscriberId' | 'stops'> & {
  /** Entries of the stop list, past and future ones among them; undefined for almost everybody. */
  stops: Stop[] | undefined
  /** Hashes of addresses by channel behind which nobody is any more. */
  gone: Map<string, string> | undefined
  /** As far back as the policy asks. */
  contacts: Counted[]
}

type Changing = { ids: Set<number>; all: boolean }

/** What the stores say of subscribers whose cards are missing. */
type Read = {
  known: Map<number, Recipient>
  contacts: Map<number, Counted[]>
  gone: Map<number, Map<string, string>>
}

/** No transaction is younger, so that the first look tells where to begin and nothing else. */
const NOTHING_YET = '18446744073709551615'

/**
 * Cards of subscribers, in memory as long as there is room: loaded in batches when they are first needed, dropped when
 * the subscriber changes. Whoever looks at `refresh` before each batch sees every stop that was stored before it.
 */
export class Cards {
  /** What those did before whose cascades ask for it. */
  readonly habits: Habits
  readonly #profiles: Profiles
  readonly #capacity: number
  readonly #cards = new Map<number, Card>()
  #lowWater = NOTHING_YET
  #contactsMs = 0
  /** Of each load that goes on: who changed meanwhile. */
  readonly #changing = new Set<Changing>()

  constructor(profiles: Profiles, capacity = 200_000) {
    this.#profiles = profiles
    this.habits = new Habits(profiles)
    this.#capacity = capacity
  }

  get(subscriberId: number): Card | undefined {
    return this.#cards.get(subscriberId)
  }

  forget(subscriberId: number): void {
    this.#drop(subscriberId)
  }

  /** Drops the cards of those who changed since the last call. `contactsMs`: how far back the policy looks. */
  async refresh(tx: Tx, contactsMs: number): Promise<void> {
    if (contactsMs > this.#contactsMs) this.#dropAll()
    this.#contactsMs = contactsMs
    const { lowWater, ids, all } = await this.#profiles.changedRecipients(tx, this.#lowWater)
    this.#lowWater = lowWater
    if (all) this.#dropAll()
    else for (const id of ids) this.#drop(id)
  }

  #drop(subscriberId: number): void {
    this.#cards.delete(subscriberId)
    for (const changing of this.#changing) changing.ids.add(subscriberId)
  }

  #dropAll(): void {
    this.#cards.clear()
    for (const changing of this.#changing) changing.all = true
  }

  /** Loads the cards that are missing; a subscriber who does not exist gets an empty one. */
  async load(tx: Tx, subscriberIds: Iterable<number>, set: WorkingSet, nowMs: number): Promise<void> {
    const wanted = new Set<number>()
    for (const id of subscriberIds) if (!this.#cards.has(id)) wanted.add(id)
    if (wanted.size === 0) return
    const missing = [...wanted]
    // What was read is not kept of those who changed or whose runs left memory meanwhile: it may be older than that.
    const changing: Changing = { ids: new Set(), all: false }
    const departures = set.watch()
    this.#changing.add(changing)
    try {
      const read = await this.#read(tx, missing, nowMs)
      if (changing.all) return
      for (const id of missing) {
        if (changing.ids.has(id) || departures.subscriberIds.has(id) || this.#cards.has(id)) continue
        this.#cards.set(id, this.#cardOf(read, id, set))
      }
    } finally {
      this.#changing.delete(changing)
      set.unwatch(departures)
    }
    for (const id of this.#cards.keys()) {
      if (this.#cards.size <= Math.max(this.#capacity, missing.length)) break
      this.#cards.delete(id)
    }
  }

  async #read(tx: Tx, missing: number[], nowMs: number): Promise<Read> {
    const [recipients, contacts, gone] = await Promise.all([
      this.#profiles.recipients(tx, missing),
      this.#contactsMs === 0
        ? new Map<number, Counted[]>()
        : contactsSince(tx, missing, nowMs - this.#contactsMs),
      goneAddresses(tx, missing),
    ])
    const known = new Map(recipients.map((recipient) => [recipient.subscriberId, recipient]))
    return { known, contacts, gone }
  }

  #cardOf({ known, contacts, gone }: Read, id: number, set: WorkingSet): Card {
    const { timeZone, language, addresses, consents, stops } = known.get(id) ?? nobody
    return {
      timeZone,
      language,
      addresses,
      consents,
      // Almost nobody has any.
      stops: stops?.length ? stops : undefined,
      gone: gone.get(id),
      contacts: this.#contactsMs === 0 ? [] : withMemory(contacts.get(id) ?? [], set, id),
    }
  }

  /** Counts a message as a contact from its mark on. */
  addContact(
    card: Card,
    message: { messageId: string; channel: string; purpose: Purpose; run: { runId: string } },
    nowMs: number,
  ): void {
    if (this.#contactsMs === 0) return
    const sinceMs = nowMs - this.#contactsMs
    if (card.contacts.length > 0 && card.contacts[0]!.atMs <= sinceMs)
      card.contacts = card.contacts.filter(({ atMs }) => atMs > sinceMs)
    const { messageId, channel, purpose, run } = message
    card.contacts.push({ messageId, channel, purpose, runId: run.runId, atMs: nowMs })
  }

  /** It was not sent after all. */
  removeContact(subscriberId: number, messageId: string): void {
    const card = this.#cards.get(subscriberId)
    if (card && card.contacts.length > 0)
      card.contacts = card.contacts.filter((contact) => contact.messageId !== messageId)
  }
}

const nobody = { timeZone: 'UTC', language: 'en' as const, addresses: {}, consents: {}, stops: undefined }

/** Contacts that the tables do not know yet are known to memory, also those of runs that have left it. */
function withMemory(stored: Counted[], set: WorkingSet, subscriberId: number): Counted[] {
  const contacts = new Map(stored.map((contact) => [contact.messageId, contact]))
  for (const contact of set.droppedContacts(subscriberId)) contacts.set(contact.messageId, contact)
  for (const run of set.runsOf(subscriberId)) {
    for (const message of run.messages) {
      if (!message) continue
      const contact = contactOf(message)
      if (contact) contacts.set(message.messageId, contact)
      else contacts.delete(message.messageId)
    }
  }
  return [...contacts.values()].sort((a, b) => a.atMs - b.atMs)
}

/** What a channel of this kind dials for the subscriber, unless its provider said that nobody is there. */
export function addressOf(
  card: Card,
  kind: AddressKind,
  channel: string,
  subscriberId: number,
): string | undefined {
  const address = kind === 'subscriber' ? String(subscriberId) : card.addresses[kind]
  if (address === undefined || card.gone === undefined) return address
  return card.gone.get(channel) === hashOf(address) ? undefined : address
}

/** What the subscriber said about a channel and a purpose, else about all channels; undefined for never a word. */
export function consentFor(card: Card, channel: string, purpose: Purpose): boolean | undefined {
  return card.consents[`${channel}/${purpose}`] ?? card.consents[`*/${purpose}`]
}

/** The entry of the stop list that holds at a moment, the widest one. */
export function stopAt(card: Card, nowMs: number): Stop | undefined {
  if (card.stops === undefined) return undefined
  const holding = card.stops.filter(
    ({ fromMs, untilMs }) => fromMs <= nowMs && (untilMs === null || nowMs < untilMs),
  )
  return holding.find(({ scope }) => scope === 'all') ?? holding[0]
}

/** Addresses stand in profiles alone; elsewhere by this. */
export function hashOf(address: string): string {
  return createHash('sha256').update(address).digest('base64url')
}
