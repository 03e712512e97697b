import { type CompiledFunction, compileExpression, type Declarations } from '../../expressions/index.ts'
import type { DocumentReader } from '../../platform/index.ts'
import { subscriberDeclarations } from '../../profiles/index.ts'
import type { Book } from '../book.ts'
import { playDeclarations } from '../play/measure.ts'
import type { Programme } from '../programmes.ts'
import type { Referral, ReferralReward } from './documents.ts'

export type ReadyReferral = {
  document: Referral
  version: number
  programme: Programme
  timeZone: string
  code: { on: string; value: CompiledFunction } | null
  rewards: (ReferralReward & {
    holds: CompiledFunction | null
    on: string | null
    stayedDays: number | null
    reference: CompiledFunction | null
    undoing: Undoing | null
  })[]
}

/** What undoes the deed for a reward, and until when. */
export type Undoing = {
  on: string
  holds: CompiledFunction | null
  reference: CompiledFunction | null
  withinMs: number
}
export type Plan = { referrals: ReadyReferral[]; byId: Map<string, ReadyReferral>; types: Set<string> }

/** What the condition of a stay may read. */
export function stayDeclarations(reader: DocumentReader): Declarations {
  return { subscriber: subscriberDeclarations(reader), member: { daysInProgramme: 'int' } }
}

/** What the expression for a code may read. */
export function codeDeclarations(reader: DocumentReader, type: string): Declarations {
  const { event, subscriber } = playDeclarations(reader, type)
  return { event: event!, subscriber: subscriber! }
}

const owner = {}

/** The referral programmes of a book, compiled once; one that fits the event types no more is left out. */
export function planOf(book: Book): Plan {
  return book.once(owner, () => {
    const documents = (book.reader.list('Referral') as Referral[]).toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const referrals = documents.flatMap((document) => {
      const programme = book.programmes.get(document.programme)
      if (!programme) return []
      try {
        return [ready(document, programme, book)]
      } catch {
        return []
      }
    })
    const types = referrals.flatMap(({ code, rewards }) => [
      code?.on,
      ...rewards.flatMap(({ on, undoing }) => [on, undoing?.on]),
    ])
    return {
      referrals,
      byId: new Map(referrals.map((one) => [one.document.id, one])),
      types: new Set(types.filter((type) => type != null)),
    }
  })
}

function ready(document: Referral, programme: Programme, book: Book): ReadyReferral {
  const { reader } = book
  const { code } = document
  const of = (source: string | undefined, declarations: Declarations): CompiledFunction | null =>
    source === undefined ? null : compileExpression(source, declarations, 'bool').toFunction()
  return {
    document,
    version: book.versionOf('Referral', document.id),
    programme,
    timeZone: book.timeZoneOf(programme),
    code: code
      ? {
          on: code.on,
          value: compileExpression(code.code, codeDeclarations(reader, code.on), 'string').toFunction(),
        }
      : null,
    rewards: document.rewards.map((reward) => {
      const { when } = reward
      if (!('on' in when)) {
        const holds = of(when.where, stayDeclarations(reader))
        return { ...reward, holds, on: null, stayedDays: when.stayedDays, reference: null, undoing: null }
      }
      const declarations = playDeclarations(reader, when.on)
      const { undoneBy } = when
      return {
        ...reward,
        holds: of(when.where, declarations),
        on: when.on,
        stayedDays: null,
        reference: nameOf(when.reference, declarations),
        undoing: undoneBy === undefined || undoneBy === 'nothing' ? null : undoingOf(undoneBy, reader),
      }
    }),
  }
}

const DAY_MS = 86_400_000

type UndoneBy = { on: string; where?: string | undefined; reference?: string | undefined; withinDays: number }

function undoingOf({ on, where, reference, withinDays }: UndoneBy, reader: DocumentReader): Undoing {
  const declarations = playDeclarations(reader, on)
  return {
    on,
    holds: where === undefined ? null : compileExpression(where, declarations, 'bool').toFunction(),
    reference: nameOf(reference, declarations),
    withinMs: withinDays * DAY_MS,
  }
}

/** What names a deed: a text, or a whole number. */
function nameOf(source: string | undefined, declarations: Declarations): CompiledFunction | null {
  return source === undefined ? null : compileExpression(source, declarations, ['string', 'int']).toFunction()
}
