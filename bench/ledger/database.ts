import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAccess } from '../../src/access/index.ts'
import { openAccounts } from '../../src/ledger/index.ts'
import {
  connectOwner,
  migrate,
  openDatabase,
  startEmbeddedPostgres,
  systemClock,
} from '../../src/platform/index.ts'
import { cpuMsOf } from '../messaging/database.ts'
import { LIABILITY, TENANT } from './world.ts'

/** A PostgreSQL of the benchmark's own, with the members' accounts and a key. */
export type LedgerDatabase = {
  ownerUrl: string
  /** The application role's URL. */
  url: string
  key: string
  counts(): Promise<{ transfers: number; lots: number; bytes: bigint }>
  /** What autovacuum and the checkpointer would else do at some moment of a measurement. */
  settle(): Promise<void>
  cpuMs(): number | undefined
  stop(): Promise<void>
}

/** Rows of one statement. */
const CHUNK = 50_000

export const sqlOf = (name: string): string => readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8')

/** Starts PostgreSQL in a folder of its own and opens so many members' accounts. */
export async function ledgerDatabase(
  members: number,
  settings: Record<string, string> = {},
): Promise<LedgerDatabase> {
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
  const key = await createTenant(url)
  const owner = await connectOwner(postgres.ownerUrl)
  for (let from = 1; from <= members; from += CHUNK) {
    await owner.query(sqlOf('members'), [TENANT, from, Math.min(members, from + CHUNK - 1)])
  }
  const settle = async (): Promise<void> => {
    await owner.query('vacuum (analyze)')
    await owner.query('checkpoint')
  }
  await settle()
  return {
    ownerUrl: postgres.ownerUrl,
    url,
    key,
    counts: async () =>
      (await owner.query<Awaited<ReturnType<LedgerDatabase['counts']>>>(sqlOf('counts')))[0]!,
    settle,
    cpuMs: () => cpuMsOf(postmaster),
    async stop() {
      process.off('exit', endNow)
      await owner.end()
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function createTenant(url: string): Promise<string> {
  const database = openDatabase(url, 2)
  const access = createAccess({ database, clock: systemClock })
  const settings = {
    currency: 'RUB',
    currencyDecimals: 2,
    timeZone: 'Europe/Moscow',
    language: 'ru' as const,
  }
  await access.createTenant({ tenantId: TENANT, name: 'Benchmark', country: 'RU', ...settings })
  const { apiKey } = await access.createKey(TENANT, { name: 'bench', role: 'admin' })
  await database.tx(TENANT, (tx) =>
    openAccounts(tx, [
      {
        accountId: LIABILITY,
        owner: 'programme',
        purpose: 'liability',
        currency: 'points',
        mayGoNegative: true,
      },
    ]),
  )
  await database.end()
  return apiKey
}
