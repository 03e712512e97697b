import type { EarnRule, Expiry, Programme, TierLadder, Words } from '../../../src/loyalty/contract.ts'
import { withPart } from '../documents/parts.ts'
import { inDecimals, storedOf } from './amount.ts'

/** Words that are still to be written. */
export const noWords: Words = { en: '', ru: '', uk: '' }

/** A programme of whole points that expire a year after they were earned. */
export const blankProgramme = (id: string): Programme => ({
  kind: 'Programme',
  id,
  name: noWords,
  currency: id,
  decimals: 0,
  expiry: { after: 'earn', months: 12, endOf: 'month', noticeDays: [30, 7] },
  reinstatedForDays: 30,
  enrolment: { on: 'rules' },
  returns: { onSpent: 'debt' },
  leaving: { points: 'keep' },
  budgets: [],
})

/** The programme with other decimals, and all its points as they are read. */
export function ofDecimals(programme: Programme, decimals: number): Programme {
  const points = (stored: string): string => inDecimals(stored, programme.decimals, decimals)
  const { welcome, returns, budgets } = programme
  return {
    ...programme,
    decimals,
    ...(welcome && { welcome: { ...welcome, points: points(welcome.points) } }),
    returns: returns.limit === undefined ? returns : { ...returns, limit: points(returns.limit) },
    budgets: budgets.map((budget) => ({ ...budget, points: points(budget.points) })),
  }
}

/** A rule that gives one point for each major unit. */
export const blankRule = (id: string, programme: string): EarnRule => ({
  kind: 'EarnRule',
  id,
  programme,
  on: '',
  points: { perMajorUnit: '1' },
  rounding: 'down',
  multipliers: [],
  caps: [],
})

/** A ladder by spend of the last twelve months, with the tier that everybody has. */
export const blankLadder = (id: string, programme: string): TierLadder => ({
  kind: 'TierLadder',
  id,
  name: noWords,
  programme,
  isPrimary: true,
  by: { measure: 'points' },
  period: { rollingMonths: 12 },
  grace: { months: 1, days: 0 },
  tiers: [{ id: 'base', name: noWords, at: '0', benefits: [] }],
})

/** How a rule gives points: so many a major unit, a fixed number, or by steps of the amount. */
export type Way = 'rate' | 'fixed' | 'steps'

export const wayOf = (points: EarnRule['points']): Way =>
  'steps' in points ? 'steps' : points.fixed === undefined ? 'rate' : 'fixed'

/** The same rule giving points in another way, with a first value to go on from; `decimals` are the programme's. */
export function inWay(points: EarnRule['points'], way: Way, decimals: number): EarnRule['points'] {
  if (wayOf(points) === way) return points
  if (way === 'rate') return { perMajorUnit: '1' }
  if (way === 'fixed') return { fixed: storedOf('100', decimals) }
  return { steps: [{ fromMinor: '0', perMajorUnit: '1' }], marginal: false }
}

type EarnPoints = EarnRule['points']
type EarnRate = { perMajorUnit?: string | undefined; fixed?: string | undefined }

/** The points of a rule with each fixed number of them and each amount that a step begins at carried over. */
function pointsWith(points: EarnPoints, fixedOf: Carry, fromOf: Carry): EarnPoints {
  const rate = <Rate extends EarnRate>(one: Rate): Rate =>
    one.fixed === undefined ? one : { ...one, fixed: fixedOf(one.fixed) }
  if (!('steps' in points)) return rate(points)
  const steps = points.steps.map((step) => ({ ...rate(step), fromMinor: fromOf(step.fromMinor) }))
  return { ...points, steps }
}
type Carry = (stored: string) => string

const asItIs: Carry = (stored) => stored

/** The rule with its points as they are read, in a programme of other decimals. */
export function inPointDecimals(rule: EarnRule, from: number, to: number): EarnRule {
  const points: Carry = (stored) => inDecimals(stored, from, to)
  return {
    ...rule,
    points: pointsWith(rule.points, points, asItIs),
    caps: rule.caps.map((cap) => (cap.points === undefined ? cap : { ...cap, points: points(cap.points) })),
  }
}

/** The rule with the amounts at which its steps begin as they are read, in a currency of other decimals. */
export const inAmountDecimals = (rule: EarnRule, from: number, to: number): EarnRule => ({
  ...rule,
  points: pointsWith(rule.points, asItIs, (stored) => inDecimals(stored, from, to)),
})

/** When what is given can be spent: at once, after some days, from a moment of the event, or after another event. */
export type Pending = 'none' | 'days' | 'until' | 'event'

export function pendingOf({ pending }: EarnRule): Pending {
  if (pending === undefined) return 'none'
  return 'event' in pending ? 'event' : 'until' in pending ? 'until' : 'days'
}

/** From when a rule's points can be spent if it is of another kind, with a first value to go on from. */
export function inPending(rule: EarnRule, kind: Pending): EarnRule['pending'] {
  if (pendingOf(rule) === kind) return rule.pending
  if (kind === 'none') return undefined
  if (kind === 'days') return { days: 14 }
  return kind === 'until' ? { until: '' } : { event: '', days: 90 }
}

/** What becomes of points when what gave them is returned: the member keeps them, or they are taken back. */
export type OnReturn = 'kept' | 'takenBack'

export const onReturnOf = ({ returns }: EarnRule): OnReturn => (returns === undefined ? 'kept' : 'takenBack')

/** The same rule with points kept or taken back; what nothing else reads goes with the returns. */
export function withOnReturn(rule: EarnRule, next: OnReturn): EarnRule {
  if (onReturnOf(rule) === next) return rule
  if (next === 'takenBack') return { ...rule, returns: { on: '', reference: '' } }
  return withPart(withPart(rule, 'returns', undefined), 'reference', undefined)
}

/** How points expire: as the programme says, never, or after they were earned or after the member's latest activity. */
export type ExpiryKind = 'programme' | 'never' | 'earn' | 'activity'

export function expiryKindOf(expiry: Expiry | undefined): ExpiryKind {
  if (expiry === undefined) return 'programme'
  return expiry === 'never' ? 'never' : expiry.after
}

export function expiryOf(kind: ExpiryKind, before: Expiry | undefined): Expiry | undefined {
  if (kind === 'programme') return undefined
  if (kind === 'never') return 'never'
  const isLength = before !== undefined && before !== 'never'
  const others = isLength ? before : { months: 12, endOf: 'day' as const, noticeDays: [30, 7] }
  return { ...others, after: kind }
}

/** An expiry with another length; of the two units one is left out. */
export function lasting(expiry: Exclude<Expiry, 'never'>, unit: 'months' | 'days', count: number): Expiry {
  const { months: _months, days: _days, ...others } = expiry
  return { ...others, [unit]: count } as Expiry
}

/** The other rules that a rule stands in one group with: of those on the same events the one that gives most gives. */
export const groupedWith = (
  { id, programme, on, bestOf }: EarnRule,
  rules: readonly EarnRule[],
): EarnRule[] =>
  bestOf === undefined
    ? []
    : rules.filter(
        (other) =>
          other.id !== id && other.programme === programme && other.on === on && other.bestOf === bestOf,
      )

/** An id that none of the others has, such as `step-3`. */
export function freshId(stem: string, taken: readonly { id: string }[]): string {
  let number = taken.length + 1
  while (taken.some(({ id }) => id === `${stem}-${number}`)) number++
  return `${stem}-${number}`
}
