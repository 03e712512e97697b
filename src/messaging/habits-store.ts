import type { Tx } from '../platform/index.ts'
import { ANSWERED, samplePercent } from './cascade-report-store.ts'

/** How often a channel's messages to one subscriber did what a step may wait for. */
export type ChannelAttempts = {
  tried: number
  accepted: number
  delivered: number
  seen: number
  clicked: number
  answered: number
}

/** Rows among which subscribers are drawn. More would not make shares truer, but the look longer. */
const SAMPLE_ROWS = 50_000

/** Some subscribers who were sent something since a moment, for whom everybody's habits are looked up. */
export async function sampleSubscribers(tx: Tx, since: Temporal.Instant, limit: number): Promise<number[]> {
  const percent = await samplePercent(tx, SAMPLE_ROWS)
  const rows = await tx.query<{ id: number }>(
    `select distinct subscriber_id as id from messaging.life tablesample system ($1)
     where started_at >= $2 limit $3`,
    [percent, since, limit],
  )
  return rows.map(({ id }) => id)
}

/** By subscriber and channel what became of messages since a moment; those whose fate is unknown tell nothing. */
export function selectAttempts(
  tx: Tx,
  subscriberIds: number[],
  since: Temporal.Instant,
): Promise<(ChannelAttempts & { subscriberId: number; channel: string })[]> {
  return tx.query(
    `with messages as materialized (
       select run_id, step, channel, subscriber_id, state, submitted_at from messaging.message
       where subscriber_id = any($1::int[]) and queued_at >= $2 and state <> 'unknown'
         and (submitted_at is not null or state = 'failed')),
     ${ANSWERED}
     select s.subscriber_id as "subscriberId", s.channel, count(*)::int as tried,
       count(*) filter (where s.state in ('submitted', 'delivered', 'seen', 'clicked'))::int as accepted,
       count(*) filter (where s.state in ('delivered', 'seen', 'clicked'))::int as delivered,
       count(*) filter (where s.state in ('seen', 'clicked'))::int as seen,
       count(*) filter (where s.state = 'clicked')::int as clicked,
       count(a.run_id)::int as answered
     from messages s left join answered a on a.run_id = s.run_id and a.step = s.step
     group by s.subscriber_id, s.channel`,
    [subscriberIds, since],
  )
}

/** When these subscribers saw, clicked or answered something since a moment, epoch ms. */
export function selectReactions(
  tx: Tx,
  subscriberIds: number[],
  since: Temporal.Instant,
): Promise<{ subscriberId: number; momentsMs: number[] }[]> {
  return tx.query(
    `select subscriber_id as "subscriberId", array_agg((extract(epoch from at) * 1000)::float8) as "momentsMs"
     from (
       select subscriber_id, settled_at as at from messaging.message
       where subscriber_id = any($1::int[]) and queued_at >= $2 and state in ('seen', 'clicked')
       union all
       select subscriber_id, at from messaging.answer where subscriber_id = any($1::int[]) and at >= $2) as reactions
     group by subscriber_id`,
    [subscriberIds, since],
  )
}
