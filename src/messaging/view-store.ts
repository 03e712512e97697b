import type { Tx } from '../platform/index.ts'
import type { Message } from './message.ts'
import { countStarts } from './start-store.ts'
import { uuidOrNull } from './store.ts'

const viewColumns = `message_id as "messageId", run_id as "runId", subscriber_id as "subscriberId", channel,
  template_id as "templateId", text, content, parts, cost_minor as "costMinor", state, reason, postponed_for as "postponedFor",
  queued_at as "queuedAt", not_before as "notBefore", submitted_at as "submittedAt", settled_at as "settledAt"`

/** In lists the pages of letters are left out. */
const listColumns = viewColumns.replace('content,', `content - '{html,amp}'::text[] as content,`)

const at = (ms: number | null): string | null =>
  ms === null ? null : Temporal.Instant.fromEpochMilliseconds(ms).toString()

/** A message as memory has it, which knows more than the tables while they are behind. */
export function viewOf(message: Message): object {
  const { run, content, queuedMs, notBeforeMs, submittedMs, settledMs } = message
  const { text, ...rest } = content
  const { messageId, channel, templateId, parts, costMinor, state, reason, postponedFor } = message
  return {
    messageId,
    runId: run.runId,
    subscriberId: run.subscriberId,
    channel,
    templateId,
    text,
    content: Object.keys(rest).length > 0 ? rest : null,
    parts,
    costMinor,
    state,
    reason,
    postponedFor,
    queuedAt: at(queuedMs),
    notBefore: at(notBeforeMs),
    submittedAt: at(submittedMs),
    settledAt: at(settledMs),
  }
}

/** One message with its whole story, for the agent who is asked about it. */
export async function messageById(tx: Tx, messageId: string): Promise<object | undefined> {
  const [row] = await tx.query<object>(
    `select ${viewColumns} from messaging.messages_by_id(array[$1::uuid])`,
    [uuidOrNull(messageId)],
  )
  return row
}

/** Channels of messages, and when they were delivered or else submitted. */
export function placesOf(
  tx: Tx,
  messageIds: string[],
): Promise<{ messageId: string; channel: string; deliveredMs: number | null }[]> {
  return tx.query(
    `select message_id as "messageId", channel,
       (extract(epoch from case state when 'delivered' then settled_at else submitted_at end) * 1000)::float8 as "deliveredMs"
     from messaging.messages_by_id($1::uuid[])`,
    [messageIds],
  )
}

/** Messages in a state, the latest first. */
export function messagesInState(tx: Tx, state: string, limit: number): Promise<object[]> {
  return tx.query(
    `select ${listColumns} from messaging.message where state = $1 order by submitted_at desc nulls last limit $2`,
    [state, limit],
  )
}

/**
 * A page of what was sent to a subscriber or kept back, the latest first: what stands behind the message `after`, which
 * was the last one of the page before.
 */
export function messagesOfSubscriber(
  tx: Tx,
  subscriberId: number,
  limit: number,
  after?: string,
): Promise<{ messageId: string }[]> {
  return tx.query(
    `with last as materialized (
       select queued_at, step, message_id from messaging.messages_by_id(array[$3::uuid]) where subscriber_id = $1)
     select ${listColumns} from messaging.message m
     where subscriber_id = $1 and ($3::uuid is null
       or (m.queued_at, m.step, m.message_id) < (select queued_at, step, message_id from last))
     order by m.queued_at desc, m.step desc, m.message_id desc limit $2`,
    [subscriberId, limit, after ?? null],
  )
}

/** A message's cascade step by step: why it was begun, what each step did, by which values, and how it ended. */
export async function explanation(tx: Tx, messageId: string): Promise<object | undefined> {
  const [found] = await tx.query<{ runId: string }>(
    `select run_id as "runId" from messaging.messages_by_id(array[$1::uuid])`,
    [uuidOrNull(messageId)],
  )
  if (!found) return undefined
  const [run] = await tx.query(
    `select run_id as "runId", cascade_id as "cascadeId", cascade_version as "cascadeVersion",
       subscriber_id as "subscriberId", campaign_id as "campaignId", arm, reference, variables, step, state, outcome,
       step_order as "stepOrder", due_at as "dueAt", contacted_at as "contactedAt", started_at as "startedAt", finished_at as "finishedAt"
     from messaging.cascade_run where run_id = $1`,
    [found.runId],
  )
  const steps = await tx.query(
    `select step, ${viewColumns}, until, wait_s as "waitS", purpose, priority, saw from messaging.message
     where run_id = $1 order by step`,
    [found.runId],
  )
  return { messageId, run, steps }
}

export type SendingCounts = {
  /** Starts that nobody has taken yet. */
  waiting: number
  active: number
  finished: number
  outcomes: { outcome: string; count: number }[]
  messages: { channel: string; state: string; count: number }[]
  stops: { channel: string; reason: string; count: number }[]
}

/**
 * How far a campaign's sending is, by its recipients' own states; of all campaigns without one. From counts that are kept
 * with each write, so that it costs the same however much was sent.
 */
export async function sendingCounts(tx: Tx, campaignId?: string): Promise<SendingCounts> {
  const about = [campaignId ?? null]
  const [waiting, outcomes, messages, stops] = await Promise.all([
    countStarts(tx, campaignId),
    tx.query<{ outcome: string | null; count: number }>(
      `select nullif(outcome, '') as outcome, sum(count)::int as count from messaging.run_count
       where $1::text is null or campaign_id = $1 group by 1 having sum(count) <> 0 order by 1`,
      about,
    ),
    tx.query<{ channel: string; state: string; count: number }>(
      `select channel, state, sum(count)::int as count from messaging.message_count
       where $1::text is null or campaign_id = $1 group by 1, 2 having sum(count) <> 0 order by 1, 2`,
      about,
    ),
    tx.query<{ channel: string; reason: string; count: number }>(
      `select channel, nullif(reason, '') as reason, sum(count)::int as count from messaging.message_count
       where ($1::text is null or campaign_id = $1)
         and (state in ('held', 'failed', 'unknown') or state = 'queued' and reason <> '')
       group by 1, 2 having sum(count) <> 0 order by 1, 3 desc`,
      about,
    ),
  ])
  const count = (isActive: boolean): number =>
    outcomes.reduce((sum, row) => sum + ((row.outcome === null) === isActive ? row.count : 0), 0)
  const ended = outcomes.flatMap(({ outcome, count: of }) =>
    outcome === null ? [] : [{ outcome, count: of }],
  )
  return { waiting, active: count(true), finished: count(false), outcomes: ended, messages, stops }
}
