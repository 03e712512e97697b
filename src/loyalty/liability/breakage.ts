import type { Outstanding } from '../../ledger/index.ts'
import type { CohortSum } from './flow-store.ts'

/** A month as a number, so that months can be subtracted. */
const monthNumber = (month: string): number => Number(month.slice(0, -3)) * 12 + Number(month.slice(-2))

/** Flows by which points come into lots; all others take them out. */
const INFLOWS = new Set(['issued', 'refunded', 'restored', 'received'])

/** Points that were earned in one month, and what became of them. */
export type Cohort = {
  earnedMonth: string
  issued: bigint
  /** Spent on rewards less what was refunded, sent elsewhere, returned with a purchase, forfeited. */
  spent: bigint
  returned: bigint
  expired: bigint
  /** Expired of all that was issued, between 0 and 1; null when nothing was. */
  expiredShare: number | null
}

/** What became of the points of each month. */
export function cohortsOf(sums: CohortSum[]): Cohort[] {
  const byMonth = Map.groupBy(sums, ({ earnedMonth }) => earnedMonth)
  return [...byMonth].map(([earnedMonth, rows]) => {
    const sum = (...flows: string[]): bigint =>
      rows.filter(({ flow }) => flows.includes(flow)).reduce((total, { points }) => total + points, 0n)
    const issued = sum('issued', 'received')
    const expired = sum('expired') - sum('restored')
    return {
      earnedMonth,
      issued,
      spent: sum('redeemed', 'sent', 'forfeited') - sum('refunded'),
      returned: sum('returned'),
      expired,
      expiredShare: issued === 0n ? null : Number(expired) / Number(issued),
    }
  })
}

/** What happens to points of an age: the chance that those still there at its beginning expire, or go otherwise, in it. */
export type Hazard = { ageMonths: number; atRisk: bigint; expiring: number; leaving: number }

/**
 * Hazards by age in months, pooled over all cohorts whose month of that age is over before `month`: of the points that
 * were there when the age began, the share that expired in it and the share that left otherwise. Points that came in
 * during the age count as there.
 */
export function hazardsOf(sums: CohortSum[], month: string): Hazard[] {
  const byCohort = Map.groupBy(sums, ({ earnedMonth }) => earnedMonth)
  const atRisk: bigint[] = []
  const expired: bigint[] = []
  const left: bigint[] = []
  for (const [earnedMonth, rows] of byCohort) {
    const ages = monthNumber(month) - monthNumber(earnedMonth)
    let there = 0n
    for (let age = 0; age < ages; age++) {
      const here = rows.filter(
        (row) => Math.max(0, monthNumber(row.month) - monthNumber(earnedMonth)) === age,
      )
      const sum = (wanted: (flow: string) => boolean): bigint =>
        here.filter(({ flow }) => wanted(flow)).reduce((total, { points }) => total + points, 0n)
      there += sum((flow) => INFLOWS.has(flow))
      const gone = sum((flow) => flow === 'expired')
      const others = sum((flow) => !INFLOWS.has(flow) && flow !== 'expired')
      atRisk[age] = (atRisk[age] ?? 0n) + there
      expired[age] = (expired[age] ?? 0n) + gone
      left[age] = (left[age] ?? 0n) + others
      there -= gone + others
    }
  }
  return atRisk.map((there, ageMonths) => ({
    ageMonths,
    atRisk: there,
    expiring: there > 0n ? Number(expired[ageMonths]) / Number(there) : 0,
    leaving: there > 0n ? Number(left[ageMonths]) / Number(there) : 0,
  }))
}

/**
 * The chance that points of an age will expire at last: the cumulative incidence of expiry with leaving otherwise as the
 * competing risk, Σ S(k)·h_expiry(k) over the ages k to come, with S(k) the product of 1 − h_expiry(j) − h_leaving(j)
 * over the ages between. It is the estimator of Aalen and Johansen (Scandinavian Journal of Statistics 5, 1978, 141–150)
 * in months; accountants know it as the chain of run-off factors. Breakage is then recognised as IFRS 15 B46 asks for.
 */
export function chanceOfExpiry(hazards: Hazard[], ageMonths: number): number {
  let surviving = 1
  let chance = 0
  for (const { expiring, leaving } of hazards.slice(ageMonths)) {
    chance += surviving * expiring
    surviving *= Math.max(0, 1 - expiring - leaving)
  }
  return Math.min(1, chance)
}

/** Expected breakage of what is outstanding. */
export type Expected = {
  /** Minor units, each age's share rounded to the nearest. */
  breakageMinor: bigint
  /** Of the outstanding points that can expire. */
  expirableMinor: bigint
  /** Whether the own history says it, an assumption of the programme does, or nobody can. */
  basis: 'history' | 'assumed' | 'unknown'
  byAge: { earnedMonth: string; outstandingMinor: bigint; chance: number }[]
}

const SCALE = 1_000_000_000

/**
 * How much of what is outstanding will expire, by the chances of points of each age. `assumed` is the share to go by as
 * long as nothing of the own history has expired. What never expires is no breakage.
 */
export function expectedBreakage(
  lots: Outstanding[],
  hazards: Hazard[],
  month: string,
  assumed: number | null,
): Expected {
  const hasHistory = hazards.some(({ expiring }) => expiring > 0)
  const basis = hasHistory ? 'history' : assumed === null ? 'unknown' : 'assumed'
  const expirable = lots.filter(({ expiresMonth }) => expiresMonth !== undefined)
  const byMonth = Map.groupBy(expirable, ({ earnedMonth }) => earnedMonth)
  const byAge = [...byMonth].map(([earnedMonth, rows]) => {
    const age = Math.max(0, monthNumber(month) - monthNumber(earnedMonth))
    const chance = hasHistory ? chanceOfExpiry(hazards, age) : (assumed ?? 0)
    return {
      earnedMonth,
      outstandingMinor: rows.reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
      chance,
    }
  })
  const shareOf = (amount: bigint, chance: number): bigint =>
    (amount * BigInt(Math.round(chance * SCALE)) + BigInt(SCALE / 2)) / BigInt(SCALE)
  return {
    breakageMinor: byAge.reduce(
      (sum, { outstandingMinor, chance }) => sum + shareOf(outstandingMinor, chance),
      0n,
    ),
    expirableMinor: byAge.reduce((sum, { outstandingMinor }) => sum + outstandingMinor, 0n),
    basis,
    byAge,
  }
}
