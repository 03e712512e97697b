import { type CelType, checkExpression, type Declarations } from '../../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { subscriberDeclarations } from '../../profiles/index.ts'
import { declarationsOf, eventTypeDocuments, isKnownType, loyaltyEventTypes } from '../announcements.ts'
import { localDeclarations } from '../local-time.ts'
import { memberDeclarations } from '../members.ts'
import { missingType } from '../programme-kind.ts'
import { impliedProgramme, MAIN_PROGRAMME, type Programme } from '../programmes.ts'
import { type EarnRule, earnRule } from './earn-rule.ts'

/** What expressions of earn rules may read beside an event of a type. */
export function earnDeclarations(reader: DocumentReader, type: string): Declarations {
  return {
    event: declarationsOf(reader, type),
    subscriber: subscriberDeclarations(reader),
    member: memberDeclarations,
    local: localDeclarations,
  }
}

/** The field by which a rule without `amount` counts, as the events of its type declare it. */
export function usualAmount(reader: DocumentReader, type: string): string | undefined {
  const fields = declarationsOf(reader, type)
  return ['priceMinor', 'amountMinor'].find((name) => fields[name] === 'int')
}

/** `{ kind: 'EarnRule', id, on, points, … }` */
export const earnRuleKind: DocumentKind = {
  kind: 'EarnRule',
  schema: earnRule,
  check: checkEarnRule,
  // The first rule may stand without a programme's document.
  bringsAlong: eventTypeDocuments,
}

/** What is wrong with a rule among the documents that it speaks of. */
export function checkEarnRule(rule: EarnRule, reader: DocumentReader): Problem[] {
  if (!isKnownType(reader, rule.on)) return [missingType('on', rule.on)]
  return [
    ...checkProgramme(rule, reader),
    ...checkCircle(rule),
    ...checkEarning(rule, reader),
    ...checkPending(rule, reader),
    ...checkReturns(rule, reader),
  ]
}

const invalid = (field: string, message: string, expected: string, found?: unknown): Problem => ({
  code: 'earn_rule_invalid',
  message,
  field,
  ...(found === undefined ? {} : { found }),
  expected,
})

function checkProgramme({ programme: id, budget }: EarnRule, reader: DocumentReader): Problem[] {
  const saved = reader.get('Programme', id) as Programme | undefined
  if (!saved && id !== MAIN_PROGRAMME) {
    const message = `no programme "${id}"`
    return [
      { code: 'programme_missing', message, field: 'programme', found: id, expected: 'a saved Programme' },
    ]
  }
  if (!saved) {
    const { currency } = impliedProgramme
    const other = (reader.list('Programme') as Programme[]).find((one) => one.currency === currency)
    if (other) {
      const message = `programme "${MAIN_PROGRAMME}" is not saved, and "${other.id}" keeps its currency`
      return [{ code: 'programme_missing', message, field: 'programme', found: id, expected: other.id }]
    }
  }
  const budgets = (saved ?? impliedProgramme).budgets.map((one) => one.id)
  if (budget === undefined || budgets.includes(budget)) return []
  return [invalid('budget', 'the programme has no such budget', budgets.join(' | '), budget)]
}

/** Points for points would never end. */
function checkCircle({ on }: EarnRule): Problem[] {
  if (!on.startsWith('loyalty.points_')) return []
  return [invalid('on', 'points cannot be earned by points', 'another event type', on)]
}

/** Problems of an expression, at its field. */
function checkAt(
  field: string,
  source: string | undefined,
  declarations: Declarations,
  expected: CelType | 'amount' | 'text' = 'bool',
): Problem[] {
  if (source === undefined) return []
  const types: CelType[] =
    expected === 'amount' ? ['int', 'double'] : expected === 'text' ? ['string', 'int'] : [expected]
  return checkExpression(source, declarations, types).map((problem) => ({ ...problem, field }))
}

function checkEarning(rule: EarnRule, reader: DocumentReader): Problem[] {
  const declarations = earnDeclarations(reader, rule.on)
  const needsAmount = 'steps' in rule.points || rule.points.perMajorUnit !== undefined
  const problems = [
    ...checkAt('where', rule.where, declarations),
    ...checkAt('amount', rule.amount, declarations, 'amount'),
    ...checkAt('reference', rule.reference, declarations, 'text'),
    ...rule.multipliers.flatMap(({ when }, i) => checkAt(`multipliers.${i}.when`, when, declarations)),
  ]
  if (needsAmount && rule.amount === undefined && usualAmount(reader, rule.on) === undefined) {
    const message = `events "${rule.on}" declare no priceMinor or amountMinor of type integer`
    problems.push(invalid('amount', message, 'an expression such as event.sumMinor'))
  }
  return problems
}

function checkPending({ on, pending }: EarnRule, reader: DocumentReader): Problem[] {
  if (pending === undefined) return []
  if ('until' in pending) {
    return checkAt('pending.until', pending.until, earnDeclarations(reader, on), 'timestamp')
  }
  if (!('event' in pending)) return []
  if (!isKnownType(reader, pending.event)) return [missingType('pending.event', pending.event)]
  const later = earnDeclarations(reader, pending.event)
  const problems = [
    ...checkAt('pending.where', pending.where, later),
    ...checkAt('pending.key', pending.key, earnDeclarations(reader, on), 'text'),
    ...checkAt('pending.eventKey', pending.eventKey, later, 'text'),
  ]
  if ((pending.key === undefined) !== (pending.eventKey === undefined)) {
    problems.push(invalid('pending.eventKey', 'a key is compared with that of the event', 'key and eventKey'))
  }
  return problems
}

function checkReturns({ on, reference, returns }: EarnRule, reader: DocumentReader): Problem[] {
  if (returns === undefined) return []
  if (!isKnownType(reader, returns.on)) return [missingType('returns.on', returns.on)]
  const declarations = earnDeclarations(reader, returns.on)
  const problems = [
    ...checkAt('returns.where', returns.where, declarations),
    ...checkAt('returns.reference', returns.reference, declarations, 'text'),
    ...checkAt('returns.amount', returns.amount, declarations, 'amount'),
  ]
  if (reference === undefined) {
    problems.push(
      invalid('reference', 'a return must find its purchase', 'an expression such as event.orderId'),
    )
  }
  for (const [field, type] of [
    ['on', on],
    ['returns.on', returns.on],
  ] as const) {
    if (type in loyaltyEventTypes) {
      problems.push(
        invalid(field, 'what loyalty announces is no purchase and no return', 'an event of a source', type),
      )
    }
  }
  return problems
}
