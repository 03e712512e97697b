import {
  Batcher,
  type Clock,
  type Database,
  type Documents,
  type EventLog,
  parseInput,
} from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import type { CompiledType } from './compiled-type.ts'
import type { DeadLetterPage, DeadLetterState, ReplayAnswer, ReplayRequest } from './contract.ts'
import { replayRequest } from './contract.ts'
import type { Counters } from './counters.ts'
import { Ingestion, type TimeBounds } from './ingestion.ts'
import { isUnknownSubject } from './judge.ts'
import { EventLines, type LineStream } from './line-stream.ts'
import { logName } from './record.ts'
import { recheckHeld, releaseHeld, replayLetters } from './replay.ts'
import * as store from './store.ts'
import { addOutcomes, type IngestResult, type Outcome } from './verdict.ts'

/** Ingestion, the log and the dead letters. */
export type Events = {
  /**
   * Takes CloudEvents 1.0. Resolves when the accepted ones are durable; those refused wait in the dead letters.
   * An event seen before (same source and id) is a duplicate and has no effect.
   */
  ingest(tenantId: string, events: unknown[]): Promise<IngestResult>
  /** The same for one event, sharing a write with others that arrive at the same moment. */
  ingestOne(tenantId: string, event: unknown): Promise<IngestResult>
  /** The same for lines of JSON, straight from their bytes: for streams and great numbers. */
  openLines(tenantId: string): LineStream
  /** What came in since the process began, for metrics. */
  counters(tenantId: string): Readonly<Counters>
  /** The tenant's log; its records are read with `decodeRecord`. */
  log(tenantId: string): EventLog
  /** How many letters are open, by code. */
  openDeadLetters(tenantId: string): Promise<{ code: string; open: number }[]>
  listDeadLetters(
    tenantId: string,
    query: { state: DeadLetterState; limit: number; after?: string | undefined },
  ): Promise<DeadLetterPage>
  replay(tenantId: string, request: ReplayRequest): Promise<ReplayAnswer>
  /**
   * Takes in held events whose subscriber is known by now, and tells how many. Imports of this process do so by
   * themselves; call it at the start, and where another process imports.
   */
  recheckHeld(tenantId: string): Promise<number>
  /** Gives letters up; returns the ids of those that were open or held. */
  discard(tenantId: string, ids: string[]): Promise<string[]>
}

type Dependencies = {
  database: Database
  documents: Documents
  profiles: Profiles
  clock: Clock
  /** Opens a log by name. */
  log: (name: string) => EventLog
  /** Called after events were appended: the triggers have work. */
  wake: (tenantId: string) => void
  /** Between which times an event may say it happened; from the year 2000 to an hour ahead of the clock. */
  timeBounds?: Partial<TimeBounds>
}

/** Events that are judged and appended together; a larger request is cut, so that others get their turn. */
const BATCH_EVENTS = 10_000

/** Builds the service. */
export function createEvents(dependencies: Dependencies): Events {
  const { database, profiles, clock } = dependencies
  const log = (tenantId: string): EventLog => dependencies.log(logName(tenantId))
  const ingestion = new Ingestion({ ...dependencies, logOf: log })
  const letterTools = { database, clock, ingestion }
  const batchers = new Map<string, Batcher<unknown, Outcome>>()
  const takeBatch = (tenantId: string, events: unknown[]): Promise<Outcome[]> =>
    takeAndKeep({ ...letterTools, profiles }, tenantId, events)
  profiles.onIdentities(async (tenantId, identities) => {
    await releaseHeld(letterTools, tenantId, identities)
  })

  return {
    async ingest(tenantId, events) {
      const result: IngestResult = { accepted: 0, duplicates: 0, rejected: [] }
      for (let at = 0; at < events.length; at += BATCH_EVENTS) {
        const batch = events.length <= BATCH_EVENTS ? events : events.slice(at, at + BATCH_EVENTS)
        addOutcomes(result, await takeBatch(tenantId, batch), at)
      }
      return result
    },
    async ingestOne(tenantId, event) {
      let batcher = batchers.get(tenantId)
      if (!batcher) {
        batcher = new Batcher((events) => takeBatch(tenantId, events))
        batchers.set(tenantId, batcher)
      }
      const result: IngestResult = { accepted: 0, duplicates: 0, rejected: [] }
      addOutcomes(result, [await batcher.add(event)], 0)
      return result
    },
    openLines: (tenantId) => new EventLines({ ingestion, takeRefused: takeBatch }, tenantId),
    counters: (tenantId) => ingestion.counters(tenantId),
    log,
    openDeadLetters: (tenantId) => database.tx(tenantId, store.countOpenByCode),
    async listDeadLetters(tenantId, { state, limit, after }) {
      const letters = await database.tx(tenantId, (tx) =>
        store.selectDeadLetters(tx, state, after ?? '', limit),
      )
      const deadLetters = letters.map((letter) => ({ ...letter, receivedAt: letter.receivedAt.toString() }))
      return { deadLetters, next: letters.length < limit ? null : letters.at(-1)!.deadLetterId }
    },
    replay: (tenantId, request) => replayLetters(letterTools, tenantId, parseInput(replayRequest, request)),
    recheckHeld: (tenantId) => recheckHeld(letterTools, tenantId),
    discard: (tenantId, ids) =>
      database.tx(tenantId, (tx) => store.updateSettled(tx, ids, 'discarded', clock.now())),
  }
}

type Tools = { database: Database; clock: Clock; ingestion: Ingestion; profiles: Profiles }

/** Takes events, and keeps those that are refused as dead letters. */
async function takeAndKeep(tools: Tools, tenantId: string, events: unknown[]): Promise<Outcome[]> {
  const { database, clock, ingestion, profiles } = tools
  const verdicts = await ingestion.take(tenantId, events)
  const letters: store.NewDeadLetter[] = []
  const types = await ingestion.typesOf(tenantId)
  const identityOf = await profiles.identityReader(tenantId)
  const outcomes = verdicts.map((verdict, i): Outcome => {
    if (typeof verdict === 'string') return verdict
    const subject = isUnknownSubject(verdict) ? subjectToHold(events[i], types) : undefined
    const letter = store.newDeadLetter(events[i], verdict, subject && identityOf(subject))
    letters.push(letter)
    return { problem: verdict, deadLetterId: letter.deadLetterId }
  })
  if (letters.length === 0) return outcomes
  await database.tx(tenantId, (tx) => store.insertDeadLetters(tx, letters, clock.now()))
  // An import may have stored the identity while the letter was on its way, and found nothing that waits for it.
  const { resolve } = await profiles.lookup(tenantId)
  const known = letters.flatMap(({ heldFor }) => (heldFor && resolve(heldFor) ? heldFor : []))
  if (known.length > 0) await releaseHeld(tools, tenantId, known)
  return outcomes
}

/** The subject of an event whose type says that it is held while its subscriber is unknown. */
function subjectToHold(event: unknown, types: Map<string, CompiledType>): string | undefined {
  const { type, subject } = event as { type: string; subject: unknown }
  return types.get(type)?.unknownSubscriber === 'hold' && typeof subject === 'string' ? subject : undefined
}
