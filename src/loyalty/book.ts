import { type DocumentReader, type Documents, DomainError } from '../platform/index.ts'
import { impliedProgramme, MAIN_PROGRAMME, type Programme } from './programmes.ts'

/** A tenant's documents at one moment; the same object as long as none of them changes. */
export type Book = {
  tenantId: string
  reader: DocumentReader
  /** By id; `main` is among them where an earn rule needs it, though nobody saved it. */
  programmes: ReadonlyMap<string, Programme>
  /** IANA zone in which the programme's days, months and expiry run. */
  timeZoneOf(programme: Programme): string
  /** Version of a document as it is read now; 0 when there is none. */
  versionOf(kind: string, id: string): number
  /** What somebody made of this book once, such as compiled rules. */
  once<T>(owner: object, make: () => T): T
}

/** The documents that loyalty looks at; a change of any other kind changes no book. */
const usualKinds = ['EarnRule', 'Programme', 'EventType', 'Attributes']

export type BooksParts = {
  documents: Documents
  timeZoneOf(tenantId: string): Promise<string>
  /** Kinds of documents that consumers read besides. */
  kinds(): string[]
}

/** Gives the present book of a tenant. */
export class Books {
  readonly #parts: BooksParts
  readonly #books = new Map<string, Promise<Book>>()
  readonly #fingerprints = new Map<string, string>()

  constructor(parts: BooksParts) {
    this.#parts = parts
    parts.documents.onChange((tenantId, changed) => {
      if (this.#kinds().some((kind) => changed.has(kind))) this.#books.delete(tenantId)
    })
  }

  of(tenantId: string): Promise<Book> {
    let book = this.#books.get(tenantId)
    if (!book) {
      book = this.#read(tenantId)
      this.#books.set(tenantId, book)
      book.catch(() => this.#books.delete(tenantId))
    }
    return book
  }

  /** Looks whether another process has changed documents. */
  async refresh(tenantId: string): Promise<void> {
    const fingerprint = await this.#parts.documents.fingerprint(tenantId, this.#kinds())
    const before = this.#fingerprints.get(tenantId)
    this.#fingerprints.set(tenantId, fingerprint)
    if (before === undefined || before === fingerprint) return
    this.#parts.documents.forget(tenantId)
    this.#books.delete(tenantId)
  }

  #kinds(): string[] {
    return [...new Set([...usualKinds, ...this.#parts.kinds()])]
  }

  async #read(tenantId: string): Promise<Book> {
    const { documents, timeZoneOf } = this.#parts
    const reader = await documents.reader(tenantId)
    const saved = (reader.list('Programme') as Programme[]).toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const isImplied =
      !saved.some(({ id }) => id === MAIN_PROGRAMME) &&
      (reader.list('EarnRule') as { programme: string }[]).some(
        ({ programme }) => programme === MAIN_PROGRAMME,
      )
    const programmes = new Map(
      [...(isImplied ? [impliedProgramme] : []), ...saved].map((one) => [one.id, one]),
    )
    const versions = new Map<string, number>()
    for (const kind of this.#kinds()) {
      for (const { id } of reader.list(kind) as { id: string }[]) {
        versions.set(`${kind}/${id}`, await documents.versionOf(tenantId, kind, id))
      }
    }
    const tenantZone = await timeZoneOf(tenantId)
    const made = new Map<object, unknown>()
    return {
      tenantId,
      reader,
      programmes,
      timeZoneOf: (programme) => programme.timeZone ?? tenantZone,
      versionOf: (kind, id) => versions.get(`${kind}/${id}`) ?? 0,
      once<T>(owner: object, make: () => T): T {
        if (!made.has(owner)) made.set(owner, make())
        return made.get(owner) as T
      },
    }
  }
}

/** A programme of a book. Throws `programme_not_found`. */
export function programmeIn(book: Book, id: string): Programme {
  const found = book.programmes.get(id)
  if (found) return found
  throw new DomainError('programme_not_found', `no programme "${id}"`, { field: 'programme', found: id })
}
