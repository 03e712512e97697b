import { createHash } from 'node:crypto'
import type { Tx } from '../platform/index.ts'
import type { Profiles, RecipientPage, RecipientTraits, Stop } from '../profiles/index.ts'
import type { AddressKind } from './channel.ts'
import type { Purpose } from './contract.ts'
import { ContactPool, grown, tailOf } from './contact-pool.ts'
import { contactsSince, goneAddresses } from './contact-store.ts'
import { contactOf, type Counted } from './contacts.ts'
import { Habits } from './habits.ts'
import type { Message, Run } from './message.ts'
import { NumberIndex } from './number-index.ts'
import type { Contact } from './policy.ts'
import type { WorkingSet } from './working-set.ts'

/** What the gate and the texts need of one subscriber: a look into the columns, valid until something is awaited. */
export class Card {
  readonly subscriberId: number
  readonly timeZone: string
  readonly language: RecipientTraits['language']
  readonly consents: RecipientTraits['consents']
  readonly place: number
  readonly #cards: Cards

  constructor(cards: Cards, place: number, subscriberId: number, traits: RecipientTraits) {
    this.#cards = cards
    this.place = place
    this.subscriberId = subscriberId
    this.timeZone = traits.timeZone
    this.language = traits.language
    this.consents = traits.consents
  }

  /** The latest identity of a kind behind which somebody is. */
  address(kind: AddressKind): string | undefined {
    return this.#cards.addressAt(this.place, this.subscriberId, kind)
  }

  /** Entries of the stop list, past and future ones among them; undefined for almost everybody. */
  get stops(): Stop[] | undefined {
    return this.#cards.stops.get(this.subscriberId)
  }

  /** Hashes of addresses by channel behind which nobody is any more. */
  get gone(): Map<string, string> | undefined {
    return this.#cards.gone.get(this.subscriberId)
  }

  /** As far back as the policy asks; those of the run itself bear its id. */
  contacts(runId: string): Contact[] {
    return this.#cards.contactsAt(this.place, runId)
  }
}

type Changing = { ids: Set<number>; all: boolean }

/** What the stores say of subscribers whose cards are missing. */
type Read = {
  page: RecipientPage
  contacts: Map<number, Counted[]>
  gone: Map<number, Map<string, string>>
}

/** No transaction is younger, so that the first look tells where to begin and nothing else. */
const NOTHING_YET = '18446744073709551615'
const FIRST = 1_024
const noContacts: Contact[] = []
const nobody: RecipientTraits = { timeZone: 'UTC', language: 'en', consents: {} }

/**
 * Cards of subscribers, in memory as long as there is room: read in batches when they are first needed, and again when
 * the subscriber has changed. Whoever looks at `refresh` before each batch sees every stop that was stored before it.
 * They lie in columns, some 60 octets a subscriber and as much a contact; what few have stands beside. Contacts are
 * read once: what is sent from then on is sent by this process.
 */
export class Cards {
  /** What those did before whose cascades ask for it. */
  readonly habits: Habits
  readonly stops = new Map<number, Stop[]>()
  readonly gone = new Map<number, Map<string, string>>()
  readonly #profiles: Profiles
  readonly #capacity: number
  readonly #places = new NumberIndex()
  readonly #pool = new ContactPool()
  #ids = new Int32Array(FIRST)
  #phones = new Float64Array(FIRST)
  readonly #traits: (RecipientTraits | undefined)[] = []
  /** By subscriber, what channels dial beside a phone number. */
  readonly #addresses = new Map<number, Record<string, string>>()
  /** First of the chain of contacts. */
  #contacts = new Int32Array(FIRST)
  /** Contacts are whole since this look; 0: never read. */
  #wholeSince = new Uint32Array(FIRST)
  #look = 1
  /** Contacts of runs that have left memory are known to the tables when these know this tick. */
  #keptFor = new Int32Array(FIRST)
  #size = 0
  #hand = 0
  #lowWater = NOTHING_YET
  #contactsMs = 0
  /** Of each load that goes on: who changed meanwhile. */
  readonly #changing = new Set<Changing>()
  /** Whether the tables know everything up to a tick. */
  knows: (tick: number) => boolean = () => true

  constructor(profiles: Profiles, capacity = 2_000_000) {
    this.#profiles = profiles
    this.habits = new Habits(profiles)
    this.#capacity = capacity
  }

  get(subscriberId: number): Card | undefined {
    const place = this.#places.get(subscriberId)
    if (place < 0) return undefined
    const traits = this.#traits[place]
    if (traits === undefined || this.#wholeSince[place] !== this.#look) return undefined
    return new Card(this, place, subscriberId, traits)
  }

  addressAt(place: number, subscriberId: number, kind: AddressKind): string | undefined {
    if (kind === 'msisdn' && this.#phones[place] !== 0) return `+${this.#phones[place]}`
    return this.#addresses.get(subscriberId)?.[kind]
  }

  contactsAt(place: number, runId: string): Contact[] {
    const first = this.#contacts[place]!
    return first === this.#pool.none ? noContacts : this.#pool.read(first, { runId, tail: tailOf(runId) })
  }

  forget(subscriberId: number): void {
    const place = this.#places.get(subscriberId)
    if (place >= 0) this.#traits[place] = undefined
    for (const changing of this.#changing) changing.ids.add(subscriberId)
  }

  /** Drops the cards of those who changed since the last call. `contactsMs`: how far back the policy looks. */
  async refresh(tx: Tx, contactsMs: number): Promise<void> {
    if (contactsMs > this.#contactsMs) {
      this.#look++
      for (const changing of this.#changing) changing.all = true
    }
    this.#contactsMs = contactsMs
    const { lowWater, ids, all } = await this.#profiles.changedRecipients(tx, this.#lowWater)
    this.#lowWater = lowWater
    if (all) this.#forgetAll()
    else for (const id of ids) this.forget(id)
  }

  #forgetAll(): void {
    this.#traits.fill(undefined)
    for (const changing of this.#changing) changing.all = true
  }

  #isMissing(id: number): boolean {
    const place = this.#places.get(id)
    return place < 0 || this.#traits[place] === undefined || this.#wholeSince[place] !== this.#look
  }

  /** Loads the cards that are missing; a subscriber who does not exist gets an empty one. */
  async load(tx: Tx, subscriberIds: Iterable<number>, set: WorkingSet, nowMs: number): Promise<void> {
    const missing: number[] = []
    for (const id of subscriberIds) if (this.#isMissing(id)) missing.push(id)
    if (missing.length === 0) return
    // What was read is not kept of those who changed or whose runs left memory meanwhile: it may be older than that.
    const changing: Changing = { ids: new Set(), all: false }
    this.#changing.add(changing)
    try {
      const read = await this.#read(tx, missing, nowMs)
      if (!changing.all) this.#keep(read, changing.ids, set)
    } finally {
      this.#changing.delete(changing)
    }
    if (this.#changing.size === 0) this.#makeRoom(missing.length)
  }

  async #read(tx: Tx, missing: number[], nowMs: number): Promise<Read> {
    const unread =
      this.#contactsMs === 0
        ? []
        : missing.filter((id) => this.#wholeSince[this.#places.get(id)] !== this.#look)
    const [page, contacts, gone] = await Promise.all([
      this.#profiles.recipients(tx, missing),
      unread.length === 0
        ? new Map<number, Counted[]>()
        : contactsSince(tx, unread, nowMs - this.#contactsMs),
      goneAddresses(tx, missing),
    ])
    return { page, contacts, gone }
  }

  #keep({ page, contacts, gone }: Read, changed: ReadonlySet<number>, set: WorkingSet): void {
    const { ids, traits, phones, addresses, stops } = page
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!
      if (changed.size > 0 && changed.has(id)) continue
      const place = this.#placeOf(id)
      this.#traits[place] = traits[i] ?? nobody
      this.#phones[place] = phones[i]!
      replace(this.#addresses, id, addresses.get(id))
      replace(this.stops, id, stops.get(id))
      replace(this.gone, id, gone.get(id))
      if (this.#wholeSince[place] === this.#look) continue
      this.#wholeSince[place] = this.#look
      if (this.#contactsMs > 0) this.#complete(place, contacts.get(id), set)
    }
  }

  /** Contacts that the tables do not know yet are known to memory. */
  #complete(place: number, stored: Counted[] | undefined, set: WorkingSet): void {
    for (const contact of stored ?? []) this.#count(place, contact)
    for (const run of set.runsOf(this.#ids[place]!)) this.#countRun(place, run)
  }

  #countRun(place: number, run: Run): void {
    for (const message of run.messages) {
      if (!message) continue
      const contact = contactOf(message)
      if (contact) this.#count(place, contact)
      else this.#contacts[place] = this.#pool.remove(this.#contacts[place]!, tailOf(message.messageId))
    }
  }

  #count(place: number, { messageId, channel, purpose, runId, atMs }: Counted): void {
    const first = this.#contacts[place]!
    const message = tailOf(messageId)
    if (!this.#pool.has(first, message))
      this.#contacts[place] = this.#pool.add(first, { channel, purpose, run: tailOf(runId), message, atMs })
  }

  /** Counts a message as a contact from its mark on. */
  addContact(
    { place }: Card,
    message: Pick<Message, 'messageId' | 'channel' | 'purpose'> & { run: Pick<Run, 'runId'> },
    nowMs: number,
  ): void {
    if (this.#contactsMs === 0) return
    const first = this.#pool.since(this.#contacts[place]!, nowMs - this.#contactsMs)
    const { messageId, channel, purpose, run } = message
    const contact = { channel, purpose, run: tailOf(run.runId), message: tailOf(messageId), atMs: nowMs }
    this.#contacts[place] = this.#pool.add(first, contact)
  }

  /** It was not sent after all. */
  removeContact(subscriberId: number, messageId: string): void {
    const place = this.#places.get(subscriberId)
    if (place >= 0) this.#contacts[place] = this.#pool.remove(this.#contacts[place]!, tailOf(messageId))
  }

  /** A run leaves memory: its contacts stay here at least until the tables know them. */
  runLeft(run: Run): void {
    for (const changing of this.#changing) changing.ids.add(run.subscriberId)
    if (this.knows(run.tick) || !run.messages.some((message) => message && contactOf(message))) return
    const place = this.#placeOf(run.subscriberId)
    // Without a policy nobody else makes the chain shorter.
    if (this.#contactsMs === 0 && this.knows(this.#keptFor[place]!)) {
      this.#pool.clear(this.#contacts[place]!)
      this.#contacts[place] = this.#pool.none
    }
    this.#countRun(place, run)
    this.#keptFor[place] = Math.max(this.#keptFor[place]!, run.tick)
  }

  #placeOf(id: number): number {
    const found = this.#places.get(id)
    if (found >= 0) return found
    const place = this.#size++
    if (place === this.#ids.length) this.#grow()
    this.#ids[place] = id
    this.#phones[place] = 0
    this.#traits[place] = undefined
    this.#contacts[place] = this.#pool.none
    this.#wholeSince[place] = 0
    this.#keptFor[place] = 0
    this.#places.add(id, place)
    return place
  }

  #grow(): void {
    const size = 2 * this.#ids.length
    this.#ids = grown(this.#ids, new Int32Array(size))
    this.#phones = grown(this.#phones, new Float64Array(size))
    this.#contacts = grown(this.#contacts, new Int32Array(size))
    this.#wholeSince = grown(this.#wholeSince, new Uint32Array(size))
    this.#keptFor = grown(this.#keptFor, new Int32Array(size))
  }

  /** Lets the oldest go that may go, in turn, while there are too many. `wanted`: so many were just read. */
  #makeRoom(wanted: number): void {
    const capacity = Math.max(this.#capacity, 2 * wanted)
    for (let left = this.#size; this.#size > capacity && left > 0; left--) {
      this.#hand = this.#hand >= this.#size - wanted ? 0 : this.#hand
      if (this.knows(this.#keptFor[this.#hand]!)) this.#remove(this.#hand)
      this.#hand++
    }
  }

  /** The last one takes the place that becomes free. */
  #remove(place: number): void {
    const id = this.#ids[place]!
    this.#pool.clear(this.#contacts[place]!)
    for (const few of [this.#addresses, this.stops, this.gone]) few.delete(id)
    this.#places.delete(id)
    const last = --this.#size
    if (last !== place) {
      const moved = this.#ids[last]!
      this.#ids[place] = moved
      this.#phones[place] = this.#phones[last]!
      this.#traits[place] = this.#traits[last]
      this.#contacts[place] = this.#contacts[last]!
      this.#wholeSince[place] = this.#wholeSince[last]!
      this.#keptFor[place] = this.#keptFor[last]!
      this.#places.delete(moved)
      this.#places.add(moved, place)
    }
    this.#traits.length = last
  }
}

function replace<Value>(few: Map<number, Value>, id: number, value: Value | undefined): void {
  if (value !== undefined) few.set(id, value)
  else if (few.size > 0) few.delete(id)
}

/** What a channel of this kind dials for the subscriber, unless its provider said that nobody is there. */
export function addressOf(
  card: Card,
  kind: AddressKind,
  channel: string,
  subscriberId: number,
): string | undefined {
  const address = kind === 'subscriber' ? String(subscriberId) : card.address(kind)
  const { gone } = card
  if (address === undefined || gone === undefined) return address
  return gone.get(channel) === hashOf(address) ? undefined : address
}

let lastChannel = ''
let lastPurpose = ''
let consentKey = ''

/** What the subscriber said about a channel and a purpose, else about all channels; undefined for never a word. */
export function consentFor(
  { consents }: Pick<Card, 'consents'>,
  channel: string,
  purpose: Purpose,
): boolean | undefined {
  if (channel !== lastChannel || purpose !== lastPurpose) {
    lastChannel = channel
    lastPurpose = purpose
    consentKey = `${channel}/${purpose}`
  }
  return consents[consentKey] ?? consents[`*/${purpose}`]
}

/** The entry of the stop list that holds at a moment, the widest one. */
export function stopAt({ stops }: Pick<Card, 'stops'>, nowMs: number): Stop | undefined {
  if (stops === undefined) return undefined
  const holding = stops.filter(
    ({ fromMs, untilMs }) => fromMs <= nowMs && (untilMs === null || nowMs < untilMs),
  )
  return holding.find(({ scope }) => scope === 'all') ?? holding[0]
}

/** Addresses stand in profiles alone; elsewhere by this. */
export function hashOf(address: string): string {
  return createHash('sha256').update(address).digest('base64url')
}
