import {
  type CelType,
  compileExpression,
  type Declarations,
  type ExpectedType,
  type Expression,
  type Scope,
} from '../../expressions/index.ts'
import type { DocumentReader } from '../../platform/index.ts'
import type { Book } from '../book.ts'
import { earnDeclarations } from '../earning/earn-rule-kind.ts'
import { otherCurrency } from '../earning/offer.ts'
import { minorOfNumber } from '../earning/points.ts'
import type { Counting } from './documents.ts'

/** How an event counts: nothing, or by an amount; `distinct` is the value that counts once alone. */
export type Count = { amount: bigint; distinct: string | null }
/** Events of one type and how they count; null where the condition does not hold or the amount is not above 0. */
export type Measure = { on: string; count(scope: Scope): Count | null }

/** Decimals of a double that count. */
export const SUM_DECIMALS = 2

/** What expressions of play may read: as earn rules, but no balance, which changes with every reward. */
export function playDeclarations(reader: DocumentReader, type: string): Declarations {
  const { member, ...others } = earnDeclarations(reader, type)
  const { balance: _balance, ...readable } = member!
  return { ...others, member: readable }
}

/** The types in which a `sum` and a `distinct` may come. */
export const sumTypes: CelType[] = ['int', 'double']
export const distinctTypes: CelType[] = ['string', 'int']

/** Compiles what counts. Throws `expression_invalid` when the event type has changed under it. */
export function measureOf(
  { on, where, sum, currency, distinct }: Counting,
  book: Pick<Book, 'reader' | 'currency'>,
): Measure {
  const declarations = playDeclarations(book.reader, on)
  const amounts = { currency: currency ?? book.currency }
  const compiled = (source: string | undefined, types: ExpectedType): Expression | undefined =>
    source === undefined ? undefined : compileExpression(source, declarations, types)
  const holds = compiled(where, 'bool')?.toFunction()
  const summed = compiled(sum, sumTypes)
  const amountOf = summed?.toFunction()
  const valueOf = compiled(distinct, distinctTypes)?.toFunction()
  return {
    on,
    count(scope) {
      if (holds && holds(scope) !== true) return null
      if (amountOf && otherCurrency(amounts, scope) !== undefined) return null
      const given = amountOf ? amountOf(scope) : 1
      if (given === undefined) return null
      const amount =
        summed?.type === 'double' ? minorOfNumber(given as number, SUM_DECIMALS) : BigInt(given as number)
      if (amount === undefined || amount <= 0n) return null
      const value = valueOf ? valueOf(scope) : null
      if (value === undefined) return null
      return { amount, distinct: value === null ? null : String(value) }
    },
  }
}

/** Values that a member has shown in a `distinct`, at most; beyond that nothing new counts. */
export const MOST_SEEN = 1_000

type Reached = { amount: bigint; seen: string[] }

/** What two members have reached who turned out to be one: values that both have shown count once. */
export function together({ sum, distinct }: Omit<Counting, 'on'>, one: Reached, other: Reached): Reached {
  const seen = [...new Set([...one.seen, ...other.seen])].slice(0, MOST_SEEN)
  // How much a value counted that both have shown is not kept, so where amounts are summed both count.
  const isCounted = distinct !== undefined && sum === undefined
  return { amount: isCounted ? BigInt(seen.length) : one.amount + other.amount, seen }
}

/** Adds a count to what was reached; null where the value was seen before. */
export function added(reached: Reached, { amount, distinct }: Count): Reached | null {
  if (distinct === null) return { amount: reached.amount + amount, seen: reached.seen }
  if (reached.seen.includes(distinct) || reached.seen.length >= MOST_SEEN) return null
  return { amount: reached.amount + amount, seen: [...reached.seen, distinct] }
}
