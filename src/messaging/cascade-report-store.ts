import type { Tx } from '../platform/index.ts'

/** How often messages of a channel did what a step may wait for. */
export type ChannelHistory = {
  channel: string
  /** Sent, or held because the subscriber has no address there. */
  tried: number
  sent: number
  accepted: number
  delivered: number
  seen: number
  clicked: number
  answered: number
}

/** How long the messages of a template were, in units that are paid for. */
export type TemplateHistory = { templateId: string; averageUnits: number }

/** Rows that are read to learn shares. More would not make them truer, but the page slower. */
const SAMPLE_ROWS = 300_000

/**
 * How much of the messages to read, in per cent, to see about so many rows. Where there are more, a sample of the
 * table's blocks stands for them (`tablesample system`): shares are asked for and not sums.
 */
export async function samplePercent(tx: Tx, sampleRows: number): Promise<number> {
  const [row] = await tx.query<{ rows: number }>(
    `select greatest(reltuples, 0)::float8 as rows from pg_class where oid = 'messaging.life'::regclass`,
  )
  return Math.min(100, (100 * sampleRows) / Math.max(1, row!.rows))
}

/**
 * A sample of runs with all of their messages: $1 per cent of the table's blocks. Whole runs, because an answer counts
 * for the last message of its run.
 */
const SAMPLED = `lives as materialized (
    select tenant_id, shape_id, run_id, subscriber_id, message_id, message_state as state, reason, parts, queued_at, submitted_at
    from messaging.life tablesample system ($1)),
  sampled as (
    select run_id, 0 as step, channel, template_id, subscriber_id, state, reason, parts, queued_at, submitted_at
    from lives join messaging.shape using (tenant_id, shape_id) where message_id is not null
    union all
    select m.run_id, m.step, m.channel, m.template_id, m.subscriber_id, m.state, m.reason, m.parts, m.queued_at, m.submitted_at
    from lives join messaging.later_message m using (run_id))`

/** A message that somebody has to pay for; where nobody knows, nobody was asked to. */
const SENT = `s.submitted_at is not null and s.state <> 'unknown'`

/**
 * Each answer counts for the last message of its run that had been sent by then: people answer what they saw last,
 * also by another channel than it came through (an SMS that names a USSD code). Reads the relation `messages`.
 */
export const ANSWERED = `turns as (
    select run_id, step, submitted_at,
      lead(submitted_at) over (partition by run_id order by submitted_at, step) as next_at
    from messages where submitted_at is not null),
  answered as (
    select distinct l.run_id, l.step from messaging.answer a
    join turns l on l.run_id = a.run_id and l.submitted_at <= a.at and (l.next_at is null or a.at < l.next_at))`

/** Shares by channel and lengths by template of messages queued since a moment. */
export async function readHistory(
  tx: Tx,
  since: Temporal.Instant,
): Promise<{ channels: ChannelHistory[]; templates: TemplateHistory[] }> {
  const percent = await samplePercent(tx, SAMPLE_ROWS)
  const channels = await tx.query<ChannelHistory>(
    `with ${SAMPLED},
     messages as materialized (
       select run_id, step, channel, state, reason, submitted_at from sampled
       where queued_at >= $2 and (submitted_at is not null or state = 'failed' or reason = 'no_address')),
     ${ANSWERED}
     select s.channel, count(*)::int as tried,
       count(*) filter (where ${SENT})::int as sent,
       count(*) filter (where s.state in ('submitted', 'delivered', 'seen', 'clicked'))::int as accepted,
       count(*) filter (where s.state in ('delivered', 'seen', 'clicked'))::int as delivered,
       count(*) filter (where s.state in ('seen', 'clicked'))::int as seen,
       count(*) filter (where s.state = 'clicked')::int as clicked,
       count(a.run_id)::int as answered
     from messages s left join answered a on a.run_id = s.run_id and a.step = s.step
     group by s.channel order by s.channel`,
    [percent, since],
  )
  const templates = await tx.query<TemplateHistory>(
    `with ${SAMPLED}
     select template_id as "templateId", avg(parts)::float8 as "averageUnits" from sampled s where queued_at >= $2 and ${SENT} group by template_id`,
    [percent, since],
  )
  return { channels, templates }
}

/** One step's figures as the report has them; amounts in minor units. */
export type StepFigures = {
  step: number
  channel: string
  template: string
  until: string
  entered: number
  held: number
  sent: number
  reached: number
  delivered: number
  seen: number
  clicked: number
  answered: number
  failed: number
  unknown: number
  costMinor: bigint
}

export type RunFigures = { runs: number; contacted: number; reached: number; allSmsMinor: bigint }

/** How runs of a cascade that began within [from, to) ended, and what became of their messages by step. */
export async function readCascadeReport(
  tx: Tx,
  cascadeId: string,
  from: Temporal.Instant,
  to: Temporal.Instant,
): Promise<{ runs: RunFigures; steps: StepFigures[] }> {
  const [runs] = await tx.query<RunFigures>(
    `select count(*)::int as runs, count(contacted_at)::int as contacted,
       count(*) filter (where outcome in ('submitted', 'delivered', 'seen', 'clicked', 'answered'))::int as reached,
       coalesce(sum(all_sms_minor) filter (where contacted_at is not null), 0)::bigint as "allSmsMinor"
     from messaging.cascade_run where cascade_id = $1 and started_at >= $2 and started_at < $3`,
    [cascadeId, from, to],
  )
  const steps = await tx.query<StepFigures>(
    `with runs as materialized (
       select run_id from messaging.cascade_run where cascade_id = $1 and started_at >= $2 and started_at < $3),
     messages as materialized (
       -- As an array, because a join does not find its way through the view to the indexes.
       select * from messaging.message where run_id = any(array(select run_id from runs)) and queued_at >= $2),
     ${ANSWERED}
     select s.step, s.channel, s.template_id as template, s.until, count(*)::int as entered,
       count(*) filter (where s.state = 'held')::int as held,
       count(*) filter (where ${SENT})::int as sent,
       count(*) filter (where case s.until
         when 'accepted' then s.state in ('submitted', 'delivered', 'seen', 'clicked')
         when 'delivered' then s.state in ('delivered', 'seen', 'clicked')
         when 'seen' then s.state in ('seen', 'clicked')
         when 'clicked' then s.state = 'clicked'
         else a.run_id is not null end)::int as reached,
       count(*) filter (where s.state in ('delivered', 'seen', 'clicked'))::int as delivered,
       count(*) filter (where s.state in ('seen', 'clicked'))::int as seen,
       count(*) filter (where s.state = 'clicked')::int as clicked,
       count(a.run_id)::int as answered,
       count(*) filter (where s.state = 'failed')::int as failed,
       count(*) filter (where s.state = 'unknown')::int as unknown,
       coalesce(sum(s.cost_minor) filter (where ${SENT}), 0)::bigint as "costMinor"
     from messages s left join answered a on a.run_id = s.run_id and a.step = s.step
     group by s.step, s.channel, s.template_id, s.until order by s.step, entered desc, s.channel`,
    [cascadeId, from, to],
  )
  return { runs: runs!, steps }
}
