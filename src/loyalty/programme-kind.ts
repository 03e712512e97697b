import { isTimeZone } from '../access/index.ts'
import { checkExpression } from '../expressions/index.ts'
import { hasAccounts } from '../ledger/index.ts'
import type { DocumentKind, DocumentReader, Problem, Tx } from '../platform/index.ts'
import { subscriberDeclarations } from '../profiles/index.ts'
import { memberOwnersOf } from './accounts.ts'
import { eventTypeDocuments, isKnownType } from './announcements.ts'
import { impliedProgramme, MAIN_PROGRAMME, type Programme, programmeSchema } from './programmes.ts'

/** `{ kind: 'Programme', id, name, currency, … }` */
export const programmeKind: DocumentKind = {
  kind: 'Programme',
  schema: programmeSchema,
  check: (programme: Programme, reader) => [
    ...checkCurrency(programme, reader),
    ...checkTimeZone(programme),
    ...checkEnrolment(programme, reader),
    ...checkBudgets(programme, reader),
  ],
  checkChange: checkUnit,
  bringsAlong: eventTypeDocuments,
}

/** Points are kept and taken back in the unit in which they were earned: in another one they would be out of reach. */
async function checkUnit(tx: Tx, programme: Programme, before: Programme | undefined): Promise<Problem[]> {
  const former = before ?? (programme.id === MAIN_PROGRAMME ? impliedProgramme : undefined)
  const changed = (['currency', 'decimals'] as const).filter(
    (field) => former && programme[field] !== former[field],
  )
  if (!former || changed.length === 0) return []
  if (!(await hasAccounts(tx, former.currency, memberOwnersOf(programme.id)))) return []
  return changed.map((field) => ({
    code: 'programme_currency_in_use',
    message: `members hold points in ${former.currency}; a new programme and a ProgrammeMigration bring them into another unit`,
    field,
    found: programme[field],
    expected: String(former[field]),
  }))
}

/** Expiry runs and figures go by currency: points of two programmes would be mixed in one. */
function checkCurrency({ id, currency }: Programme, reader: DocumentReader): Problem[] {
  const other = (reader.list('Programme') as Programme[]).find(
    (one) => one.id !== id && one.currency === currency,
  )
  if (!other) return []
  return [
    {
      code: 'programme_currency_taken',
      message: `programme "${other.id}" keeps this currency`,
      field: 'currency',
      found: currency,
      expected: 'a currency of its own, such as the programme’s id',
    },
  ]
}

function checkTimeZone({ timeZone }: Programme): Problem[] {
  if (timeZone === undefined || isTimeZone(timeZone)) return []
  const expected = 'an IANA time zone such as Europe/Kyiv'
  return [
    {
      code: 'programme_time_zone_unknown',
      message: 'no such time zone',
      field: 'timeZone',
      found: timeZone,
      expected,
    },
  ]
}

function checkEnrolment({ enrolment }: Programme, reader: DocumentReader): Problem[] {
  if (enrolment === 'by_hand') return []
  const { on, where } = enrolment
  const problems: Problem[] = []
  for (const type of Array.isArray(on) ? on : []) {
    if (!isKnownType(reader, type)) problems.push(missingType('enrolment.on', type))
  }
  if (where !== undefined) {
    const found = checkExpression(where, { subscriber: subscriberDeclarations(reader) }, 'bool')
    problems.push(...found.map((problem) => ({ ...problem, field: 'enrolment.where' })))
  }
  return problems
}

/** A rule whose budget is gone would give without end, and of two budgets with one name only one would hold. */
function checkBudgets({ id: programme, budgets }: Programme, reader: DocumentReader): Problem[] {
  const ids = budgets.map(({ id }) => id)
  const twice = ids.flatMap((id, i) =>
    ids.indexOf(id) === i
      ? []
      : {
          code: 'programme_budget_twice',
          message: `another budget is named "${id}"`,
          field: `budgets.${i}.id`,
          found: id,
          expected: 'a budget of another name',
        },
  )
  const rules = reader.list('EarnRule') as { id: string; programme: string; budget?: string }[]
  const inUse = rules.flatMap((rule) =>
    rule.programme !== programme || rule.budget === undefined || ids.includes(rule.budget)
      ? []
      : {
          code: 'programme_budget_in_use',
          message: `earn rule "${rule.id}" draws from "${rule.budget}"`,
          field: 'budgets',
          found: ids,
          expected: rule.budget,
        },
  )
  return [...twice, ...inUse]
}

/** The problem of a field that names an event type nobody declared. */
export function missingType(field: string, type: string): Problem {
  return {
    code: 'event_type_missing',
    message: `no event type "${type}"`,
    field,
    found: type,
    expected: 'a declared EventType, or one that loyalty announces',
  }
}

/** The problem of a document whose programme nobody saved; `main` is there as soon as an earn rule speaks of it. */
export function checkProgrammeExists(
  programme: string,
  reader: DocumentReader,
  field = 'programme',
): Problem[] {
  const rules = reader.list('EarnRule') as { programme: string }[]
  if (reader.get('Programme', programme)) return []
  if (programme === MAIN_PROGRAMME && rules.some((rule) => rule.programme === MAIN_PROGRAMME)) return []
  const message = `no programme "${programme}"`
  return [{ code: 'programme_missing', message, field, found: programme, expected: 'a saved Programme' }]
}
