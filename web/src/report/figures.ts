import type { ArmReport, CampaignReport, RefusalReason } from '../../../src/insights/contract.ts'

/** `part` for every 1,000 of `whole`; undefined when there is no whole. */
export const perThousand = (part: number, whole: number): number | undefined =>
  whole > 0 ? (part * 1000) / whole : undefined

/** Credit-backed sales per 1,000 enrolled, the campaign's and the subscribers' own. */
export const creditRate = (arm: ArmReport): number | undefined => perThousand(arm.salesOnCredit, arm.enrolled)

/** The arm that the others are measured against in sales: the first that is not control. */
export const firstArm = (arms: readonly ArmReport[]): ArmReport | undefined =>
  arms.find((arm) => !arm.isControl)

/** How many times the first arm's credit-backed sales an arm makes; undefined when the first has none. */
export function ratioToFirst(arm: ArmReport, first: ArmReport | undefined): number | undefined {
  const own = creditRate(arm)
  const others = first && creditRate(first)
  return own === undefined || !others ? undefined : own / others
}

export type Verdict =
  | { answer: 'unknown' }
  | { answer: 'paid' | 'open' | 'lost'; arm: ArmReport; estimate: NonNullable<ArmReport['margin']> }

/**
 * The answer to "did it pay?": the best arm whose whole interval lies above zero; else the best of those that
 * may still turn out either way; else the least bad of those that all lie below.
 */
export function verdict(arms: readonly ArmReport[]): Verdict {
  const measured = arms
    .flatMap((arm) => (arm.margin && !arm.isControl ? [{ arm, estimate: arm.margin }] : []))
    .sort((a, b) => b.estimate.perSubscriberMinor - a.estimate.perSubscriberMinor)
  const paid = measured.find(({ estimate }) => estimate.lowMinor > 0)
  if (paid) return { answer: 'paid', ...paid }
  const open = measured.find(({ estimate }) => estimate.highMinor >= 0)
  if (open) return { answer: 'open', ...open }
  const lost = measured[0]
  return lost ? { answer: 'lost', ...lost } : { answer: 'unknown' }
}

/**
 * About `wanted` round figures that span the values, zero among them: steps of 1, 2 or 5 times a power of ten.
 */
export function roundTicks(values: readonly number[], wanted: number): number[] {
  const low = Math.min(0, ...values)
  const high = Math.max(0, ...values)
  if (low === high) return [0, 1]
  const rough = (high - low) / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((multiple) => multiple * power >= rough) ?? 10) * power
  const from = Math.floor(low / step + 1e-9)
  const to = Math.ceil(high / step - 1e-9)
  return Array.from({ length: to - from + 1 }, (_, index) => (from + index) * step)
}

/** Where a value stands between the first and the last tick, 0 to 1. */
export function positionBetween(ticks: readonly number[], value: number): number {
  const low = ticks[0] ?? 0
  const high = ticks.at(-1) ?? 1
  return Math.min(1, Math.max(0, (value - low) / (high - low)))
}

export type ReasonLine = {
  reason: RefusalReason['reason']
  byArm: ReadonlyMap<string, RefusalReason>
}

/** The reasons that anybody had, the most frequent first. */
export function reasonLines(refusals: readonly RefusalReason[]): ReasonLine[] {
  const byReason = new Map<RefusalReason['reason'], Map<string, RefusalReason>>()
  for (const refusal of refusals) {
    if (refusal.subscribers === 0) continue
    const byArm = byReason.get(refusal.reason) ?? new Map<string, RefusalReason>()
    byReason.set(refusal.reason, byArm.set(refusal.armId, refusal))
  }
  const size = (byArm: ReadonlyMap<string, RefusalReason>): number =>
    [...byArm.values()].reduce((sum, { subscribers }) => sum + subscribers, 0)
  return [...byReason]
    .map(([reason, byArm]) => ({ reason, byArm }))
    .sort((a, b) => size(b.byArm) - size(a.byArm))
}

export type ProductLine = Pick<ArmReport['products'][number], 'productId' | 'name' | 'volumeMb'>

/** Every package that any arm sold, smallest first. */
export function productLines(arms: readonly ArmReport[]): ProductLine[] {
  const lines = new Map<string, ProductLine>()
  for (const { productId, name, volumeMb } of arms.flatMap((arm) => arm.products)) {
    lines.set(productId, { productId, name, volumeMb })
  }
  return [...lines.values()].sort((a, b) => a.volumeMb - b.volumeMb)
}

/** Minor units as a number of whole units, to draw with; never to show or to sum. */
export const drawnAmount = (amountMinor: string, decimals: number): number =>
  Number(BigInt(amountMinor)) / 10 ** decimals

/** The report's days in order, each with its figures by arm. */
export function dayLines(
  days: CampaignReport['days'],
): { day: string; byArm: ReadonlyMap<string, CampaignReport['days'][number]> }[] {
  const byDay = new Map<string, Map<string, CampaignReport['days'][number]>>()
  for (const figures of days) {
    const byArm = byDay.get(figures.day) ?? new Map<string, CampaignReport['days'][number]>()
    byDay.set(figures.day, byArm.set(figures.armId, figures))
  }
  return [...byDay].map(([day, byArm]) => ({ day, byArm })).sort((a, b) => a.day.localeCompare(b.day))
}

/** Share of `whole` that `part` is, both exact amounts, as a number to show; 0 when there is no whole. */
export function shareOfAmount(part: string, whole: string): number {
  const all = BigInt(whole)
  return all === 0n ? 0 : Number((BigInt(part) * 100_000n) / all) / 100_000
}
