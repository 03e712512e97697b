import { type CompiledFunction, compileExpression } from '../../expressions/index.ts'
import type { Book } from '../book.ts'
import type { Applicant } from '../applicant.ts'
import { type Ready as ReadyDocument, readyDocuments } from '../ready-documents.ts'
import { localDay } from '../local-time.ts'
import { periodSpan } from '../referrals/cap-period.ts'
import { applicantDeclarations } from '../rewards/reward-kind.ts'
import type { Exchange, ExchangeLimit, ExchangeSide, TransferTerms } from './documents.ts'
import type { ExchangeRefusal } from './errors.ts'
import type { Span, Used } from './store.ts'

/**
 * A document with what its conditions and periods need; the programme is the one on whose member conditions and limits
 * look.
 */
export type Ready<D> = ReadyDocument<D> & { who: CompiledFunction | null }

const terms = {}
const exchanges = {}

/** Terms of transfers by programme. */
export function transferTermsOf(book: Book): ReadonlyMap<string, Ready<TransferTerms>> {
  return book.once(terms, () => compiled<TransferTerms>(book, 'TransferTerms', ({ id }) => id))
}

/** Exchanges by id. */
export function exchangesOf(book: Book): ReadonlyMap<string, Ready<Exchange>> {
  return book.once(exchanges, () =>
    compiled<Exchange>(book, 'Exchange', ({ from, to }) => {
      const own: ExchangeSide = 'programme' in from ? from : to
      return 'programme' in own ? own.programme : ''
    }),
  )
}

function compiled<D extends { id: string; who?: string | undefined }>(
  book: Book,
  kind: string,
  programmeOf: (document: D) => string,
): ReadonlyMap<string, Ready<D>> {
  const declarations = applicantDeclarations(book.reader)
  return readyDocuments<D, Ready<D>>(book, kind, programmeOf, (ready) => {
    const { who } = ready.document
    return {
      ...ready,
      who: who === undefined ? null : compileExpression(who, declarations, 'bool').toFunction(),
    }
  })
}

/** Where to look for what was used of each limit. */
export const spansOf = (
  { document, timeZone }: Pick<Ready<{ limits: ExchangeLimit[] }>, 'document' | 'timeZone'>,
  subscriberId: number,
  atMs: number,
): Span[] =>
  document.limits.map(({ per, period }) => {
    const { fromMs } = periodSpan(period, atMs, timeZone)
    return {
      subscriberId: per === 'member' ? subscriberId : null,
      fromMs,
      fromDay: fromMs === null ? '-infinity' : localDay(fromMs, timeZone),
    }
  })

/** The first thing that speaks against an amount; null: nothing. */
export function judgeAmount(
  { document, who }: Ready<Pick<TransferTerms, 'least' | 'most' | 'limits'>>,
  scope: Applicant['scope'],
  points: bigint,
  used: readonly Used[],
): ExchangeRefusal | null {
  const { least, most, limits } = document
  if (who && who(scope) !== true) return 'exchange_not_for_member'
  if (least !== undefined && points < BigInt(least)) return 'exchange_below_least'
  if (most !== undefined && points > BigInt(most)) return 'exchange_above_most'
  const isOver = limits.some(
    (limit, i) =>
      (limit.points !== undefined && used[i]!.points + points > BigInt(limit.points)) ||
      (limit.times !== undefined && used[i]!.times >= limit.times),
  )
  return isOver ? 'exchange_limit_reached' : null
}
