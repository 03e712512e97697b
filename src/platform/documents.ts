import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { Database, Tx } from './database.ts'
import { DomainError, type Problem } from './errors.ts'
import { json } from './json.ts'
import { missingSecrets, valueAt, withKeptSecrets, withoutSecrets } from './kept-secrets.ts'

/** What all configuration documents have in common. */
export type DocumentHead = { kind: string; id: string }

/** Reads the other documents of the tenant while one is checked, those of the same call included. */
export type DocumentReader = {
  tenantId: string
  get(kind: string, id: string): object | undefined
  list(kind: string): object[]
}

/** All current documents of a tenant at one moment. */
export type DocumentSnapshot = DocumentReader & {
  /** The version that is current then; 0 when there is none. */
  versionOf(kind: string, id: string): number
}

/** A kind of document: its schema, and the checks that need other documents (references, expressions). */
export type DocumentKind = {
  kind: string
  schema: z.ZodType
  /** Fields that are told to nobody once they are saved; dots lead to what stands inside, as in `account.key`. */
  secrets?: readonly string[]
  check?(document: never, reader: DocumentReader): Problem[]
  /**
   * Documents that are saved with one of this kind where the tenant has none of their own, so that others may refer to
   * them from then on.
   */
  bringsAlong?(): object[]
  /**
   * What the tenant's stored data says against a change; asked of documents that differ from the one before, which is
   * undefined for the first.
   */
  checkChange?(tx: Tx, document: never, before: never): Promise<Problem[]>
}

export type ApplyResult = {
  kind: string
  id: string
  outcome: 'created' | 'updated' | 'unchanged' | 'refused'
  version?: number
  problems?: Problem[]
}

type Row = { kind: string; id: string; version: number; body: object; digest: string }

/**
 * The versioned documents that configure a tenant: saved only when they pass their schema and checks, never
 * changed afterwards (a change is a new version). Read from memory; the database is the record.
 */
export class Documents {
  readonly #database: Database
  readonly #kinds: Map<string, DocumentKind>
  readonly #cache = new Map<string, Promise<Map<string, Row>>>()
  /** Versions that are not current any more; a version never changes. */
  readonly #former = new Map<string, object>()
  readonly #listeners: ((tenantId: string, kinds: Set<string>) => void)[] = []
  readonly #preparers: ((tenantId: string, kinds: Set<string>) => Promise<void>)[] = []

  constructor(database: Database, kinds: DocumentKind[]) {
    this.#database = database
    this.#kinds = new Map(kinds.map((kind) => [kind.kind, kind]))
  }

  /** Calls `listener` after documents of a tenant changed. */
  onChange(listener: (tenantId: string, kinds: Set<string>) => void): void {
    this.#listeners.push(listener)
  }

  /** Calls `prepare` before documents of a tenant are saved, and waits for it: it may still refuse. */
  beforeChange(prepare: (tenantId: string, kinds: Set<string>) => Promise<void>): void {
    this.#preparers.push(prepare)
  }

  /** How many versions of documents of a kind were ever saved, by whichever process. */
  async countVersions(tenantId: string, kind: string): Promise<number> {
    const rows = await this.#database.read(tenantId, (tx) =>
      tx.query<{ count: number }>('select count(*)::int as count from platform.document where kind = $1', [
        kind,
      ]),
    )
    return rows[0]!.count
  }

  /** Forgets what was read of a tenant's documents: another process or thread has changed them. */
  forget(tenantId: string): void {
    this.#cache.delete(tenantId)
  }

  /** A text that is another one whenever a document of these kinds was saved, by whichever process. */
  async fingerprint(tenantId: string, kinds: string[]): Promise<string> {
    const rows = await this.#database.read(tenantId, (tx) =>
      tx.query<{ fingerprint: string }>(
        `select count(*) || ':' || coalesce(max(applied_at)::text, '') as fingerprint
         from platform.document where kind = any($1)`,
        [kinds],
      ),
    )
    return rows[0]!.fingerprint
  }

  /**
   * Checks and saves documents; those in one call may refer to each other. All or nothing: when one is refused
   * none is saved, because half of a campaign is worse than none. `dryRun` only tells what would happen.
   */
  async apply(
    tenantId: string,
    documents: unknown[],
    options: { dryRun?: boolean } = {},
  ): Promise<ApplyResult[]> {
    const before = await this.#current(tenantId)
    const known = new Map(before)
    const parsed = withoutRepeats(
      documents.map((document) => this.#parse(document, this.#withKeptSecrets(document, before))),
    )
    for (const { head, body } of parsed) {
      if (body) known.set(keyOf(head.kind, head.id), { ...head, version: 0, body, digest: digestOf(body) })
    }
    const along = this.#broughtAlong(parsed, known)
    for (const row of along) known.set(keyOf(row.kind, row.id), row)
    const reader = readerOf(tenantId, known)
    const judged = parsed.map(({ head, body, problems }): ApplyResult => {
      const found = body ? (this.#kinds.get(head.kind)?.check?.(body as never, reader) ?? []) : problems
      if (found.length > 0) return { ...head, outcome: 'refused', problems: found }
      const old = before.get(keyOf(head.kind, head.id))
      if (old && old.digest === digestOf(body!))
        return { ...head, outcome: 'unchanged', version: old.version }
      return { ...head, outcome: old ? 'updated' : 'created', version: (old?.version ?? 0) + 1 }
    })
    const results = await this.#judgeChanges(tenantId, judged, known, before)
    const refused = results.some((result) => result.outcome === 'refused')
    const changed = results.filter((result) => result.outcome === 'created' || result.outcome === 'updated')
    if (refused || options.dryRun || changed.length === 0) return results
    const kinds = new Set([...changed, ...along].map(({ kind }) => kind))
    for (const prepare of this.#preparers) await prepare(tenantId, kinds)
    try {
      await this.#database.tx(tenantId, (tx) =>
        insert(tx, [
          ...changed.map((result) => ({
            ...known.get(keyOf(result.kind, result.id))!,
            version: result.version!,
          })),
          ...along,
        ]),
      )
    } finally {
      // Also after a conflict, which says that what is remembered here is not current.
      this.#cache.delete(tenantId)
    }
    await this.#current(tenantId)
    for (const listener of this.#listeners) listener(tenantId, kinds)
    return results
  }

  /** The current version of a document, or a given one. */
  async get<T>(tenantId: string, kind: string, id: string, version?: number): Promise<T | undefined> {
    const current = (await this.#current(tenantId)).get(keyOf(kind, id))
    if (version === undefined || current?.version === version) return current?.body as T | undefined
    const former = this.#former.get(formerKey(tenantId, { kind, id, version }))
    if (former) return former as T
    return this.#database.tx(tenantId, (tx) => this.versionIn<T>(tx, tenantId, { kind, id, version }))
  }

  /** A given version of a document, read in a transaction. */
  async versionIn<T>(
    tx: Tx,
    tenantId: string,
    { kind, id, version }: DocumentHead & { version: number },
  ): Promise<T | undefined> {
    const key = formerKey(tenantId, { kind, id, version })
    const former = this.#former.get(key)
    if (former) return former as T
    const rows = await tx.query<Row>(
      'select body from platform.document where kind = $1 and id = $2 and version = $3',
      [kind, id, version],
    )
    if (rows[0]) this.#former.set(key, rows[0].body)
    return rows[0]?.body as T | undefined
  }

  /** Current documents of a kind, in order of id. */
  async list<T>(tenantId: string, kind: string): Promise<T[]> {
    const rows = [...(await this.#current(tenantId)).values()].filter((row) => row.kind === kind)
    return rows.sort((a, b) => (a.id < b.id ? -1 : 1)).map((row) => row.body as T)
  }

  /** The version that `get` answers with now; 0 when there is none. */
  async versionOf(tenantId: string, kind: string, id: string): Promise<number> {
    return (await this.#current(tenantId)).get(keyOf(kind, id))?.version ?? 0
  }

  /** Reads current documents without waiting, for checks and declarations. */
  async reader(tenantId: string): Promise<DocumentSnapshot> {
    return readerOf(tenantId, await this.#current(tenantId))
  }

  /** The same read in a transaction, which must not wait for another connection while it holds one. */
  async readerIn(tx: Tx, tenantId: string): Promise<DocumentSnapshot> {
    return readerOf(tenantId, await selectCurrent(tx))
  }

  /** All current documents of a tenant, in order of kind and id, without secrets: what `tenure export` writes. */
  async export(tenantId: string): Promise<object[]> {
    const rows = [...(await this.#current(tenantId)).values()]
    return rows
      .sort((a, b) => (keyOf(a.kind, a.id) < keyOf(b.kind, b.id) ? -1 : 1))
      .map(({ kind, body }) => withoutSecrets(body, this.#secretsOf(kind)))
  }

  /** What the kinds of the given documents bring along and nobody has saved. */
  #broughtAlong(parsed: Parsed[], known: ReadonlyMap<string, Row>): Row[] {
    const kinds = new Set(parsed.map(({ head }) => this.#kinds.get(head.kind)))
    const brought = [...kinds].flatMap((kind) => kind?.bringsAlong?.() ?? [])
    return withoutRepeats(brought.map((document) => this.#parse(document))).flatMap(({ head, body }) =>
      body && !known.has(keyOf(head.kind, head.id))
        ? [{ ...head, version: 1, body, digest: digestOf(body) }]
        : [],
    )
  }

  /** Refuses the changes that stored data speaks against. */
  async #judgeChanges(
    tenantId: string,
    results: ApplyResult[],
    known: ReadonlyMap<string, Row>,
    before: ReadonlyMap<string, Row>,
  ): Promise<ApplyResult[]> {
    const isAsked = ({ kind, outcome }: ApplyResult): boolean =>
      (outcome === 'created' || outcome === 'updated') && this.#kinds.get(kind)?.checkChange !== undefined
    if (!results.some(isAsked)) return results
    return this.#database.tx(tenantId, async (tx) => {
      const judged: ApplyResult[] = []
      for (const result of results) {
        const { kind, id } = result
        const [now, former] = [known, before].map((all) => all.get(keyOf(kind, id))?.body as never)
        const found = isAsked(result) ? await this.#kinds.get(kind)!.checkChange!(tx, now!, former!) : []
        judged.push(found.length === 0 ? result : { kind, id, outcome: 'refused', problems: found })
      }
      return judged
    })
  }

  /** The document with its saved secrets where it says that they are kept. */
  #withKeptSecrets(document: unknown, before: ReadonlyMap<string, Row>): unknown {
    if (typeof document !== 'object' || document === null) return document
    const { kind, id } = document as DocumentHead
    return withKeptSecrets(document, this.#secretsOf(kind), before.get(keyOf(kind, id))?.body)
  }

  #secretsOf(kind: string): readonly string[] {
    return this.#kinds.get(kind)?.secrets ?? []
  }

  /** Problems show the document as it was given, in which a kept secret is not told. */
  #parse(document: unknown, full = document): Parsed {
    const given = (document ?? {}) as Record<string, unknown>
    const head = { kind: String(given['kind'] ?? ''), id: String(given['id'] ?? '') }
    const kind = this.#kinds.get(head.kind)
    if (!kind) {
      const expected = [...this.#kinds.keys()].join(' | ')
      const problem = {
        code: 'document_kind_unknown',
        message: `no document kind "${head.kind}"`,
        field: 'kind',
        found: head.kind,
        expected,
      }
      return { head, problems: [problem] }
    }
    const missing = missingSecrets(full, kind.secrets ?? [])
    if (missing.length > 0) return { head, problems: missing }
    const parsed = kind.schema.safeParse(full)
    if (parsed.success) return { head, body: parsed.data as object, problems: [] }
    return { head, problems: parsed.error.issues.map((issue) => problemOfIssue(issue, document)) }
  }

  #current(tenantId: string): Promise<Map<string, Row>> {
    let current = this.#cache.get(tenantId)
    if (!current) {
      const reading = this.#read(tenantId)
      this.#cache.set(tenantId, (current = reading))
      reading.catch(() => this.#cache.get(tenantId) === reading && this.#cache.delete(tenantId))
    }
    return current
  }

  #read(tenantId: string): Promise<Map<string, Row>> {
    return this.#database.tx(tenantId, selectCurrent)
  }
}

async function selectCurrent(tx: Tx): Promise<Map<string, Row>> {
  const rows = await tx.query<Row>(
    `select distinct on (kind, id) kind, id, version, body, digest
     from platform.document order by kind, id, version desc`,
  )
  return new Map(rows.map((row) => [keyOf(row.kind, row.id), row]))
}

type Parsed = { head: DocumentHead; body?: object; problems: Problem[] }

/** Two documents of one kind and id in one call cannot both become the next version: the second is refused. */
function withoutRepeats(parsed: Parsed[]): Parsed[] {
  const seen = new Set<string>()
  return parsed.map(({ head, ...rest }) => {
    const key = keyOf(head.kind, head.id)
    if (!rest.body || !seen.has(key)) {
      seen.add(key)
      return { head, ...rest }
    }
    const problem = {
      code: 'document_repeated',
      message: `${key} stands twice in this call`,
      field: 'id',
      found: head.id,
      expected: 'each document once',
    }
    return { head, problems: [...rest.problems, problem] }
  })
}

/** A schema issue as a problem that names the field, what was found and what was expected. */
export function problemOfIssue(issue: z.core.$ZodIssue, input: unknown): Problem {
  // A field that should not be there is named itself, and not only the object that holds it.
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path
  const found = valueAt(input, path)
  const expected = 'expected' in issue ? String(issue.expected) : issue.message
  return { code: 'schema', message: issue.message, field: path.join('.'), found, expected }
}

/** Parses input by a schema; throws `request_invalid` with every problem. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => problemOfIssue(issue, input))
  // The answer's own code says that the request is invalid; that of each problem stands with the problem.
  const { code: _code, message, ...first } = problems[0]!
  throw new DomainError('request_invalid', `${first.field || 'body'}: ${message}`, { ...first, problems })
}

const keyOf = (kind: string, id: string): string => `${kind}/${id}`
const formerKey = (tenantId: string, { kind, id, version }: DocumentHead & { version: number }): string =>
  `${tenantId}/${keyOf(kind, id)}@${version}`
const digestOf = (body: object): string => createHash('sha256').update(json(body)).digest('hex')

function readerOf(tenantId: string, rows: Map<string, Row>): DocumentSnapshot {
  return {
    tenantId,
    versionOf: (kind, id) => rows.get(keyOf(kind, id))?.version ?? 0,
    get: (kind, id) => rows.get(keyOf(kind, id))?.body,
    list: (kind) => [...rows.values()].filter((row) => row.kind === kind).map((row) => row.body),
  }
}

async function insert(tx: Tx, rows: Row[]): Promise<void> {
  try {
    await tx.query(
      `insert into platform.document (tenant_id, kind, id, version, body, digest)
       select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::text[], $3::int[], $4::jsonb[], $5::text[])`,
      [
        rows.map((r) => r.kind),
        rows.map((r) => r.id),
        rows.map((r) => r.version),
        rows.map((r) => json(r.body)),
        rows.map((r) => r.digest),
      ],
    )
  } catch (error) {
    if ((error as { code?: string }).code === '23505') {
      throw new DomainError(
        'document_conflict',
        'somebody else saved one of these documents at the same moment; try again',
      )
    }
    throw error
  }
}
