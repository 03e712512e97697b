import { expireLots, openAccounts } from '../../ledger/index.ts'
import { derivedId, instantOf, type Stage, type StageResult, type Tx } from '../../platform/index.ts'
import { accountOf, householdOwner, memberOwner, programmeAccount, programmeOpening } from '../accounts.ts'
import type { Book } from '../book.ts'
import type { TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import { lockLoyalty } from '../members-store.ts'
import type { Expiry, Programme } from '../programmes.ts'
import { selectJournalEnd } from './flow-store.ts'
import { selectHouseholdMembers } from './household-store.ts'
import {
  type Expired,
  insertNotices,
  markTold,
  type Notice,
  saveHorizon,
  selectExpired,
  selectExpiry,
  selectHorizons,
  selectWaitingNotices,
} from './notice-store.ts'

/** What the clock has done to points, as events that only the consumer of this folder takes. */
export const expiryActions = {
  expiring: 'loyalty.asked.points_expiring',
  expired: 'loyalty.asked.points_expired',
} as const

/** Lots that expire, and notices that are told, in one transaction. */
const LOTS = 5_000
const NOTICES = 2_000

/**
 * Stage `loyalty-expiry`: lets lots expire at their moment and tells members before, each day of the programme's zone
 * what expires in so many days. An unread event may be an activity that gives points a longer life, so it waits while
 * the reader `isBehind`.
 */
export function expiryStage(parts: LoyaltyParts, isBehind: (tenantId: string) => boolean): Stage {
  /** The day for which a programme's notices are known to be written and told. */
  const told = new Map<string, string>()
  return {
    name: 'loyalty-expiry',
    async run(tenantId): Promise<StageResult> {
      if (isBehind(tenantId)) return { more: false, nextDueMs: null }
      const book = await parts.books.of(tenantId)
      let nextDueMs: number | null = null
      for (const programme of book.programmes.values()) {
        const result = await runProgramme(parts, told, book, programme)
        if (result.more) return result
        if (nextDueMs === null || (result.nextDueMs !== null && result.nextDueMs < nextDueMs)) {
          nextDueMs = result.nextDueMs
        }
      }
      return { more: false, nextDueMs }
    },
  }
}

async function runProgramme(
  parts: LoyaltyParts,
  told: Map<string, string>,
  book: Book,
  programme: Programme,
): Promise<StageResult> {
  const { database, clock } = parts
  const { tenantId } = book
  const now = clock.now()
  const nowMs = now.epochMilliseconds
  const { isDue, nextMs } = await database.tx(tenantId, (tx) => selectExpiry(tx, programme.currency, nowMs))
  if (!isDue && nextMs === null) return { more: false, nextDueMs: null }
  // Whoever is to be told of something is told before it expires.
  const zoned = now.toZonedDateTimeISO(book.timeZoneOf(programme))
  const noticeDays = noticeDaysOf(book, programme)
  const place = `${tenantId} ${programme.id}`
  const today = `${zoned.toPlainDate()} ${noticeDays}`
  if (told.get(place) !== today) {
    await writeNotices(parts, book, programme, now)
    if (await tellSome(parts, book, programme, now)) return { more: true, nextDueMs: null }
    told.set(place, today)
  }
  if (isDue) {
    await expireSome(parts, book, programme, now)
    return { more: true, nextDueMs: null }
  }
  const midnightMs = zoned.startOfDay().add({ days: 1 }).epochMilliseconds
  return { more: false, nextDueMs: noticeDays.length === 0 ? nextMs : Math.min(nextMs!, midnightMs) }
}

/** Days before an expiry on which members of the programme are told. */
export function noticeDaysOf(book: Book, programme: Programme): number[] {
  const rules = book.reader.list('EarnRule') as { programme: string; expiry?: Expiry }[]
  const own = rules.filter((rule) => rule.programme === programme.id).map(({ expiry }) => expiry)
  const all = [programme.expiry, programme.welcome?.expiry, ...own].flatMap((expiry) =>
    expiry === undefined || expiry === 'never' ? [] : [expiry.noticeDays],
  )
  return [...new Set(all.length === 0 ? [7] : all.flat())].toSorted((a, b) => b - a)
}

/** Writes down who is to be told; each day looks at the lots of one day alone. */
async function writeNotices(
  { database }: LoyaltyParts,
  book: Book,
  programme: Programme,
  now: Temporal.Instant,
): Promise<void> {
  const { id: programmeId, currency } = programme
  const timeZone = book.timeZoneOf(programme)
  const today = now.toZonedDateTimeISO(timeZone).startOfDay()
  await database.tx(book.tenantId, async (tx) => {
    const horizons = await selectHorizons(tx, programmeId)
    for (const daysBefore of noticeDaysOf(book, programme)) {
      const to = today.add({ days: daysBefore + 1 }).toInstant()
      const reached = horizons.get(daysBefore) ?? now
      if (Temporal.Instant.compare(reached, to) >= 0) continue
      const from = Temporal.Instant.compare(reached, now) < 0 ? now : reached
      await insertNotices(tx, { programmeId, currency, timeZone, daysBefore, from, to })
      await saveHorizon(tx, programmeId, daysBefore, to)
    }
  })
}

/** Tells a page of notices; false when nobody waits. */
async function tellSome(
  { database, take }: LoyaltyParts,
  book: Book,
  programme: Programme,
  now: Temporal.Instant,
): Promise<boolean> {
  const { tenantId } = book
  return database.tx(tenantId, async (tx) => {
    const waiting = await selectWaitingNotices(tx, programme.id, NOTICES)
    if (waiting.length === 0) return false
    lockLoyalty(tx)
    const ownersOf = await owners(
      tx,
      programme,
      waiting.map(({ accountId }) => accountId),
    )
    await take(
      tx,
      tenantId,
      waiting.flatMap((notice) =>
        ownersOf(notice.accountId).map((id) => expiring(book, programme, notice, id, now)),
      ),
    )
    await markTold(tx, programme.id, waiting, now)
    return true
  })
}

function expiring(
  book: Book,
  programme: Programme,
  { accountId, expiresOn, daysBefore, expiresAt, points }: Notice,
  subscriberId: number,
  now: Temporal.Instant,
): TakenEvent {
  const today = now.toZonedDateTimeISO(book.timeZoneOf(programme)).toPlainDate()
  const daysLeft = today.until(Temporal.PlainDate.from(expiresOn), { largestUnit: 'days' }).days
  const key = `${accountId}:${expiresOn}:${daysBefore}:${subscriberId}`
  const expiresAtMs = expiresAt.epochMilliseconds
  const data = { pointsMinor: Number(points), expiresAt: expiresAtMs, on: expiresOn, daysLeft, daysBefore }
  return eventOf(expiryActions.expiring, programme, subscriberId, key, now.epochMilliseconds, data)
}

function eventOf(
  type: string,
  programme: Programme,
  subscriberId: number,
  key: string,
  atMs: number,
  data: Record<string, unknown>,
): TakenEvent {
  return {
    eventId: derivedId(type, key),
    id: key,
    source: LOYALTY_SOURCE,
    type,
    atMs,
    subscriberId,
    data: { ...data, programme: programme.id, key },
    depth: 0,
  }
}

async function expireSome(
  { database, take }: LoyaltyParts,
  book: Book,
  programme: Programme,
  now: Temporal.Instant,
): Promise<void> {
  const { tenantId } = book
  const { currency } = programme
  const breakageAccount = programmeAccount(programme, 'breakage')
  await database.tx(tenantId, async (tx) => {
    lockLoyalty(tx)
    await openAccounts(tx, [programmeOpening(programme, 'breakage')])
    const run = {
      currency,
      breakageAccount,
      asOf: now,
      bookedAt: now,
      timeZone: book.timeZoneOf(programme),
      limit: LOTS,
    }
    const before = await selectJournalEnd(tx)
    const { transfers } = await expireLots(tx, run)
    if (transfers === 0) return
    // Only whoever holds this lock runs expiry, so what stands behind that place in the journal is of this run.
    const gone = await selectExpired(tx, before, breakageAccount)
    const ownersOf = await owners(
      tx,
      programme,
      gone.map(({ accountId }) => accountId),
    )
    await take(
      tx,
      tenantId,
      gone.flatMap((one) =>
        ownersOf(one.accountId).map((id, i) =>
          expired(programme, one, { subscriberId: id, isFirst: i === 0 }),
        ),
      ),
    )
  })
}

function expired(
  programme: Programme,
  { key, accountId, points, at }: Expired,
  { subscriberId, isFirst }: { subscriberId: number; isFirst: boolean },
): TakenEvent {
  const atMs = at.epochMilliseconds
  const data = { pointsMinor: Number(points), expiredAt: atMs, ...(isFirst ? { account: accountId } : {}) }
  return eventOf(expiryActions.expired, programme, subscriberId, `${key}:${subscriberId}`, atMs, data)
}

/** Whose points lie on each of the accounts: one member's, or those of everybody in a household. */
export async function owners(
  tx: Tx,
  { id, currency }: Programme,
  accountIds: string[],
): Promise<(accountId: string) => number[]> {
  const lead = { member: memberOwner(id, 0).slice(0, -1), household: householdOwner(id, '') }
  const ownerOf = (accountId: string): string =>
    accountId.slice(0, accountId.length - accountOf('', currency).length)
  const households = accountIds
    .map(ownerOf)
    .filter((owner) => owner.startsWith(lead.household))
    .map((owner) => owner.slice(lead.household.length))
  const members = await selectHouseholdMembers(tx, id, [...new Set(households)])
  return (accountId) => {
    const owner = ownerOf(accountId)
    if (owner.startsWith(lead.household)) return members.get(owner.slice(lead.household.length)) ?? []
    const number = owner.startsWith(lead.member) ? owner.slice(lead.member.length) : ''
    // Others may open accounts too, and name them as they like.
    return /^[1-9]\d{0,8}$/.test(number) ? [Number(number)] : []
  }
}

/** The local day whose end is the moment of an expiry. */
export const lastDayOf = (expiresAt: Temporal.Instant, timeZone: string): string =>
  instantOf(expiresAt.epochMilliseconds - 1)
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
    .toString()
