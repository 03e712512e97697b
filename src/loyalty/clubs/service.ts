import { derivedId, DomainError, instantOf, newId, type Stage, type Tx } from '../../platform/index.ts'
import { refuseAbuse } from '../abuse/gate.ts'
import { type Applicant, applicantOf } from '../applicant.ts'
import { type Book, programmeIn } from '../book.ts'
import type { Consumer, TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import { lockLoyalty, selectMember } from '../members-store.ts'
import { selectTaken } from '../reader-store.ts'
import type { ClubMembership } from './club-membership.ts'
import { clubConsumer } from './consumer.ts'
import type { ClubErrorCode, ClubRefusal } from './errors.ts'
import { clubsOf, type ReadyClub } from './plan.ts'
import { CLUB_ASKED, entryRefusal } from './session.ts'
import {
  countMemberships,
  saveMemberships,
  selectDue,
  selectMemberships,
  selectMembershipsOf,
  selectNextDue,
} from './store.ts'
import { clubWords } from './words.ts'

export type ClubLine = {
  club: ReadyClub
  membership: ClubMembership | null
  /** Why the member cannot join now; null: they can, or are in. */
  refusal: ClubRefusal | null
}
type Request = { tenantId: string; clubId: string; subscriberId: number; key?: string }

export type Clubs = {
  /** Clubs of a programme as a member sees them. */
  ofMember(tenantId: string, programmeId: string, subscriberId: number): Promise<ClubLine[]>
  /** Joins and pays the first fee, once a key. Throws a `ClubRefusal`, `club_not_found`. */
  join(request: Request): Promise<ClubMembership>
  /** Leaves; what was paid stays paid. Throws `club_not_found`. */
  leave(request: Request): Promise<ClubMembership | null>
  list(tenantId: string): Promise<{ club: ReadyClub; members: Record<string, number> }[]>
  /** Memberships of a club in a state, by the members' numbers. Throws `club_not_found`. */
  membersOf(tenantId: string, query: Parameters<typeof selectMembershipsOf>[1]): Promise<ClubMembership[]>
}

/** Memberships that are looked at in one transaction. */
const PAGE = 500
const DAY_MS = 86_400_000

/** Clubs: who may come in, what it costs, when somebody must look again. */
export function createClubs(parts: LoyaltyParts): {
  service: Clubs
  consumer: Consumer
  stageBehind(reader: { isBehind(tenantId: string): boolean }): Stage
} {
  const { database, books, clock } = parts
  return {
    consumer: clubConsumer(),
    stageBehind: (reader) => reviewStage(parts, reader),
    service: {
      async ofMember(tenantId, programmeId, subscriberId) {
        const book = await books.of(tenantId)
        const programme = programmeIn(book, programmeId)
        const clubs = [...clubsOf(book).values()].filter((club) => club.programme.id === programme.id)
        return database.tx(tenantId, async (tx) => {
          const applicant = await applicantOf(parts, tx, book, programme, subscriberId, clock.nowMs())
          const memberships = await selectMemberships(tx, [applicant.member.subscriberId])
          return clubs.map((club) => {
            const membership = memberships.find(({ clubId }) => clubId === club.document.id) ?? null
            return { club, membership, refusal: joinRefusal(club, { membership }, applicant, clock.nowMs()) }
          })
        })
      },
      join: async (request) =>
        (await ask(parts, request, 'join', (club, line, applicant) =>
          joinRefusal(club, line, applicant, clock.nowMs()),
        ))!,
      leave: (request) => ask(parts, request, 'leave', () => null),
      async membersOf(tenantId, query) {
        clubIn(await books.of(tenantId), query.clubId)
        return database.tx(tenantId, (tx) => selectMembershipsOf(tx, query))
      },
      async list(tenantId) {
        const clubs = [...clubsOf(await books.of(tenantId)).values()]
        const counts = await database.tx(tenantId, countMemberships)
        return clubs.map((club) => {
          const own = counts.filter(({ clubId }) => clubId === club.document.id)
          return { club, members: Object.fromEntries(own.map(({ state, members }) => [state, members])) }
        })
      },
    },
  }
}

/** Lets a member join or leave, once a key. */
async function ask(
  parts: LoyaltyParts,
  { tenantId, clubId, subscriberId, key = newId() }: Request,
  what: 'join' | 'leave',
  check: (club: ReadyClub, line: Pick<ClubLine, 'membership'>, applicant: Applicant) => ClubRefusal | null,
): Promise<ClubMembership | null> {
  const { database, books, clock } = parts
  const book = await books.of(tenantId)
  const club = clubIn(book, clubId)
  return database.tx(tenantId, async (tx) => {
    lockLoyalty(tx)
    const atMs = clock.nowMs()
    // By whom it was asked for, and not by the member as whom they go on: a merge between two tries changes nothing.
    const asked = askedEvent(club, subscriberId, what, atMs, `${clubId}:${subscriberId}:${what}:${key}`)
    const member = await selectMember(tx, club.programme.id, subscriberId)
    const known = await selectTaken(tx, [asked.eventId])
    if (member && known.size > 0) return membershipIn(tx, clubId, member.subscriberId)
    const applicant = await applicantOf(parts, tx, book, club.programme, subscriberId, atMs)
    const id = applicant.member.subscriberId
    const { fee } = club.document
    const membership = await membershipIn(tx, clubId, id)
    const refusal = check(club, { membership }, applicant)
    if (refusal !== null) {
      throw new DomainError(refusal, clubWords[refusal].en, { field: 'club', found: clubId })
    }
    if (what === 'join' && membership?.state !== 'active' && fee && 'points' in fee) {
      const about = { programmeId: club.programme.id, subscriberId: id, points: BigInt(fee.points) }
      await refuseAbuse(tx, [{ ...about, doing: 'redeem' }], instantOf(atMs))
    }
    await parts.take(tx, tenantId, [{ ...asked, subscriberId: id }])
    return membershipIn(tx, clubId, id)
  })
}

function clubIn(book: Book, clubId: string): ReadyClub {
  const club = clubsOf(book).get(clubId)
  if (club) return club
  const code: ClubErrorCode = 'club_not_found'
  throw new DomainError(code, `no club "${clubId}"`, { field: 'club', found: clubId })
}

const membershipIn = async (tx: Tx, clubId: string, id: number): Promise<ClubMembership | null> =>
  (await selectMemberships(tx, [id])).find((one) => one.clubId === clubId) ?? null

function joinRefusal(
  club: ReadyClub,
  { membership }: Pick<ClubLine, 'membership'>,
  { scope, availableMinor }: Applicant,
  atMs: number,
): ClubRefusal | null {
  if (membership?.state === 'active') return null
  const refusal = entryRefusal(club, scope, atMs)
  const { fee } = club.document
  if (refusal !== null || !fee) return refusal
  if ('on' in fee) return 'club_fee_awaited'
  return availableMinor < BigInt(fee.points) ? 'club_points_insufficient' : null
}

function askedEvent(
  { document, programme }: ReadyClub,
  subscriberId: number,
  what: 'join' | 'leave' | 'review',
  atMs: number,
  id: string,
): TakenEvent {
  return {
    eventId: derivedId(LOYALTY_SOURCE, `${CLUB_ASKED} ${id}`),
    id,
    source: LOYALTY_SOURCE,
    type: CLUB_ASKED,
    atMs,
    subscriberId,
    data: { club: document.id, do: what, programme: programme.id },
    depth: 0,
  }
}

/**
 * Stage `loyalty-clubs`: looks at the memberships whose moment has come and at no others. A fee may stand on the log
 * unread, so it waits while the reader is behind.
 */
function reviewStage(
  { database, books, clock, take }: LoyaltyParts,
  reader: { isBehind(tenantId: string): boolean },
): Stage {
  return {
    name: 'loyalty-clubs',
    async run(tenantId) {
      if (reader.isBehind(tenantId)) return { more: false, nextDueMs: null }
      const clubs = clubsOf(await books.of(tenantId))
      return database.tx(tenantId, async (tx) => {
        const next = await selectNextDue(tx)
        if (next === null || next.epochMilliseconds > clock.nowMs()) {
          return { more: false, nextDueMs: next?.epochMilliseconds ?? null }
        }
        lockLoyalty(tx)
        const due = await selectDue(tx, clock.now(), PAGE)
        // The club's document is gone, fits no more, or is another programme's: it may be mended.
        const clubOf = ({ clubId, programmeId }: ClubMembership): ReadyClub | undefined =>
          clubs.get(clubId)?.programme.id === programmeId ? clubs.get(clubId) : undefined
        const orphans = due.filter((one) => !clubOf(one))
        await saveMemberships(
          tx,
          orphans.map((one) => ({ ...one, dueAtMs: clock.nowMs() + DAY_MS })),
        )
        await take(
          tx,
          tenantId,
          due.flatMap((one) => {
            const { clubId, subscriberId, dueAtMs } = one
            const club = clubOf(one)
            const id = `${clubId}:${subscriberId}:review:${dueAtMs}`
            return club ? [askedEvent(club, subscriberId, 'review', clock.nowMs(), id)] : []
          }),
        )
        return { more: true, nextDueMs: null }
      })
    },
  }
}
