import { checkExpression, compileExpression, type Declarations } from '../expressions/index.ts'
import { minorDigits } from '../operator/index.ts'
import type { DocumentKind } from '../platform/index.ts'
import { type EarnRule, earnRule, type Purchase } from './contract.ts'
import type { AwardReason } from './errors.ts'

const declarations: Declarations = {
  purchase: { productId: 'string', priceMinor: 'int', onCredit: 'bool', campaignId: 'string' },
}

export const earnRuleKind: DocumentKind = {
  kind: 'EarnRule',
  schema: earnRule,
  check: (rule: EarnRule) =>
    rule.where === undefined
      ? []
      : checkExpression(rule.where, declarations, 'bool').map((problem) => ({ ...problem, field: 'where' })),
}

/** What the rule makes of a purchase, with the values that decided it. */
export type Judgement = { points: bigint; reason: AwardReason; saw: Record<string, unknown> }

/** A rule ready to judge; the same purchase always gets the same judgement. */
export function compileEarnRule(rule: EarnRule): (purchase: Purchase) => Judgement {
  const where = rule.where === undefined ? undefined : compileExpression(rule.where, declarations, 'bool')
  const condition = where?.toFunction()
  return (purchase) => {
    const scope = {
      productId: purchase.productId,
      priceMinor: Number(purchase.priceMinor),
      onCredit: purchase.onCredit ?? false,
      ...(purchase.campaignId === undefined ? {} : { campaignId: purchase.campaignId }),
    }
    const saw = { ...scope, priceMinor: purchase.priceMinor, ...(rule.where ? { where: rule.where } : {}) }
    const holds = condition ? condition({ purchase: scope }) : true
    if (holds === undefined) return { points: 0n, reason: 'condition_failed', saw }
    if (holds !== true) return { points: 0n, reason: 'condition_not_met', saw }
    const points = pointsFor(rule.points, purchase)
    return { points, reason: points > 0n ? 'credited' : 'rounds_to_zero', saw: { ...saw, rate: rule.points } }
  }
}

const rateScale = 1_000_000n

/** Price in major units × rate, rounded down to whole points; exact, since the rate is a decimal text. */
export function pointsFor(points: EarnRule['points'], purchase: Purchase): bigint {
  if ('fixed' in points) return BigInt(points.fixed)
  if (purchase.priceMinor <= 0n) return 0n
  const [whole, fraction = ''] = points.perMajorUnit.split('.')
  const rate = BigInt(whole! + fraction.padEnd(6, '0'))
  const minorPerMajor = 10n ** BigInt(purchase.currency === undefined ? 2 : minorDigits(purchase.currency))
  return (purchase.priceMinor * rate) / (rateScale * minorPerMajor)
}
