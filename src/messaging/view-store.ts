import type { Tx } from '../platform/index.ts'
import type { Message } from './message.ts'
import { messageIdOf } from './cascades.ts'
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
  const [row] = await tx.query<object>(`select ${viewColumns} from messaging.message where message_id = $1`, [
    uuidOrNull(messageId),
  ])
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
     from messaging.message where message_id = any($1::uuid[])`,
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

/** What was sent to a subscriber or kept back, the latest first. */
export function messagesOfSubscriber(tx: Tx, subscriberId: number, limit: number): Promise<object[]> {
  return tx.query(
    `select ${listColumns} from messaging.message where subscriber_id = $1 order by queued_at desc, step desc limit $2`,
    [subscriberId, limit],
  )
}

/** A message's cascade step by step: why it was begun, what each step did, by which values, and how it ended. */
export async function explanation(tx: Tx, messageId: string): Promise<object | undefined> {
  const [found] = await tx.query<{ runId: string }>(
    `select run_id as "runId" from messaging.message where message_id = $1`,
    [uuidOrNull(messageId)],
  )
  if (!found) return undefined
  const [run] = await tx.query<{ step: number }>(
    `select run_id as "runId", cascade_id as "cascadeId", cascade_version as "cascadeVersion",
       subscriber_id as "subscriberId", campaign_id as "campaignId", arm, reference, variables, step, state, outcome,
       step_order as "stepOrder", due_at as "dueAt", contacted_at as "contactedAt", started_at as "startedAt", finished_at as "finishedAt"
     from messaging.cascade_run where run_id = $1`,
    [found.runId],
  )
  const ids = Array.from({ length: run!.step + 1 }, (_, step) => messageIdOf(found.runId, step))
  const steps = await tx.query(
    `select step, ${viewColumns}, until, wait_s as "waitS", purpose, priority, saw from messaging.message
     where message_id = any($1::uuid[]) order by step`,
    [ids],
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

/** How far a campaign's sending is, by its recipients' own states; of all campaigns without one. */
export async function sendingCounts(tx: Tx, campaignId?: string): Promise<SendingCounts> {
  const about = [campaignId ?? null]
  const [waiting, outcomes, messages, stops] = await Promise.all([
    countStarts(tx, campaignId),
    tx.query<{ outcome: string | null; count: number }>(
      `select outcome, count(*)::int as count from messaging.cascade_run
       where $1::text is null or campaign_id = $1 group by outcome order by outcome`,
      about,
    ),
    tx.query<{ channel: string; state: string; count: number }>(
      `select channel, state, count(*)::int as count from messaging.message
       where $1::text is null or campaign_id = $1 group by channel, state order by channel, state`,
      about,
    ),
    tx.query<{ channel: string; reason: string; count: number }>(
      `select channel, case state when 'queued' then postponed_for else reason end as reason, count(*)::int as count
       from messaging.message
       where ($1::text is null or campaign_id = $1)
         and (state in ('held', 'failed', 'unknown') or state = 'queued' and postponed_for is not null)
       group by 1, 2 order by 1, 3 desc`,
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
