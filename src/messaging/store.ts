import { json, type Tx } from '../platform/index.ts'
import type { DeliveryReceipt } from './channel.ts'
import type { Message, MessageState } from './message.ts'
import type { Contact, StopReason } from './policy.ts'

export type Run = {
  runId: string
  cascadeId: string
  cascadeVersion: number
  subscriberId: number
  campaignId: string
  arm: string
  reference: string
  variables: object
  step: number
  allSmsMinor: bigint
  contactedAt: Temporal.Instant | null
}

const runColumns = `run_id as "runId", cascade_id as "cascadeId", cascade_version as "cascadeVersion",
  subscriber_id as "subscriberId", campaign_id as "campaignId", arm, reference, variables, step,
  all_sms_minor as "allSmsMinor", contacted_at as "contactedAt"`

const messageColumns = `m.message_id as "messageId", m.run_id as "runId", m.step, m.channel, m.template_id as "templateId",
  m.subscriber_id as "subscriberId", m.campaign_id as "campaignId", m.arm, m.reference, m.until, m.wait_s as "waitS", m.text, m.choices, m.parts,
  m.cost_minor as "costMinor", (extract(epoch from m.expires_at) * 1000)::float8 as "expiresAtMs"`

export type NewRun = Pick<
  Run,
  'runId' | 'cascadeId' | 'cascadeVersion' | 'subscriberId' | 'campaignId' | 'arm' | 'reference' | 'variables'
>

/** Starts runs; a run id seen before is left as it is, so a repeated start changes nothing. */
export async function insertRuns(tx: Tx, runs: NewRun[], at: Temporal.Instant): Promise<void> {
  tx.execute(
    `insert into messaging.cascade_run
       (tenant_id, run_id, cascade_id, cascade_version, subscriber_id, campaign_id, arm, reference, variables, due_at, started_at)
     select current_setting('tenure.tenant_id'), *, $9::timestamptz, $9::timestamptz
     from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::jsonb[])
     on conflict (tenant_id, run_id) do nothing`,
    [
      runs.map((r) => r.runId),
      runs.map((r) => r.cascadeId),
      runs.map((r) => r.cascadeVersion),
      runs.map((r) => r.subscriberId),
      runs.map((r) => r.campaignId),
      runs.map((r) => r.arm),
      runs.map((r) => r.reference),
      runs.map((r) => json(r.variables)),
      at,
    ],
  )
}

/** Runs whose timer has come, oldest first, locked until the transaction ends. */
export function takeDueRuns(tx: Tx, now: Temporal.Instant, limit: number): Promise<Run[]> {
  return tx.query<Run>(
    `select ${runColumns} from messaging.cascade_run
     where state = 'active' and due_at <= $1 order by due_at, run_id limit $2 for update skip locked`,
    [now, limit],
  )
}

/** Latest state of each run's message at its present step. */
export async function messageStates(
  tx: Tx,
  runIds: string[],
): Promise<Map<string, { step: number; state: MessageState }>> {
  const rows = await tx.query<{ runId: string; step: number; state: MessageState }>(
    `select distinct on (run_id) run_id as "runId", step, state from messaging.message
     where run_id = any($1::uuid[]) order by run_id, step desc`,
    [runIds],
  )
  return new Map(rows.map((row) => [row.runId, row]))
}

/** Moves runs: to the next step without a timer (its message sets one), or to their end. */
export async function updateRuns(
  tx: Tx,
  changes: {
    runId: string
    step: number
    dueAt: Temporal.Instant | null
    outcome: string | null
    allSmsMinor: bigint | null
  }[],
  now: Temporal.Instant,
): Promise<void> {
  if (changes.length === 0) return
  tx.execute(
    `update messaging.cascade_run r set step = c.step, due_at = c.due_at, outcome = c.outcome,
       all_sms_minor = coalesce(c.all_sms, r.all_sms_minor),
       state = case when c.outcome is null then 'active' else 'finished' end,
       finished_at = case when c.outcome is null then null else $6::timestamptz end
     from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::bigint[]) as c (run_id, step, due_at, outcome, all_sms)
     where r.run_id = c.run_id and r.state = 'active'`,
    [
      changes.map((c) => c.runId),
      changes.map((c) => c.step),
      changes.map((c) => c.dueAt),
      changes.map((c) => c.outcome),
      changes.map((c) => c.allSmsMinor),
      now,
    ],
  )
}

/** Queues messages; one run and step has one message for ever. */
export async function insertMessages(tx: Tx, messages: Message[], now: Temporal.Instant): Promise<void> {
  if (messages.length === 0) return
  tx.execute(
    `insert into messaging.message (tenant_id, message_id, run_id, step, channel, template_id, subscriber_id, campaign_id,
       arm, reference, until, wait_s, text, choices, parts, cost_minor, expires_at, queued_at, not_before)
     select current_setting('tenure.tenant_id'), *, $17::timestamptz, $17::timestamptz
     from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[], $9::int[],
       $10::text[], $11::int[], $12::text[], $13::jsonb[], $14::int[], $15::bigint[], $16::timestamptz[])
     on conflict (tenant_id, run_id, step) do nothing`,
    [
      messages.map((m) => m.messageId),
      messages.map((m) => m.runId),
      messages.map((m) => m.step),
      messages.map((m) => m.channel),
      messages.map((m) => m.templateId),
      messages.map((m) => m.subscriberId),
      messages.map((m) => m.campaignId),
      messages.map((m) => m.arm),
      messages.map((m) => m.reference),
      messages.map((m) => m.until),
      messages.map((m) => m.waitS),
      messages.map((m) => m.text),
      messages.map((m) => (m.choices === null ? null : json(m.choices))),
      messages.map((m) => m.parts),
      messages.map((m) => m.costMinor),
      messages.map((m) => Temporal.Instant.fromEpochMilliseconds(m.expiresAtMs)),
      now,
    ],
  )
}

/** Messages that wait to be sent, oldest first, locked until the transaction ends. */
export function takeQueued(tx: Tx, now: Temporal.Instant, limit: number): Promise<Message[]> {
  return tx.query<Message>(
    `select ${messageColumns} from messaging.message m where m.state = 'queued' and m.not_before <= $1
     order by m.not_before, m.message_id limit $2 for update skip locked`,
    [now, limit],
  )
}

/** States of messages, which are locked in the order of their ids until the transaction ends. */
export async function lockMessages(tx: Tx, messageIds: string[]): Promise<Map<string, MessageState>> {
  const rows = await tx.query<{ messageId: string; state: MessageState }>(
    `select message_id as "messageId", state from messaging.message
     where message_id = any($1::uuid[]) order by message_id for update`,
    [messageIds],
  )
  return new Map(rows.map((row) => [row.messageId, row.state]))
}

/** Messages that a process left between the mark and the channel's word. */
export function takeAbandoned(tx: Tx): Promise<Message[]> {
  return tx.query<Message>(
    `select ${messageColumns} from messaging.message m where m.state = 'submitting' order by m.message_id for update`,
  )
}

/** Handed-over messages of these subscribers since a moment: what the caps and gaps are counted from. */
export async function contactsSince(
  tx: Tx,
  subscriberIds: number[],
  since: Temporal.Instant,
): Promise<Map<number, Contact[]>> {
  const rows = await tx.query<Contact & { subscriberId: number }>(
    `select subscriber_id as "subscriberId", channel, run_id as "runId",
            (extract(epoch from submitted_at) * 1000)::float8 as "atMs"
     from messaging.message where subscriber_id = any($1::int[]) and submitted_at > $2`,
    [subscriberIds, since],
  )
  const contacts = new Map<number, Contact[]>()
  for (const row of rows) contacts.set(row.subscriberId, [...(contacts.get(row.subscriberId) ?? []), row])
  return contacts
}

export type MessageChange = {
  messageId: string
  state: MessageState
  reason?: StopReason | string
  notBefore?: Temporal.Instant
  postponedFor?: string
  providerIds?: string[]
  submittedAt?: Temporal.Instant
  settledAt?: Temporal.Instant
}

/** Applies many state changes in one statement; absent fields keep their value. */
export async function updateMessages(tx: Tx, changes: MessageChange[]): Promise<void> {
  if (changes.length === 0) return
  tx.execute(
    `update messaging.message m set state = c.state, reason = coalesce(c.reason, m.reason),
       not_before = coalesce(c.not_before, m.not_before), postponed_for = coalesce(c.postponed_for, m.postponed_for),
       provider_ids = case when c.provider_ids is null then m.provider_ids else string_to_array(c.provider_ids, ',') end,
       submitted_at = coalesce(m.submitted_at, c.submitted_at), settled_at = coalesce(c.settled_at, m.settled_at)
     from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
       as c (message_id, state, reason, not_before, postponed_for, provider_ids, submitted_at, settled_at)
     where m.message_id = c.message_id`,
    [
      changes.map((c) => c.messageId),
      changes.map((c) => c.state),
      changes.map((c) => c.reason ?? null),
      changes.map((c) => c.notBefore ?? null),
      changes.map((c) => c.postponedFor ?? null),
      changes.map((c) => c.providerIds?.join(',') ?? null),
      changes.map((c) => c.submittedAt ?? null),
      changes.map((c) => c.settledAt ?? null),
    ],
  )
}

/** Marks the first contact of runs and returns those for which it was the first. */
export function markContacted(tx: Tx, runIds: string[], at: Temporal.Instant): Promise<Run[]> {
  if (runIds.length === 0) return Promise.resolve([])
  return tx.query<Run>(
    `update messaging.cascade_run set contacted_at = $2 where run_id = any($1::uuid[]) and contacted_at is null
     returning ${runColumns}`,
    [runIds, at],
  )
}

/** Sets the timers of active runs that are still at the step whose message changed. */
export async function setDue(
  tx: Tx,
  timers: { runId: string; step: number; dueAt: Temporal.Instant }[],
): Promise<void> {
  if (timers.length === 0) return
  tx.execute(
    `update messaging.cascade_run r set due_at = t.due_at
     from unnest($1::uuid[], $2::int[], $3::timestamptz[]) as t (run_id, step, due_at)
     where r.run_id = t.run_id and r.step = t.step and r.state = 'active'`,
    [timers.map((t) => t.runId), timers.map((t) => t.step), timers.map((t) => t.dueAt)],
  )
}

export type ReceiptTarget = Message & { position: number; state: MessageState }

/**
 * The message of each receipt: by the provider's id, by our own message id where the provider uses that, else by
 * our reference and the subscriber among messages that were handed over: after a restart the receipt of a later part
 * comes by itself, perhaps when the first one has settled the message. In the order of the receipts; locked in the
 * order of the messages, as everywhere, so that two transactions cannot wait for each other.
 */
export async function matchReceipts(
  tx: Tx,
  channel: string,
  receipts: (DeliveryReceipt & { subscriberId: number | undefined })[],
): Promise<ReceiptTarget[]> {
  const targets = await tx.query<ReceiptTarget>(
    `select r.position::int, m.state, ${messageColumns}
     from unnest($2::text[], $3::uuid[], $4::int[], $5::int[])
       with ordinality as r (provider_id, own_id, reference, subscriber_id, position)
     join messaging.message m on m.channel = $1 and m.message_id in (
       select a.message_id from messaging.message a where a.provider_ids[1] = r.provider_id
       union all select r.own_id
       union all select b.message_id from messaging.message b
         where b.subscriber_id = r.subscriber_id and b.reference = r.reference
           and b.state not in ('queued', 'held'))
     order by m.message_id for update of m`,
    [
      channel,
      receipts.map((r) => r.providerMessageId ?? null),
      receipts.map((r) => uuidOrNull(r.messageId ?? r.providerMessageId)),
      receipts.map((r) => r.reference ?? null),
      receipts.map((r) => r.subscriberId ?? null),
    ],
  )
  return targets.sort((a, b) => a.position - b.position)
}

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The text when it can be one of our ids, so that it is compared as one and finds the index. */
export function uuidOrNull(text: string | undefined): string | null {
  return text !== undefined && uuidPattern.test(text) ? text : null
}

/** The earliest moment at which a cascade's timer or a waiting message falls due. */
export async function nextDue(tx: Tx): Promise<number | null> {
  const [row] = await tx.query<{ dueMs: number | null }>(
    `select (extract(epoch from least(
       (select min(due_at) from messaging.cascade_run where state = 'active'),
       (select min(not_before) from messaging.message where state = 'queued'))) * 1000)::float8 as "dueMs"`,
  )
  return row!.dueMs
}

/** One message with its whole story, for the agent who is asked about it. */
export async function messageById(tx: Tx, messageId: string): Promise<object | undefined> {
  const [row] = await tx.query<object>(
    `select message_id as "messageId", run_id as "runId", subscriber_id as "subscriberId", channel,
       template_id as "templateId", text, parts, cost_minor as "costMinor", state, reason, postponed_for as "postponedFor",
       queued_at as "queuedAt", not_before as "notBefore", submitted_at as "submittedAt", settled_at as "settledAt"
     from messaging.message where message_id = $1`,
    [uuidOrNull(messageId)],
  )
  return row
}
