import {
  compileExpression,
  type CompiledFunction,
  type Declarations,
  type Scope,
} from '../../expressions/index.ts'
import { type DocumentReader, DomainError } from '../../platform/index.ts'
import { subscriberDeclarations } from '../../profiles/index.ts'
import type { Book } from '../book.ts'
import { usualAmount } from '../earning/earn-rule-kind.ts'
import { otherCurrency } from '../earning/offer.ts'
import { minorOfNumber } from '../earning/points.ts'
import { declarationsOf } from '../announcements.ts'
import { nameIn } from '../naming.ts'
import type { Programme } from '../programmes.ts'
import { LocalDays } from './days.ts'
import type { LadderRules } from './standing.ts'
import type { Counting, TierLadder } from './tier-ladder.ts'

/** What an event counts: above 0 adds, below 0 takes back; 0 where it does not count. */
export type Measure = {
  on: string
  amountOf(scope: Scope): bigint
  /** What names the purchase; undefined where nothing does. */
  referenceOf(scope: Scope): string | undefined
  /** For what is taken back: when it had counted, epoch milliseconds; undefined where that is not known. */
  countedAtOf(scope: Scope): number | undefined
}

/** A ladder ready to be climbed. */
export type ReadyLadder = LadderRules & {
  version: number
  programme: Programme
  timeZone: string
  measures: Measure[]
  /** What it counts is in this currency: that of the money that was spent, or the programme's. */
  currency: string
  /** Since when tenure is counted, epoch milliseconds. */
  since: CompiledFunction | null
}

/** What expressions of a ladder may read beside an event of a type. */
export function ladderDeclarations(reader: DocumentReader, type: string): Declarations {
  return { event: declarationsOf(reader, type), subscriber: subscriberDeclarations(reader) }
}

/** What a rule gave, as it is announced. */
export const EARNED = 'loyalty.points_earned'
const RELEASED = 'loyalty.points_released'
const RETURNED = 'loyalty.points_returned'

/** What `points.where` may read in each of the events that tell of points. */
export const pointTypes = [EARNED, RELEASED, RETURNED]

/** Decimals of what a ladder counts: money that was spent, or points. */
export const amountDecimalsOf = ({
  document: { by },
  programme,
}: Pick<ReadyLadder, 'document' | 'programme'>): number =>
  by.measure === 'spend' ? by.amountDecimals : programme.decimals

function measuresOf({ by }: TierLadder, book: Book): Measure[] {
  if (by.measure === 'tenure') return []
  if (by.measure === 'points') return pointMeasures(by.where, book)
  const amounts = { currency: by.currency ?? book.currency, decimals: by.amountDecimals }
  return [
    ...by.adds.map((one) => spendMeasure(one, 1n, amounts, book)),
    ...by.takesBack.map((one) => spendMeasure(one, -1n, amounts, book)),
  ]
}

/** Reserved points count when they are released; what is taken back of a reservation never counted. */
function pointMeasures(where: string | undefined, book: Book): Measure[] {
  return pointTypes.map((on) => {
    const holds =
      where === undefined
        ? null
        : compileExpression(where, ladderDeclarations(book.reader, EARNED), 'bool').toFunction()
    const sign = on === RETURNED ? -1n : 1n
    return {
      on,
      amountOf({ event = {}, subscriber = {} }) {
        if (event['isPending'] === true || (holds && holds({ event, subscriber }) !== true)) return 0n
        return sign * BigInt(Number(event['pointsMinor'] ?? 0))
      },
      referenceOf: () => undefined,
      countedAtOf({ event = {} }) {
        return on === RETURNED && typeof event['earnedAt'] === 'number' ? event['earnedAt'] : undefined
      },
    }
  })
}

function spendMeasure(
  { on, where, amount, reference }: Counting,
  sign: bigint,
  { currency, decimals }: { currency: string; decimals: number },
  book: Book,
): Measure {
  const declarations = ladderDeclarations(book.reader, on)
  const holds = where === undefined ? null : compileExpression(where, declarations, 'bool').toFunction()
  const usual = usualAmount(book.reader, on)
  const source = amount ?? (usual && `event.${usual}`)
  const counted = source === undefined ? null : compileExpression(source, declarations, ['int', 'double'])
  const valueOf = counted?.toFunction()
  const nameOf =
    reference === undefined
      ? null
      : compileExpression(reference, declarations, ['string', 'int']).toFunction()
  return {
    on,
    amountOf(scope) {
      if (!valueOf || (holds && holds(scope) !== true)) return 0n
      if (otherCurrency({ currency }, scope) !== undefined) return 0n
      const value = valueOf(scope)
      if (value === undefined) return 0n
      const minor =
        counted?.type === 'double'
          ? (minorOfNumber(value as number, decimals) ?? 0n)
          : BigInt(value as number)
      return minor > 0n ? sign * minor : 0n
    },
    referenceOf(scope) {
      const value = nameOf?.(scope)
      return value === undefined ? undefined : nameIn(value)
    },
    countedAtOf: () => undefined,
  }
}

const owner = {}
const zones = new Map<string, LocalDays>()

function daysOf(timeZone: string): LocalDays {
  let days = zones.get(timeZone)
  if (!days) zones.set(timeZone, (days = new LocalDays(timeZone)))
  return days
}

export type Ladders = {
  all: ReadyLadder[]
  byId: ReadonlyMap<string, ReadyLadder>
  /** Types that any of them counts. */
  types: ReadonlySet<string>
}

/** The ladders of a book, made once; one that fits the event types no more is left out until it is mended. */
export function laddersOf(book: Book): Ladders {
  return book.once(owner, () => {
    const documents = (book.reader.list('TierLadder') as TierLadder[]).toSorted((a, b) =>
      a.id < b.id ? -1 : 1,
    )
    const all = documents.flatMap((document) => {
      const programme = book.programmes.get(document.programme)
      if (!programme) return []
      try {
        return [readyLadder(document, programme, book)]
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        return []
      }
    })
    return {
      all,
      byId: new Map(all.map((ladder) => [ladder.document.id, ladder])),
      types: new Set(all.flatMap(({ measures }) => measures.map(({ on }) => on))),
    }
  })
}

/** Compiles a ladder. Throws `expression_invalid` when an event type has changed under it. */
export function readyLadder(document: TierLadder, programme: Programme, book: Book): ReadyLadder {
  const { by } = document
  const timeZone = book.timeZoneOf(programme)
  const since = by.measure === 'tenure' ? by.since : undefined
  return {
    document,
    version: book.versionOf('TierLadder', document.id),
    programme,
    timeZone,
    days: daysOf(timeZone),
    measures: measuresOf(document, book),
    currency: by.measure === 'spend' ? (by.currency ?? book.currency) : programme.currency,
    since:
      since === undefined
        ? null
        : compileExpression(
            since,
            { subscriber: subscriberDeclarations(book.reader) },
            'timestamp',
          ).toFunction(),
  }
}
