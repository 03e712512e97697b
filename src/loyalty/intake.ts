import {
  type AccountOpening,
  openAccounts,
  postTransfers,
  type TransferRequest,
  type TransferResult,
} from '../ledger/index.ts'
import { appendFacts, derivedId, type Fact, type Tx } from '../platform/index.ts'
import type { Profiles, Subscriber } from '../profiles/index.ts'
import { accountOf, memberAccount, memberOwner } from './accounts.ts'
import { withPointsAsText } from './announcements.ts'
import type { Book } from './book.ts'
import type { Announcement, Batch, Consumer, Effects, Judgement, Session, TakenEvent } from './consumer.ts'
import { type Member, newMember, ownerOf } from './members.ts'
import { lockLoyalty, saveMembers, selectMembers } from './members-store.ts'
import { Moves } from './moves.ts'
import { impliedProgramme } from './programmes.ts'
import { insertAnnouncements, insertJudgedEvents, selectTaken } from './reader-store.ts'

/** Source of everything that loyalty itself tells. */
export const LOYALTY_SOURCE = '/loyalty'

/** An announcement may lead to another one, and that to a third; a circle of rules ends here. */
const MOST_DEPTH = 8

export type IntakeParts = { profiles: Pick<Profiles, 'subscribersByIds'>; consumers: readonly Consumer[] }

/** What came of the events of one call, for the caller who wants to tell. */
export type Taken = {
  /** Events that had not been taken before. */
  events: TakenEvent[]
  announcements: Announcement[]
  judgements: { event: TakenEvent; judgement: Judgement }[]
  resultOf(key: string): TransferResult | undefined
}

/**
 * Takes events once for ever: lets every consumer decide about each of them in order, posts all transfers in one call,
 * stores rows, facts and announcements, all within the caller's transaction. An announcement is taken by the
 * consumers right after its cause, as an event one deeper. Events that were taken before are left out.
 */
export async function takeEvents(
  { profiles, consumers }: IntakeParts,
  tx: Tx,
  book: Book,
  events: readonly TakenEvent[],
  now: Temporal.Instant,
): Promise<Taken> {
  lockLoyalty(tx)
  const known = await selectTaken(
    tx,
    events.map(({ eventId }) => eventId),
  )
  const fresh = events.filter(({ eventId }) => !known.has(eventId) && known.add(eventId))
  const work = new Work(book, fresh, now)
  if (fresh.length === 0) return work.taken()
  const ids = [...new Set(fresh.flatMap(({ subscriberId, concerns = [] }) => [subscriberId, ...concerns]))]
  work.addMembers(await selectMembers(tx, ids))
  work.subscribers = await profiles.subscribersByIds(tx, [...new Set([...ids, ...work.memberIds()])])
  const sessions: { wants: ReadonlySet<string> | 'all'; session: Session }[] = []
  for (const consumer of consumers) {
    sessions.push({ wants: consumer.wants(book), session: await consumer.open(tx, work) })
  }
  for (const event of fresh) {
    for (let next: TakenEvent | undefined = event; next; next = work.nextAnnounced()) {
      work.begin(next)
      for (const { wants, session } of sessions) {
        if (wants !== 'all' && !wants.has(next.type)) continue
        // Also an event from which nothing follows now must not have an effect when it is replayed.
        if (wants !== 'all' && next.depth === 0) work.mark()
        session.take(next, work)
      }
    }
  }
  await work.store(tx)
  for (const { session } of sessions) await session.store?.(tx, work.resultOf)
  return work.taken()
}

/** A batch at work: what was loaded, and what is to be done at its end. */
class Work implements Batch, Effects {
  readonly book: Book
  readonly tenantId: string
  readonly events: readonly TakenEvent[]
  readonly now: Temporal.Instant
  subscribers = new Map<number, Subscriber>()
  readonly #bySubscriber = new Map<number, Member[]>()
  readonly #changedMembers = new Set<Member>()
  readonly #accounts = new Map<string, AccountOpening>()
  readonly #transfers: { transfer: TransferRequest; facts: Fact[] }[] = []
  readonly #moves = new Moves()
  readonly movedOn = this.#moves.on
  readonly #facts: Fact[] = []
  readonly #announcements: Announcement[] = []
  readonly #marked = new Map<TakenEvent, Judgement[]>()
  readonly #results = new Map<string, TransferResult>()
  #waiting: TakenEvent[] = []
  /** Set by `begin`, before anybody takes it. */
  event!: TakenEvent

  constructor(book: Book, events: readonly TakenEvent[], now: Temporal.Instant) {
    this.book = book
    this.tenantId = book.tenantId
    this.events = events
    this.now = now
  }

  addMembers(members: Member[]): void {
    for (const member of members) {
      const others = this.#bySubscriber.get(member.subscriberId) ?? []
      others.push(member)
      this.#bySubscriber.set(member.subscriberId, others)
    }
  }

  memberIds(): number[] {
    return [...this.#bySubscriber.keys()]
  }

  begin(event: TakenEvent): void {
    this.event = event
  }

  nextAnnounced(): TakenEvent | undefined {
    return this.#waiting.shift()
  }

  readonly subscriberOf = (subscriberId: number): Subscriber | undefined => this.subscribers.get(subscriberId)

  readonly memberOf = (programmeId: string, subscriberId: number): Member | undefined => {
    const member = this.#bySubscriber.get(subscriberId)?.find((one) => one.programmeId === programmeId)
    return member?.mergedInto == null
      ? member
      : this.#bySubscriber.get(member.mergedInto)?.find((one) => one.programmeId === programmeId)
  }

  readonly membersOf = (subscriberId: number): Member[] =>
    (this.#bySubscriber.get(subscriberId) ?? []).map(({ programmeId }) =>
      this.memberOf(programmeId, subscriberId)!,
    )

  readonly enrol = (programmeId: string, subscriberId: number, atMs: number, by: string): Member => {
    const former = this.memberOf(programmeId, subscriberId)
    if (former?.state === 'active') return former
    const member = former ?? newMember(programmeId, subscriberId, atMs)
    if (former) Object.assign(former, { state: 'active', endedAtMs: null, enrolledAtMs: atMs })
    else this.addMembers([member])
    this.#changedMembers.add(member)
    this.announce({
      type: 'loyalty.member_enrolled',
      programmeId,
      subscriberId: member.subscriberId,
      key: `${programmeId}:${member.subscriberId}:${this.event.eventId}`,
      atMs,
      data: { by, isReturning: former !== undefined, referralCode: member.referralCode },
    })
    return member
  }

  readonly changed = (member: Member): void => void this.#changedMembers.add(member)

  openAccount(opening: AccountOpening): void {
    this.#accounts.set(opening.accountId, opening)
  }

  post(transfer: TransferRequest, facts: Fact[] = []): void {
    this.#transfers.push({ transfer, facts })
    this.#moves.add(transfer)
    this.mark()
  }

  fact(fact: Fact): void {
    this.#facts.push(fact)
    this.mark()
  }

  announce(announcement: Announcement): void {
    const { type, key, atMs, subscriberId, programmeId } = announcement
    const decimals = this.book.programmes.get(programmeId)?.decimals ?? impliedProgramme.decimals
    const data = withPointsAsText(type, announcement.data, decimals)
    this.#announcements.push({ ...announcement, data })
    this.mark()
    if (this.event.depth >= MOST_DEPTH) return
    this.#waiting.push({
      eventId: derivedId(LOYALTY_SOURCE, `${type} ${key}`),
      id: `${type} ${key}`,
      source: LOYALTY_SOURCE,
      type,
      atMs,
      subscriberId,
      data: { ...data, programme: programmeId, happenedAt: atMs },
      depth: this.event.depth + 1,
    })
  }

  judge(judgement: Judgement): void {
    this.mark()
    this.#marked.get(this.event)!.push(this.#withAccount(judgement))
  }

  /** Names the account whose balance was changed, unless it is the one that is the subscriber's own. */
  #withAccount({ account, ...judgement }: Judgement): Judgement {
    const { programmeId, points = 0n } = judgement
    const { subscriberId } = this.event
    const programme = this.book.programmes.get(programmeId)
    if (points === 0n || !programme) return judgement
    const member = this.memberOf(programmeId, subscriberId)
    const owner = member ? ownerOf(member) : memberOwner(programmeId, subscriberId)
    const changed = account ?? accountOf(owner, programme.currency)
    const own = memberAccount(programmeId, subscriberId, programme.currency)
    return changed === own ? judgement : { ...judgement, account: changed }
  }

  mark(): void {
    if (!this.#marked.has(this.event)) this.#marked.set(this.event, [])
  }

  readonly resultOf = (key: string): TransferResult | undefined => this.#results.get(key)

  async store(tx: Tx): Promise<void> {
    await saveMembers(tx, [...this.#changedMembers])
    if (this.#accounts.size > 0) await openAccounts(tx, [...this.#accounts.values()])
    const posted =
      this.#transfers.length === 0
        ? []
        : await postTransfers(
            tx,
            this.#transfers.map(({ transfer }) => transfer),
            this.now,
          )
    for (const result of posted) this.#results.set(result.key, result)
    const facts = this.#transfers.flatMap(({ facts }, i) => (posted[i]!.outcome === 'refused' ? [] : facts))
    if (facts.length + this.#facts.length > 0) await appendFacts(tx, [...facts, ...this.#facts])
    insertAnnouncements(tx, this.#announcements, this.now)
    await insertJudgedEvents(
      tx,
      // What followed from another event comes back with that one alone.
      [...this.#marked]
        .filter(([event, judgements]) => event.depth === 0 || judgements.length > 0)
        .map(([event, judgements]) => ({
          event,
          judgements: judgements.flatMap((one) => this.#told(one)),
        })),
      this.now,
    )
  }

  /** A judgement as the ledger's answer leaves it. */
  #told({ transferKey, ...judgement }: Judgement): Judgement[] {
    const result = this.#results.get(transferKey ?? '')
    if (!result) return [judgement]
    if (result.outcome === 'refused') return []
    const { forgivenMinor = 0n } = result
    return [forgivenMinor === 0n ? judgement : { ...judgement, points: judgement.points! + forgivenMinor }]
  }

  taken(): Taken {
    return {
      events: [...this.events],
      announcements: this.#announcements,
      judgements: [...this.#marked].flatMap(([event, judgements]) =>
        judgements.map((judgement) => ({ event, judgement })),
      ),
      resultOf: this.resultOf,
    }
  }
}
