/** Mean, sample variance and size of one arm. */
export type ArmSample = { mean: number; variance: number; n: number }

export type Interval = { difference: number; low: number; high: number }

/**
 * Difference of two means with an interval that holds at all times at once: it may be looked at any day, and
 * stopping because of what it shows keeps its 95 %.
 *
 * Asymptotic confidence sequence, Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit
 * theory and asymptotic confidence sequences", Annals of Statistics 52 (2024), Theorem 2.2:
 *   ± σ̂ · sqrt( 2(tρ² + 1) / (t²ρ²) · log( sqrt(tρ² + 1) / α ) ),
 * here with σ̂² / t = s₁²/n₁ + s₀²/n₀ and t = n₁ + n₀. ρ makes the sequence tightest at t* subjects (their
 * equation for ρ in Appendix B.2): ρ² = (−2 log α + log(−2 log α) + 1) / t*.
 *
 * Undefined when an arm has fewer than two subjects.
 */
export function anytimeDifference(
  treated: ArmSample,
  control: ArmSample,
  alpha = 0.05,
  tightestAt = 10_000,
): Interval | undefined {
  if (treated.n < 2 || control.n < 2) return undefined
  const t = treated.n + control.n
  const varianceOfDifference = treated.variance / treated.n + control.variance / control.n
  const minusTwoLogAlpha = -2 * Math.log(alpha)
  const rhoSquared = (minusTwoLogAlpha + Math.log(minusTwoLogAlpha) + 1) / tightestAt
  const tRho = t * rhoSquared
  const width = Math.sqrt(
    varianceOfDifference * ((2 * (tRho + 1)) / tRho) * Math.log(Math.sqrt(tRho + 1) / alpha),
  )
  const difference = treated.mean - control.mean
  return { difference, low: difference - width, high: difference + width }
}
