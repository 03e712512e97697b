import type { Tx } from '../platform/index.ts'

/** A judgement as it is stored: bigints are texts of digits. */
export type StoredJudgement = {
  consumer: string
  programmeId: string
  rule: string
  ruleVersion: number
  reason: string
  points?: string
  saw: Record<string, unknown>
}

export type StoredEvent = {
  eventId: string
  event: string
  source: string
  type: string
  at: Temporal.Instant
  subscriberId: number
  judgements: StoredJudgement[]
}

const columns = `event_id as "eventId", name as event, source, type, at, subscriber_id as "subscriberId", judgements`

/**
 * Judged events of a member, the latest first, behind a place; those of everybody who was merged into the member are
 * the member's own.
 */
export function selectHistory(
  tx: Tx,
  query: { subscriberIds: number[]; before: { at: Temporal.Instant; eventId: string } | null; limit: number },
): Promise<StoredEvent[]> {
  const { subscriberIds, before, limit } = query
  return tx.query(
    `select ${columns} from loyalty.judged_event
     where subscriber_id = any($1::int[]) and judgements <> '[]'
       and ($2::timestamptz is null or (at, event_id) < ($2, $3::uuid))
     order by at desc, event_id desc limit $4`,
    [subscriberIds, before?.at ?? null, before?.eventId ?? null, limit],
  )
}

/** Judged events of a member that bear an id in their source, or here. */
export function selectJudgedEvents(tx: Tx, subscriberIds: number[], event: string): Promise<StoredEvent[]> {
  return tx.query(
    `select ${columns} from loyalty.judged_event
     where subscriber_id = any($1::int[]) and (name = $2 or event_id::text = $2) order by at, event_id`,
    [subscriberIds, event],
  )
}

/** A judged event by its id; undefined where it was never taken. */
export async function selectJudgedEvent(tx: Tx, eventId: string): Promise<StoredEvent | undefined> {
  const [found] = await tx.query<StoredEvent>(
    `select ${columns} from loyalty.judged_event where event_id = $1`,
    [eventId],
  )
  return found
}

/** The subscriber, and whoever was merged into the subscriber's memberships. */
export async function selectPersons(tx: Tx, subscriberId: number): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    'select distinct subscriber_id as id from loyalty.member where merged_into = $1',
    [subscriberId],
  )
  return [subscriberId, ...rows.map(({ id }) => id)]
}
