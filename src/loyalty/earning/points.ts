import type { EarnRule } from './earn-rule.ts'

/** An exact fraction of points in minor units. */
export type Fraction = { over: bigint; under: bigint }

const RATE_PLACES = 6
const RATE_SCALE = 10n ** BigInt(RATE_PLACES)

/** A decimal text with up to six places as a whole number of millionths. */
export function millionths(decimal: string): bigint {
  const [whole, places = ''] = decimal.split('.')
  return BigInt(whole! + places.padEnd(RATE_PLACES, '0'))
}

/**
 * What a number of an event says in minor units: the decimal that people read in it, rounded half up to `decimals`
 * places, so that 11.77 is 1177 although no double is exactly that. Undefined beyond 2^53.
 */
export function minorOfNumber(value: number, decimals: number): bigint | undefined {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return undefined
  // The shortest decimal that is this double; an exponent only stands in what is far below a minor unit.
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(value))
  if (!match) return 0n
  const [, sign, whole, places = ''] = match
  const kept = BigInt(whole! + places.slice(0, decimals).padEnd(decimals, '0'))
  const rounded = kept + (Number(places[decimals] ?? 0) >= 5 ? 1n : 0n)
  return sign === '-' ? -rounded : rounded
}

type Rate = { perMajorUnit?: string | undefined; fixed?: string | undefined }
type Scale = { amountDecimals: number; pointDecimals: number }

function fractionOf(rate: Rate, amountMinor: bigint, { amountDecimals, pointDecimals }: Scale): Fraction {
  if (rate.fixed !== undefined) return { over: BigInt(rate.fixed), under: 1n }
  return {
    over: amountMinor * millionths(rate.perMajorUnit!) * 10n ** BigInt(pointDecimals),
    under: RATE_SCALE * 10n ** BigInt(amountDecimals),
  }
}

const sum = (one: Fraction, other: Fraction): Fraction => ({
  over: one.over * other.under + other.over * one.under,
  under: one.under * other.under,
})

/** Points for an amount before multipliers and rounding; undefined below the first step. */
export function pointsFor(
  points: EarnRule['points'],
  amountMinor: bigint,
  scale: Scale,
): Fraction | undefined {
  if (!('steps' in points)) return fractionOf(points, amountMinor, scale)
  const steps = points.steps
    .map((step) => ({ ...step, from: BigInt(step.fromMinor) }))
    .toSorted((a, b) => (a.from < b.from ? -1 : 1))
    .filter(({ from }) => from <= amountMinor)
  if (steps.length === 0) return undefined
  if (!points.marginal) return fractionOf(steps.at(-1)!, amountMinor, scale)
  return steps
    .map((step, i) => fractionOf(step, (steps[i + 1]?.from ?? amountMinor) - step.from, scale))
    .reduce(sum)
}

/** A fraction times decimal factors, rounded to whole minor units of points. */
export function rounded(
  { over, under }: Fraction,
  factors: string[],
  rounding: EarnRule['rounding'],
): bigint {
  for (const factor of factors) {
    over *= millionths(factor)
    under *= RATE_SCALE
  }
  return rounding === 'down' ? over / under : (2n * over + under) / (2n * under)
}

/**
 * How many of `points` a member keeps of a purchase of which `returnedMinor` of `baseMinor` came back: the remaining
 * share, rounded down. It depends on the sum of all returns alone, so their number and order change nothing.
 */
export function keptAfterReturns(points: bigint, baseMinor: bigint, returnedMinor: bigint): bigint {
  if (returnedMinor >= baseMinor) return 0n
  return (points * (baseMinor - returnedMinor)) / baseMinor
}
