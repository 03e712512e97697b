import type { Tx } from '../platform/index.ts'

/** How many messages a reason stopped, and of how many subscribers. */
export type StopRow = { reason: string; messages: number; subscribers: number }

/** Messages that were held since a moment, by reason. */
export function heldSince(tx: Tx, since: Temporal.Instant): Promise<StopRow[]> {
  return tx.query<StopRow>(
    `select reason, count(*)::int as messages, count(distinct subscriber_id)::int as subscribers
     from messaging.message where state = 'held' and settled_at >= $1 group by reason order by 2 desc, 1`,
    [since],
  )
}

/** Messages that wait now because the policy postponed them, by reason. */
export function postponedNow(tx: Tx): Promise<StopRow[]> {
  return tx.query<StopRow>(
    `select postponed_for as reason, count(*)::int as messages, count(distinct subscriber_id)::int as subscribers
     from messaging.message where state = 'queued' and postponed_for is not null
     group by postponed_for order by 2 desc, 1`,
  )
}
