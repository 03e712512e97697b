import '../../src/app/collector.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAccess } from '../../src/access/index.ts'
import { createMessaging, messagingDocuments } from '../../src/messaging/index.ts'
import { Documents, Loop, newId, openDatabase, systemClock } from '../../src/platform/index.ts'
import { attributesKind, createProfiles } from '../../src/profiles/index.ts'
import { givenJob, machineMs, serve } from './child.ts'
import { CAMPAIGN, CASCADE, documentsOf, TENANT, variablesOf } from './world.ts'

export type ServerJob = { databaseUrl: string; smscPort: number }

/** Decisions to take: a cascade for each of these subscribers, as fast as it goes or so many a second. */
export type Decide = { from: number; to: number; perS?: number }
/** Decisions of one transaction, with the machine's clock just before its commit. */
export type Decided = { from: number; to: number; atMs: number }

export type ServerAnswers = {
  /** Resolves when every decision is committed; `startedMs` is when the first was begun. */
  decide(given: Decide): Promise<{ startedMs: number; committedMs: number; decided: Decided[] }>
  /** When the tables knew everything, by the machine's clock. */
  tablesTrue(): Promise<number>
  /** Processor time since the process began, and the most memory that it ever had. */
  usage(): { cpuMs: number; rssBytes: number }
}

/** Decisions of one transaction, as a stage of campaigns takes them. */
const BATCH = 2_000
/** At a pace: a transaction so often. */
const TICK_MS = 25

/*
 * The server's messaging, put together as the application does it: its stage in the loop, its stores, its channel over
 * SMPP. Decisions are made in this process too, in transactions of their own, as the campaigns' stages make them; what
 * else an application does meanwhile (events, rules, analytics) is not here.
 */
const { databaseUrl, smscPort } = givenJob<ServerJob>()
const database = openDatabase(databaseUrl, 8)
const clock = systemClock
const documents = new Documents(database, [attributesKind, ...messagingDocuments])
const access = createAccess({ database, clock })
const profiles = createProfiles({ database, clock, access, documents })
const tell = (where: string, error: unknown): void => {
  process.stderr.write(`${where}: ${(error as Error).stack}\n`)
}
const loop = new Loop(clock, tell)
const messaging = createMessaging({
  database,
  clock,
  documents,
  profiles,
  wake: (tenantId, stage) => loop.wake(tenantId, stage),
})
const refused = (await documents.apply(TENANT, documentsOf(smscPort))).flatMap((one) => one.problems ?? [])
if (refused.length > 0) throw new Error(`documents were refused: ${JSON.stringify(refused)}`)
await messaging.gateways.whenReady(TENANT)
loop.addTenant(TENANT, [messaging.stage])
loop.start()

async function start({ from, to }: { from: number; to: number }): Promise<Decided> {
  const starts = Array.from({ length: to - from + 1 }, (_, i) => ({
    runId: newId(),
    cascadeId: CASCADE,
    subscriberId: from + i,
    campaignId: CAMPAIGN,
    arm: 'a',
    reference: newId(),
    variables: variablesOf(from + i),
  }))
  let atMs = 0
  await database.tx(TENANT, async (tx) => {
    await messaging.startCascades(tx, TENANT, starts)
    atMs = machineMs()
  })
  messaging.startsCommitted(TENANT)
  return { from, to, atMs }
}

async function decide({ from, to, perS }: Decide): ReturnType<ServerAnswers['decide']> {
  const startedMs = machineMs()
  const decided: Decided[] = []
  for (let next = from; next <= to;) {
    const due =
      perS === undefined ? next + BATCH - 1 : from - 1 + Math.ceil(((machineMs() - startedMs) / 1000) * perS)
    const last = Math.min(to, due, next + BATCH - 1)
    if (last >= next) {
      decided.push(await start({ from: next, to: last }))
      next = last + 1
    }
    if (perS !== undefined && due < next) await sleep(TICK_MS)
  }
  return { startedMs, committedMs: machineMs(), decided }
}

const answers: ServerAnswers = {
  decide,
  async tablesTrue() {
    await messaging.senderOf(TENANT).tablesTrue()
    return machineMs()
  },
  usage() {
    const { user, system } = process.cpuUsage()
    return { cpuMs: (user + system) / 1000, rssBytes: process.resourceUsage().maxRSS * 1024 }
  },
}
serve(answers, async () => {
  await loop.stop()
  await messaging.stop()
  await database.end()
})
