import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BenchPostgres, benchPostgres } from '../postgres.ts'
import { TENANT } from './world.ts'

/** What the tables say after a run. */
export type Stored = {
  /** Messages by state. */
  states: Record<string, number>
  /** Rows that the tables have not been told of, and starts that nobody has taken. */
  journal: number
  starts: number
  facts: number
}

/** A PostgreSQL of the benchmark's own, with the subscribers. */
export type BenchDatabase = BenchPostgres & {
  /** Forgets all runs, messages and facts: every subscriber is as if nobody had written to them. */
  clear(): Promise<void>
  stored(): Promise<Stored>
}

/** Rows of one statement: a bar that moves, and no transaction of a minute. */
const CHUNK = 50_000

/** Starts PostgreSQL in a folder of its own and fills it. */
export async function benchDatabase(
  subscribers: number,
  progress: (done: number) => void,
): Promise<BenchDatabase> {
  const postgres = await benchPostgres(TENANT)
  const { owner } = postgres
  const subscribersSql = sqlOf('subscribers')
  for (let from = 1; from <= subscribers; from += CHUNK) {
    const to = Math.min(subscribers, from + CHUNK - 1)
    await owner.query(subscribersSql, [TENANT, from, to])
    progress(to)
  }
  // What autovacuum would else do at some moment of a measurement.
  await owner.query('vacuum (analyze, freeze)')
  return {
    ...postgres,
    async clear() {
      await owner.query(sqlOf('clear'))
      await owner.query('checkpoint')
    },
    async stored() {
      const [row] = await owner.query<Stored>(sqlOf('stored'))
      return row!
    },
  }
}

const sqlOf = (name: string): string => readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8')
