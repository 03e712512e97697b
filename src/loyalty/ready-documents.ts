import { DomainError } from '../platform/index.ts'
import type { Book } from './book.ts'
import type { Programme } from './programmes.ts'

/** A document with its version and its programme. */
export type Ready<D> = { document: D; version: number; programme: Programme; timeZone: string }

/**
 * A book's documents of a kind by id, in order of their ids, made ready by `make`, such as with compiled conditions. One
 * whose programme is gone, or that fits the declarations no more (`make` throws a `DomainError`), is left out.
 */
export function readyDocuments<D extends { id: string }, R>(
  book: Book,
  kind: string,
  programmeOf: (document: D) => string,
  make: (ready: Ready<D>) => R,
): ReadonlyMap<string, R> {
  const documents = (book.reader.list(kind) as D[]).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return new Map(
    documents.flatMap((document): [string, R][] => {
      const programme = book.programmes.get(programmeOf(document))
      if (!programme) return []
      const version = book.versionOf(kind, document.id)
      try {
        return [[document.id, make({ document, version, programme, timeZone: book.timeZoneOf(programme) })]]
      } catch (error) {
        if (error instanceof DomainError) return []
        throw error
      }
    }),
  )
}
