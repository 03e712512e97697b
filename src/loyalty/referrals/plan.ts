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
  })[]
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
    const types = referrals.flatMap(({ code, rewards }) => [code?.on, ...rewards.map(({ on }) => on)])
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
    rewards: document.rewards.map((reward) =>
      'on' in reward.when
        ? {
            ...reward,
            holds: of(reward.when.where, playDeclarations(reader, reward.when.on)),
            on: reward.when.on,
            stayedDays: null,
          }
        : {
            ...reward,
            holds: of(reward.when.where, stayDeclarations(reader)),
            on: null,
            stayedDays: reward.when.stayedDays,
          },
    ),
  }
}
