import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openAccounts } from '../../src/ledger/index.ts'
import { type BenchPostgres, benchPostgres } from '../postgres.ts'
import { LIABILITY, TENANT } from './world.ts'

/** A PostgreSQL of the benchmark's own, with the members' accounts and a key. */
export type LedgerDatabase = BenchPostgres & {
  key: string
  counts(): Promise<{ transfers: number; lots: number; bytes: bigint }>
  /** What autovacuum and the checkpointer would else do at some moment of a measurement. */
  settle(): Promise<void>
}

const liability = {
  accountId: LIABILITY,
  owner: 'programme',
  purpose: 'liability' as const,
  currency: 'points',
  mayGoNegative: true,
}

/** Rows of one statement. */
const CHUNK = 50_000

export const sqlOf = (name: string): string => readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8')

/** Starts PostgreSQL in a folder of its own and opens so many members' accounts. */
export async function ledgerDatabase(
  members: number,
  settings: Record<string, string> = {},
): Promise<LedgerDatabase> {
  let key = ''
  const postgres = await benchPostgres(
    TENANT,
    async (database, access) => {
      key = (await access.createKey(TENANT, { name: 'bench', role: 'admin' })).apiKey
      await database.tx(TENANT, (tx) => openAccounts(tx, [liability]))
    },
    settings,
  )
  const { owner } = postgres
  for (let from = 1; from <= members; from += CHUNK) {
    await owner.query(sqlOf('members'), [TENANT, from, Math.min(members, from + CHUNK - 1)])
  }
  const settle = async (): Promise<void> => {
    await owner.query('vacuum (analyze)')
    await owner.query('checkpoint')
  }
  await settle()
  return {
    ...postgres,
    key,
    counts: async () =>
      (await owner.query<Awaited<ReturnType<LedgerDatabase['counts']>>>(sqlOf('counts')))[0]!,
    settle,
  }
}
