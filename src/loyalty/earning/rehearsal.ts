import { DomainError } from '../../platform/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { LocalTimes } from '../local-time.ts'
import { impliedProgramme } from '../programmes.ts'
import { type Audience, rehearse, type Span, type Trial } from '../rehearsal.ts'
import { EarnMemory } from './award.ts'
import { earningSession } from './consumer.ts'
import type { TryAnswer } from '../rehearsal-contract.ts'
import { earnRule } from './earn-rule.ts'
import { checkEarnRule } from './earn-rule-kind.ts'
import { arrange, compileRule } from './rule.ts'

/** An earn rule to be tried, saved or not. */
export type RuleTrial = Span & { rule: unknown }

/** Tries an earn rule on history. Throws `earn_rule_invalid`. */
export const tryRule = (parts: LoyaltyParts, { rule, ...span }: RuleTrial): Promise<TryAnswer> =>
  rehearse(parts, span, (audience) => trialOf(rule, audience))

function trialOf(given: unknown, audience: Audience): Trial {
  const { book } = audience
  const parsed = earnRule.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new DomainError('earn_rule_invalid', issue!.message, { field: `rule.${issue!.path.join('.')}` })
  }
  const document = parsed.data
  const problems = checkEarnRule(document, book.reader)
  const [first] = problems
  if (first) {
    throw new DomainError('earn_rule_invalid', first.message, { field: `rule.${first.field}`, problems })
  }
  const local = new LocalTimes()
  const programme = book.programmes.get(document.programme) ?? impliedProgramme
  const rule = compileRule(document, book.versionOf('EarnRule', document.id), programme, book)
  const rules = arrange([rule], local)
  return {
    types: rules.types,
    session: earningSession({ batch: audience, rules, memory: new EarnMemory(), local }),
    counted: {
      rule: document.id,
      programme,
      timeZone: rule.timeZone,
      isAward: ({ reason, points = 0n }) => points > 0n && reason !== 'released',
    },
  }
}
