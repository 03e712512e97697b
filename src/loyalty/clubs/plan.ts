import { type CompiledFunction, compileExpression, type Declarations } from '../../expressions/index.ts'
import type { DocumentReader } from '../../platform/index.ts'
import type { Book } from '../book.ts'
import { playDeclarations } from '../play/measure.ts'
import { type Ready, readyDocuments } from '../ready-documents.ts'
import { whoDeclarations } from './document-kind.ts'
import type { Club } from './documents.ts'

export type Door = { on: string; holds: CompiledFunction | null }
export type ReadyClub = Ready<Club> & {
  who: CompiledFunction | null
  joinOn: Door | null
  feeOn: Door | null
}

const owner = {}

/** The clubs of a book by id, compiled once. */
export function clubsOf(book: Book): ReadonlyMap<string, ReadyClub> {
  return book.once(owner, () =>
    readyDocuments<Club, ReadyClub>(
      book,
      'Club',
      ({ programme }) => programme,
      (ready) => compiled(ready, book.reader),
    ),
  )
}

function compiled(ready: Ready<Club>, reader: DocumentReader): ReadyClub {
  const { who, joinOn, fee } = ready.document
  const holds = (source: string | undefined, declarations: Declarations): CompiledFunction | null =>
    source === undefined ? null : compileExpression(source, declarations, 'bool').toFunction()
  const door = (given: { on: string; where?: string | undefined } | undefined): Door | null =>
    given === undefined
      ? null
      : { on: given.on, holds: holds(given.where, playDeclarations(reader, given.on)) }
  return {
    ...ready,
    who: holds(who, whoDeclarations(reader)),
    joinOn: door(joinOn),
    feeOn: door(fee && 'on' in fee ? fee : undefined),
  }
}
