import { derivedId, DomainError, instantOf, type Tx } from '../../platform/index.ts'
import type { TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import { lockLoyalty } from '../members-store.ts'
import type { AbuseCase, CaseState } from './case.ts'
import { selectCases, selectCasesOf, selectQueue } from './case-store.ts'
import type { Decision } from './deciding.ts'
import { DECIDE } from './desk.ts'
import type { Deed } from './standing.ts'
import { selectStandings } from './standing-store.ts'

export type QueueRequest = {
  tenantId: string
  state: CaseState
  programmeId?: string | undefined
  /** `next` of the page before. */
  after?: string | undefined
  limit: number
}

/** The review queue. */
export type Abuse = {
  queue(request: QueueRequest): Promise<{ cases: AbuseCase[]; next: string | null }>
  /** A case with the member's latest deeds and other cases. Throws `abuse_case_not_found`. */
  evidence(tenantId: string, caseId: string): Promise<{ case: AbuseCase; deeds: Deed[]; others: AbuseCase[] }>
  /** All cases about a subscriber, the latest first. */
  ofMember(tenantId: string, subscriberId: number): Promise<AbuseCase[]>
  /**
   * Confirms an open case, or releases one, also one that was confirmed: held and forfeited points go back, nothing is
   * refused any more, and its reasons strike the member no more for a time. The same decision again changes nothing.
   * Throws `abuse_case_not_found`, `abuse_case_conflict`.
   */
  decide(request: {
    tenantId: string
    caseId: string
    decision: 'confirm' | 'release'
    by: string
    note?: string | undefined
  }): Promise<AbuseCase>
}

/** Builds the review queue. */
export function createAbuse(parts: LoyaltyParts): Abuse {
  const { database, clock, take } = parts
  const inTenant = <T>(tenantId: string, work: (tx: Tx) => Promise<T>) => database.tx(tenantId, work)
  return {
    queue: ({ tenantId, state, programmeId, after, limit }) =>
      inTenant(tenantId, async (tx) => {
        const asked = { state, programmeId: programmeId ?? null, after: pageAfter(after), limit }
        const cases = await selectQueue(tx, asked)
        const last = cases.at(-1)
        const next = last && cases.length === limit ? `${last.openedAtMs} ${last.caseId}` : null
        return { cases, next }
      }),
    evidence: (tenantId, caseId) =>
      inTenant(tenantId, async (tx) => {
        const found = await caseOf(tx, caseId)
        const { programmeId, subscriberId } = found
        const standings = await selectStandings(tx, [subscriberId])
        const deeds = standings.find((one) => one.programmeId === programmeId)?.deeds.toReversed() ?? []
        const others = (await selectCasesOf(tx, subscriberId)).filter((one) => one.caseId !== caseId)
        return { case: found, deeds, others }
      }),
    ofMember: (tenantId, subscriberId) => inTenant(tenantId, (tx) => selectCasesOf(tx, subscriberId)),
    decide: ({ tenantId, caseId, decision, by, note }) =>
      inTenant(tenantId, async (tx) => {
        lockLoyalty(tx)
        const found = await caseOf(tx, caseId)
        const done = decision === 'confirm' ? 'confirmed' : 'released'
        if (found.state === done) return found
        const isOpen = found.state === 'open' || (found.state === 'confirmed' && decision === 'release')
        if (!isOpen) {
          const details = { field: 'state', found: found.state, expected: 'open' }
          throw new DomainError('abuse_case_conflict', 'the case was decided before', details)
        }
        await take(tx, tenantId, [decisionEvent(found, decision, { by, note, atMs: clock.nowMs() })])
        return caseOf(tx, caseId)
      }),
  }
}

/** A case is decided in each way once, so the event's id follows from both. */
export function decisionEvent(
  { caseId, programmeId, subscriberId }: AbuseCase,
  decision: Decision,
  { by, note, atMs }: { by: string; note?: string | undefined; atMs: number },
): TakenEvent {
  const id = `${caseId}:${decision}`
  return {
    eventId: derivedId(DECIDE, id),
    id,
    source: LOYALTY_SOURCE,
    type: DECIDE,
    atMs,
    subscriberId,
    data: { programme: programmeId, case: caseId, decision, by, note: note ?? null },
    depth: 0,
  }
}

const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)

async function caseOf(tx: Tx, caseId: string): Promise<AbuseCase> {
  const [found] = isUuid(caseId) ? await selectCases(tx, [caseId]) : []
  if (found) return found
  throw new DomainError('abuse_case_not_found', 'no such case', { field: 'caseId', found: caseId })
}

function pageAfter(after: string | undefined): { openedAt: Temporal.Instant; caseId: string } | null {
  if (after === undefined) return null
  const [ms = '', caseId = ''] = after.split(' ')
  if (/^\d{1,15}$/.test(ms) && isUuid(caseId)) {
    return { openedAt: instantOf(Number(ms)), caseId }
  }
  throw new DomainError('request_invalid', 'no such place in the queue', { field: 'after', found: after })
}
