import { type CelType, compileExpression, type Declarations, type Scope } from '../../expressions/index.ts'
import { DomainError, type Problem, problemOf } from '../../platform/index.ts'
import type { Book } from '../book.ts'
import type { LocalTimes } from '../local-time.ts'
import type { Programme } from '../programmes.ts'
import type { EarnRule } from './earn-rule.ts'
import { earnDeclarations, usualAmount } from './earn-rule-kind.ts'

/** An expression with the fields that it reads, for showing what it saw. */
export type Reader = { source: string; fields: string[]; type: CelType; value(scope: Scope): unknown }

/** A rule ready to judge. */
export type CompiledRule = {
  document: EarnRule
  version: number
  programme: Programme
  timeZone: string
  /** What its amounts are in. */
  currency: string
  where: Reader | null
  amount: Reader | null
  multipliers: { id: string; times: string; best: boolean; when: Reader }[]
  reference: Reader | null
  pendingUntil: Reader | null
  pendingKey: Reader | null
  settling: { on: string; where: Reader | null; key: Reader | null } | null
  returns: { on: string; where: Reader | null; reference: Reader; amount: Reader | null } | null
  readsBalance: boolean
  validFromMs: number
  validToMs: number
}

function readerOf(source: string, declarations: Declarations, ...types: CelType[]): Reader {
  const expression = compileExpression(source, declarations, types)
  return { source, fields: expression.fields, type: expression.type, value: expression.toFunction() }
}

/** Compiles a rule against the documents of a book. Throws `expression_invalid` when a type has changed under it. */
export function compileRule(
  document: EarnRule,
  version: number,
  programme: Programme,
  book: Book,
): CompiledRule {
  const declarations = earnDeclarations(book.reader, document.on)
  const { where, amount, multipliers, reference, pending, returns, validFrom, validTo } = document
  const given = (source: string | undefined, ...types: CelType[]): Reader | null =>
    source === undefined ? null : readerOf(source, declarations, ...types)
  const usual = usualAmount(book.reader, document.on)
  const rule = {
    document,
    version,
    programme,
    timeZone: book.timeZoneOf(programme),
    currency: document.currency ?? book.currency,
    where: given(where, 'bool'),
    amount: given(amount ?? (usual && `event.${usual}`), 'int', 'double'),
    multipliers: multipliers.map((one) => ({ ...one, when: readerOf(one.when, declarations, 'bool') })),
    reference: given(reference, 'string', 'int'),
    pendingUntil: given(pending && 'until' in pending ? pending.until : undefined, 'timestamp'),
    pendingKey: given(pending && 'event' in pending ? pending.key : undefined, 'string', 'int'),
    settling: pending && 'event' in pending ? settlingOf(pending, book) : null,
    returns: returns ? returnsOf(returns, book) : null,
    validFromMs: validFrom === undefined ? -Infinity : msOf(validFrom),
    validToMs: validTo === undefined ? Infinity : msOf(validTo),
  }
  const readers = [rule.where, rule.amount, ...rule.multipliers.map(({ when }) => when)]
  return { ...rule, readsBalance: readers.some((reader) => reader?.fields.includes('member.balance')) }
}

function settlingOf(
  { event, where, eventKey }: { event: string; where?: string | undefined; eventKey?: string | undefined },
  book: Book,
): CompiledRule['settling'] {
  const declarations = earnDeclarations(book.reader, event)
  return {
    on: event,
    where: where === undefined ? null : readerOf(where, declarations, 'bool'),
    key: eventKey === undefined ? null : readerOf(eventKey, declarations, 'string', 'int'),
  }
}

function returnsOf(returns: NonNullable<EarnRule['returns']>, book: Book): CompiledRule['returns'] {
  const declarations = earnDeclarations(book.reader, returns.on)
  const { on, where, reference, amount } = returns
  return {
    on,
    where: where === undefined ? null : readerOf(where, declarations, 'bool'),
    reference: readerOf(reference, declarations, 'string', 'int'),
    amount: amount === undefined ? null : readerOf(amount, declarations, 'int', 'double'),
  }
}

const msOf = (text: string): number => Temporal.Instant.from(text).epochMilliseconds

const owner = {}

export type RulesOfBook = {
  all: CompiledRule[]
  byType: Map<string, CompiledRule[]>
  /** By the type of their returns. */
  byReturn: Map<string, CompiledRule[]>
  bySettling: Map<string, CompiledRule[]>
  byId: Map<string, CompiledRule>
  types: ReadonlySet<string>
  local: LocalTimes
  /** Rules that fit the declared event types no more, and why. */
  broken: { ruleId: string; problem: Problem }[]
}

/** The rules of a book, compiled once; one that fits the event types no more is left out. */
export function rulesOf(book: Book, local: LocalTimes): RulesOfBook {
  return book.once(owner, () => {
    const documents = (book.reader.list('EarnRule') as EarnRule[]).toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const broken: RulesOfBook['broken'] = []
    const all = documents.flatMap((document) => {
      const programme = book.programmes.get(document.programme)
      if (!programme) return []
      try {
        return [compileRule(document, book.versionOf('EarnRule', document.id), programme, book)]
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        broken.push({ ruleId: document.id, problem: problemOf(error) })
        return []
      }
    })
    return { ...arrange(all, local), broken }
  })
}

/** Rules by what they listen to. */
export function arrange(all: CompiledRule[], local: LocalTimes): RulesOfBook {
  const by = (key: (rule: CompiledRule) => string | undefined): Map<string, CompiledRule[]> => {
    const groups = new Map<string, CompiledRule[]>()
    for (const rule of all) {
      const name = key(rule)
      if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), rule])
    }
    return groups
  }
  const byType = by((rule) => rule.document.on)
  const byReturn = by((rule) => rule.returns?.on)
  const bySettling = by((rule) => rule.settling?.on)
  const types = new Set([...byType.keys(), ...byReturn.keys(), ...bySettling.keys()])
  const byId = new Map(all.map((rule) => [rule.document.id, rule]))
  return { all, byType, byReturn, bySettling, byId, types, local, broken: [] }
}
