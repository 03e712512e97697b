import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAccess } from '../src/access/index.ts'
import {
  connectOwner,
  type Database,
  migrate,
  openDatabase,
  startEmbeddedPostgres,
  systemClock,
} from '../src/platform/index.ts'

/** A PostgreSQL of a benchmark's own, with one tenant. */
export type BenchPostgres = {
  ownerUrl: string
  /** The application role's URL. */
  url: string
  owner: Awaited<ReturnType<typeof connectOwner>>
  /** Processor time of all of PostgreSQL's processes since it was started; undefined where `/proc` does not say. */
  cpuMs(): number | undefined
  stop(): Promise<void>
}

/** `/proc` counts in these. */
const CLOCK_TICK_MS = 10

/** Starts PostgreSQL in a folder of its own; `prepare` finds the tenant there. */
export async function benchPostgres(
  tenantId: string,
  prepare: (database: Database, access: ReturnType<typeof createAccess>) => Promise<void> = async () =>
    undefined,
  settings: Record<string, string> = {},
): Promise<BenchPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-bench-'))
  chmodSync(folder, 0o755)
  const postgres = await startEmbeddedPostgres(join(folder, 'postgres'), settings)
  const pidFile = readFileSync(join(folder, 'postgres/cluster/postmaster.pid'), 'utf8')
  const postmaster = Number(pidFile.split('\n')[0])
  // It would outlive a benchmark that is interrupted.
  const endNow = (): void => {
    process.kill(postmaster, 'SIGQUIT')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', endNow)
  const url = await migrate(postgres.ownerUrl)
  const database = openDatabase(url, 2)
  const access = createAccess({ database, clock: systemClock })
  const tenant = { currency: 'RUB', currencyDecimals: 2, timeZone: 'Europe/Moscow', country: 'RU' }
  await access.createTenant({ tenantId, name: 'Benchmark', language: 'ru', ...tenant })
  await prepare(database, access)
  await database.end()
  const owner = await connectOwner(postgres.ownerUrl)
  return {
    ownerUrl: postgres.ownerUrl,
    url,
    owner,
    cpuMs: () => cpuMsOf(postmaster),
    async stop() {
      process.off('exit', endNow)
      await owner.end()
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
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
