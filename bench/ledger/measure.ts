import { Pool } from 'undici'
import { freePort, json } from '../../src/platform/index.ts'
import { Child } from '../messaging/child.ts'
import type { LedgerDatabase } from './database.ts'
import type { ServerAnswers, ServerJob } from './server-process.ts'
import { memberAccount, type Transfers } from './world.ts'
import type { Booking, WriterAnswers, WriterJob } from './writer-process.ts'

export type Batched = { perS: number; nodeCpuUs: number; postgresCpuUs?: number }

/** The grouped writer in a process of its own. */
export type Writer = Child<WriterAnswers>

export function openWriter({ url }: LedgerDatabase): Promise<Writer> {
  return Child.start<WriterAnswers>('../ledger/writer-process.ts', { databaseUrl: url } satisfies WriterJob)
}

/** Books so many transfers in batches; all are durable at the end. */
export async function batched(database: LedgerDatabase, writer: Writer, booking: Booking): Promise<Batched> {
  const before = database.cpuMs()
  const { seconds, cpuUs } = await writer.ask('book', booking)
  const after = database.cpuMs()
  const { count } = booking
  return {
    perS: count / seconds,
    nodeCpuUs: cpuUs / count,
    ...(before === undefined || after === undefined
      ? {}
      : { postgresCpuUs: ((after - before) * 1_000) / count }),
  }
}

export type OverHttp = { perS: number; p50Ms: number; p99Ms: number }

/** The server in a process of its own, and clients that each wait for an answer before they ask again. */
export async function overHttp<T>(
  database: LedgerDatabase,
  work: (server: HttpServer) => Promise<T>,
): Promise<T> {
  const port = await freePort()
  const job: ServerJob = { databaseUrl: database.url, port }
  const child = await Child.start<ServerAnswers>('../ledger/server-process.ts', job)
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 64, pipelining: 1 })
  try {
    return await work({ pool, key: database.key })
  } finally {
    await pool.close()
    await child.end()
  }
}

type HttpServer = { pool: Pool; key: string }

/** Single transfers, one a request. */
export function singleTransfers(
  server: HttpServer,
  transfers: Transfers,
  clients: number,
  seconds: number,
): Promise<OverHttp> {
  return ask(server, clients, seconds, () => ({
    method: 'POST',
    path: '/v1/ledger/transfers',
    body: json(transfers.next()),
  }))
}

/** Balances of members drawn at random, with what is available and what expires when. */
export function balances(
  server: HttpServer,
  members: number,
  clients: number,
  seconds: number,
): Promise<OverHttp> {
  return ask(server, clients, seconds, () => ({
    method: 'GET',
    path: `/v1/ledger/accounts/${memberAccount(1 + Math.floor(Math.random() * members))}`,
  }))
}

type Asked = { method: 'GET' | 'POST'; path: string; body?: string }

async function ask(
  { pool, key }: HttpServer,
  clients: number,
  seconds: number,
  next: () => Asked,
): Promise<OverHttp> {
  const latencies: number[] = []
  const warmUntil = performance.now() + 1_000
  const until = warmUntil + seconds * 1_000
  const client = async (): Promise<void> => {
    for (let now = performance.now(); now < until; now = performance.now()) {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const { statusCode, body } = await pool.request({ ...next(), headers })
      const text = await body.text()
      if (statusCode !== 200) throw new Error(`${statusCode} ${text}`)
      if (now >= warmUntil) latencies.push(performance.now() - now)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)]!
  return { perS: sorted.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}
