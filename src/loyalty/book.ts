import { type DocumentReader, type Documents, DomainError, type Tx } from '../platform/index.ts'
import { impliedProgramme, MAIN_PROGRAMME, type Programme } from './programmes.ts'

/** A tenant's documents at one moment; the same object as long as none of them changes. */
export type Book = {
  tenantId: string
  reader: DocumentReader
  /** By id; `main` is among them where an earn rule needs it, though nobody saved it. */
  programmes: ReadonlyMap<string, Programme>
  /** ISO 4217: the tenant's own money. */
  currency: string
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
  /** The tenant's zone; asked within a transaction, it waits for no other connection. */
  timeZoneOf(tenantId: string, tx?: Tx): Promise<string>
  currencyOf(tenantId: string, tx?: Tx): Promise<string>
  /** Kinds of documents that consumers read besides. */
  kinds(): string[]
}

/**
 * Gives the present book of a tenant. Whoever has a transaction open hands it over: a book that must be read is read in
 * it then. A transaction that holds loyalty's turn and waits for another connection of the pool would wait for ever when
 * all others hold one and wait for the turn.
 */
export class Books {
  readonly #parts: BooksParts
  readonly #books = new Map<string, Book>()
  /** Goes up with each change of a document, so that what was being read meanwhile is not kept. */
  #changes = 0
  readonly #fingerprints = new Map<string, string>()

  constructor(parts: BooksParts) {
    this.#parts = parts
    parts.documents.onChange((tenantId, changed) => {
      if (this.#kinds().some((kind) => changed.has(kind))) this.#drop(tenantId)
    })
  }

  async of(tenantId: string, tx?: Tx): Promise<Book> {
    const known = this.#books.get(tenantId)
    if (known) return known
    const changes = this.#changes
    const book = await this.#read(tenantId, tx)
    if (changes !== this.#changes) return book
    // Of two that were read at once the first one stays, with what was compiled for it.
    const first = this.#books.get(tenantId) ?? book
    this.#books.set(tenantId, first)
    return first
  }

  /** Looks whether another process has changed documents. */
  async refresh(tenantId: string): Promise<void> {
    const fingerprint = await this.#parts.documents.fingerprint(tenantId, this.#kinds())
    const before = this.#fingerprints.get(tenantId)
    this.#fingerprints.set(tenantId, fingerprint)
    if (before === undefined || before === fingerprint) return
    this.#parts.documents.forget(tenantId)
    this.#drop(tenantId)
  }

  #drop(tenantId: string): void {
    this.#changes++
    this.#books.delete(tenantId)
  }

  #kinds(): string[] {
    return [...new Set([...usualKinds, ...this.#parts.kinds()])]
  }

  async #read(tenantId: string, tx: Tx | undefined): Promise<Book> {
    const { documents, timeZoneOf, currencyOf } = this.#parts
    const reader = await (tx ? documents.readerIn(tx, tenantId) : documents.reader(tenantId))
    const saved = (reader.list('Programme') as Programme[]).toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const isImplied =
      !saved.some(({ id }) => id === MAIN_PROGRAMME) &&
      (reader.list('EarnRule') as { programme: string }[]).some(
        ({ programme }) => programme === MAIN_PROGRAMME,
      )
    const programmes = new Map(
      [...(isImplied ? [impliedProgramme] : []), ...saved].map((one) => [one.id, one]),
    )
    const tenantZone = await timeZoneOf(tenantId, tx)
    const currency = await currencyOf(tenantId, tx)
    const made = new Map<object, unknown>()
    return {
      tenantId,
      reader,
      programmes,
      currency,
      timeZoneOf: (programme) => programme.timeZone ?? tenantZone,
      versionOf: reader.versionOf,
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
