import {
  bigintArray,
  instantArray,
  intArray,
  json,
  textArray,
  type Tx,
  uuidArray,
} from '../platform/index.ts'
import { documentText, Words } from './columns.ts'
import { type Message, PAUSED, type Run } from './message.ts'
import { type Shape, shapeOf } from './shape.ts'

/** Statements that bring the tables to a state; made at one moment, carried out later. */
export type Projection = {
  shapes: unknown[] | undefined
  lives: unknown[] | undefined
  later: unknown[] | undefined
  orders?: unknown[]
}

const insertShapes = `insert into messaging.shape (tenant_id, shape_id, cascade_id, cascade_version, campaign_id, arm,
    run_purpose, channel, template_id, until, wait_s, purpose, priority)
  select current_setting('tenure.tenant_id'), *
  from unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::int[], $11::text[], $12::int[])
  order by 2 on conflict (tenant_id, shape_id) do nothing`

/** What the first message brings; where nothing is told of it, the row keeps what it has. */
const messageColumns = [
  'shape_id',
  'cost_minor',
  'queued_at',
  'not_before',
  'expires_at',
  'submitted_at',
  'settled_at',
  'message_reference',
  'parts',
  'message_state',
  'reason',
  'postponed_for',
  'provider_ids',
  'text',
  'content',
  'saw',
  // Last, because by it the others are told whether there is one.
  'message_id',
]

const upsertLives = `insert into messaging.life as l (tenant_id, run_id, shape_id, subscriber_id, step, all_sms_minor, due_at,
    contacted_at, started_at, finished_at, cost_minor, queued_at, not_before, expires_at, submitted_at, settled_at, message_id,
    message_reference, parts, state, outcome, message_state, reason, postponed_for, provider_ids, reference, variables, text,
    content, saw)
  select current_setting('tenure.tenant_id'), run_id, shape_id, subscriber_id, step, all_sms, due, contacted, started,
    finished, cost, queued, not_before, expires, submitted, settled, message_id, message_reference, parts,
    case when is_active = 1 then 'active' else 'finished' end, ($28::text[])[outcome], ($28::text[])[message_state], reason,
    ($28::text[])[postponed], provider_ids, reference, variables, text, content::jsonb, saw::jsonb
  from unnest($1::uuid[], $2::bigint[], $3::int[], $4::int[], $5::bigint[], $6::timestamptz[], $7::timestamptz[],
    $8::timestamptz[], $9::timestamptz[], $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[],
    $14::timestamptz[], $15::timestamptz[], $16::uuid[], $17::int[], $18::int[], $19::int[], $20::int[], $21::int[],
    $22::text[], $23::int[], $24::text[], $25::text[], $26::text[], $27::text[], $29::text[], $30::text[])
    as r (run_id, shape_id, subscriber_id, step, all_sms, due, contacted, started, finished, cost, queued, not_before, expires,
      submitted, settled, message_id, message_reference, parts, is_active, outcome, message_state, reason, postponed,
      provider_ids, reference, variables, text, content, saw)
  on conflict (tenant_id, run_id) do update set step = excluded.step, state = excluded.state, outcome = excluded.outcome,
    due_at = excluded.due_at, all_sms_minor = excluded.all_sms_minor, contacted_at = excluded.contacted_at,
    finished_at = excluded.finished_at, ${messageColumns
      .map(
        (name) => `${name} = case when excluded.message_id is null then l.${name} else excluded.${name} end`,
      )
      .join(', ')}`

const upsertLater = `insert into messaging.later_message
    (tenant_id, message_id, run_id, step, channel, template_id, subscriber_id, campaign_id, arm, reference, until, wait_s,
     purpose, priority, text, content, parts, cost_minor, state, reason, postponed_for, saw, provider_ids, queued_at,
     not_before, expires_at, submitted_at, settled_at)
  select current_setting('tenure.tenant_id'), message_id, run_id, step, ($27::text[])[channel], ($27::text[])[template],
    subscriber_id, ($27::text[])[campaign], ($27::text[])[arm], reference, ($27::text[])[until], wait_s,
    ($27::text[])[purpose], priority, text, content::jsonb, parts, cost_minor, ($27::text[])[state], reason,
    ($27::text[])[postponed], saw::jsonb, provider_ids, queued, not_before, expires, submitted, settled
  from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
    $10::int[], $11::int[], $12::int[], $13::int[], $14::text[], $15::text[], $16::int[], $17::bigint[], $18::int[],
    $19::text[], $20::int[], $21::text[], $22::text[], $23::timestamptz[], $24::timestamptz[], $25::timestamptz[],
    $26::timestamptz[], $28::timestamptz[])
    as m (message_id, run_id, step, channel, template, subscriber_id, campaign, arm, reference, until, wait_s, purpose,
      priority, text, content, parts, cost_minor, state, reason, postponed, saw, provider_ids, queued, not_before,
      expires, submitted, settled)
  on conflict (tenant_id, message_id) do update set state = excluded.state, reason = excluded.reason,
    postponed_for = excluded.postponed_for, saw = excluded.saw, provider_ids = excluded.provider_ids,
    not_before = excluded.not_before, submitted_at = excluded.submitted_at, settled_at = excluded.settled_at`

const setOrders = `update messaging.life r set step_order = o.chosen
  from unnest($1::uuid[], $2::jsonb[]) as o (run_id, chosen) where r.run_id = o.run_id and r.step_order is null`

/** How these runs and their messages stand now; of the messages only those that `isTold` names. */
export function projectionOf(runs: Run[], isTold: (message: Message) => boolean = () => true): Projection {
  if (runs.length === 0) return { shapes: undefined, lives: undefined, later: undefined }
  const shapes = new Map<bigint, Shape>()
  const later: Message[] = []
  const first: (Message | undefined)[] = []
  const shapeIds: bigint[] = []
  for (const run of runs) {
    const message = run.messages[0]
    const told = message && isTold(message) ? message : undefined
    const shape = shapeOf(run, told)
    shapes.set(shape.shapeId, shape)
    first.push(told)
    shapeIds.push(shape.shapeId)
    for (let step = 1; step < run.messages.length; step++) {
      const other = run.messages[step]
      if (other && isTold(other)) later.push(other)
    }
  }
  const projection: Projection = {
    shapes: shapeColumns([...shapes.values()]),
    lives: lifeColumns(runs, first, shapeIds),
    later: later.length > 0 ? laterColumns(later) : undefined,
  }
  const ordered = runs.filter(({ chosen }) => chosen)
  if (ordered.length > 0)
    projection.orders = [ordered.map(({ runId }) => runId), ordered.map(({ chosen }) => json(chosen))]
  return projection
}

/** Brings the tables there. */
export function project(tx: Tx, projection: Projection): void {
  if (projection.shapes) tx.execute(insertShapes, projection.shapes)
  if (projection.lives) tx.execute(upsertLives, projection.lives)
  if (projection.later) tx.execute(upsertLater, projection.later)
  if (projection.orders) tx.execute(setOrders, projection.orders)
}

function shapeColumns(shapes: Shape[]): unknown[] {
  return [
    bigintArray(shapes.map((s) => s.shapeId)),
    textArray(shapes.map((s) => s.cascadeId)),
    intArray(shapes.map((s) => s.cascadeVersion)),
    textArray(shapes.map((s) => s.campaignId)),
    textArray(shapes.map((s) => s.arm)),
    textArray(shapes.map((s) => s.runPurpose)),
    textArray(shapes.map((s) => s.channel)),
    textArray(shapes.map((s) => s.templateId)),
    textArray(shapes.map((s) => s.until)),
    intArray(shapes.map((s) => s.waitS)),
    textArray(shapes.map((s) => s.purpose)),
    intArray(shapes.map((s) => s.priority)),
  ]
}

function lifeColumns(runs: Run[], first: (Message | undefined)[], shapeIds: bigint[]): unknown[] {
  const words = new Words()
  const of = <T>(pick: (message: Message) => T): (T | null)[] =>
    first.map((message) => (message === undefined ? null : pick(message)))
  return [
    uuidArray(runs.map((r) => r.runId)),
    bigintArray(shapeIds),
    intArray(runs.map((r) => r.subscriberId)),
    intArray(runs.map((r) => r.step)),
    bigintArray(runs.map((r) => r.allSmsMinor)),
    instantArray(runs.map(storedDue)),
    instantArray(runs.map((r) => r.contactedMs)),
    instantArray(runs.map((r) => r.startedMs)),
    instantArray(runs.map((r) => r.finishedMs)),
    bigintArray(of((m) => m.costMinor)),
    instantArray(of((m) => m.queuedMs)),
    instantArray(of((m) => m.notBeforeMs)),
    instantArray(of((m) => m.expiresMs)),
    instantArray(of((m) => m.submittedMs)),
    instantArray(of((m) => m.settledMs)),
    uuidArray(of((m) => m.messageId)),
    intArray(of((m) => m.reference)),
    intArray(of((m) => m.parts)),
    intArray(runs.map((r) => (r.isActive ? 1 : 0))),
    intArray(runs.map((r) => words.of(r.outcome))),
    intArray(of((m) => words.of(m.state))),
    textArray(of((m) => m.reason)),
    intArray(of((m) => words.of(m.postponedFor))),
    textArray(of((m) => m.providerIds)),
    textArray(runs.map((r) => r.reference)),
    textArray(runs.map((r) => documentText(r.variables))),
    textArray(of((m) => m.content.text)),
    words.toString(),
    textArray(of(restOfContent)),
    textArray(of((m) => documentText(m.saw))),
  ]
}

function laterColumns(messages: Message[]): unknown[] {
  const words = new Words()
  const named = (pick: (message: Message) => string | null): Buffer =>
    intArray(messages.map((message) => words.of(pick(message))))
  return [
    uuidArray(messages.map((m) => m.messageId)),
    uuidArray(messages.map((m) => m.run.runId)),
    intArray(messages.map((m) => m.step)),
    named((m) => m.channel),
    named((m) => m.templateId),
    intArray(messages.map((m) => m.run.subscriberId)),
    named((m) => m.run.campaignId),
    named((m) => m.run.arm),
    intArray(messages.map((m) => m.reference)),
    named((m) => m.until),
    intArray(messages.map((m) => Math.round(m.waitMs / 1_000))),
    named((m) => m.purpose),
    intArray(messages.map((m) => m.priority)),
    textArray(messages.map((m) => m.content.text)),
    textArray(messages.map(restOfContent)),
    intArray(messages.map((m) => m.parts)),
    bigintArray(messages.map((m) => m.costMinor)),
    named((m) => m.state),
    textArray(messages.map((m) => m.reason)),
    named((m) => m.postponedFor),
    textArray(messages.map((m) => documentText(m.saw))),
    textArray(messages.map((m) => m.providerIds)),
    instantArray(messages.map((m) => m.queuedMs)),
    instantArray(messages.map((m) => m.notBeforeMs)),
    instantArray(messages.map((m) => m.expiresMs)),
    instantArray(messages.map((m) => m.submittedMs)),
    words.toString(),
    instantArray(messages.map((m) => m.settledMs)),
  ]
}

function restOfContent({ content }: Message): string | null {
  for (const key in content) {
    if (key === 'text') continue
    const { text: _text, ...rest } = content
    return documentText(rest)
  }
  return null
}

/** When the tables shall find a run: one that waits in a queue has its turn now, and one that is paused has none. */
function storedDue(run: Run): number | null {
  const message = run.messages[run.step]
  if (!run.isActive || message?.state !== 'queued') return run.dueMs
  return message.postponedFor === PAUSED ? null : message.notBeforeMs
}
