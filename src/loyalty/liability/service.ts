import { type BalanceInDetail, balancesInDetail, outstanding, type Outstanding } from '../../ledger/index.ts'
import { DomainError, type Stage, type Tx } from '../../platform/index.ts'
import { accountOf } from '../accounts.ts'
import type { Book } from '../book.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { ownerOf } from '../members.ts'
import { selectMembers } from '../members-store.ts'
import type { Expiry, Programme, Words } from '../programmes.ts'
import { type Cohort, cohortsOf, type Expected, expectedBreakage, hazardsOf } from './breakage.ts'
import { expiryStage, lastDayOf, noticeDaysOf } from './expiry.ts'
import { flowsStage } from './flows.ts'
import {
  type FlowSum,
  type Held,
  selectCohorts,
  selectFlows,
  selectHeld,
  selectJournalEnd,
  selectOtherSide,
  selectPosition,
} from './flow-store.ts'
import { costOf } from './point-cost.ts'
import { policyText } from './policy-words.ts'

/** What became of points in a month, minor units; what a month has none of is 0. */
export type MonthOfPoints = {
  month: string
  issued: bigint
  returned: bigint
  redeemed: bigint
  refunded: bigint
  expired: bigint
  restored: bigint
  forfeited: bigint
  sent: bigint
  received: bigint
  /** What members held at its end. */
  balance: bigint
  /** Redeemed less refunded at the cost of a point, minor units of money; null where no cost is known. */
  costMinor: bigint | null
}

/** What a programme owes its members, and what it costs. */
export type LiabilityReport = {
  programme: string
  currency: string
  decimals: number
  cost: { currency: string; perPoint: string } | null
  held: Held & {
    /** In open lots: what can be spent now or later, expired lots that wait for their run included. */
    inLotsMinor: bigint
    /** The same at the cost of a point. */
    costMinor: bigint | null
  }
  /** The other side: together with what members hold it is nothing, as the ledger is kept. */
  otherSide: { purpose: string; balanceMinor: bigint }[]
  /** Whether all these figures agree with each other to the unit; false while the journal is being added up. */
  agrees: boolean
  outstanding: Outstanding[]
  expected: Expected
  cohorts: Cohort[]
  months: MonthOfPoints[]
}

/** What expires of a member's points and when, with what the programme says about it. */
export type MemberExpiry = {
  programme: string
  /** Whether points expire at all, and how members are told. */
  policy: { expiry: Expiry; noticeDays: number[]; text: Words }
  availableMinor: bigint
  upcomingMinor: bigint
  /** Over, and gone with the next run. */
  expiredMinor: bigint
  expires: { on: string; at: Temporal.Instant; amountMinor: bigint }[]
  /** Never expires. */
  lastingMinor: bigint
}

/** Points that are owed, and when they expire. */
export type Liability = {
  /** Throws `programme_not_found`. */
  report(tenantId: string, programmeId: string): Promise<LiabilityReport>
  expiryOf(tenantId: string, subscriberId: number): Promise<MemberExpiry[]>
}

/** Builds liability: its two stages and what others may ask of it. */
export function createLiability(parts: LoyaltyParts): {
  stagesBehind(reader: { isBehind(tenantId: string): boolean }): Stage[]
  service: Liability
} {
  const { database, books, clock } = parts
  return {
    stagesBehind: (reader) => [expiryStage(parts, reader.isBehind), flowsStage(parts)],
    service: {
      async report(tenantId, programmeId) {
        const book = await books.of(tenantId)
        const programme = book.programmes.get(programmeId)
        if (!programme) {
          const details = { field: 'programme', found: programmeId }
          throw new DomainError('programme_not_found', `no programme "${programmeId}"`, details)
        }
        return database.tx(tenantId, (tx) => reportIn(tx, book, programme, clock.now()))
      },
      async expiryOf(tenantId, subscriberId) {
        const book = await books.of(tenantId)
        return database.tx(tenantId, (tx) => memberExpiry(tx, book, subscriberId, clock.now()))
      },
    },
  }
}

async function reportIn(
  tx: Tx,
  book: Book,
  programme: Programme,
  now: Temporal.Instant,
): Promise<LiabilityReport> {
  const { id, currency, decimals } = programme
  const timeZone = book.timeZoneOf(programme)
  const month = now.toZonedDateTimeISO(timeZone).toPlainDate().toPlainYearMonth().toString()
  // One moment for all figures, while others go on booking.
  tx.execute('set transaction isolation level repeatable read')
  const held = await selectHeld(tx, currency)
  const otherSide = await selectOtherSide(tx, currency)
  const lots = await outstanding(tx, currency, timeZone)
  const flows = await selectFlows(tx, currency)
  const cohorts = await selectCohorts(tx, currency)
  const isAddedUp = (await selectPosition(tx)) > (await selectJournalEnd(tx))
  const cost = costOf(programme, book.reader)
  const costMinorOf = (points: bigint): bigint | null => cost && cost.of(points)
  const months = monthsOf(flows, costMinorOf)
  const inLotsMinor = lots.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)
  const others = otherSide.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0n)
  const assumed = cost?.document.assumedBreakagePercent
  return {
    programme: id,
    currency,
    decimals,
    cost: cost && { currency: cost.document.currency, perPoint: cost.document.perPoint },
    held: { ...held, inLotsMinor, costMinor: costMinorOf(held.balanceMinor) },
    otherSide,
    agrees:
      isAddedUp &&
      held.balanceMinor === -others &&
      held.balanceMinor === inLotsMinor + held.reservedMinor - held.debtMinor &&
      held.balanceMinor === (months.at(-1)?.balance ?? 0n),
    outstanding: lots,
    expected: expectedBreakage(
      lots,
      hazardsOf(cohorts, month),
      month,
      assumed === undefined ? null : assumed / 100,
    ),
    cohorts: cohortsOf(cohorts),
    months,
  }
}

function monthsOf(flows: FlowSum[], costMinorOf: (points: bigint) => bigint | null): MonthOfPoints[] {
  let balance = 0n
  return [...Map.groupBy(flows, ({ month }) => month)].map(([month, rows]) => {
    const of = (flow: string): bigint => rows.find((row) => row.flow === flow)?.points ?? 0n
    const sums = {
      issued: of('issued'),
      returned: of('returned'),
      redeemed: of('redeemed'),
      refunded: of('refunded'),
      expired: of('expired'),
      restored: of('restored'),
      forfeited: of('forfeited'),
      sent: of('sent'),
      received: of('received'),
    }
    balance += sums.issued + sums.refunded + sums.restored + sums.received
    balance -= sums.returned + sums.redeemed + sums.expired + sums.forfeited + sums.sent
    return { month, ...sums, balance, costMinor: costMinorOf(sums.redeemed - sums.refunded) }
  })
}

async function memberExpiry(
  tx: Tx,
  book: Book,
  subscriberId: number,
  now: Temporal.Instant,
): Promise<MemberExpiry[]> {
  const members = (await selectMembers(tx, [subscriberId])).filter(({ mergedInto }) => mergedInto === null)
  const found = members.flatMap((member) => {
    const programme = book.programmes.get(member.programmeId)
    return programme ? [{ programme, account: accountOf(ownerOf(member), programme.currency) }] : []
  })
  if (found.length === 0) return []
  const balances = await balancesInDetail(
    tx,
    found.map(({ account }) => account),
    now,
  )
  return found.map(({ programme, account }) => {
    const { expiry } = programme
    return {
      programme: programme.id,
      policy: { expiry, noticeDays: noticeDaysOf(book, programme), text: policyText(expiry) },
      ...expiryIn(balances.get(account), book.timeZoneOf(programme)),
    }
  })
}

function expiryIn(
  balance: BalanceInDetail | undefined,
  timeZone: string,
): Omit<MemberExpiry, 'programme' | 'policy'> {
  const { availableMinor = 0n, upcomingMinor = 0n, expiredMinor = 0n, expiring = [] } = balance ?? {}
  const sum = expiring.reduce((total, { amountMinor }) => total + amountMinor, 0n)
  const inLots = availableMinor > 0n ? availableMinor + upcomingMinor : upcomingMinor
  return {
    availableMinor,
    upcomingMinor,
    expiredMinor,
    expires: expiring.map(({ expiresAt, amountMinor }) => ({
      on: lastDayOf(expiresAt, timeZone),
      at: expiresAt,
      amountMinor,
    })),
    lastingMinor: inLots - sum,
  }
}
