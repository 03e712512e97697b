import { json, type Tx } from '../platform/index.ts'
import type { Content, DeliveryReceipt } from './channel.ts'
import { plain } from './columns.ts'
import type { Message, Run } from './message.ts'

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`

const runColumns = `run_id as "runId", cascade_id as "cascadeId", cascade_version as "cascadeVersion",
  subscriber_id as "subscriberId", campaign_id as "campaignId", arm, reference, variables, purpose, step,
  step_order as chosen, state = 'active' as "isActive", outcome, ${ms('due_at')} as "dueMs", all_sms_minor as "allSmsMinor",
  ${ms('contacted_at')} as "contactedMs", ${ms('started_at')} as "startedMs", ${ms('finished_at')} as "finishedMs"`

const messageColumns = `run_id as "runId", message_id as "messageId", step, channel, template_id as "templateId", reference,
  until, wait_s::float8 * 1000 as "waitMs", purpose, priority, text, content as rest, parts, cost_minor as "costMinor", state,
  reason, postponed_for as "postponedFor", saw, array_to_string(nullif(provider_ids, '{}'), ',') as "providerIds",
  ${ms('queued_at')} as "queuedMs", ${ms('not_before')} as "notBeforeMs", ${ms('expires_at')} as "expiresMs",
  ${ms('submitted_at')} as "submittedMs", ${ms('settled_at')} as "settledMs"`

type StoredMessage = Omit<Message, 'run' | 'content'> & { runId: string; text: string; rest: object | null }

/** Runs with all of their messages, as the tables know them. */
export async function loadRuns(tx: Tx, runIds: string[]): Promise<Run[]> {
  if (runIds.length === 0) return []
  const rows = await tx.query<Run>(
    `select ${runColumns} from messaging.cascade_run where run_id = any($1::uuid[]) order by due_at, run_id`,
    [plain(runIds)],
  )
  const runs = new Map(rows.map((row) => [row.runId, working(row)]))
  const messages = await tx.query<StoredMessage>(
    `select ${messageColumns} from messaging.message where run_id = any($1::uuid[])`,
    [plain(runIds)],
  )
  for (const { runId, text, rest, ...message } of messages) {
    const run = runs.get(runId)!
    const content: Content = { text, ...rest }
    const state = { markedMs: message.submittedMs ?? message.notBeforeMs, ...fresh }
    run.messages[message.step] = { ...message, ...state, run, content }
  }
  return [...runs.values()]
}

const fresh = { isPaced: false, isWaiting: false, isInFlight: false, isChanged: false, isKnown: true }

function working(row: Run): Run {
  return {
    ...row,
    messages: [],
    notes: null,
    timerAt: -1,
    isChanged: false,
    tick: 0,
    isQuiet: false,
    next: undefined,
  }
}

/** Those of these runs that the tables know. */
export async function knownRuns(tx: Tx, runIds: string[]): Promise<Set<string>> {
  if (runIds.length === 0) return new Set()
  const rows = await tx.query<{ runId: string }>(
    `select run_id as "runId" from messaging.life where run_id = any($1::uuid[])`,
    [plain(runIds)],
  )
  return new Set(rows.map(({ runId }) => runId))
}

/** Active runs whose timer has come, by the tables; oldest first. */
export async function dueRuns(tx: Tx, now: Temporal.Instant, limit: number): Promise<string[]> {
  const rows = await tx.query<{ runId: string }>(
    `select run_id as "runId" from messaging.life
     where state = 'active' and due_at <= $1 order by due_at, run_id limit $2`,
    [now, limit],
  )
  return rows.map(({ runId }) => runId)
}

/** Runs of which a process left a message between the mark and the channel's word. */
export async function abandonedRuns(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ runId: string }>(
    `select run_id as "runId" from messaging.life where message_state = 'submitting'
     union select run_id from messaging.later_message where state = 'submitting'`,
  )
  return rows.map(({ runId }) => runId)
}

/** The earliest timer behind a moment, epoch ms. */
export async function nextTimer(tx: Tx, after: Temporal.Instant): Promise<number | null> {
  const [row] = await tx.query<{ dueMs: number | null }>(
    `select ${ms('min(due_at)')} as "dueMs" from messaging.life where state = 'active' and due_at > $1`,
    [after],
  )
  return row!.dueMs
}

/**
 * The runs that receipts speak of, by position: by the provider's id, by our own message id where the provider uses
 * that, else by our reference and the subscriber among messages that were handed over: after a restart the receipt of
 * a later part comes by itself, perhaps when the first one has settled the message.
 */
export function matchReceipts(
  tx: Tx,
  channel: string,
  receipts: (DeliveryReceipt & { subscriberId: number | undefined })[],
): Promise<{ position: number; messageId: string; runId: string }[]> {
  return tx.query(
    `select distinct r.position::int - 1 as position, m.message_id as "messageId", m.run_id as "runId"
     from unnest($2::text[], $3::uuid[], $4::int[], $5::int[])
       with ordinality as r (provider_id, own_id, reference, subscriber_id, position)
     cross join lateral (
       select run_id, message_id, shape_id, null as channel from messaging.life a
       where a.provider_ids is not null and split_part(a.provider_ids, ',', 1) = r.provider_id
       union all select run_id, message_id, shape_id, null from messaging.life a
       where a.run_id = messaging.run_of_message(r.own_id) and a.message_id = r.own_id
       union all select run_id, message_id, shape_id, null from messaging.life a
       where a.subscriber_id = r.subscriber_id and a.message_reference = r.reference
         and a.message_state not in ('queued', 'held')
       union all select run_id, message_id, null, channel from messaging.later_message a
       where a.provider_ids is not null and split_part(a.provider_ids, ',', 1) = r.provider_id
       union all select run_id, message_id, null, channel from messaging.later_message a where a.message_id = r.own_id
       union all select run_id, message_id, null, channel from messaging.later_message a
       where a.subscriber_id = r.subscriber_id and a.reference = r.reference and a.state not in ('queued', 'held')) as m
     where coalesce(m.channel, (select s.channel from messaging.shape s where s.shape_id = m.shape_id)) = $1
     order by 1`,
    [
      channel,
      // A message of several parts is known by the ids of all of them; the first one finds it.
      receipts.map((r) => r.providerMessageId?.split(',')[0] ?? null),
      receipts.map((r) => uuidOrNull(r.messageId ?? r.providerMessageId)),
      receipts.map((r) => r.reference ?? null),
      receipts.map((r) => r.subscriberId ?? null),
    ],
  )
}

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The text when it can be one of our ids, so that it is compared as one and finds the index. */
export function uuidOrNull(text: string | undefined): string | null {
  return text !== undefined && uuidPattern.test(text) ? text : null
}

/** Keeps receipts that matched nothing. */
export function insertStrayReceipts(
  tx: Tx,
  strays: { strayId: string; channel: string; receipt: object }[],
  at: Temporal.Instant,
): void {
  if (strays.length === 0) return
  tx.execute(
    `insert into messaging.stray_receipt (tenant_id, stray_id, channel, receipt, received_at)
     select current_setting('tenure.tenant_id'), *, $4::timestamptz from unnest($1::uuid[], $2::text[], $3::jsonb[])
     on conflict do nothing`,
    [strays.map((s) => s.strayId), strays.map((s) => s.channel), strays.map((s) => json(s.receipt)), at],
  )
}

/** Takes over the sending of the tenant: whoever had it before is refused from now on. */
export async function takeOver(tx: Tx): Promise<{ epoch: bigint; seq: number }> {
  const [row] = await tx.query<{ epoch: bigint; seq: bigint }>(
    `insert into messaging.sender (tenant_id, epoch, seq) values (current_setting('tenure.tenant_id'), 1, 0)
     on conflict (tenant_id) do update set epoch = sender.epoch + 1 returning epoch, seq`,
  )
  return { epoch: row!.epoch, seq: Number(row!.seq) }
}

/** The last tick that was committed, and by whom; locked until the transaction ends. */
export async function lastTick(tx: Tx): Promise<{ epoch: bigint; seq: number }> {
  const [row] = await tx.query<{ epoch: bigint; seq: bigint }>(
    'select epoch, seq from messaging.sender for update',
  )
  return { epoch: row?.epoch ?? 0n, seq: Number(row?.seq ?? 0) }
}

/** Says that a tick is committed with this transaction. */
export function setLastTick(tx: Tx, seq: number): void {
  tx.execute('update messaging.sender set seq = $1', [seq])
}
