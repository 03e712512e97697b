import { documents, plain, quoted, Words } from './columns.ts'
import { json, type Tx } from '../platform/index.ts'
import { type Message, PAUSED, type Run } from './message.ts'

/** Statements that bring the tables to a state; made at one moment, carried out later. */
export type Projection = { runs: unknown[] | undefined; messages: unknown[] | undefined; orders?: unknown[] }

const upsertRuns = `insert into messaging.cascade_run
    (tenant_id, run_id, cascade_id, cascade_version, subscriber_id, campaign_id, arm, reference, variables, purpose, step,
     state, outcome, due_at, all_sms_minor, contacted_at, started_at, finished_at)
  select current_setting('tenure.tenant_id'), run_id, ($18::text[])[cascade], cascade_version, subscriber_id,
    ($18::text[])[campaign], ($18::text[])[arm], reference, variables, ($18::text[])[purpose], step, ($18::text[])[state],
    ($18::text[])[outcome], to_timestamp(due / 1000), all_sms, to_timestamp(contacted / 1000),
    to_timestamp(started / 1000), to_timestamp(finished / 1000)
  from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::text[], $8::jsonb[], $9::int[],
    $10::int[], $11::int[], $12::int[], $13::float8[], $14::bigint[], $15::float8[], $16::float8[], $17::float8[])
    as r (run_id, cascade, cascade_version, subscriber_id, campaign, arm, reference, variables, purpose,
      step, state, outcome, due, all_sms, contacted, started, finished)
  on conflict (tenant_id, run_id) do update set step = excluded.step, state = excluded.state,
    outcome = excluded.outcome, due_at = excluded.due_at, all_sms_minor = excluded.all_sms_minor,
    contacted_at = excluded.contacted_at, finished_at = excluded.finished_at`

const upsertMessages = `insert into messaging.message
    (tenant_id, message_id, run_id, step, channel, template_id, subscriber_id, campaign_id, arm, reference, until, wait_s,
     purpose, priority, text, content, parts, cost_minor, state, reason, postponed_for, saw, provider_ids, queued_at,
     not_before, expires_at, submitted_at, settled_at)
  select current_setting('tenure.tenant_id'), message_id, run_id, step, ($27::text[])[channel], ($27::text[])[template],
    subscriber_id, ($27::text[])[campaign], ($27::text[])[arm], reference, ($27::text[])[until], wait_s,
    ($27::text[])[purpose], priority, text, content, parts, cost_minor, ($27::text[])[state], reason,
    ($27::text[])[postponed], saw, coalesce(string_to_array(provider_ids, ','), '{}'), to_timestamp(queued / 1000),
    to_timestamp(not_before / 1000), to_timestamp(expires / 1000), to_timestamp(submitted / 1000),
    to_timestamp(settled / 1000)
  from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
    $10::int[], $11::int[], $12::int[], $13::int[], $14::text[], $15::jsonb[], $16::int[], $17::bigint[], $18::int[],
    $19::text[], $20::int[], $21::jsonb[], $22::text[], $23::float8[], $24::float8[], $25::float8[], $26::float8[],
    $28::float8[])
    as m (message_id, run_id, step, channel, template, subscriber_id, campaign, arm, reference, until, wait_s, purpose,
      priority, text, content, parts, cost_minor, state, reason, postponed, saw, provider_ids, queued, not_before,
      expires, submitted, settled)
  on conflict (tenant_id, message_id) do update set state = excluded.state, reason = excluded.reason,
    postponed_for = excluded.postponed_for, saw = excluded.saw, provider_ids = excluded.provider_ids,
    not_before = excluded.not_before, submitted_at = excluded.submitted_at, settled_at = excluded.settled_at`

const setOrders = `update messaging.cascade_run r set step_order = o.chosen
  from unnest($1::uuid[], $2::jsonb[]) as o (run_id, chosen) where r.run_id = o.run_id and r.step_order is null`

/** How these runs and their messages stand now. */
export function projectionOf(runs: Run[]): Projection {
  if (runs.length === 0) return { runs: undefined, messages: undefined }
  const messages: Message[] = []
  for (const run of runs) for (const message of run.messages) if (message) messages.push(message)
  const columns = { runs: runColumns(runs), messages: messages.length ? messageColumns(messages) : undefined }
  const ordered = runs.filter(({ chosen }) => chosen)
  if (ordered.length === 0) return columns
  return {
    ...columns,
    orders: [ordered.map(({ runId }) => runId), ordered.map(({ chosen }) => json(chosen))],
  }
}

/** Brings the tables there. */
export function project(tx: Tx, projection: Projection): void {
  if (projection.runs) tx.execute(upsertRuns, projection.runs)
  if (projection.messages) tx.execute(upsertMessages, projection.messages)
  if (projection.orders) tx.execute(setOrders, projection.orders)
}

function runColumns(runs: Run[]): unknown[] {
  const words = new Words()
  const numbers = (pick: (run: Run) => string | number | bigint | null): string => plain(runs.map(pick))
  const named = (pick: (run: Run) => string | null): string => plain(runs.map((run) => words.of(pick(run))))
  return [
    numbers((r) => r.runId),
    named((r) => r.cascadeId),
    numbers((r) => r.cascadeVersion),
    numbers((r) => r.subscriberId),
    named((r) => r.campaignId),
    named((r) => r.arm),
    quoted(runs.map((r) => r.reference)),
    documents(runs.map((r) => r.variables)),
    named((r) => r.purpose),
    numbers((r) => r.step),
    named((r) => (r.isActive ? 'active' : 'finished')),
    named((r) => r.outcome),
    numbers(storedDue),
    numbers((r) => r.allSmsMinor),
    numbers((r) => r.contactedMs),
    numbers((r) => r.startedMs),
    numbers((r) => r.finishedMs),
    words.toString(),
  ]
}

function messageColumns(messages: Message[]): unknown[] {
  const words = new Words()
  const numbers = (pick: (message: Message) => string | number | bigint | null): string =>
    plain(messages.map(pick))
  const named = (pick: (message: Message) => string | null): string =>
    plain(messages.map((message) => words.of(pick(message))))
  return [
    numbers((m) => m.messageId),
    numbers((m) => m.run.runId),
    numbers((m) => m.step),
    named((m) => m.channel),
    named((m) => m.templateId),
    numbers((m) => m.run.subscriberId),
    named((m) => m.run.campaignId),
    named((m) => m.run.arm),
    numbers((m) => m.reference),
    named((m) => m.until),
    numbers((m) => Math.round(m.waitMs / 1_000)),
    named((m) => m.purpose),
    numbers((m) => m.priority),
    quoted(messages.map((m) => m.content.text)),
    documents(messages.map(restOfContent)),
    numbers((m) => m.parts),
    numbers((m) => m.costMinor),
    named((m) => m.state),
    quoted(messages.map((m) => m.reason)),
    named((m) => m.postponedFor),
    documents(messages.map((m) => m.saw)),
    quoted(messages.map((m) => m.providerIds)),
    numbers((m) => m.queuedMs),
    numbers((m) => m.notBeforeMs),
    numbers((m) => m.expiresMs),
    numbers((m) => m.submittedMs),
    words.toString(),
    numbers((m) => m.settledMs),
  ]
}

function restOfContent({ content }: Message): object | null {
  const { text: _text, ...rest } = content
  for (const _key in rest) return rest
  return null
}

/** When the tables shall find a run: one that waits in a queue has its turn now, and one that is paused has none. */
export function storedDue(run: Run): number | null {
  const message = run.messages[run.step]
  if (!run.isActive || message?.state !== 'queued') return run.dueMs
  return message.postponedFor === PAUSED ? null : message.notBeforeMs
}
