import { setImmediate } from 'node:timers/promises'
import type { Subscriber } from '../profiles/index.ts'
import type { Book } from './book.ts'
import type { Batch, Session, TakenEvent } from './consumer.ts'
import type { LoyaltyParts } from './dependencies.ts'
import { scan } from './event-reader.ts'
import { type Member, newMember } from './members.ts'
import { selectMembers } from './members-store.ts'
import type { TryAnswer } from './rehearsal-contract.ts'
import { type Counted, Tally } from './tally.ts'

/** What is asked for: event time, and who wants to hear how far it is. */
export type Span = {
  tenantId: string
  /** Absent: the whole log. */
  from?: Temporal.Instant | undefined
  to?: Temporal.Instant | undefined
  onProgress?: ((read: number, total: number) => void) | undefined
}

/** What a session that only looks may ask of its batch. */
export type Audience = Pick<Batch, 'book' | 'memberOf' | 'subscriberOf' | 'movedOn'>

/** A rule with an empty memory, the event types that it looks at, and what of its judgements counts. */
export type Trial = { types: ReadonlySet<string>; session: Pick<Session, 'take'>; counted: Counted }

const PAGE_EVENTS = 5_000

/**
 * Plays one rule over the log as if it had been there all the time and alone, and tells what it would have cost, who
 * would have won, and some examples with the values that decided. Nothing is stored. Members are those that there are
 * and those whom the programme would let in; balances and tiers are those of today. What loyalty announced in its time
 * counts as what happened.
 */
export async function rehearse(
  parts: LoyaltyParts,
  { tenantId, from, to, onProgress }: Span,
  prepare: (audience: Audience) => Trial,
): Promise<TryAnswer> {
  const log = parts.logOf(tenantId)
  const stage = new Rehearsal(parts, await parts.books.of(tenantId), prepare)
  const fromMs = from?.epochMilliseconds ?? -Infinity
  const toMs = to?.epochMilliseconds ?? Infinity
  const ends = await Promise.all(Array.from({ length: log.partitions }, (_, i) => log.endOffset(i)))
  const total = ends.reduce((sum, end) => sum + end, 0)
  let read = 0
  for (const [partition, end] of ends.entries()) {
    for (let at = 0; at < end;) {
      const { events, next } = await scan(log, partition, at, end, stage.trial.types, PAGE_EVENTS, isRepeated)
      read += next - at
      at = next
      await stage.take(events.filter(({ atMs }) => atMs >= fromMs && atMs < toMs))
      onProgress?.(read, total)
      await setImmediate()
    }
  }
  return stage.tally.answer(read)
}

/** An event that was too late and is let in again stands on the log twice. */
const isRepeated = ({ isReplayed }: { isReplayed: boolean }): boolean => isReplayed

/** The members for whom a rule is tried, as they become known. */
class Rehearsal {
  readonly trial: Trial
  readonly tally: Tally
  readonly #parts: LoyaltyParts
  readonly #book: Book
  readonly #members = new Map<number, Member>()
  #subscribers = new Map<number, Subscriber>()
  #atMs = 0

  constructor(parts: LoyaltyParts, book: Book, prepare: (audience: Audience) => Trial) {
    this.#parts = parts
    this.#book = book
    this.trial = prepare({
      book,
      memberOf: this.#memberOf,
      subscriberOf: (id) => this.#subscribers.get(id),
      movedOn: (accountId) => this.tally.movedOn(accountId),
    })
    this.tally = new Tally(this.trial.counted, book.reader)
  }

  /** The member as of the event at hand: who joined by hand was none before, and who has left was one until then. */
  readonly #memberOf = (programmeId: string, id: number): Member | undefined => {
    const { programme } = this.trial.counted
    const known = programmeId === programme.id ? this.#members.get(id) : undefined
    const member = known?.mergedInto == null ? known : this.#members.get(known.mergedInto)
    if (!member) return undefined
    if (this.#atMs < member.enrolledAtMs) {
      return programme.enrolment === 'by_hand' ? undefined : { ...member, state: 'active', endedAtMs: null }
    }
    const isYetToLeave = member.endedAtMs !== null && this.#atMs < member.endedAtMs
    return isYetToLeave ? { ...member, state: 'active', endedAtMs: null } : member
  }

  async take(events: TakenEvent[]): Promise<void> {
    if (events.length === 0) return
    const { programme } = this.trial.counted
    await this.#load([...new Set(events.map(({ subscriberId }) => subscriberId))])
    for (const event of events) {
      if (programme.enrolment !== 'by_hand' && !this.#members.has(event.subscriberId)) {
        this.#members.set(event.subscriberId, newMember(programme.id, event.subscriberId, event.atMs))
      }
      this.#atMs = event.atMs
      this.trial.session.take(event, this.tally.at(event))
    }
  }

  async #load(ids: number[]): Promise<void> {
    const { database, profiles, consumers } = this.#parts
    const { programme } = this.trial.counted
    await database.tx(this.#book.tenantId, async (tx) => {
      this.#subscribers = await profiles.subscribersByIds(tx, ids)
      const found = (await selectMembers(tx, ids)).filter(({ programmeId }) => programmeId === programme.id)
      for (const consumer of consumers) await consumer.describe?.(tx, found, this.#book)
      for (const member of found) {
        if (!this.#members.has(member.subscriberId)) this.#members.set(member.subscriberId, member)
      }
    })
  }
}
