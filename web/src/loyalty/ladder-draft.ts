import type { Tier, TierLadder } from '../../../src/loyalty/contract.ts'
import { withPart } from '../documents/parts.ts'
import { inDecimals, storedOf } from './amount.ts'

type Measure = TierLadder['by']['measure']
type Spend = Extract<TierLadder['by'], { measure: 'spend' }>

/** Decimals of what the tiers of a ladder ask for: of the money that is spent, or of the programme's points. */
export const askedDecimals = ({ by }: Pick<TierLadder, 'by'>, pointDecimals: number): number =>
  by.measure === 'spend' ? by.amountDecimals : pointDecimals

/**
 * The ladder counting something else; its tiers ask for time or for an amount, as that needs. `decimals` are those of the
 * programme's points and of the money that would be spent.
 */
export function measuredBy(
  ladder: TierLadder,
  measure: Measure,
  decimals: { points: number; money: number },
): TierLadder {
  if (ladder.by.measure === measure) return ladder
  const isTime = measure === 'tenure'
  const by: TierLadder['by'] =
    measure === 'spend'
      ? { measure, adds: [{ on: '' }], takesBack: [], amountDecimals: decimals.money }
      : { measure }
  const before = askedDecimals(ladder, decimals.points)
  const after = askedDecimals({ by }, decimals.points)
  const tiers = ladder.tiers.map(({ at, after: time, ...tier }, index): Tier => {
    if (isTime) return { ...tier, after: time ?? { months: index * 12, days: 0 } }
    return {
      ...tier,
      at: at === undefined ? storedOf(String(index * 1_000), after) : inDecimals(at, before, after),
    }
  })
  const whole = isTime ? { period: 'ever' as const, grace: { months: 0, days: 0 } } : {}
  return { ...ladder, ...whole, by, tiers }
}

/** The ladder counting spend in another currency, with what its tiers ask for as it is read. */
export function spentIn(
  ladder: TierLadder,
  by: Spend,
  currency: string | undefined,
  amountDecimals: number,
): TierLadder {
  const tiers = ladder.tiers.map((tier): Tier =>
    tier.at === undefined ? tier : { ...tier, at: inDecimals(tier.at, by.amountDecimals, amountDecimals) },
  )
  return { ...ladder, by: { ...withPart(by, 'currency', currency), amountDecimals }, tiers }
}

/** One more tier above all others; `decimals` are those of what the tiers ask for. */
export function newTier({ by, tiers }: TierLadder, id: string, decimals: number): Tier {
  const last = tiers.at(-1)
  const rest = { id, name: { en: '', ru: '', uk: '' }, benefits: [] }
  if (by.measure === 'tenure') return { ...rest, after: { months: (last?.after?.months ?? 0) + 12, days: 0 } }
  const most = /^\d+$/.test(last?.at ?? '') ? BigInt(last?.at ?? 0) : 0n
  return { ...rest, at: most === 0n ? storedOf('1000', decimals) : String(most * 2n) }
}
