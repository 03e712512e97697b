import type { AccountOpening, TransferRequest, TransferResult } from '../ledger/index.ts'
import type { Fact, Tx } from '../platform/index.ts'
import type { Subscriber } from '../profiles/index.ts'
import type { Book } from './book.ts'
import type { Member } from './members.ts'
import type { Words } from './programmes.ts'

/** An event as the consumers take it: from the log, from an action of this system, or announced by a consumer. */
export type TakenEvent = {
  /** A UUID that follows from source and id. */
  eventId: string
  id: string
  source: string
  type: string
  /** When it happened, epoch milliseconds. */
  atMs: number
  subscriberId: number
  /** Others whom it concerns: their members and attributes are loaded too. */
  concerns?: number[]
  /** Declared fields; date-times are epoch milliseconds. */
  data: Record<string, unknown>
  /** 0 for what came from outside, n + 1 for what followed from an event of depth n. */
  depth: number
}

/** Something that a consumer tells the world; its type stands in `announcements.ts`. */
export type Announcement = {
  type: string
  programmeId: string
  subscriberId: number
  /** Unique among announcements of the type and the same whenever the same thing is told again. */
  key: string
  /** When what it tells of took effect: the time of its cause. */
  atMs: number
  data: Record<string, unknown>
}

/** What a rule made of an event, for people to read: a closed reason code and the values that were seen. */
export type Judgement = {
  consumer: string
  programmeId: string
  rule: string
  ruleVersion: number
  reason: string
  /**
   * By how much a balance was changed, in minor units; absent where none was. The judgements about an account add up to
   * its balance, so what is only reserved, held or announced stands in `saw`.
   */
  points?: bigint
  /** The account whose balance it was; the one in which the member's points are, where it is absent. */
  account?: string
  /**
   * Key of the transfer that changed it. Nothing is said where the ledger refuses that one, and what it forgave of points
   * that were to be taken did not change.
   */
  transferKey?: string
  saw: Record<string, unknown>
}

/** A batch while it is taken. Everything in it was loaded before, so that consumers decide without waiting. */
export type Batch = {
  tenantId: string
  book: Book
  /** The moment of booking. */
  now: Temporal.Instant
  events: readonly TakenEvent[]
  /** The subscriber with attributes; undefined when nobody is known by the number. */
  subscriberOf(subscriberId: number): Subscriber | undefined
  /** The membership, whatever its state; after a merge that of the member who goes on. */
  memberOf(programmeId: string, subscriberId: number): Member | undefined
  /** All memberships of the subscriber, those of this batch included. */
  membersOf(subscriberId: number): Member[]
  /** Makes the subscriber an active member, or brings one back who had left, and announces it. */
  enrol(programmeId: string, subscriberId: number, atMs: number, by: string): Member
  /** Notes that a member was changed, so that it is stored. */
  changed(member: Member): void
  /** What was posted to an account so far, by any consumer, that the ledger does not have yet. */
  movedOn(accountId: string): bigint
}

/** What a consumer wants done at the end of the batch, in the one transaction that also stores how far it was read. */
export type Effects = {
  /** The event that is being taken. */
  readonly event: TakenEvent
  /** Sees to it that an account exists before the transfers are posted. */
  openAccount(opening: AccountOpening): void
  /** Posts a transfer with all others of the batch in order; the facts are left out when the ledger refuses it. */
  post(transfer: TransferRequest, facts?: Fact[]): void
  /** Tells the log, and the consumers right after the event that is being taken. */
  announce(announcement: Announcement): void
  fact(fact: Fact): void
  /** Keeps a judgement of the event that is being taken. */
  judge(judgement: Judgement): void
  /** Notes that the event changed something: what is noted is never taken again. The others above note it too. */
  mark(): void
}

/** A consumer at work on one batch. */
export type Session = {
  /** Decides about one event after the other, in order; changes nothing but the session's own memory and `effects`. */
  take(event: TakenEvent, effects: Effects): void
  /** Stores the consumer's rows, set-based. `resultOf` is the ledger's answer by the transfer's key. */
  store?(tx: Tx, resultOf: (key: string) => TransferResult | undefined): Promise<void>
}

/** Two members who turned out to be one person, within the transaction that merges them. */
export type Merge = { tenantId: string; programmeId: string; from: number; into: number }

/**
 * A part of loyalty that follows events: earning, tiers, referrals, play and so on. Results must not depend on where a
 * batch ends: load in `open` whatever any event of the batch may need, and decide event by event in `take`.
 */
export type Consumer = {
  name: string
  /** Kinds of documents that it reads beside programmes, earn rules, event types and attributes. */
  kinds?: string[]
  /** Its reasons in plain words: `{name}` stands for a value that was seen, `{points}` for the points. */
  words?: Record<string, Words>
  /** Event types that it takes by the tenant's present documents; `all` is expensive on a busy log. */
  wants(book: Book): ReadonlySet<string> | 'all'
  open(tx: Tx, batch: Batch): Promise<Session>
  /** Sets what conditions read of members, such as the tier, as it is now: for those who only look. */
  describe?(tx: Tx, members: Member[], book: Book): Promise<void>
  /** Carries its own rows about one member over to another one. */
  merge?(tx: Tx, merge: Merge): Promise<void>
}
