import type { LiabilityView } from '../../../src/loyalty/contract.ts'

/** Points of a month, minor units; a month that is null never comes. */
export type MonthSum = { month: string | null; minor: string; lots: number }
type Outstanding = LiabilityView['outstanding']

/** What is owed by the month in which it was earned, months without any left out. */
export const byAge = (outstanding: Outstanding): MonthSum[] =>
  summed(outstanding, ({ earnedMonth }) => earnedMonth)

/** What is owed by the month in which it expires; what never does stands last. */
export const byExpiry = (outstanding: Outstanding): MonthSum[] =>
  summed(outstanding, ({ expiresMonth }) => expiresMonth ?? null)

function summed(outstanding: Outstanding, monthOf: (one: Outstanding[number]) => string | null): MonthSum[] {
  return [...Map.groupBy(outstanding, monthOf)]
    .map(([month, own]) => ({
      month,
      minor: String(own.reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), 0n)),
      lots: own.reduce((sum, { lots }) => sum + lots, 0),
    }))
    .toSorted((a, b) => (a.month === null ? 1 : b.month === null ? -1 : a.month < b.month ? -1 : 1))
}
