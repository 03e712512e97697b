import { execFile, execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import type { Figures } from '../result.ts'
import { type LedgerDatabase, sqlOf } from './database.ts'

const CLIENTS = 16

/** A ledger as it is often written: one transaction a transfer, the rows of both accounts locked in it. */
export async function plainLedger(database: LedgerDatabase, seconds: number): Promise<Figures> {
  const pool = new pg.Pool({ connectionString: database.ownerUrl, max: CLIENTS })
  await pool.query(sqlOf('plain-tables'))
  const text = sqlOf('plain-post')
  let done = 0
  const until = performance.now() + seconds * 1_000
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const member = 1 + Math.floor(Math.random() * 100_000)
      await pool.query({ name: 'post', text, values: [`plain:${done++}`, member, 100] })
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  await pool.end()
  return { transfersPerS: Math.round(done / seconds) }
}

/** `pgbench` with its own TPC-B-like transaction; undefined, with a word on standard error, where it cannot be had. */
export async function tpcB(database: LedgerDatabase, seconds: number): Promise<Figures | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-pgbench-'))
  try {
    const pgbench = findPgbench(folder)
    const run = promisify(execFile)
    await run(pgbench, ['-i', '-q', '-s', '10', database.ownerUrl])
    const clients = ['-c', String(CLIENTS), '-j', '2']
    const { stdout } = await run(pgbench, [
      ...clients,
      '-T',
      String(seconds),
      '-M',
      'prepared',
      '-n',
      database.ownerUrl,
    ])
    const tps = /^tps = ([\d.]+)/m.exec(stdout)?.[1]
    return { transfersPerS: Math.round(Number(tps)) }
  } catch (error) {
    process.stderr.write(`pgbench is not beside us: ${String(error)}\n`)
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The program of this machine, or Debian's, unpacked into a folder without being installed. */
function findPgbench(folder: string): string {
  try {
    execFileSync('pgbench', ['--version'], { stdio: 'ignore' })
    return 'pgbench'
  } catch {
    const options: ExecFileSyncOptionsWithStringEncoding = {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }
    const found = execFileSync('apt-cache', ['search', '--names-only', '^postgresql-[0-9]+$'], options)
    const server = found.split('\n')[0]!.split(' ')[0]!
    execFileSync('apt-get', ['download', server, 'libpq5'], options)
    for (const file of readdirSync(folder)) {
      if (file.endsWith('.deb')) execFileSync('dpkg-deb', ['-x', file, '.'], options)
    }
    const versions = join(folder, 'usr/lib/postgresql')
    return join(versions, readdirSync(versions)[0]!, 'bin/pgbench')
  }
}
