import type { Tx } from '../../platform/index.ts'

export type ClickCounts = { clicks: number; people: number; bots: number }

/** `target` null: of all links; `day` null: of all days. */
export type ClickRow = ClickCounts & { target: string | null; day: string | null }

export type ClickScope = {
  campaignId: string | undefined
  cascadeId: string | undefined
  from: Temporal.Instant
  to: Temporal.Instant
  timeZone: string
  /** Parameters that differ from message to message; links that differ in nothing else are one. */
  ownParameters: string[]
}

/** Clicks on the links of a campaign's or cascade's messages: by link and day, by link, and in all. */
export function readClicks(tx: Tx, scope: ClickScope): Promise<ClickRow[]> {
  const { campaignId, cascadeId, from, to, timeZone, ownParameters } = scope
  return tx.query<ClickRow>(
    `with requests as materialized (
       select number, message_id, bot, (at at time zone $5)::date as day
       from messaging.link_click where at >= $3 and at < $4),
     -- Runs as an array, because a join does not find its way through the views to the indexes.
     clicked_runs as materialized (
       select messaging.run_of_message(message_id) as run_id from requests
       union select l.run_id from messaging.later_message l join requests using (message_id)),
     clicks as materialized (
       select q.number, m.subscriber_id, q.bot, q.day
       from requests q
       join (select * from messaging.message where run_id = any(array(select run_id from clicked_runs))) m using (message_id)
       join (select run_id, cascade_id from messaging.cascade_run
             where run_id = any(array(select run_id from clicked_runs))) r using (run_id)
       where ($1::text is null or m.campaign_id = $1) and ($2::text is null or r.cascade_id = $2)),
     led as (
       select number, (
         select b.targets[b.target_of[(number - b.first_number)::int + 1]] from messaging.link_block b
         where b.first_number <= number order by b.first_number desc limit 1) as target
       from (select distinct number from clicks) as followed),
     named as (
       select number, case when $6 = '' then target
         else regexp_replace(regexp_replace(target, '([?&])(' || $6 || ')=[^&#]*&?', '\\1', 'g'), '[?&](#|$)', '\\1')
         end as target
       from led)
     select target, day::text as day, count(*) filter (where bot is null)::int as clicks,
       count(distinct subscriber_id) filter (where bot is null)::int as people,
       count(*) filter (where bot is not null)::int as bots
     from clicks join named using (number)
     group by grouping sets ((target, day), (target), ())
     order by target nulls first, day nulls first`,
    [campaignId ?? null, cascadeId ?? null, from, to, timeZone, ownParameters.join('|')],
  )
}
