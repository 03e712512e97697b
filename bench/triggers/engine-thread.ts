import { parentPort, workerData } from 'node:worker_threads'
import {
  compileType,
  Counters,
  eventDeclarations,
  type EventType,
  LineScanner,
} from '../../src/events/index.ts'
import { RecordBatch } from '../../src/platform/index.ts'
import { compileRule, Partition, Texts, type Trigger } from '../../src/triggers/index.ts'
import { MSISDN_DIGITS, MSISDN_PREFIX } from './world.ts'

/** What a thread of the in-memory measurement is given. */
export type ThreadJob = {
  partition: number
  partitions: number
  documents: { kind: string; id: string }[]
  blocks: SharedArrayBuffer[]
  /** Threads that have warmed up, to begin the timed part together. */
  ready: SharedArrayBuffer
}

export type ThreadFound = {
  startedMs: number
  endedMs: number
  firings: number
  stateBytes: number
  events: number
}

const LATENESS_MS = 600_000
const WARM_UP = 5

const { partition, partitions, documents, blocks, ready } = workerData as ThreadJob

const types = documents.filter(({ kind }) => kind === 'EventType') as EventType[]
const triggers = documents.filter(({ kind }) => kind === 'Trigger') as unknown as Trigger[]
const reader = {
  tenantId: 'bench',
  get: (_: string, id: string) => types.find((type) => type.id === id),
  list: () => [],
}
const fieldsOf = (type: string): ReturnType<typeof eventDeclarations> => eventDeclarations(reader, type)

const memory = new Partition({
  partition,
  partitions,
  sliceBits: 12,
  latenessMs: LATENESS_MS,
  zoneOf: () => 'Europe/Moscow',
})
const context = { fieldsOf, texts: new Texts(), latenessMs: LATENESS_MS, pauses: [], admits: undefined }
memory.setRules(triggers.map((trigger, i) => ({ rule: compileRule(trigger, i + 1, context), start: 0 })))

const base = Number(MSISDN_PREFIX) * 10 ** MSISDN_DIGITS
const batches = Array.from({ length: partitions }, () => new RecordBatch())
const rules = {
  types: new Map(types.map((type) => [type.id, compileType(type)])),
  resolve: () => undefined,
  lookup: { resolve: () => undefined, phone: (digits: number) => digits - base + 1 },
  counters: new Counters(),
  nowMs: Date.now(),
  earliestMs: 0,
  latestMs: Number.POSITIVE_INFINITY,
} as unknown as ConstructorParameters<typeof LineScanner>[0]
const scanner = new LineScanner(rules, batches)
const own = batches[partition]!
const room = Buffer.alloc(Math.max(...blocks.map((block) => block.byteLength)))
let firings = 0
let events = 0

function take(block: SharedArrayBuffer): void {
  const length = block.byteLength
  // Out of shared memory first: what a socket gives is the thread's own.
  room.set(new Uint8Array(block))
  for (let at = 0; at < length;) {
    const end = scanner.scan(room, at, length)
    if (end < 0)
      throw new Error(
        `a line of the benchmark is not of the usual form: ${room.toString('utf8', at, at + 300)}`,
      )
    at = end + 1
  }
  memory.read({ firstOffset: memory.position, count: own.count, bytes: own.bytes.subarray(0, own.length) })
  events += own.count
  own.clear()
  for (const { stands } of memory.decisions) if (stands) firings++
  memory.decisions = []
  memory.late = []
}

const warm = Math.floor(blocks.length / WARM_UP)
for (const block of blocks.slice(0, warm)) take(block)
events = 0
const waiting = new Int32Array(ready)
if (Atomics.add(waiting, 0, 1) + 1 === partitions) Atomics.notify(waiting, 0)
else while (Atomics.load(waiting, 0) < partitions) Atomics.wait(waiting, 0, Atomics.load(waiting, 0), 100)
const startedMs = performance.timeOrigin + performance.now()
for (const block of blocks.slice(warm)) take(block)
const endedMs = performance.timeOrigin + performance.now()
const found: ThreadFound = {
  startedMs,
  endedMs,
  firings,
  stateBytes: memory.stateBytes,
  events,
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window: it takes no origin
parentPort!.postMessage(found)
