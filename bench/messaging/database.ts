import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAccess } from '../../src/access/index.ts'
import {
  connectOwner,
  migrate,
  openDatabase,
  startEmbeddedPostgres,
  systemClock,
} from '../../src/platform/index.ts'
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
export type BenchDatabase = {
  /** The application role's URL. */
  url: string
  /** Forgets all runs, messages and facts: every subscriber is as if nobody had written to them. */
  clear(): Promise<void>
  stored(): Promise<Stored>
  /** Processor time of all of PostgreSQL's processes since it was started; undefined where `/proc` does not say. */
  cpuMs(): number | undefined
  stop(): Promise<void>
}

/** Rows of one statement: a bar that moves, and no transaction of a minute. */
const CHUNK = 50_000
/** `/proc` counts in these. */
const CLOCK_TICK_MS = 10

/** Starts PostgreSQL in a folder of its own and fills it. */
export async function benchDatabase(
  subscribers: number,
  progress: (done: number) => void,
): Promise<BenchDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-bench-'))
  chmodSync(folder, 0o755)
  const postgres = await startEmbeddedPostgres(join(folder, 'postgres'))
  const postmaster = Number(
    readFileSync(join(folder, 'postgres/cluster/postmaster.pid'), 'utf8').split('\n')[0],
  )
  // It would outlive a benchmark that is interrupted.
  const endNow = (): void => {
    process.kill(postmaster, 'SIGQUIT')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', endNow)
  const url = await migrate(postgres.ownerUrl)
  await createTenant(url)
  const owner = await connectOwner(postgres.ownerUrl)
  const subscribersSql = sqlOf('subscribers')
  for (let from = 1; from <= subscribers; from += CHUNK) {
    const to = Math.min(subscribers, from + CHUNK - 1)
    await owner.query(subscribersSql, [TENANT, from, to])
    progress(to)
  }
  // What autovacuum would else do at some moment of a measurement.
  await owner.query('vacuum (analyze, freeze)')
  return {
    url,
    async clear() {
      await owner.query(sqlOf('clear'))
      await owner.query('checkpoint')
    },
    async stored() {
      const [row] = await owner.query<Stored>(sqlOf('stored'))
      return row!
    },
    cpuMs: () => cpuMsOf(postmaster),
    async stop() {
      process.off('exit', endNow)
      await owner.end()
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const sqlOf = (name: string): string => readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8')

async function createTenant(url: string): Promise<void> {
  const database = openDatabase(url, 2)
  const access = createAccess({ database, clock: systemClock })
  const settings = {
    currency: 'RUB',
    currencyDecimals: 2,
    timeZone: 'Europe/Moscow',
    language: 'ru' as const,
  }
  await access.createTenant({ tenantId: TENANT, name: 'Benchmark', country: 'RU', ...settings })
  await database.end()
}

/** A process with its children, those that have ended included; proc(5), fields 14 to 17 of `stat`. */
export function cpuMsOf(parent: number): number | undefined {
  try {
    let ticks = 0
    for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      const fields = statOf(name)
      if (fields === undefined) continue
      const isParent = Number(name) === parent
      if (!isParent && Number(fields[1]) !== parent) continue
      ticks += Number(fields[11]) + Number(fields[12])
      if (isParent) ticks += Number(fields[13]) + Number(fields[14])
    }
    return ticks * CLOCK_TICK_MS
  } catch {
    return undefined
  }
}

/** The fields behind the command's name, which may itself contain blanks; undefined when the process has just ended. */
function statOf(pid: string): string[] | undefined {
  try {
    const text = readFileSync(join('/proc', pid, 'stat'), 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
