import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Bars, withBars } from './progress.ts'
import { type BenchResult, type Curve, type Figures, machine, round } from './result.ts'
import {
  type BenchServer,
  caughtUp,
  inMemory,
  type InMemoryFound,
  percentileBetween,
  server,
} from './triggers/engine.ts'
import type { Job, Sent } from './triggers/generator.ts'
import { rulesOf } from './triggers/more-rules.ts'
import type { PeerFound, PeerJob, PeerName } from './triggers/peers.ts'
import { type SharedBlocks, sharedBlocks } from './triggers/stream.ts'
import { type Document, eventTypes, spacingMs } from './triggers/world.ts'

/*
 * What each figure contains.
 * memoryEventsPerS      2 threads: NDJSON in memory → scan → subject look-up → 50 rules with their state → firings
 *                       counted. No log, no database, no socket.
 * durableEventsPerS     another process sends over TCP; the time ends when every event is on disk and acknowledged AND
 *                       the rules have been through all of them.
 * acknowledgedEventsPerS the same run, until the last acknowledgement alone; httpEventsPerS: over HTTP, to the later.
 * p99ArrivalToFiringMs  at a paced 100,000 events/s, after ten seconds at that pace which are not measured, from the
 *                       server's receipt of the event that caused a firing to the commit of the firing in PostgreSQL.
 * stateBytes            state of 50 rules over 1 M subscribers in the server after all of these runs.
 * restartS              from starting the killed server to events taken again and the log read to its end.
 * slowdown1000Rules     memoryEventsPerS with 50 rules, divided by that with 1,000.
 */
const SUBSCRIBERS = 1_000_000
const PARTITIONS = 2
const RULES = 50
const SEED = 20_260_101
const IN_MEMORY_EVENTS = 3_000_000
const DURABLE_EVENTS = 2_000_000
const PACED_PER_S = 100_000
const PACED_EVENTS = 1_000_000
/** Events at the same pace before those that are measured: what the runs at full speed left behind is settled by then. */
const PACED_FIRST = 1_000_000
const PEER_S = 5
const REPEATS = 3

/** Runs the benchmark of the trigger engine; five minutes on two cores. */
export async function run(): Promise<BenchResult> {
  return withBars(async (bars) => {
    const engine = await measureEngine(bars)
    const durable = await measureServer(bars)
    const peers = await measurePeers(bars)
    const figures = { ...engine.figures, ...durable }
    return { bench: 'triggers', machine: machine(), figures, peers, curves: engine.curves }
  })
}

/** Event types and so many rules. */
function documentsOf(rules: number): Document[] {
  return [...eventTypes, ...rulesOf(rules).map(({ document }) => document)]
}

type Point = { rules: number; subscribers: number; partitions: number }

/** The engine alone, over rules, subscribers and partitions. */
async function measureEngine(bars: Bars): Promise<{ figures: Figures; curves: Curve[] }> {
  const overRules = [10, RULES, 200, 1_000]
  const overSubscribers = [100_000, SUBSCRIBERS, 5_000_000]
  const point = (changed: Partial<Point>): Point => ({
    rules: RULES,
    subscribers: SUBSCRIBERS,
    partitions: PARTITIONS,
    ...changed,
  })
  const points = [
    ...overRules.map((rules) => point({ rules })),
    ...overSubscribers.filter((n) => n !== SUBSCRIBERS).map((subscribers) => point({ subscribers })),
    point({ partitions: 1 }),
  ]
  // What becomes a figure is measured several times, the other points of the curves once.
  const repeatsOf = ({ rules, subscribers, partitions }: Point): number =>
    subscribers === SUBSCRIBERS && partitions === PARTITIONS && (rules === RULES || rules === 1_000)
      ? REPEATS
      : 1
  const bar = bars.step(
    'engine in memory',
    points.reduce((sum, one) => sum + repeatsOf(one), 0),
  )
  const found = new Map<string, InMemoryFound>()
  let blocks: { of: string; made: SharedBlocks[] } | undefined
  for (const one of points) {
    const { rules, subscribers, partitions } = one
    const of = `${subscribers} ${partitions}`
    // The events of one stream serve all rule counts, and are let go before the next ones are made.
    if (blocks?.of !== of) {
      blocks = undefined
      blocks = { of, made: blocksOf(subscribers, partitions) }
    }
    const runs: InMemoryFound[] = []
    for (let repeat = 0; repeat < repeatsOf(one); repeat++) {
      const documents = documentsOf(rules)
      runs.push(await inMemory({ partitions, documents, subscribers, blocks: blocks.made }))
      bar.increment()
    }
    found.set(
      JSON.stringify({ rules, subscribers, partitions }),
      medianBy(runs, (one) => one.eventsPerS),
    )
  }
  const speed = (changed: Partial<Point>): number => found.get(JSON.stringify(point(changed)))!.eventsPerS
  const curve = (x: string, values: number[], at: (value: number) => Partial<Point>): Curve => ({
    name: `in memory, by ${x}`,
    x,
    y: 'events/s',
    points: values.map((value) => [value, Math.round(speed(at(value)))]),
  })
  return {
    figures: {
      memoryEventsPerS: Math.round(speed({})),
      slowdown1000Rules: round(speed({}) / speed({ rules: 1_000 }), 2),
    },
    curves: [
      curve('rules', overRules, (rules) => ({ rules })),
      curve('subscribers', overSubscribers, (subscribers) => ({ subscribers })),
      curve('partitions', [1, PARTITIONS], (partitions) => ({ partitions })),
    ],
  }
}

/** The same events in all, whatever the number of partitions; the last of them happens about now. */
function blocksOf(subscribers: number, partitions: number): SharedBlocks[] {
  const startMs = Date.now() - IN_MEMORY_EVENTS * spacingMs(subscribers)
  return Array.from({ length: partitions }, (_, index) =>
    sharedBlocks(
      { subscribers, seed: SEED, startMs, partition: { index, of: partitions } },
      IN_MEMORY_EVENTS / partitions,
    ),
  )
}

/** The whole server, fed by another process. */
async function measureServer(bars: Bars): Promise<Figures> {
  const importing = bars.step('subscribers', SUBSCRIBERS)
  const running = await server({
    partitions: PARTITIONS,
    documents: documentsOf(RULES),
    subscribers: SUBSCRIBERS,
    progress: (done) => importing.update(done),
  })
  try {
    return await feed(running, bars)
  } finally {
    await running.stop()
  }
}

async function feed(running: BenchServer, bars: Bars): Promise<Figures> {
  const bar = bars.step('durable', REPEATS + 5)
  // Event time ends about now, over all runs together: each is a continuation of the one before.
  const events = DURABLE_EVENTS * (REPEATS + 2) + PACED_FIRST + PACED_EVENTS
  let next = { firstBlock: 0, startMs: Date.now() - events * spacingMs(SUBSCRIBERS) }
  const send = async (job: Pick<Job, 'transport' | 'events' | 'perS'>): Promise<Sent & { allS: number }> => {
    const { httpUrl, tcpPort, key } = running
    const address = job.transport === 'http' ? httpUrl : `127.0.0.1:${tcpPort}`
    const sent = await child<Sent>('generator.ts', {
      ...job,
      ...next,
      address,
      key,
      subscribers: SUBSCRIBERS,
      seed: SEED,
    } satisfies Job)
    const answered = performance.now()
    if (sent.rejected > 0) throw new Error(`the server refused ${sent.rejected} of ${sent.sent} events`)
    await caughtUp(running.stats)
    next = { firstBlock: sent.nextBlock, startMs: sent.nextMs }
    bar.increment()
    return { ...sent, allS: sent.seconds + (performance.now() - answered) / 1000 }
  }
  // The first run warms the server up and touches every subscriber's state.
  await send({ transport: 'tcp', events: DURABLE_EVENTS })
  const runs = []
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    runs.push(await send({ transport: 'tcp', events: DURABLE_EVENTS }))
  }
  const http = await send({ transport: 'http', events: DURABLE_EVENTS })
  await send({ transport: 'tcp', events: PACED_FIRST, perS: PACED_PER_S })
  const before = await running.stats()
  await send({ transport: 'tcp', events: PACED_EVENTS, perS: PACED_PER_S })
  const { latencies, stateBytes, firingsStored, appended } = await running.stats()
  running.kill()
  const restartS = await running.restart()
  bar.increment()
  const durable = medianBy(runs, (one) => one.sent / one.allS)
  return {
    durableEventsPerS: Math.round(durable.sent / durable.allS),
    acknowledgedEventsPerS: Math.round(durable.sent / durable.seconds),
    httpEventsPerS: Math.round(http.sent / http.allS),
    p99ArrivalToFiringMs: round(percentileBetween(before.latencies, latencies, 99), 1),
    stateBytes,
    restartS: round(restartS, 2),
    bytesPerEvent: Math.round(durable.bytes / durable.sent),
    sourceCpuUsPerEvent: round(durable.cpuUsPerEvent, 3),
    firingsPer1000Events: round((firingsStored / appended) * 1000, 1),
  }
}

/** The peers on as many cores: each a process a core, their events added up. */
async function measurePeers(bars: Bars): Promise<Record<string, Figures>> {
  const names: PeerName[] = ['cel-js', 'json-rules-engine']
  const bar = bars.step('peers', names.length)
  const peers: Record<string, Figures> = {}
  for (const peer of names) {
    const found = await Promise.all(
      Array.from({ length: PARTITIONS }, (_, i) =>
        child<PeerFound>('peers.ts', {
          peer,
          subscribers: SUBSCRIBERS,
          seed: SEED + i,
          seconds: PEER_S,
        } satisfies PeerJob),
      ),
    )
    const sum = (of: (one: PeerFound) => number): number => found.reduce((total, one) => total + of(one), 0)
    peers[peer] = {
      eventsPerS: Math.round(sum(({ events, seconds }) => events / seconds)),
      rulesOf50: found[0]!.rules,
      memoryBytes: sum(({ memoryBytes }) => memoryBytes),
    }
    bar.increment()
  }
  return peers
}

/** Runs a script of this benchmark in a process of its own; its last line is its answer. */
async function child<Answer>(script: string, job: object): Promise<Answer> {
  const path = join(import.meta.dirname, 'triggers', script)
  const { stdout } = await promisify(execFile)(process.execPath, [path, JSON.stringify(job)])
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Answer
}

function medianBy<T>(runs: T[], of: (one: T) => number): T {
  return runs.toSorted((a, b) => of(a) - of(b))[runs.length >> 1]!
}
