import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connectOwner, freePort, startEmbeddedPostgres } from '../../src/platform/index.ts'
import type { Document } from './world.ts'

const root = join(import.meta.dirname, '../..')
const TENANT = 'bench'
/** Rows of one statement: a bar that moves, and no transaction of a minute. */
const CHUNK = 100_000

/** How much of how much is done. */
export type Progress = (done: number, total: number) => void

/** `npm start` in a folder of its own: what is measured is the server that an operator runs. */
export class ServerProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tenure-bench-'))
  readonly #env: Record<string, string>
  #child: ChildProcess | undefined
  /** The admin key, told on the first start only. */
  key = ''
  httpUrl = ''
  /** Where NDJSON over TCP is taken. */
  tcpPort = 0

  constructor(env: Record<string, string>) {
    this.#env = env
    // The embedded PostgreSQL may run under another account and must be able to enter.
    chmodSync(this.#folder, 0o755)
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** An empty server becomes one with a base, a TCP source and these documents. */
  async setUp(documents: Document[], subscribers: number, progress: Progress): Promise<void> {
    await this.start()
    // The server's own: it is found where it runs.
    const { ownerUrl } = await startEmbeddedPostgres(join(this.#folder, 'data/postgres'))
    await insertSubscribers(ownerUrl, subscribers, progress)
    // What stands behind the server's back is read when it starts.
    await this.end()
    // Half a gigabyte of imported rows on its way to the disk would hold up the commits that are measured.
    execFileSync('sync')
    await this.start()
    this.tcpPort = await freePort()
    await this.#apply([...documents, { kind: 'Source', id: 'bench', tcp: { port: this.tcpPort } }])
  }

  /** Starts, or starts again; resolves when it listens. */
  async start(): Promise<void> {
    const port = this.httpUrl === '' ? String(await freePort()) : new URL(this.httpUrl).port
    const child = spawn(
      process.execPath,
      ['--max-semi-space-size=64', '--v8-pool-size=1', 'src/app/main.ts'],
      {
        cwd: root,
        env: {
          ...process.env,
          TENURE_DATA_DIR: join(this.#folder, 'data'),
          TENURE_PORT: port,
          TENURE_TENANT: TENANT,
          ...this.#env,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    this.#child = child
    const endChild = (): void => void child.kill('SIGTERM')
    process.once('exit', endChild)
    child.once('exit', () => process.off('exit', endChild))
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve)
      child.once('exit', (code) => reject(new Error(`the server ended with code ${code} before it listened`)))
    })
    const said = JSON.parse(line) as Record<string, unknown>
    this.httpUrl = String(said['listening'])
    if (typeof said['apiKey'] === 'string') this.key = said['apiKey']
  }

  /** One request of the API as admin. Throws with the answer when it is refused. */
  async api(method: string, path: string, body?: unknown): Promise<unknown> {
    const authorization = `Bearer ${this.key}`
    const response = await fetch(
      `${this.httpUrl}${path}`,
      body === undefined
        ? { method, headers: { authorization } }
        : {
            method,
            headers: { authorization, 'content-type': 'application/json' },
            body: JSON.stringify(body),
          },
    )
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`)
    return JSON.parse(text)
  }

  async #apply(documents: Document[]): Promise<void> {
    const results = (await this.api('PUT', '/v1/documents', documents)) as { outcome: string }[]
    const refused = results.filter(({ outcome }) => outcome === 'refused')
    if (refused.length > 0) throw new Error(`documents were refused: ${JSON.stringify(refused.slice(0, 3))}`)
  }

  /** `kill -9`. */
  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  /** Resolves when the process is gone. */
  async ended(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    await new Promise((resolve) => {
      child.once('exit', resolve)
    })
  }

  /** Ends the server in order; its data stay. */
  async end(): Promise<void> {
    this.#child?.kill('SIGTERM')
    await this.ended()
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.end()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function insertSubscribers(ownerUrl: string, count: number, progress: Progress): Promise<void> {
  const sql = readFileSync(join(import.meta.dirname, 'subscribers.sql'), 'utf8')
  const owner = await connectOwner(ownerUrl)
  try {
    for (let from = 1; from <= count; from += CHUNK) {
      const to = Math.min(count, from + CHUNK - 1)
      await owner.query(sql, [TENANT, from, to])
      progress(to, count)
    }
    await owner.query('analyze profiles.subscriber, profiles.identity')
  } finally {
    await owner.end()
  }
}
