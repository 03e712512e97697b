import {
  Batcher,
  type Clock,
  type Database,
  type Documents,
  type EventLog,
  parseInput,
} from '../platform/index.ts'
import type { Problem } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import type { DeadLetterPage, DeadLetterState, ReplayAnswer, ReplayRequest } from './contract.ts'
import { replayRequest } from './contract.ts'
import { Ingestion } from './ingestion.ts'
import { logName } from './record.ts'
import { replayLetters } from './replay.ts'
import * as store from './store.ts'

export type RejectedEvent = { index: number; problem: Problem; deadLetterId: string }
export type IngestResult = { accepted: number; duplicates: number; rejected: RejectedEvent[] }

/** Ingestion, the log and the dead letters. */
export type Events = {
  /**
   * Takes CloudEvents 1.0. Resolves when the accepted ones are durable; those refused wait in the dead letters.
   * An event seen before (same source and id) is a duplicate and has no effect.
   */
  ingest(tenantId: string, events: unknown[]): Promise<IngestResult>
  /** The same for one event, sharing a write with others that arrive at the same moment. */
  ingestOne(tenantId: string, event: unknown): Promise<IngestResult>
  /** The tenant's log; its records are read with `decodeRecord`. */
  log(tenantId: string): EventLog
  listDeadLetters(
    tenantId: string,
    query: { state: DeadLetterState; limit: number; after?: string | undefined },
  ): Promise<DeadLetterPage>
  replay(tenantId: string, request: ReplayRequest): Promise<ReplayAnswer>
  /** Gives letters up; returns the ids of those that were open. */
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
}

type Outcome = 'accepted' | 'duplicate' | { problem: Problem; deadLetterId: string }

/** Events that are judged and appended together; a larger request is cut, so that others get their turn. */
const BATCH_EVENTS = 10_000

/** Builds the service. */
export function createEvents(dependencies: Dependencies): Events {
  const { database, documents, profiles, clock, wake } = dependencies
  const log = (tenantId: string): EventLog => dependencies.log(logName(tenantId))
  const ingestion = new Ingestion(documents, profiles, log)
  const batchers = new Map<string, Batcher<unknown, Outcome>>()

  const takeBatch = async (tenantId: string, events: unknown[]): Promise<Outcome[]> => {
    const verdicts = await ingestion.take(tenantId, events)
    const letters: store.NewDeadLetter[] = []
    const outcomes = verdicts.map((verdict, i): Outcome => {
      if (typeof verdict === 'string') return verdict
      const letter = store.newDeadLetter(events[i], verdict)
      letters.push(letter)
      return { problem: verdict, deadLetterId: letter.deadLetterId }
    })
    if (letters.length > 0) {
      await database.tx(tenantId, (tx) => store.insertDeadLetters(tx, letters, clock.now()))
    }
    if (outcomes.includes('accepted')) wake(tenantId)
    return outcomes
  }

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
    log,
    async listDeadLetters(tenantId, { state, limit, after }) {
      const letters = await database.tx(tenantId, (tx) =>
        store.selectDeadLetters(tx, state, after ?? '', limit),
      )
      const deadLetters = letters.map((letter) => ({ ...letter, receivedAt: letter.receivedAt.toString() }))
      return { deadLetters, next: letters.length < limit ? null : letters.at(-1)!.deadLetterId }
    },
    async replay(tenantId, request) {
      const checked = parseInput(replayRequest, request)
      const answer = await replayLetters({ database, clock, ingestion }, tenantId, checked)
      if (answer.accepted > 0) wake(tenantId)
      return answer
    },
    discard: (tenantId, ids) =>
      database.tx(tenantId, (tx) => store.updateSettled(tx, ids, 'discarded', clock.now())),
  }
}

function addOutcomes(result: IngestResult, outcomes: Outcome[], firstIndex: number): void {
  outcomes.forEach((outcome, i) => {
    if (outcome === 'accepted') result.accepted++
    else if (outcome === 'duplicate') result.duplicates++
    else result.rejected.push({ index: firstIndex + i, ...outcome })
  })
}
