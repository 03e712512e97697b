// oxlint-disable unicorn/no-thenable -- `then` is a field of the rules; nobody awaits a rule
import { type BenchRule, celOf, type Comparison, fiftyRules, matchOf, ruleOf } from './rules.ts'
import { productId } from './world.ts'

/**
 * This many rules: every fifth of the fifty, the fifty, or the fifty and selective ones beside them. The selective
 * ones look at one of 1,000 cells, products or terminals or at a narrow range, and fire seldom, as a large operator's
 * local campaigns do: more rules are more to look through, not more to tell.
 */
export function rulesOf(count: number): BenchRule[] {
  if (count <= 10) return fiftyRules.filter((_, i) => i % 5 === 0).slice(0, count)
  if (count <= fiftyRules.length) return fiftyRules.slice(0, count)
  return [...fiftyRules, ...Array.from({ length: count - fiftyRules.length }, (_, n) => selective(n))]
}

/** The nth selective rule; ten shapes take turns. */
function selective(n: number): BenchRule {
  const id = `local-${String(n).padStart(4, '0')}`
  // 7 and 1,000 have no common divisor: each rule of a shape has a value of its own, all over the range.
  const value = (n * 7) % 1000
  const atCell: Comparison = ['cell', '==', value]
  switch (n % 10) {
    case 4:
    case 5:
      return matchOf(id, 'balance.changed', [
        ['balanceMinor', '>=', 1_000 + value * 400],
        ['balanceMinor', '<', 1_000 + value * 400 + 40],
      ])
    case 6:
      return ruleOf(id, 'payment.received', {
        where: celOf([['terminal', '==', value]], 'payment.received'),
        threshold: { aggregate: 'sum', of: 'event.amountMinor', window: 'P1D', reaches: 400_000 },
        cooldown: 'PT24H',
      })
    case 7:
      return matchOf(id, 'package.activated', [['productId', '==', productId(value)]])
    case 8:
      return ruleOf(id, 'location.changed', {
        where: celOf([atCell], 'location.changed'),
        absence: { then: 'package.activated', within: 'P1D' },
        cooldown: 'P7D',
      })
    case 9:
      return ruleOf(id, 'location.changed', {
        where: celOf([atCell], 'location.changed'),
        threshold: { aggregate: 'count', window: 'PT1H', reaches: 2 },
        cooldown: 'PT24H',
      })
    default:
      return matchOf(id, 'location.changed', [atCell, ['speedKmh', '>=', 110]])
  }
}
