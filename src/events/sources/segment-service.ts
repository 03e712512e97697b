import { type Clock, type Database, type Documents, DomainError, type Problem } from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import { insertDeadLetters, newDeadLetter } from '../store.ts'
import type { IngestCounts } from './contract.ts'
import type { Intake } from './intake.ts'
import {
  eventOfCall,
  isRecord,
  type ProfileRow,
  profileOfCall,
  type SegmentCall,
  type SegmentEnvelope,
} from './segment.ts'

export type SegmentDependencies = {
  database: Database
  documents: Documents
  profiles: Pick<Profiles, 'upsertSubscribers'>
  events: Pick<Intake, 'ingest'>
  clock: Clock
}

export type SegmentRequest = { calls: unknown[]; sentAt: unknown; keyId: string }

/** A call on its way: its event, what it says about who somebody is, and why that was refused. */
type Reading = {
  event: Record<string, unknown>
  /** Calls that only tell who somebody is are no events unless the tenant has registered a type for them. */
  isEvent: boolean
  profile: ProfileRow | undefined
  refused?: Problem
}

/**
 * Takes the calls of one request: first who somebody is, then what they did, so that the first visit of a newcomer
 * counts in the very request that introduces them. Resolves when everything is durable.
 */
export async function takeCalls(
  dependencies: SegmentDependencies,
  tenantId: string,
  request: SegmentRequest,
): Promise<IngestCounts> {
  const { documents, events, clock } = dependencies
  const { registered, isAttribute } = await declarations(documents, tenantId)
  const envelope: SegmentEnvelope = {
    // The head of a key's id is the time when it was made, which several keys may share; its tail is random.
    source: `segment/${request.keyId.slice(-8)}`,
    receivedMs: clock.nowMs(),
    sentAt: request.sentAt,
    fieldsOf: (type) => registered.get(type),
  }
  const readings = request.calls.map((call): Reading => {
    const known: SegmentCall = isRecord(call) ? call : { type: 'call', properties: call }
    const event = eventOfCall(known, envelope)
    const type = known['type']
    const profile = profileOfCall(known, isAttribute)
    const isEvent =
      profile === undefined || (type !== 'identify' && type !== 'alias') || registered.has(`segment.${type}`)
    return { event, isEvent, profile }
  })
  await applyProfiles(dependencies, tenantId, readings)
  const refused = await keepRefused(dependencies, tenantId, readings)
  const given = readings.filter((reading) => reading.isEvent && !reading.refused).map(({ event }) => event)
  const result = given.length === 0 ? nothing : await events.ingest(tenantId, given)
  return {
    accepted: result.accepted,
    duplicates: result.duplicates,
    rejected: result.rejected.length + refused,
  }
}

const nothing = { accepted: 0, duplicates: 0, rejected: [] }

async function declarations(
  documents: Documents,
  tenantId: string,
): Promise<{ registered: Map<string, Set<string>>; isAttribute: (name: string) => boolean }> {
  const types = await documents.list<{ id: string; schema: { properties?: object } }>(tenantId, 'EventType')
  const declared = await documents.get<{ attributes: object }>(tenantId, 'Attributes', 'subscriber')
  return {
    registered: new Map(types.map(({ id, schema }) => [id, new Set(Object.keys(schema.properties ?? {}))])),
    isAttribute: (name) => declared === undefined || Object.hasOwn(declared.attributes, name),
  }
}

async function applyProfiles(
  { profiles }: SegmentDependencies,
  tenantId: string,
  readings: Reading[],
): Promise<void> {
  let waiting = readings.filter((reading) => reading.profile !== undefined)
  for (const rowOf of [(profile: ProfileRow) => profile.row, (profile: ProfileRow) => profile.fallback]) {
    if (waiting.length === 0) return
    const rows = waiting.map((reading) => rowOf(reading.profile!))
    const { rejects } = await profiles.upsertSubscribers(tenantId, rows)
    for (const { index, problem } of rejects) waiting[index]!.refused = problem
    const again = rejects
      .map(({ index }) => waiting[index]!)
      .filter(({ profile, refused }) => profile!.fallback && refused!.code === 'identity_conflict')
    for (const reading of again) delete reading.refused
    waiting = again
  }
}

/** What could not be said about somebody waits in the dead letters, as the event that it would have been. */
async function keepRefused(
  { database, clock }: SegmentDependencies,
  tenantId: string,
  readings: Reading[],
): Promise<number> {
  const letters = readings.flatMap(({ event, refused }) => (refused ? [newDeadLetter(event, refused)] : []))
  if (letters.length > 0) {
    await database.tx(tenantId, (tx) => insertDeadLetters(tx, letters, clock.now()))
  }
  return letters.length
}

/** The calls of a request's body; `type` for the routes that are for one kind of call. Throws `segment_call_invalid`. */
export function callsOf(body: unknown, type: string | undefined): Pick<SegmentRequest, 'calls' | 'sentAt'> {
  if (!isRecord(body)) throw invalid('body', typeof body, 'a JSON object')
  const sentAt = body['sentAt']
  if (type !== undefined) return { calls: [{ ...body, type }], sentAt }
  if (!Array.isArray(body['batch'])) throw invalid('batch', typeof body['batch'], 'an array of calls')
  // What stands beside the batch holds for each of its calls (Segment HTTP API, batch).
  const { context } = body
  const calls = body['batch'].map((call: unknown) =>
    isRecord(call) && isRecord(context) ? { ...call, context: { ...context, ...contextOf(call) } } : call,
  )
  return { calls, sentAt }
}

const contextOf = (call: Record<string, unknown>): object =>
  isRecord(call['context']) ? call['context'] : {}

function invalid(field: string, found: unknown, expected: string): DomainError {
  return new DomainError('segment_call_invalid', 'the request is no call of the Segment API', {
    field,
    found,
    expected,
  })
}
