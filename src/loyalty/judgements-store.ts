import type { Tx } from '../platform/index.ts'
import { behind } from './pages.ts'

/** A judgement as it is stored: bigints are texts of digits. */
export type StoredJudgement = {
  consumer: string
  programmeId: string
  rule: string
  ruleVersion: number
  reason: string
  points?: string
  account?: string
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
 * Judged events of some subscribers, and of everybody by whom one of the accounts was changed; the latest first, behind
 * a place.
 */
export function selectHistory(
  tx: Tx,
  query: {
    subscriberIds: number[]
    accounts: string[]
    before: string | null
    limit: number
  },
): Promise<StoredEvent[]> {
  const { subscriberIds, accounts, before, limit } = query
  // Asked only where there are any: almost nobody shares an account.
  const whose = accounts.length === 0 ? '' : 'or other_accounts && $4::text[]'
  return tx.query(
    `select ${columns} from loyalty.judged_event
     where (subscriber_id = any($1::int[]) ${whose}) and judgements <> '[]'
       and ($2::text is null or ${behind('event_id', '$2')})
     order by at desc, event_id desc limit $3`,
    [subscriberIds, before, limit, ...(accounts.length === 0 ? [] : [accounts])],
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

/**
 * Who is one person with a subscriber, the subscriber included: by programme, all who were merged into the one who goes
 * on, and that one.
 */
export function selectPersons(
  tx: Tx,
  subscriberId: number,
): Promise<{ programmeId: string; goesOnAs: number; subscriberIds: number[] }[]> {
  return tx.query(
    `select m.programme_id as "programmeId", own.root as "goesOnAs", array_agg(m.subscriber_id) as "subscriberIds"
     from (select programme_id, coalesce(merged_into, subscriber_id) as root
           from loyalty.member where subscriber_id = $1) own
     join loyalty.member m on m.programme_id = own.programme_id and own.root in (m.subscriber_id, m.merged_into)
     group by 1, 2`,
    [subscriberId],
  )
}
