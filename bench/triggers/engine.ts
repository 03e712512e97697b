import type { PartitionStats } from '../../src/triggers/index.ts'
import { Worker } from 'node:worker_threads'
import type { ThreadFound, ThreadJob } from './engine-thread.ts'
import { type Progress, ServerProcess } from './server-process.ts'
import type { SharedBlocks } from './stream.ts'
import type { Document } from './world.ts'

/** What a run needs to know: `documents` are event types and rules together. */
export type Setting = { partitions: number; documents: Document[]; subscribers: number }

export type InMemoryFound = {
  /** All partitions together, from the first timed block that any thread begins to the last that one ends. */
  eventsPerS: number
  firings: number
  /** Bytes of the rules' state in all partitions after the last block. */
  stateBytes: number
}

/**
 * The engine alone: one worker thread a partition takes its blocks (NDJSON already in its memory, `blocks[partition]`)
 * through scanner, subject look-up, rules and state, and counts firings. Nothing is stored. The first fifth of each
 * partition's blocks warms the compiler up and is not timed; all threads begin the rest together. The clock stands at
 * the stream's last event.
 */
export async function inMemory({
  partitions,
  documents,
  blocks,
}: Setting & { blocks: SharedBlocks[] }): Promise<InMemoryFound> {
  const ready = new SharedArrayBuffer(4)
  const found = await Promise.all(
    blocks.map((own, partition) => inThread({ partition, partitions, documents, blocks: own.blocks, ready })),
  )
  const startedMs = Math.min(...found.map((one) => one.startedMs))
  const endedMs = Math.max(...found.map((one) => one.endedMs))
  const sum = (of: (one: ThreadFound) => number): number => found.reduce((total, one) => total + of(one), 0)
  return {
    eventsPerS: (sum((one) => one.events) * 1000) / (endedMs - startedMs),
    firings: sum((one) => one.firings),
    stateBytes: sum((one) => one.stateBytes),
  }
}

function inThread(job: ThreadJob): Promise<ThreadFound> {
  const worker = new Worker(new URL('engine-thread.ts', import.meta.url), { workerData: job })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

/** What the server says of itself, counted since it began; the latencies since this process of it started. */
export type ServerStats = {
  /** Records in the log. */
  appended: number
  /** Records that the engine has been through. */
  read: number
  firingsStored: number
  stateBytes: number
  /**
   * Firings by the time from the moment that the server received their cause (`receivedMs` of its record) to their own
   * commit, as a Prometheus histogram counts: how many took at most so many ms, bounds ascending, the last Infinity.
   */
  latencies: Latency[]
}
export type Latency = { atMostMs: number; firings: number }

/**
 * The percentile, ms, of what was counted from one histogram to a later one: the upper bound of its bucket, so never
 * flattering; 0 when there was no histogram.
 */
export function percentileBetween(before: Latency[], after: Latency[], percent: number): number {
  const grown = after.map(({ atMostMs, firings }, i) => ({
    atMostMs,
    firings: firings - (before[i]?.firings ?? 0),
  }))
  const wanted = ((grown.at(-1)?.firings ?? 0) * percent) / 100
  return grown.find(({ firings }) => firings >= wanted)?.atMostMs ?? 0
}

async function statsOf(server: ServerProcess): Promise<ServerStats> {
  const response = await fetch(`${server.httpUrl}/v1/triggers/partitions`, {
    headers: { authorization: `Bearer ${server.key}` },
  })
  const { partitions } = (await response.json()) as { partitions: PartitionStats[] }
  const sum = (of: (one: PartitionStats) => number): number =>
    partitions.reduce((total, one) => total + of(one), 0)
  return {
    appended: sum(({ end }) => end),
    read: sum(({ position }) => position),
    firingsStored: sum(({ firings }) => Object.values(firings).reduce((total, count) => total + count, 0)),
    stateBytes: sum(({ stateBytes }) => stateBytes),
    latencies: (partitions[0]?.latency ?? []).map(({ atMostMs }, i) => ({
      atMostMs,
      firings: sum(({ latency }) => latency[i]!.count),
    })),
  }
}

export type BenchServer = {
  httpUrl: string
  tcpPort: number
  key: string
  pid: number
  stats(): Promise<ServerStats>
  /** `kill -9`. */
  kill(): void
  /** Seconds from starting the killed server until it takes events again and its engine has caught up with the log. */
  restart(): Promise<number>
  stop(): Promise<void>
}

/** A server with all roles on embedded stores in a folder of its own, its subscribers and documents in place. */
export async function server(setting: Setting & { progress: Progress }): Promise<BenchServer> {
  const { partitions, documents, subscribers, progress } = setting
  const running = new ServerProcess({ TENURE_LOG_PARTITIONS: String(partitions) })
  await running.setUp(documents, subscribers, progress)
  return {
    httpUrl: running.httpUrl,
    tcpPort: running.tcpPort,
    key: running.key,
    get pid() {
      return running.pid
    },
    stats: () => statsOf(running),
    kill: () => running.kill(),
    restart: async () => {
      await running.ended()
      const started = performance.now()
      await running.start()
      await caughtUp(() => statsOf(running))
      return (performance.now() - started) / 1000
    },
    stop: () => running.stop(),
  }
}

/** Resolves when the engine has been through the whole log. */
export async function caughtUp(stats: () => Promise<ServerStats>): Promise<ServerStats> {
  for (;;) {
    const now = await stats()
    if (now.read >= now.appended) return now
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}
