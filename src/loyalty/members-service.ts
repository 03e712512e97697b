import { type BalanceInDetail, balancesInDetail } from '../ledger/index.ts'
import { derivedId, DomainError, newId, type Tx } from '../platform/index.ts'
import { accountOf } from './accounts.ts'
import type { Book } from './book.ts'
import type { TakenEvent } from './consumer.ts'
import type { LoyaltyParts } from './dependencies.ts'
import { LOYALTY_SOURCE } from './intake.ts'
import { type Member, ownerOf } from './members.ts'
import {
  countMembers,
  insertHousehold,
  lockLoyalty,
  type MembersAsked,
  selectHousehold,
  selectMember,
  selectMemberByCode,
  selectMembers,
  selectMembersAt,
} from './members-store.ts'
import { memberActions } from './membership.ts'
import type { Programme } from './programmes.ts'
import { selectTaken } from './reader-store.ts'

/** A membership with what lies on its account. */
export type Membership = { member: Member; programme: Programme; balance: BalanceInDetail | undefined }

/** What somebody wants for a member; the same `key` does it once. */
export type MemberRequest = { tenantId: string; programmeId: string; subscriberId: number; key?: string }

export type Members = {
  /** Makes a member, or brings one back. Throws `programme_not_found`. */
  enrol(request: MemberRequest & { by?: string }): Promise<Member>
  /** Ends a membership; what happens to the points stands in the programme's terms. Throws `member_not_found`. */
  leave(request: MemberRequest): Promise<Member>
  /**
   * Makes one member of two who are one person: `subscriberId` goes on with the points, lots, history and tenure of
   * both. Throws `member_not_found`, `member_merge_conflict`.
   */
  merge(request: MemberRequest & { from: number }): Promise<Member>
  /** Adds a member to a household, which is made where there is none. Throws `household_full`, `household_conflict`. */
  joinHousehold(request: MemberRequest & { householdId: string }): Promise<Member>
  /** Takes a member out; a shared balance stays with the household. Throws `household_not_found`. */
  leaveHousehold(request: MemberRequest): Promise<Member>
  household(tx: Tx, programmeId: string, householdId: string): Promise<Member[]>
  /** All memberships of a subscriber with balances as of the clock's moment; merged ones as those that go on. */
  membershipsOf(tenantId: string, subscriberId: number): Promise<Membership[]>
  /** Memberships page by page, with how many there are in all. */
  page(tenantId: string, asked: MembersAsked): Promise<{ memberships: Membership[]; total: number }>
  /** Who has a referral code. */
  byReferralCode(tx: Tx, programmeId: string, code: string): Promise<Member | undefined>
  /** All programmes with how many members each has, by state. */
  programmes(
    tenantId: string,
  ): Promise<{ programme: Programme; version: number; timeZone: string; members: Record<string, number> }[]>
}

type Action = keyof typeof memberActions

/** Builds the service of members. */
export function createMembers(parts: LoyaltyParts): Members {
  const { database, clock, books } = parts
  const programmeOf = async (tenantId: string, id: string): Promise<Programme> => {
    const found = (await books.of(tenantId)).programmes.get(id)
    if (found) return found
    throw new DomainError('programme_not_found', `no programme "${id}"`, { field: 'programme', found: id })
  }
  /** Looks under the lock whether it can be done, and does it; what was done under the same key is not done again. */
  const act = async (
    action: Action,
    request: MemberRequest & { from?: number },
    check: (tx: Tx, programme: Programme, member: Member | undefined) => Promise<Record<string, unknown>>,
  ): Promise<Member> => {
    const { tenantId, programmeId, subscriberId, from, key = newId() } = request
    const programme = await programmeOf(tenantId, programmeId)
    return database.tx(tenantId, async (tx) => {
      lockLoyalty(tx)
      const event = eventOf(action, request, key, clock.nowMs())
      if ((await selectTaken(tx, [event.eventId])).size === 0) {
        const data = await check(tx, programme, await selectMember(tx, programmeId, subscriberId))
        const filled = { ...event, data: { ...data, programme: programmeId } }
        await parts.take(tx, tenantId, [from === undefined ? filled : { ...filled, concerns: [from] }])
      }
      return (await selectMember(tx, programmeId, subscriberId))!
    })
  }
  return {
    enrol: (request) => act('enrol', request, async () => ({ by: request.by ?? 'api' })),
    leave: (request) =>
      act('leave', request, async (_tx, _programme, member) => {
        active(request, member)
        return {}
      }),
    merge: (request) =>
      act('merge', request, async (tx, programme, member) => {
        active(request, member)
        await checkMerge(tx, request, programme, clock.now())
        return { from: request.from }
      }),
    joinHousehold: (request) =>
      act('joinHousehold', request, async (tx, programme, member) =>
        householdFor(tx, request, programme, active(request, member), clock.now()),
      ),
    leaveHousehold: (request) =>
      act('leaveHousehold', request, async (_tx, _programme, member) => {
        if (active(request, member).householdId !== null) return {}
        throw new DomainError('household_not_found', 'the member is in no household', {
          field: 'subscriberId',
        })
      }),
    household: selectHousehold,
    membershipsOf: (tenantId, subscriberId) => membershipsOf(parts, tenantId, subscriberId),
    page: (tenantId, asked) => pageOf(parts, tenantId, asked),
    byReferralCode: selectMemberByCode,
    async programmes(tenantId) {
      const book = await books.of(tenantId)
      const counts = await database.tx(tenantId, countMembers)
      return [...book.programmes.values()].map((programme) => {
        const own = counts.filter(({ programmeId }) => programmeId === programme.id)
        return {
          programme,
          version: book.versionOf('Programme', programme.id),
          timeZone: book.timeZoneOf(programme),
          members: Object.fromEntries(own.map(({ state, members }) => [state, members])),
        }
      })
    },
  }
}

function eventOf(
  action: Action,
  { programmeId, subscriberId }: MemberRequest,
  key: string,
  atMs: number,
): Omit<TakenEvent, 'data'> {
  const type = memberActions[action]
  const id = `${programmeId}:${subscriberId}:${key}`
  return { eventId: derivedId(type, id), id, source: LOYALTY_SOURCE, type, atMs, subscriberId, depth: 0 }
}

function active({ programmeId, subscriberId }: MemberRequest, member: Member | undefined): Member {
  const details = { field: 'subscriberId', found: subscriberId }
  if (!member) throw new DomainError('member_not_found', `no member of "${programmeId}"`, details)
  if (member.state === 'active') return member
  throw new DomainError('member_not_active', 'the member has left', {
    ...details,
    expected: 'enrol again first',
  })
}

async function checkMerge(
  tx: Tx,
  { programmeId, subscriberId, from }: MemberRequest & { from: number },
  { currency }: Programme,
  now: Temporal.Instant,
): Promise<void> {
  const other = await selectMember(tx, programmeId, from)
  const details = { field: 'from', found: from }
  if (!other) throw new DomainError('member_not_found', `no member of "${programmeId}"`, details)
  const into = await selectMember(tx, programmeId, subscriberId)
  if (other.subscriberId === into!.subscriberId) {
    throw new DomainError('member_merge_conflict', 'the two are one member already', details)
  }
  if (other.subscriberId !== from) {
    const expected = String(other.subscriberId)
    throw new DomainError('member_merge_conflict', 'it was merged before', { ...details, expected })
  }
  const account = accountOf(ownerOf(other), currency)
  const balance = (await balancesInDetail(tx, [account], now)).get(account)
  if (balance && balance.pendingDebitsMinor > 0n) {
    const message = 'points are reserved for a reward; wait until it is done'
    throw new DomainError('member_merge_conflict', message, details)
  }
}

async function householdFor(
  tx: Tx,
  { programmeId, householdId }: MemberRequest & { householdId: string },
  { households }: Programme,
  member: Member,
  now: Temporal.Instant,
): Promise<Record<string, unknown>> {
  if (!households) {
    throw new DomainError('households_not_kept', 'the programme knows no households', { field: 'programme' })
  }
  if (member.householdId !== null && member.householdId !== householdId) {
    const details = { field: 'householdId', found: member.householdId, expected: 'leave that one first' }
    throw new DomainError('household_conflict', 'the member is in another household', details)
  }
  const others = await selectHousehold(tx, programmeId, householdId)
  if (others.length >= households.maxMembers) {
    const details = { field: 'householdId', expected: `at most ${households.maxMembers} members` }
    throw new DomainError('household_full', 'the household is full', details)
  }
  const sharesBalance = await insertHousehold(tx, programmeId, householdId, households.sharesBalance, now)
  return { household: householdId, sharesBalance }
}

async function membershipsOf(
  { database, clock, books }: LoyaltyParts,
  tenantId: string,
  subscriberId: number,
): Promise<Membership[]> {
  const book = await books.of(tenantId)
  return database.tx(tenantId, async (tx) => {
    const all = await selectMembers(tx, [subscriberId])
    const members = all.filter(({ mergedInto }) => mergedInto === null)
    return withBalances(tx, book, members, clock.now())
  })
}

async function pageOf(
  { database, clock, books }: LoyaltyParts,
  tenantId: string,
  asked: MembersAsked,
): ReturnType<Members['page']> {
  const book = await books.of(tenantId)
  return database.tx(tenantId, async (tx) => {
    const { members, total } = await selectMembersAt(tx, asked)
    return { memberships: await withBalances(tx, book, members, clock.now()), total }
  })
}

async function withBalances(
  tx: Tx,
  book: Book,
  members: Member[],
  now: Temporal.Instant,
): Promise<Membership[]> {
  const found = members.flatMap((member) => {
    const programme = book.programmes.get(member.programmeId)
    return programme ? [{ member, programme, account: accountOf(ownerOf(member), programme.currency) }] : []
  })
  const accounts = found.map(({ account }) => account)
  const balances = accounts.length === 0 ? new Map() : await balancesInDetail(tx, accounts, now)
  return found.map(({ account, ...rest }) => ({ ...rest, balance: balances.get(account) }))
}
