import type { Tier, TierLadder } from '../../../src/loyalty/contract.ts'

type Measure = TierLadder['by']['measure']

/** The ladder counting something else; its tiers ask for time or for an amount, as that needs. */
export function measuredBy(ladder: TierLadder, measure: Measure): TierLadder {
  if (ladder.by.measure === measure) return ladder
  const isTime = measure === 'tenure'
  const tiers = ladder.tiers.map(({ at, after, ...tier }, index): Tier => {
    if (isTime) return { ...tier, after: after ?? { months: index * 12, days: 0 } }
    return { ...tier, at: at ?? String(index * 1_000) }
  })
  const by: TierLadder['by'] =
    measure === 'spend' ? { measure, adds: [{ on: '' }], takesBack: [], amountDecimals: 2 } : { measure }
  const whole = isTime ? { period: 'ever' as const, grace: { months: 0, days: 0 } } : {}
  return { ...ladder, ...whole, by, tiers }
}

/** One more tier above all others. */
export function newTier({ by, tiers }: TierLadder, id: string): Tier {
  const last = tiers.at(-1)
  const rest = { id, name: { en: '', ru: '', uk: '' }, benefits: [] }
  if (by.measure === 'tenure') return { ...rest, after: { months: (last?.after?.months ?? 0) + 12, days: 0 } }
  const most = /^\d+$/.test(last?.at ?? '') ? BigInt(last?.at ?? 0) : 0n
  return { ...rest, at: String(most === 0n ? 1_000n : most * 2n) }
}
