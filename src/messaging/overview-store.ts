import type { Tx } from '../platform/index.ts'

/** How far a campaign's sending is; `state` is what somebody asked for. */
export type SendingRow = {
  campaignId: string
  state: 'running' | 'paused' | 'cancelled'
  waiting: number
  active: number
  finished: number
  sent: number
  costMinor: bigint
  startedAt: Temporal.Instant | null
}

/** Campaigns with anything sent or to be sent: those that are under way first, then the latest. */
export function selectSendings(tx: Tx, limit: number): Promise<SendingRow[]> {
  return tx.query<SendingRow>(
    `with waiting as (
       select campaign_id, sum(count)::int as count from messaging.start group by campaign_id),
     runs as (
       select campaign_id, coalesce(sum(count) filter (where outcome = ''), 0)::int as active,
         coalesce(sum(count) filter (where outcome <> ''), 0)::int as finished, min(started_at) as started_at
       from messaging.run_count group by campaign_id),
     chosen as (
       select campaign_id, coalesce(s.state, 'running') as state, coalesce(w.count, 0) as waiting,
         coalesce(r.active, 0) as active, coalesce(r.finished, 0) as finished, r.started_at
       from runs r full join waiting w using (campaign_id) left join messaging.sending s using (campaign_id)
       order by coalesce(w.count, 0) + coalesce(r.active, 0) > 0 desc, r.started_at desc nulls first, campaign_id
       limit $1),
     sent as (
       select campaign_id, sum(m.sent)::int as sent, sum(cost_minor)::bigint as cost
       from messaging.message_count m join chosen using (campaign_id) group by campaign_id)
     select campaign_id as "campaignId", state, waiting, active, finished, started_at as "startedAt",
       coalesce(sent, 0) as sent, coalesce(cost, 0)::bigint as "costMinor"
     from chosen left join sent using (campaign_id)
     order by waiting + active > 0 desc, started_at desc nulls first, campaign_id`,
    [limit],
  )
}

/** How many runs answered, by the channel of the last message that had been sent to them by then. */
export function selectAnswered(tx: Tx): Promise<{ channel: string; count: number }[]> {
  return tx.query(
    `select m.channel, count(distinct a.run_id)::int as count
     from messaging.answer a join messaging.message m on m.run_id = a.run_id and m.submitted_at <= a.at
     where not exists (
       select from messaging.message later where later.run_id = a.run_id and later.submitted_at <= a.at
         and (later.submitted_at, later.step) > (m.submitted_at, m.step))
     group by m.channel`,
  )
}
