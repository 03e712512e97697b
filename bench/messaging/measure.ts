import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from './child.ts'
import type { BenchDatabase } from './database.ts'
import type { ServerAnswers, ServerJob } from './server-process.ts'
import type { SmscAnswers, SmscJob, SmscSaid } from './smsc-process.ts'

/** One run: so many messages to an SMSC that is so far away, as fast as it goes or decided at a pace. */
export type Run = { messages: number; rttMs: number; perS?: number }

export type Found = {
  /** From the beginning of the first decision to the acknowledgement of the last receipt, which is durable then. */
  smsPerS: number
  /** The same until the tables, too, know everything. */
  tablesPerS: number
  /** Decisions alone: from the first to the commit of the last. */
  decidedPerS: number
  /** 99 % of messages were with the SMSC so soon after their decision was about to be committed. */
  p99DecisionToSubmitMs: number
  p50DecisionToSubmitMs: number
  /** The most memory that the server's process ever had. */
  rssBytes: number
  /** Processor time a message, until the tables know it; PostgreSQL's where the system tells it. */
  serverCpuUs: number
  smscCpuUs: number
  postgresCpuUs: number | undefined
}

/** Everybody is warm before the clock starts: so many messages to subscribers beyond those that are measured. */
export const WARM_UP = 20_000
/** How long after a receipt a table may still have to wait before a run counts as stuck. */
const STUCK_S = 120

/**
 * Runs the whole way in fresh processes: decisions → policy, template, journal → SMPP → answers and receipts → tables.
 * Throws unless every message arrived exactly once, has its receipt, and is `delivered` in the tables.
 */
export async function measure(database: BenchDatabase, { messages, rttMs, perS }: Run): Promise<Found> {
  await database.clear()
  const everybody = messages + WARM_UP
  const smsc = await Child.start<SmscAnswers>('smsc-process.ts', {
    rttMs,
    subscribers: everybody,
    receipts: true,
  } satisfies SmscJob)
  const smscPort = await smsc.ask('port')
  const server = await Child.start<ServerAnswers>('server-process.ts', {
    databaseUrl: database.url,
    smscPort,
  } satisfies ServerJob)
  try {
    await send(smsc, server, { from: messages + 1, to: everybody })
    await server.ask('tablesTrue')
    const before = await usage(smsc, server, database)
    const { startedMs, committedMs, decided, finishedMs } = await send(smsc, server, {
      from: 1,
      to: messages,
      ...(perS === undefined ? {} : { perS }),
    })
    const tablesMs = await server.ask('tablesTrue')
    const after = await usage(smsc, server, database)
    await check(database, await smsc.ask('said'), everybody)
    const arrivals = await smsc.ask('arrivals', { from: 1, to: messages })
    const waits = waitsOf(decided, arrivals)
    const perSecond = (untilMs: number): number => (messages * 1_000) / (untilMs - startedMs)
    const cpuUs = (of: 'serverMs' | 'smscMs'): number => ((after[of] - before[of]) * 1_000) / messages
    return {
      smsPerS: perSecond(finishedMs),
      tablesPerS: perSecond(Math.max(tablesMs, finishedMs)),
      decidedPerS: perSecond(committedMs),
      p99DecisionToSubmitMs: waits[Math.ceil(waits.length * 0.99) - 1]!,
      p50DecisionToSubmitMs: waits[Math.ceil(waits.length * 0.5) - 1]!,
      rssBytes: after.rssBytes,
      serverCpuUs: cpuUs('serverMs'),
      smscCpuUs: cpuUs('smscMs'),
      postgresCpuUs:
        after.postgresMs === undefined || before.postgresMs === undefined
          ? undefined
          : ((after.postgresMs - before.postgresMs) * 1_000) / messages,
    }
  } finally {
    await server.end()
    await smsc.end()
  }
}

type Sent = Awaited<ReturnType<ServerAnswers['decide']>> & { finishedMs: number }

async function send(
  smsc: Child<SmscAnswers>,
  server: Child<ServerAnswers>,
  given: Parameters<ServerAnswers['decide']>[0],
): Promise<Sent> {
  await smsc.ask('expect', given.to - given.from + 1)
  const decisions = await server.ask('decide', given)
  let last = 0
  for (let stillS = 0; stillS < STUCK_S;) {
    const said = await smsc.ask('said')
    if (said.finishedMs > 0) return { ...decisions, finishedMs: said.finishedMs }
    stillS = said.receiptsAcknowledged > last ? 0 : stillS + 0.1
    last = said.receiptsAcknowledged
    await sleep(100)
  }
  throw new Error(`nothing moves any more: ${JSON.stringify(await smsc.ask('said'))}`)
}

type Usage = { serverMs: number; smscMs: number; postgresMs: number | undefined; rssBytes: number }

async function usage(
  smsc: Child<SmscAnswers>,
  server: Child<ServerAnswers>,
  database: BenchDatabase,
): Promise<Usage> {
  const { cpuMs: serverMs, rssBytes } = await server.ask('usage')
  const { cpuMs: smscMs } = await smsc.ask('said')
  return { serverMs, smscMs, postgresMs: database.cpuMs(), rssBytes }
}

/** Counted where it counts: at the SMSC and in the tables. */
async function check(database: BenchDatabase, said: SmscSaid, messages: number): Promise<void> {
  const { distinct, repeats, receiptsAcknowledged, receiptsOpen } = said
  assert.deepEqual(
    { distinct, repeats, receiptsAcknowledged, receiptsOpen },
    { distinct: messages, repeats: 0, receiptsAcknowledged: messages, receiptsOpen: 0 },
  )
  const { states, journal, starts, facts } = await database.stored()
  assert.deepEqual({ states, journal, starts }, { states: { delivered: messages }, journal: 0, starts: 0 })
  // Each is submitted, delivered and a contact.
  assert.equal(facts, 3 * messages)
}

/** How long each message took from its decision to the SMSC, ms, ascending. */
function waitsOf(
  decided: { from: number; to: number; atMs: number }[],
  arrivals: Float64Array,
): Float64Array {
  const waits = new Float64Array(arrivals.length)
  for (const { from, to, atMs } of decided) {
    for (let subscriber = from; subscriber <= to; subscriber++)
      waits[subscriber - 1] = arrivals[subscriber - 1]! - atMs
  }
  return waits.sort()
}
