import { DomainError, type Problem } from '../platform/index.ts'
import type { CelType, Declarations, ExpectedType } from './cel-type.ts'
import { checkSource } from './check.ts'
import { type Atom, conjuncts } from './conjuncts.ts'
import { type CompiledFunction, toFunction } from './to-javascript.ts'
import { type Predicate, toPredicate } from './to-predicate.ts'
import { type ColumnOf, toSql } from './to-sql.ts'

/** A checked expression, ready for both back ends. */
export type Expression = {
  source: string
  type: CelType
  /** What it reads, as `variable.field`, each once. */
  fields: string[]
  /**
   * The expression over one scope. `undefined` is an error (a missing value, a division by zero, …);
   * a condition holds only when the answer is `true`. Timestamps and durations are milliseconds.
   */
  toFunction(): CompiledFunction
  /** `toFunction() === true` for the hot path: the variables one by one, in the order of their declarations. */
  toPredicate(): Predicate
  /** Simple conditions that hold whenever this one is true, for an index over many; perhaps none. */
  conjuncts(): Atom[]
  /** The expression as ClickHouse SQL; NULL is an error, so `WHERE` keeps exactly what holds. */
  toSql(column: ColumnOf): string
}

/**
 * Checks an expression when it is saved. Returns every problem with its line and column (from 1), none if it is good.
 * `expected` is the type it must have, `'bool'` for a condition, or several of which it may have any.
 */
export function checkExpression(
  source: string,
  declarations: Declarations,
  expected?: ExpectedType,
): Problem[] {
  return checkSource(source, declarations, expected).problems
}

/**
 * Compiles an expression. Throws `DomainError('expression_invalid')` whose details carry all problems, and whose
 * message names the first with its place.
 */
export function compileExpression(
  source: string,
  declarations: Declarations,
  expected?: ExpectedType,
): Expression {
  const { node, problems, fields } = checkSource(source, declarations, expected)
  const [first] = problems
  if (!node || first) {
    const place = first ? `line ${first.line}, column ${first.column}: ${first.message}` : 'no expression'
    throw new DomainError('expression_invalid', place, { found: source, problems })
  }
  let compiled: CompiledFunction | undefined
  let predicate: Predicate | undefined
  return {
    source,
    type: node.type,
    fields,
    toFunction: () => (compiled ??= toFunction(node)),
    toPredicate: () => (predicate ??= toPredicate(node, Object.keys(declarations))),
    conjuncts: () => conjuncts(node),
    toSql: (column) => toSql(node, column),
  }
}
