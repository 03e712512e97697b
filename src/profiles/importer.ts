import type { Access } from '../access/index.ts'
import type { Clock, Database, Documents, Tx } from '../platform/index.ts'
import type { AttributesDocument } from './attributes.ts'
import { type ImportAnswer, listedRejects } from './contract.ts'
import type { Identities } from './identities.ts'
import { parseIdentity } from './identity.ts'
import { type BatchOutcome, importBatch } from './import.ts'
import type { RowRules } from './row.ts'

type Dependencies = { database: Database; access: Access; documents: Documents; clock: Clock }

/** The attributes that a tenant declares; undefined when it has no such document. */
export async function declaredAttributes(
  documents: Documents,
  tenantId: string,
): Promise<AttributesDocument['attributes'] | undefined> {
  return (await documents.get<AttributesDocument>(tenantId, 'Attributes', 'subscriber'))?.attributes
}

/** Thrown to roll a dry run back; it never leaves this file. */
const rolledBack = Symbol('dry run')

/** Rows that one transaction writes at most: large enough to be cheap a row, small enough to let others in. */
const BATCH_ROWS = 5_000

/** Takes rows in, batch by batch, and tells the identity maps what is new. */
export class Importer {
  readonly #dependencies: Dependencies
  readonly #identities: Identities

  constructor(dependencies: Dependencies, identities: Identities) {
    this.#dependencies = dependencies
    this.#identities = identities
  }

  async upsert(tenantId: string, rows: unknown[]): Promise<BatchOutcome> {
    const { database, clock } = this.#dependencies
    const rules = await this.#rules(tenantId)
    const outcome = await database.tx(tenantId, (tx) => importBatch(tx, rows, rules, clock.now(), 0))
    await this.#identities.add(tenantId, outcome.added)
    return outcome
  }

  /** Makes a subscriber of each identity that nobody has yet; texts that are no identity are left out. */
  async ensure(tenantId: string, texts: string[]): Promise<void> {
    const { country } = await this.#dependencies.access.tenant(tenantId)
    const identities = texts.flatMap((text) => parseIdentity(text, country) ?? [])
    const rows = identities.map(({ kind, value }) => ({ identities: { [kind]: value } }))
    for (const batch of await Array.fromAsync(inBatches([rows]))) await this.upsert(tenantId, batch)
  }

  async import(
    tenantId: string,
    batches: AsyncIterable<unknown[]> | Iterable<unknown[]>,
    dryRun: boolean,
  ): Promise<ImportAnswer> {
    const answer: ImportAnswer = { dryRun, inserted: 0, updated: 0, rejectedCount: 0, rejects: [] }
    const { database, clock } = this.#dependencies
    const rules = await this.#rules(tenantId)
    let index = 0
    const take = async (tx: Tx, rows: unknown[]): Promise<BatchOutcome> => {
      const outcome = await importBatch(tx, rows, rules, clock.now(), index)
      index += rows.length
      answer.inserted += outcome.inserted
      answer.updated += outcome.updated
      answer.rejectedCount += outcome.rejects.length
      answer.rejects.push(...outcome.rejects.slice(0, listedRejects - answer.rejects.length))
      return outcome
    }
    if (!dryRun) {
      for await (const rows of inBatches(batches)) {
        const { added } = await database.tx(tenantId, (tx) => take(tx, rows))
        await this.#identities.add(tenantId, added)
      }
      return answer
    }
    try {
      await database.tx(tenantId, async (tx) => {
        for await (const rows of inBatches(batches)) await take(tx, rows)
        throw rolledBack
      })
    } catch (error) {
      if (error !== rolledBack) throw error
    }
    return answer
  }

  async #rules(tenantId: string): Promise<RowRules> {
    const { access, documents, clock } = this.#dependencies
    const { country } = await access.tenant(tenantId)
    return { declared: await declaredAttributes(documents, tenantId), country, nowMs: clock.nowMs() }
  }
}

async function* inBatches(
  batches: AsyncIterable<unknown[]> | Iterable<unknown[]>,
): AsyncGenerator<unknown[]> {
  for await (const batch of batches) {
    for (let at = 0; at < batch.length; at += BATCH_ROWS) yield batch.slice(at, at + BATCH_ROWS)
  }
}
