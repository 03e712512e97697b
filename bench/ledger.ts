import { type LedgerDatabase, ledgerDatabase } from './ledger/database.ts'
import {
  balances,
  type Batched,
  batched,
  type OverHttp,
  overHttp,
  singleTransfers,
  openWriter,
} from './ledger/measure.ts'
import { plainLedger, tpcB } from './ledger/peers.ts'
import { Transfers } from './ledger/world.ts'
import { type BenchResult, type Figures, machine } from './result.ts'

/*
 * What each figure contains. PostgreSQL with its defaults (fsync on) and the server share the machine. A third of the
 * transfers are spends from lots, the others are awards that make a lot with an expiry; the same liability account is in
 * each. Members are drawn at random.
 * batchedTransfersPerS  the grouped writer in a process of its own, four callers of 2,000 transfers each: from requests
 *                       in memory until the last answer, all durable, with lots, balances after, keys and the chained
 *                       hash; the median of three runs among the members of the smallest curve's point.
 * singleRequestsPerS    one transfer a request over HTTP, 64 clients that each wait for the answer; server and clients
 *                       share the machine too.
 * p99BalanceMs          GET of a member's balance over HTTP with what is available and what expires when, four clients,
 *                       with storedTransfers in the journal; the median of three runs by p99, the first of which finds
 *                       PostgreSQL's buffers full of what was booked last.
 * …CpuUsPerTransfer     processor time of the measured batches.
 * The curve is of awards alone, with so many open lots before it. Peers: a ledger by hand on the same server with one
 * transaction a transfer, and pgbench's TPC-B-like transaction, 16 clients each.
 */
const MEMBERS = 100_000
/** Members beside them, who have accounts and lots and do nothing in the measured minute. */
const ALL_MEMBERS = 1_000_000
const RUN = 200_000
const REPEATS = 3
const STORED = (process.env['TENURE_BENCH_LOTS'] ?? '1000000,10000000').split(',').map(Number)
const HTTP_S = 8
const PEER_S = 8

/** Runs the benchmark of the ledger; about ten minutes on two quiet cores. */
export async function run(): Promise<BenchResult> {
  const database = await ledgerDatabase(ALL_MEMBERS)
  try {
    return await measureAll(database)
  } finally {
    await database.stop()
  }
}

async function measureAll(database: LedgerDatabase): Promise<BenchResult> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`)
  const active = { name: 'active', members: MEMBERS }
  const writer = await openWriter(database)
  // Everybody has something to spend, and the writer knows what a running server knows.
  await batched(database, writer, { ...active, count: MEMBERS, draw: { onlyAwards: true, inTurn: true } })
  await batched(database, writer, { ...active, count: RUN })
  await database.settle()
  const runs: Batched[] = []
  for (let repeat = 0; repeat < REPEATS; repeat++)
    runs.push(await batched(database, writer, { ...active, count: RUN }))
  say(`batched: ${runs.map(({ perS }) => Math.round(perS)).join(', ')}/s`)
  const single = await overHttp(database, (server) =>
    singleTransfers(server, new Transfers('single', MEMBERS), 64, HTTP_S),
  )
  say(`single: ${Math.round(single.perS)}/s`)
  const peers = await measurePeers(database)
  const fill = { name: 'fill', members: ALL_MEMBERS, draw: { onlyAwards: true } }
  const speed: [number, number][] = []
  const waiting: [number, number][] = []
  let balance: OverHttp | undefined
  for (const stored of STORED) {
    const { lots } = await database.counts()
    if (lots < stored) await batched(database, writer, { ...fill, count: stored - lots })
    await database.settle()
    speed.push([stored, Math.round((await batched(database, writer, { ...fill, count: RUN })).perS)])
    const asked = await overHttp(database, async (server) => {
      const times: OverHttp[] = []
      for (let repeat = 0; repeat < REPEATS; repeat++)
        times.push(await balances(server, ALL_MEMBERS, 4, HTTP_S))
      return times
    })
    say(`balance p99: ${asked.map(({ p99Ms }) => round(p99Ms)).join(', ')} ms`)
    balance = medianOf(asked, ({ p99Ms }) => p99Ms)
    waiting.push([stored, round(balance.p99Ms)])
    say(`${stored} lots: ${speed.at(-1)![1]}/s, balance p99 ${balance.p99Ms.toFixed(2)} ms`)
  }
  await writer.end()
  const { transfers, lots, bytes } = await database.counts()
  const found = {
    single,
    balance: balance!,
    stored: { transfers, lots, bytesPerTransfer: Number(bytes) / transfers },
  }
  return {
    bench: 'ledger',
    machine: machine(),
    figures: figuresOf(
      medianOf(runs, ({ perS }) => perS),
      found,
    ),
    peers,
    curves: [
      { name: 'by open lots', x: 'open lots', y: 'transfers/s', points: speed },
      { name: 'by open lots', x: 'open lots', y: 'balance p99, ms', points: waiting },
    ],
  }
}

type Others = {
  single: OverHttp
  balance: OverHttp
  stored: { transfers: number; lots: number; bytesPerTransfer: number }
}

function figuresOf(median: Batched, { single, balance, stored }: Others): Figures {
  return {
    batchedTransfersPerS: Math.round(median.perS),
    singleRequestsPerS: Math.round(single.perS),
    p99SingleMs: round(single.p99Ms),
    p50SingleMs: round(single.p50Ms),
    p99BalanceMs: round(balance.p99Ms),
    p50BalanceMs: round(balance.p50Ms),
    storedTransfers: stored.transfers,
    storedLots: stored.lots,
    databaseBytesPerTransfer: Math.round(stored.bytesPerTransfer),
    nodeCpuUsPerTransfer: round(median.nodeCpuUs),
    ...(median.postgresCpuUs === undefined ? {} : { postgresCpuUsPerTransfer: round(median.postgresCpuUs) }),
  }
}

async function measurePeers(database: LedgerDatabase): Promise<Record<string, Figures>> {
  const plain = await plainLedger(database, PEER_S)
  const pgbench = await tpcB(database, PEER_S)
  return { 'one transaction a transfer': plain, ...(pgbench ? { 'pgbench TPC-B': pgbench } : {}) }
}

const medianOf = <Run>(runs: Run[], by: (run: Run) => number): Run =>
  runs.toSorted((a, b) => by(a) - by(b))[runs.length >> 1]!
const round = (value: number): number => Number(value.toFixed(2))
